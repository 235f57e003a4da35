//! Everything under a folder, for comparing before and after.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Type and permission bits (`st_mode`).
    pub mode: u32,
    /// Hex SHA-256 of a file's bytes or of a link's target; empty for folders and everything else.
    pub sha256: String,
}

/// Paths relative to the listed folder, and what is there. The folder itself is not in it.
pub type Listing = BTreeMap<PathBuf, Entry>;

/// Lists a folder whole. Links are not followed; sockets and devices are named by mode alone.
///
/// # Errors
/// When something in it cannot be read. A folder that does not exist is empty.
pub fn listing(path: &Path) -> io::Result<Listing> {
    let mut found = Listing::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let entries = match fs::read_dir(path.join(&relative)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound && relative.as_os_str().is_empty() => break,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let inner = relative.join(entry.file_name());
            let meta = fs::symlink_metadata(entry.path())?;
            let sha256 = if meta.is_file() {
                hex(&Sha256::digest(fs::read(entry.path())?))
            } else if meta.is_symlink() {
                hex(&Sha256::digest(fs::read_link(entry.path())?.as_os_str().as_bytes()))
            } else {
                String::new()
            };
            if meta.is_dir() {
                open.push(inner.clone());
            }
            found.insert(inner, Entry { mode: meta.permissions().mode(), sha256 });
        }
    }
    Ok(found)
}

/// The paths that were added, removed or changed, in order.
pub fn difference<'a>(before: &'a Listing, after: &'a Listing) -> Vec<&'a Path> {
    let mut paths: Vec<&Path> = before
        .iter()
        .filter(|(path, entry)| after.get(*path) != Some(entry))
        .chain(after.iter().filter(|(path, _)| !before.contains_key(*path)))
        .map(|(path, _)| path.as_path())
        .collect();
    paths.sort_unstable();
    paths
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod listing_tests;
