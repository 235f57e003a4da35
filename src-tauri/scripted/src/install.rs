//! Puts scripted agents where an engine looks for the real CLIs: programs named `claude`, `codex`, `gemini`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mo_core::ids::AgentKind;

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// There is no scripted agent of this kind.
    #[error("there is no scripted agent `{0}`; there are claude, codex and gemini")]
    NoSuchAgent(AgentKind),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl InstallError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchAgent(_) => "scripted_agent_unknown",
            Self::Unwritable { .. } => "install_unwritable",
        }
    }
}

/// Writes one executable for each agent into `bin_dir`, which is made if missing, and returns their paths in the
/// same order. Each runs `exe`, whose `main` calls [`crate::reexec_entry`] first, as that agent with that script;
/// with `fast` no wait of the script takes any time. `exe` and the scripts should be absolute paths. Nothing else of
/// the process should start programs meanwhile: a child forked while a file is being written makes it "text file
/// busy" for a moment.
///
/// # Errors
/// When an agent is none of the three, before anything is written, or when a file cannot be written.
pub fn install(
    bin_dir: &Path,
    exe: &Path,
    scripts: &[(AgentKind, PathBuf)],
    fast: bool,
) -> Result<Vec<(AgentKind, PathBuf)>, InstallError> {
    if let Some((agent, _)) = scripts.iter().find(|(agent, _)| matches!(agent, AgentKind::Acp(_))) {
        return Err(InstallError::NoSuchAgent(agent.clone()));
    }
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| InstallError::Unwritable { path, source }
    };
    fs::create_dir_all(bin_dir).map_err(unwritable(bin_dir))?;
    let mut programs = Vec::with_capacity(scripts.len());
    for (agent, script) in scripts {
        let program = bin_dir.join(agent.as_str());
        write_program(&program, &wrapper(exe, agent, script, fast)).map_err(unwritable(&program))?;
        programs.push((agent.clone(), program));
    }
    Ok(programs)
}

fn wrapper(exe: &Path, agent: &AgentKind, script: &Path, fast: bool) -> Vec<u8> {
    let mut text = b"#!/bin/sh\nexec ".to_vec();
    text.extend(quoted(exe.as_os_str()));
    text.extend_from_slice(format!(" __scripted {agent} --script ").as_bytes());
    text.extend(quoted(script.as_os_str()));
    text.extend_from_slice(if fast { b" --fast" } else { b"" });
    text.extend_from_slice(b" -- \"$@\"\n");
    text
}

/// As a POSIX shell takes it literally.
fn quoted(word: &OsStr) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for &byte in word.as_bytes() {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            other => quoted.push(other),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// By way of a second file, so that nobody ever runs half a program.
fn write_program(path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    fs::write(&beside, text)?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(0o755))?;
    fs::rename(&beside, path)
}

#[cfg(test)]
#[path = "install_tests.rs"]
mod install_tests;
