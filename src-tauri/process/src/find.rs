//! Where a program is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

/// The executable file that `name` means.
///
/// A name with a slash in it is that file, anything else is looked up in the directories of `path_env` (the
/// value of a `PATH`). Empty and relative entries are skipped: they would make the answer depend on the
/// current directory, which may be a hostile one. `None` when nothing executable is found.
pub fn find_program(name: &OsStr, path_env: &OsStr) -> Option<PathBuf> {
    if name.is_empty() {
        return None;
    }
    let given = Path::new(name);
    if given.components().count() > 1 || given.has_root() {
        return executable(given).then(|| given.to_owned());
    }
    std::env::split_paths(path_env)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|candidate| executable(candidate))
}

fn executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod find_tests;
