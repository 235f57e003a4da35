//! What a target's files looked like when they were last read, so that an unchanged file is not read
//! again.
//!
//! An entry is kept only when nothing can have changed without showing: device, inode, size, times of
//! content and of status are all as before, and both times lie before the clock tick in which the
//! reading began. (A file changed twice within one tick of the clock keeps its times; git's "racy"
//! files. Those are never kept, so they are read again.) The status time is the one that no program
//! can set back.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::time::{ClockId, clock_gettime};

use crate::beneath::FileStat;
use crate::path::compare;
use crate::store::Store;
use crate::{Digest, RelPath};

const HEADER: &[u8] = b"mo-cache 1\n";
/// dev, ino, size, mtime, ctime, digest, length of the path.
const FIXED: usize = 8 * 3 + 12 * 2 + 32 + 4;

/// The cache of one target.
pub(crate) struct Cache {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Where each record begins, in order of the paths.
    starts: Vec<usize>,
    next: Vec<u8>,
}

/// The clock by which the system stamps files, which ticks slower than the real one. Where it stamps
/// by the real one instead (Linux 6.13 on), stamps are later, never earlier.
pub(crate) fn tick() -> (i64, u32) {
    #[cfg(target_os = "linux")]
    let now = clock_gettime(ClockId::RealtimeCoarse);
    #[cfg(not(target_os = "linux"))]
    let now = clock_gettime(ClockId::Realtime);
    (now.tv_sec, u32::try_from(now.tv_nsec).unwrap_or(0))
}

impl Cache {
    /// The cache of a target; an empty one where none was kept, or what was kept is damaged.
    pub(crate) fn load(store: &Store, target: &Path) -> Self {
        use std::os::unix::ffi::OsStrExt as _;
        let name = Digest::of(target.as_os_str().as_bytes()).hex();
        let path = store.folder("cache").join(name);
        let bytes = fs::read(&path).unwrap_or_default();
        let starts = index(&bytes).unwrap_or_default();
        Self { path, bytes, starts, next: HEADER.to_vec() }
    }

    /// The digest of a file's content, when the file is known to be unchanged.
    pub(crate) fn lookup(&self, path: &RelPath, stat: &FileStat) -> Option<Digest> {
        let found =
            self.starts.binary_search_by(|at| compare(path_at(&self.bytes, *at), path.as_bytes())).ok()?;
        let record = &self.bytes[self.starts[found]..][..FIXED];
        (record[..48] == key(stat)).then(|| record[48..80].try_into().ok().map(Digest::from_bytes))?
    }

    /// Keeps an entry that a lookup found unchanged, or that was read while it did not change. The
    /// caller adds in order of the paths.
    pub(crate) fn keep(&mut self, path: &RelPath, stat: &FileStat, digest: &Digest) {
        let Ok(length) = u32::try_from(path.as_bytes().len()) else { return };
        self.next.extend_from_slice(&key(stat));
        self.next.extend_from_slice(digest.as_bytes());
        self.next.extend_from_slice(&length.to_le_bytes());
        self.next.extend_from_slice(path.as_bytes());
    }

    /// Saves what was kept since. A cache that cannot be saved costs only time.
    pub(crate) fn save(mut self, store: &Store) {
        let sum = Digest::of(&self.next);
        self.next.extend_from_slice(sum.as_bytes());
        if self.next != self.bytes {
            let _ = store.replace(&self.path, &self.next, false);
        }
    }
}

/// Whether a file that was read from this tick on, and was the same before and after, would show any
/// later change.
pub(crate) fn shows_changes(stat: &FileStat, tick: (i64, u32)) -> bool {
    let newest = stat.mtime.max(stat.ctime);
    // File systems with whole seconds (or two) stamp with zero nanoseconds.
    let whole_seconds = stat.mtime.1 == 0 && stat.ctime.1 == 0;
    if whole_seconds { newest.0 + 2 < tick.0 } else { newest < tick }
}

fn key(stat: &FileStat) -> [u8; 48] {
    let mut key = [0; 48];
    key[..8].copy_from_slice(&stat.dev.to_le_bytes());
    key[8..16].copy_from_slice(&stat.ino.to_le_bytes());
    key[16..24].copy_from_slice(&stat.size.to_le_bytes());
    key[24..32].copy_from_slice(&stat.mtime.0.to_le_bytes());
    key[32..36].copy_from_slice(&stat.mtime.1.to_le_bytes());
    key[36..44].copy_from_slice(&stat.ctime.0.to_le_bytes());
    key[44..].copy_from_slice(&stat.ctime.1.to_le_bytes());
    key
}

fn path_at(bytes: &[u8], at: usize) -> &[u8] {
    let length = length_at(bytes, at).unwrap_or(0);
    bytes.get(at + FIXED..at + FIXED + length).unwrap_or_default()
}

fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    let length: [u8; 4] = bytes.get(at + FIXED - 4..at + FIXED)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(length)).ok()
}

/// Finds the records; nothing when the sum at the end is not that of the bytes before it.
fn index(bytes: &[u8]) -> Option<Vec<usize>> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(32)?)?;
    if Digest::of(body).as_bytes() != sum || !body.starts_with(HEADER) {
        return None;
    }
    let mut starts = Vec::with_capacity(body.len() / 128);
    let mut at = HEADER.len();
    while at < body.len() {
        starts.push(at);
        at += FIXED + length_at(body, at)?;
    }
    (at == body.len()).then_some(starts)
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod cache_tests;
