//! The agent's stdout: whole lines, written at once.

use std::fs::File;
use std::io::Write;

use serde_json::Value;

/// Stdout, until it is closed or nobody reads it any more.
pub(crate) struct Out {
    file: Option<File>,
    broken: bool,
}

impl Out {
    /// Takes the process's stdout.
    pub(crate) fn stdout() -> std::io::Result<Self> {
        let own = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
        Ok(Self { file: Some(File::from(own)), broken: false })
    }

    /// Writes a message as one line.
    pub(crate) fn line(&mut self, message: &Value) {
        let mut bytes = message.to_string().into_bytes();
        bytes.push(b'\n');
        self.raw(&bytes);
    }

    /// Writes bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file
            && file.write_all(bytes).is_err()
        {
            self.broken = true;
        }
    }

    /// Whether the reader has gone away.
    pub(crate) fn broken(&self) -> bool {
        self.broken
    }

    /// Closes stdout, so that the reader sees its end while the process stays.
    pub(crate) fn close(&mut self) -> std::io::Result<()> {
        self.file = None;
        let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
        rustix::stdio::dup2_stdout(&nowhere)?;
        Ok(())
    }
}
