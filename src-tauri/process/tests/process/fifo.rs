//! The witness: a FIFO that every process of a tree holds open ends when, and only when, the last of them is gone.

use std::fs::File;
use std::path::PathBuf;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use crate::soon;

pub(crate) struct Witness {
    pub(crate) path: PathBuf,
    reads: pipe::Receiver,
    /// Keeps the FIFO from ending before the first process has opened it.
    own: Option<File>,
    _folder: tempfile::TempDir,
}

impl Witness {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let own = File::options().read(true).write(true).open(&path).unwrap();
        let reads = pipe::OpenOptions::new().open_receiver(&path).unwrap();
        Self { path, reads, own: Some(own), _folder: folder }
    }

    pub(crate) fn path_text(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Waits until so many processes have said that they are set up.
    pub(crate) async fn ready(&mut self, count: usize) {
        let mut said = vec![0; count];
        soon(self.reads.read_exact(&mut said)).await.unwrap();
        self.own = None;
    }

    /// Waits until nobody holds it any more.
    pub(crate) async fn all_gone(mut self, what: &str) {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(crate::PATIENCE, self.reads.read_to_end(&mut rest)).await;
        ended.unwrap_or_else(|_| panic!("{what}: something survives")).unwrap();
    }

    /// Whether somebody holds it still.
    pub(crate) fn held(&mut self) -> bool {
        let mut byte = [0];
        matches!(self.reads.try_read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }
}
