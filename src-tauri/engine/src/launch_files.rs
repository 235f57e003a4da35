//! The files of ours that a launch needs.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use mo_core::event::Fault;

use crate::fault;

/// A file that takes the stdout of a process that loses what a pipe has not yet taken. It has its name only until the
/// process has it: what is kept of it is the transcript, which is bounded and redacted.
pub(crate) struct OutputFile {
    path: PathBuf,
}

impl OutputFile {
    pub(crate) fn new(folder: &Path) -> Result<Self, Fault> {
        std::fs::create_dir_all(folder).map_err(|error| fault::of_io("cannot make", folder, &error))?;
        Ok(Self { path: folder.join("stdout") })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        // Not there when the process was not started.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Writes what a launch needs beside its command line.
pub(crate) fn write_files(folder: &Path, files: &[(PathBuf, &'static str)]) -> Result<(), Fault> {
    if files.is_empty() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|error| fault::of_io("cannot make", folder, &error))?;
    for (path, text) in files {
        let made = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        made.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| fault::of_io("cannot write", path, &error))?;
    }
    Ok(())
}
