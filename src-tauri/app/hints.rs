//! What helps, in the words of the window: where the engine's hints name options of the command line, a person here has
//! a page or their environment instead.

use mo_engine::config::ConfigError;
use mo_engine::start::StartError;
use mo_journal::JournalError;

/// Where the data are comes from the environment.
const ANOTHER_FOLDER: &str = "set XDG_DATA_HOME to another folder and open the app again";

/// What helps where a session cannot start.
pub fn of_start(error: &StartError) -> String {
    match error {
        StartError::TargetMissing(_) => "check the path, or choose the folder".to_owned(),
        StartError::TargetTooWide(..) => "choose the project's own folder".to_owned(),
        StartError::TargetAndData(..) => "choose another folder".to_owned(),
        StartError::TargetBusy(_) => "wait for it, or stop it".to_owned(),
        StartError::AgentNotInstalled(..) => {
            "install it, or set its path in the settings; the Doctor page shows what is found".to_owned()
        }
        StartError::Launch(..) => "mend its further arguments in the settings".to_owned(),
        StartError::Config(error) => of_config(error).to_owned(),
        other => other.hint(),
    }
}

/// What helps where the configuration cannot be used.
pub fn of_config(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::Missing { .. } => "write that file",
        ConfigError::InsideTarget { .. } => "move it out of the folder, or choose another folder",
        other => other.hint(),
    }
}

/// What helps where the data folder cannot be used.
pub fn of_journal(error: &JournalError) -> Option<String> {
    match error {
        JournalError::Foreign { .. } => Some(format!("move that file away, or {ANOTHER_FOLDER}")),
        JournalError::Locked { .. } => Some("use the running one, or end it".to_owned()),
        JournalError::Unusable { .. } => {
            Some(format!("make it a folder that you can write to, or {ANOTHER_FOLDER}"))
        }
        other => other.hint(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::dto::Refusal;

    #[test]
    fn no_hint_names_an_option_that_the_window_does_not_have() {
        let path = || PathBuf::from("/p");
        let inside = || ConfigError::InsideTarget { file: path() };
        let refusals: Vec<Refusal> = vec![
            JournalError::Foreign { file: path() }.into(),
            JournalError::Locked { folder: path(), pid: None }.into(),
            JournalError::Unusable { folder: path(), detail: String::new() }.into(),
            ConfigError::Missing { file: path() }.into(),
            inside().into(),
            StartError::TargetMissing(path()).into(),
            StartError::TargetAndData(path(), path()).into(),
            StartError::TargetTooWide(path(), "your home folder").into(),
            StartError::TargetBusy(path()).into(),
            StartError::AgentNotInstalled("Codex", String::new()).into(),
            StartError::Config(inside()).into(),
            mo_engine::config::EditError::Config(inside()).into(),
            mo_engine::restoring::RestoreError::Busy(StartError::TargetBusy(path())).into(),
            mo_engine::restoring::RestoreError::Target(StartError::TargetMissing(path())).into(),
        ];
        for refusal in refusals {
            let hint = refusal.hint.unwrap_or_default();
            assert!(!hint.is_empty() && !hint.contains(" -") && !hint.contains("orchestrate"), "{hint}");
        }
    }
}
