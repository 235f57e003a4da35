//! The witness: a FIFO that a worker opens and everything it starts inherits. It ends when, and only when, the last
//! of them is gone.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

pub(crate) struct Witness {
    path: PathBuf,
    reads: File,
    /// Keeps the FIFO from ending before the first process has opened it.
    own: Option<File>,
}

impl Witness {
    pub(crate) fn new(path: &Path) -> Self {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Self::of(path)
    }

    /// Over a FIFO that is there: who is to hold it has waited until now.
    pub(crate) fn of(path: &Path) -> Self {
        let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
        let reads = File::options().read(true).custom_flags(nonblock).open(path).unwrap();
        let own = File::options().write(true).open(path).unwrap();
        Self { path: path.to_owned(), reads, own: Some(own) }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// Waits until so many processes have said that they are set up.
    pub(crate) fn ready(&mut self, mut count: usize, what: &str) {
        let until = Instant::now() + crate::place::PATIENCE;
        while count > 0 {
            self.wait(until, what);
            let mut said = [0; 16];
            let room = count.min(said.len());
            count -= self.reads.read(&mut said[..room]).unwrap();
        }
        self.own = None;
    }

    /// Waits until nobody holds it any more: how long that took. A program that another test starts holds it for the
    /// moment between its fork and its exec, so that even with nobody left this may not be at once.
    pub(crate) fn all_gone(&mut self, limit: Duration, what: &str) -> Duration {
        let begun = Instant::now();
        self.own = None;
        loop {
            self.wait(begun + limit, what);
            if self.reads.read(&mut [0; 64]).unwrap() == 0 {
                return begun.elapsed();
            }
        }
    }

    fn wait(&self, until: Instant, what: &str) {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap(),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let ready = poll(&mut [PollFd::new(&self.reads, PollFlags::IN)], Some(&left)).unwrap();
        assert_eq!(ready, 1, "{what}: somebody holds the witness still, or never came");
    }
}
