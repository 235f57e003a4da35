//! The real agent CLIs, pinned in `tests/agents`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};

/// A pinned CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Claude Code.
    Claude,
    /// Codex.
    Codex,
    /// Gemini CLI.
    Gemini,
}

impl Agent {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Claude, Self::Codex, Self::Gemini];

    /// The command's name, which is also the agent's name in a config.
    pub fn name(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
        }
    }

    /// The installed program.
    ///
    /// # Errors
    /// As [`agents_dir`].
    pub fn program(self) -> Result<PathBuf> {
        Ok(agents_dir()?.join("bin").join(self.name()))
    }
}

/// The folder with the pinned CLIs, installed now if they are not there yet (about 870 MB, once a machine).
///
/// # Errors
/// Says what the installation said. A test must fail on it: a suite that quietly skips the real CLIs proves nothing.
pub fn agents_dir() -> Result<&'static Path> {
    static DIR: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    DIR.get_or_init(|| install().map_err(|error| format!("{error:#}")))
        .as_deref()
        .map_err(|why| anyhow!("{why}"))
}

fn install() -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("agents/install");
    let output =
        Command::new(&script).output().with_context(|| format!("{} does not run", script.display()))?;
    ensure!(
        output.status.success(),
        "the pinned agent CLIs cannot be installed:\n{}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let dir = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    ensure!(dir.is_dir(), "{} printed no folder", script.display());
    Ok(dir)
}
