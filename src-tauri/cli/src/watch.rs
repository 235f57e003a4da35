//! Waits until another process has written to a data folder, told by the system and not by looking again and again.

use std::io;
use std::path::Path;

/// Folders whose files are watched.
pub(crate) struct Watch {
    #[cfg(target_os = "linux")]
    queue: std::os::fd::OwnedFd,
}

#[cfg(target_os = "linux")]
impl Watch {
    /// Watches the files of these folders.
    pub(crate) fn new<'a>(folders: impl IntoIterator<Item = &'a Path>) -> io::Result<Self> {
        use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
        let queue = init(CreateFlags::CLOEXEC)?;
        for folder in folders {
            let flags = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ONLYDIR;
            add_watch(&queue, folder, flags)?;
        }
        Ok(Self { queue })
    }

    /// Returns once something has been written since the last call; perhaps it has been read already.
    pub(crate) fn wait(&self) -> io::Result<()> {
        let mut news = [0_u8; 16 * 1024];
        loop {
            match rustix::io::read(&self.queue, &mut news) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Watch {
    pub(crate) fn new<'a>(_folders: impl IntoIterator<Item = &'a Path>) -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    pub(crate) fn wait(&self) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }
}
