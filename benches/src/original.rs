//! The loop of the Python prototype, over the same lines.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::flood::{self, Flood};

/// What was measured.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Original {
    pub(crate) lines: u64,
    pub(crate) seconds: f64,
}

/// Runs it in a process of its own; what it appends goes into the folder.
pub(crate) fn measure(flood: &Flood, folder: &Path) -> Result<Original> {
    let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/original_loop.py"));
    let output = Command::new("python3")
        .arg(&script)
        .arg(std::env::current_exe()?)
        .arg(flood.amount.to_string())
        .arg(folder.join("events.jsonl"))
        .env(flood::VARIABLE, flood.without_protocol().to_string())
        .stderr(Stdio::inherit())
        .output()
        .context("python3 does not run; the original's loop is measured in Python")?;
    ensure!(output.status.success(), "{} failed", script.display());
    let measured: Original = serde_json::from_slice(&output.stdout)?;
    ensure!(measured.lines == flood.amount, "{} of {} lines came", measured.lines, flood.amount);
    Ok(measured)
}
