//! A file that a process writes, read as it grows, without polling.
//!
//! Gemini's one-shot runs lose output on a pipe and keep all of it in a file (measured: 128 to 192 KiB of 3 MB
//! were left), so their standard output is a file, and this is how it is followed live.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::inotify;
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

use crate::exit::Phase;

pub(crate) struct FileTail {
    file: File,
    offset: u64,
    changes: AsyncFd<OwnedFd>,
    phase: watch::Receiver<Phase>,
}

/// A file that is ready to be written by a child and to be followed here.
pub(crate) struct Output {
    writes: File,
    file: File,
    offset: u64,
    changes: AsyncFd<OwnedFd>,
}

impl Output {
    /// Opens the file at `path` for appending; it is made, private, when it is missing.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let writes = File::options().append(true).create(true).mode(0o600).open(path)?;
        let file = File::open(path)?;
        let offset = file.metadata()?.len();
        let changes = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        inotify::add_watch(&changes, path, inotify::WatchFlags::MODIFY)?;
        Ok(Self { writes, file, offset, changes: crate::os::watch(changes)? })
    }

    /// The file for the child, and what follows it until nothing of the tree is left that could write.
    pub(crate) fn split(self) -> (File, impl FnOnce(watch::Receiver<Phase>) -> FileTail) {
        let Self { writes, file, offset, changes } = self;
        (writes, move |phase| FileTail { file, offset, changes, phase })
    }
}

impl FileTail {
    /// Appends what is new to `buffer`, within its spare room; waits while there is nothing. 0 at the end.
    pub(crate) async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        loop {
            // Looked at before the file: what was written before the end is then seen by the read below.
            let ended = self.phase.borrow().settled() || self.phase.has_changed().is_err();
            let spare = rustix::buffer::spare_capacity(buffer);
            let read = match rustix::io::pread(&self.file, spare, self.offset) {
                Err(Errno::INTR) => continue,
                result => result?,
            };
            if read > 0 {
                self.offset += read as u64;
                tokio::task::consume_budget().await;
                return Ok(read);
            }
            if ended {
                return Ok(0);
            }
            tokio::select! {
                ready = self.changes.readable() => {
                    let mut ready = ready?;
                    swallow(self.changes.get_ref());
                    ready.clear_ready();
                }
                _ = self.phase.wait_for(Phase::settled) => {}
            }
        }
    }
}

/// Takes all pending notices; that there was one is all that matters.
fn swallow(changes: &OwnedFd) {
    let mut room = [MaybeUninit::<u8>::uninit(); 4096];
    while let Ok((taken, _)) = rustix::io::read(changes, &mut room) {
        if taken.is_empty() {
            return;
        }
    }
}
