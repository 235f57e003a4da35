//! What is found here, and what is set.

use tauri::State;

use super::Shell;
use crate::dto::{AgentCheck, DoctorView, Refusal, RulingView, SettingsView};

/// What works on this computer and what is missing.
#[tauri::command]
pub async fn doctor(shell: State<'_, Shell>) -> Result<DoctorView, Refusal> {
    shell.desk().await?.doctor().await
}

/// Looks for one agent anew.
#[tauri::command]
pub async fn check_agent(shell: State<'_, Shell>, agent: String) -> Result<AgentCheck, Refusal> {
    shell.desk().await?.check_agent(agent).await
}

/// The settings in effect.
#[tauri::command]
pub async fn settings(shell: State<'_, Shell>) -> Result<SettingsView, Refusal> {
    shell.desk().await?.settings().await
}

/// Changes one setting.
#[tauri::command]
pub async fn set_setting(
    shell: State<'_, Shell>,
    name: String,
    value: Option<String>,
) -> Result<SettingsView, Refusal> {
    shell.desk().await?.set_setting(name, value).await
}

/// What the rules say to a command.
#[tauri::command]
pub async fn explain(
    shell: State<'_, Shell>,
    command: String,
    role: String,
    folder: String,
) -> Result<RulingView, Refusal> {
    shell.desk().await?.explain(command, role, folder).await
}

/// Shows a notification that asks for nothing.
#[tauri::command]
pub async fn test_notification(shell: State<'_, Shell>) -> Result<(), Refusal> {
    shell.native.test_notification().await
}
