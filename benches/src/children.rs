//! This program started again, so that each measure has a process and a memory of its own.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Result, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bare::Bare;
use crate::flood::Flood;
use crate::noisy::Latencies;
use crate::session::Times;
use crate::stream::Streamed;
use crate::through_engine::Measured;

pub(crate) const ENGINE: &str = "__engine";
pub(crate) const BARE: &str = "__bare";
pub(crate) const SESSIONS: &str = "__sessions";
pub(crate) const STREAMED: &str = "__streamed";
pub(crate) const LATENCIES: &str = "__latencies";

/// Measures the engine's way.
pub(crate) fn through_engine(flood: &Flood, folder: &Path) -> Result<Measured> {
    ask(&[ENGINE.as_ref(), flood.to_string().as_ref(), folder.as_os_str()])
}

/// Measures the bare loop over the rows that the engine left in the folder.
pub(crate) fn bare(folder: &Path) -> Result<Bare> {
    ask(&[BARE.as_ref(), folder.as_os_str()])
}

/// Measures new sessions beside their bare agent.
pub(crate) fn sessions(folder: &Path) -> Result<Times> {
    ask(&[SESSIONS.as_ref(), folder.as_os_str()])
}

/// Measures a flood at a client of the socket.
pub(crate) fn streamed(flood: &Flood, folder: &Path) -> Result<Streamed> {
    ask(&[STREAMED.as_ref(), flood.to_string().as_ref(), folder.as_os_str()])
}

/// Measures a quiet worker alone and beside a flood.
pub(crate) fn latencies(folder: &Path) -> Result<Latencies> {
    ask(&[LATENCIES.as_ref(), folder.as_os_str()])
}

/// What a child says at its end.
pub(crate) fn answer(measured: &impl Serialize) -> Result<ExitCode> {
    println!("{}", serde_json::to_string(measured)?);
    Ok(ExitCode::SUCCESS)
}

fn ask<T: DeserializeOwned>(arguments: &[&std::ffi::OsStr]) -> Result<T> {
    let mut command = Command::new(std::env::current_exe()?);
    let output = command.args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} failed", arguments.first().unwrap_or(&"".as_ref()).display());
    Ok(serde_json::from_slice(&output.stdout)?)
}
