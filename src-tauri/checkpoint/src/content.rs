//! Reads files' contents, several at once, and tells which changed meanwhile.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::fs::FileType;
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use crate::beneath::{FileStat, Root};
use crate::cache::{shows_changes, tick};
use crate::incoming::Incoming;
use crate::store::PIECE;
use crate::walk::reason_for;
use crate::{CancelFlag, CheckpointError, Digest, RelPath, SkipReason};

/// Fewer files than this are read by the calling thread alone.
const ALONE: usize = 32;
const MAX_THREADS: usize = 4;

/// What came of reading one file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content {
    /// It was read.
    Read {
        digest: Digest,
        /// How many bytes were read.
        size: u64,
        stat: FileStat,
        /// Whether it stood still meanwhile; else it was tried twice.
        stable: bool,
        /// Whether any later change will show in its `stat`.
        cacheable: bool,
    },
    /// It was not recorded.
    Skipped(SkipReason),
    /// It is no longer there.
    Gone,
}

/// Reads files beneath a folder.
pub(crate) struct Reader<'a> {
    pub(crate) root: &'a Root,
    /// Files larger than this many bytes are skipped.
    pub(crate) huge: u64,
    /// Where the contents go; without it they are only digested.
    pub(crate) into: Option<&'a Incoming<'a>>,
    pub(crate) cancel: &'a CancelFlag,
}

impl Reader<'_> {
    /// Reads each path; the answers are in the same order.
    pub(crate) fn read_all(&self, paths: &[&RelPath]) -> Result<Vec<Content>, CheckpointError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
        if threads == 1 || paths.len() < ALONE {
            let mut buffer = Vec::new();
            return paths.iter().map(|path| self.read(path, &mut buffer)).collect();
        }
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let answers = Mutex::new((vec![Content::Gone; paths.len()], None));
        let work = || {
            let mut buffer = Vec::new();
            let mut mine = Vec::new();
            while !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(path) = paths.get(at) else { break };
                match self.read(path, &mut buffer) {
                    Ok(content) => mine.push((at, content)),
                    Err(e) => {
                        failed.store(true, Ordering::Relaxed);
                        answers.lock().unwrap_or_else(PoisonError::into_inner).1.get_or_insert(e);
                    }
                }
            }
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            for (at, content) in mine {
                answers.0[at] = content;
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads {
                // Where no thread can be had, the others do its share.
                let _ = std::thread::Builder::new().name("checkpoint".to_owned()).spawn_scoped(scope, work);
            }
            work();
        });
        match answers.into_inner().unwrap_or_else(PoisonError::into_inner) {
            (_, Some(e)) => Err(e),
            (contents, None) => Ok(contents),
        }
    }

    /// Reads one file, once more when it changed meanwhile.
    pub(crate) fn read(&self, path: &RelPath, buffer: &mut Vec<u8>) -> Result<Content, CheckpointError> {
        let first = self.read_once(path, buffer)?;
        if matches!(first, Content::Read { stable: false, .. }) {
            self.read_once(path, buffer)
        } else {
            Ok(first)
        }
    }

    fn read_once(&self, path: &RelPath, buffer: &mut Vec<u8>) -> Result<Content, CheckpointError> {
        self.cancel.check()?;
        let began = tick();
        let opened = self.root.open_file(path.as_bytes()).and_then(|file| Ok((FileStat::of(&file)?, file)));
        let (before, mut file) = match opened {
            Ok(opened) => opened,
            Err(Errno::NOENT) => return Ok(Content::Gone),
            Err(e) => return Ok(Content::Skipped(reason_for(e))),
        };
        if before.kind != FileType::RegularFile {
            return Ok(Content::Skipped(SkipReason::Concurrent));
        }
        if before.size > self.huge {
            return Ok(Content::Skipped(SkipReason::Huge));
        }
        let read = if before.size < PIECE as u64 {
            self.read_small(&mut file, before.size, buffer)
        } else {
            self.read_large(&mut file, buffer)
        };
        let (digest, size) = match read {
            Ok(read) => read,
            Err(Stop::Huge) => return Ok(Content::Skipped(SkipReason::Huge)),
            Err(Stop::Unreadable) => return Ok(Content::Skipped(SkipReason::Unreadable)),
            Err(Stop::Failed(e)) => return Err(e),
        };
        let Ok(stat) = FileStat::of(&file) else { return Ok(Content::Skipped(SkipReason::Unreadable)) };
        // The count of links and the owner may change without the content.
        let same = FileStat { links: stat.links, owner: stat.owner, ..before } == stat;
        let stable = same && size == stat.size;
        Ok(Content::Read { digest, size, stat, stable, cacheable: stable && shows_changes(&stat, began) })
    }

    fn read_small(
        &self,
        file: &mut File,
        expected: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(Digest, u64), Stop> {
        buffer.clear();
        buffer.reserve(usize::try_from(expected).unwrap_or(0) + 1);
        // A file that grows without end is caught by the limit.
        file.take(self.huge.saturating_add(1)).read_to_end(buffer).map_err(|_| Stop::Unreadable)?;
        let size = buffer.len() as u64;
        if size > self.huge {
            return Err(Stop::Huge);
        }
        let digest = Digest::of(buffer);
        if let Some(into) = self.into {
            into.add(&digest, buffer).map_err(Stop::Failed)?;
        }
        Ok((digest, size))
    }

    fn read_large(&self, file: &mut File, buffer: &mut Vec<u8>) -> Result<(Digest, u64), Stop> {
        let mut copy = match self.into {
            Some(into) => Some(Copy::begin(into).map_err(Stop::Failed)?),
            None => None,
        };
        buffer.resize(PIECE, 0);
        let mut hasher = Sha256::new();
        let mut size = 0;
        loop {
            self.cancel.check().map_err(Stop::Failed)?;
            let read = match file.read(buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Err(Stop::Unreadable),
            };
            size += read as u64;
            if size > self.huge {
                return Err(Stop::Huge);
            }
            hasher.update(&buffer[..read]);
            if let Some(copy) = &mut copy {
                copy.into.take_room(read as u64).map_err(Stop::Failed)?;
                copy.file
                    .write_all(&buffer[..read])
                    .map_err(|e| Stop::Failed(CheckpointError::io("write", &copy.path, e)))?;
            }
        }
        let digest = Digest::of_hasher(hasher);
        if let Some(copy) = copy {
            copy.finish(&digest, size).map_err(Stop::Failed)?;
        }
        Ok((digest, size))
    }
}

enum Stop {
    Huge,
    Unreadable,
    Failed(CheckpointError),
}

/// A large content on its way into the store. What is not finished goes with [`Incoming`]'s folder.
struct Copy<'a> {
    into: &'a Incoming<'a>,
    file: File,
    path: PathBuf,
}

impl<'a> Copy<'a> {
    fn begin(into: &'a Incoming<'a>) -> Result<Self, CheckpointError> {
        let (file, path) = into.begin()?;
        Ok(Self { into, file, path })
    }

    fn finish(self, digest: &Digest, size: u64) -> Result<(), CheckpointError> {
        drop(self.file);
        self.into.finish(&self.path, digest, size)
    }
}
