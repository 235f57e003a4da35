//! Resolves the paths of an action before they are judged: absolute, without `..`, symlinks followed as far as
//! they exist.

use std::path::{Component, Path, PathBuf};

use mo_core::approval::Action;

/// Follows symlinks in the part of the path that exists and appends the rest.
pub(crate) fn resolve(path: &Path) -> PathBuf {
    let mut rest: Vec<std::ffi::OsString> = Vec::new();
    let mut existing = lexical(path);
    loop {
        if let Ok(real) = existing.canonicalize() {
            return rest.iter().rev().fold(real, |path, part| path.join(part));
        }
        // A dangling link's place is unknown: what lies behind it is not inside anything.
        if existing.symlink_metadata().is_ok_and(|m| m.file_type().is_symlink()) {
            return PathBuf::from("/").join("dangling-link");
        }
        let (Some(name), Some(parent)) = (existing.file_name(), existing.parent()) else {
            return existing;
        };
        rest.push(name.to_owned());
        existing = parent.to_path_buf();
    }
}

/// Removes `.` and `..` by the text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            other => clean.push(other),
        }
    }
    clean
}

/// Resolves all paths of an action against the worker's folder.
pub(crate) fn resolve_action(action: &mut Action, root: &Path) {
    if let Action::Read { paths } | Action::Write { paths, .. } = action {
        for path in paths {
            *path = resolve_one(path, root);
        }
    }
}

pub(crate) fn resolve_one(path: &str, root: &Path) -> String {
    // A tilde is the home folder to some tools: never inside.
    let path = if path.starts_with('~') { Path::new("/").join(path) } else { root.join(path) };
    if depends_on_the_process(&path) {
        return NO_ONE_PLACE.to_owned();
    }
    // `a/link/../b` leads elsewhere than its text says: the parent of what the link names.
    let walked = walk(&path);
    resolve(&walked).to_string_lossy().into_owned()
}

/// What is below `/proc` names another place to the agent than to us (`/proc/self/cwd`, `/proc/self/fd/3`).
const NO_ONE_PLACE: &str = "/proc";
/// As many links as the system follows in one path.
const MAX_LINKS: u32 = 40;

/// Whether the path leads into `/proc`, by itself or by a link on its way.
fn depends_on_the_process(path: &Path) -> bool {
    let parts = |path: &Path| -> Vec<std::ffi::OsString> {
        path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
    };
    let (mut to_go, mut at, mut links) = (parts(path), PathBuf::new(), 0);
    while let Some(part) = to_go.pop() {
        if part == ".." {
            at.pop();
            continue;
        }
        // The root of an absolute link starts anew.
        at.push(part);
        if at.starts_with(NO_ONE_PLACE) {
            return true;
        }
        if let Ok(link) = at.read_link() {
            links += 1;
            if links > MAX_LINKS {
                return true;
            }
            at.pop();
            to_go.extend(parts(&link));
        }
    }
    false
}

/// Follows symlinks component by component, so that `..` after a link means what the system means.
fn walk(path: &Path) -> PathBuf {
    let mut at = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                at = resolve(&at);
                at.pop();
            }
            Component::CurDir => {}
            other => at.push(other),
        }
    }
    at
}

#[cfg(test)]
#[path = "paths_tests.rs"]
mod tests;
