//! Waits until another process has written to a data folder, told by the system and not by looking again and again.

#[cfg(target_os = "linux")]
mod os {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    use rustix::io::{Errno, read};

    /// The first further look after a write, and the longest wait for one.
    const FIRST_LOOK: Duration = Duration::from_millis(2);
    const LAST_LOOK: Duration = Duration::from_secs(5);

    /// Folders whose files are watched.
    ///
    /// A write to a journal is told when it happens, but can be read only once it is durable, and nothing tells
    /// that moment. So after a write there are further looks, each after twice the wait of the one before; when
    /// nothing is written any more they end, and the next write is waited for.
    #[derive(Debug)]
    pub struct Watch {
        queue: OwnedFd,
        next_look: Option<Duration>,
    }

    impl Watch {
        /// Watches the files of these folders.
        ///
        /// # Errors
        /// When a folder cannot be watched.
        pub fn new<'a>(folders: impl IntoIterator<Item = &'a Path>) -> io::Result<Self> {
            let queue = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            for folder in folders {
                let written = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
                // An owner that goes away closes what it had open.
                add_watch(&queue, folder, written | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR)?;
            }
            Ok(Self { queue, next_look: Some(FIRST_LOOK) })
        }

        /// Blocks until it is time for another look.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn wait(&mut self) -> io::Result<()> {
            self.look(self.next_look)
        }

        /// The same, after that time at the latest.
        ///
        /// # Errors
        /// When the system refuses.
        pub fn wait_at_most(&mut self, limit: Duration) -> io::Result<()> {
            self.look(Some(self.next_look.map_or(limit, |wait| wait.min(limit))))
        }

        fn look(&mut self, within: Option<Duration>) -> io::Result<()> {
            let timeout = within.map(|wait| Timespec {
                tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(wait.subsec_nanos()),
            });
            let told = loop {
                match poll(&mut [PollFd::new(&self.queue, PollFlags::IN)], timeout.as_ref()) {
                    Err(Errno::INTR) => {}
                    other => break other? > 0,
                }
            };
            if told {
                self.drain()?;
                self.next_look = Some(FIRST_LOOK);
            } else {
                self.next_look = self.next_look.map(|wait| wait * 2).filter(|wait| *wait <= LAST_LOOK);
            }
            Ok(())
        }

        /// What has come together needs one look alone.
        fn drain(&self) -> io::Result<()> {
            let mut news = [0_u8; 16 * 1024];
            loop {
                match read(&self.queue, &mut news) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod os {
    use std::io;
    use std::path::Path;
    use std::time::Duration;

    /// Not supported here.
    #[derive(Debug)]
    pub struct Watch;

    impl Watch {
        /// Not supported here.
        ///
        /// # Errors
        /// Always.
        pub fn new<'a>(_folders: impl IntoIterator<Item = &'a Path>) -> io::Result<Self> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }

        /// Not supported here.
        ///
        /// # Errors
        /// Always.
        pub fn wait(&mut self) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }

        /// Not supported here.
        ///
        /// # Errors
        /// Always.
        pub fn wait_at_most(&mut self, _limit: Duration) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::Unsupported))
        }
    }
}

pub use os::Watch;
