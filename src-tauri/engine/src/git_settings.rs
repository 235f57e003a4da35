//! Whether git can be run in a folder without starting a program that the repository's own settings name.

use std::io::Read as _;
use std::path::Path;

use crate::git_index;

/// A longer file of settings is not read.
const MAX_SETTINGS: u64 = 64 * 1024;

/// Sections whose settings start nothing when git only shows.
const HARMLESS_SECTIONS: [&str; 8] = ["branch", "user", "init", "color", "pull", "push", "rebase", "advice"];

/// Settings of other sections that start nothing.
const HARMLESS: [&str; 25] = [
    "remote.url",
    "remote.fetch",
    "remote.pushurl",
    "remote.tagopt",
    "remote.prune",
    "core.repositoryformatversion",
    "core.filemode",
    "core.bare",
    "core.logallrefupdates",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.symlinks",
    "core.autocrlf",
    "core.eol",
    "core.safecrlf",
    "core.quotepath",
    "core.abbrev",
    "core.longpaths",
    "core.untrackedcache",
    "core.sharedrepository",
    "merge.conflictstyle",
    "merge.ff",
    "extensions.objectformat",
    "extensions.refstorage",
    "lfs.repositoryformatversion",
];

/// Whether git, run in this folder (absolute, without symlinks), finds a repository whose settings start nothing, or
/// none.
pub(crate) fn are_plain(folder: &Path) -> bool {
    for at in folder.ancestors() {
        // A folder with this name in it may be a repository to git, with settings of its own.
        if stands(&at.join("HEAD")) {
            return false;
        }
        let git = at.join(".git");
        match git.symlink_metadata() {
            // A file or link leads to another place.
            Ok(found) => return found.is_dir() && is_repository(&git) && repository_is_plain(at, &git),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return false,
        }
    }
    true
}

fn stands(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Whether git stops here: what is no repository to it, it passes over for the one above.
fn is_repository(git: &Path) -> bool {
    let folder = |name: &str| git.join(name).symlink_metadata().is_ok_and(|found| found.is_dir());
    let head = read_short(&git.join("HEAD")).is_some_and(|text| {
        let text = text.trim_end();
        let id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        id || text.starts_with("ref: refs/")
    });
    folder("objects") && folder("refs") && head
}

fn repository_is_plain(work_tree: &Path, git: &Path) -> bool {
    // Showing the status asks every submodule, and each has settings of its own. Refreshing the index runs a hook.
    // What is borrowed from another repository is not this project's to show.
    let odd =
        ["modules", "commondir", "config.worktree", "hooks/post-index-change", "objects/info/alternates"];
    !stands(&work_tree.join(".gitmodules"))
        && !odd.iter().any(|name| stands(&git.join(name)))
        && !git_index::names_submodules(&git.join("index"))
        && settings_are_plain(&git.join("config"))
}

/// A small file of text; `None` where it is not one, or a link.
fn read_short(file: &Path) -> Option<String> {
    let plain = file.symlink_metadata().ok()?.is_file();
    let mut text = String::new();
    let opened = plain.then(|| std::fs::File::open(file).ok()).flatten()?;
    opened.take(MAX_SETTINGS + 1).read_to_string(&mut text).ok()?;
    (text.len() as u64 <= MAX_SETTINGS).then_some(text)
}

fn settings_are_plain(file: &Path) -> bool {
    !stands(file) || read_short(file).is_some_and(|text| every_setting_is_plain(&text))
}

fn every_setting_is_plain(text: &str) -> bool {
    let mut section = String::new();
    text.lines().map(str::trim).all(|line| {
        if line.is_empty() || line.starts_with(['#', ';']) {
            return true;
        }
        // A setting may stand behind its section's name, and go on in the next line: neither is written by git itself.
        if line.starts_with('[') {
            let Some(name) = section_of(line) else { return false };
            section = name;
            return true;
        }
        let key = line.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        let harmless = HARMLESS_SECTIONS.contains(&section.as_str())
            || HARMLESS.contains(&format!("{section}.{key}").as_str());
        harmless && !line.ends_with('\\')
    })
}

/// The section of a line that is a section's head and nothing else: `[name]`, `[name "part"]`.
fn section_of(line: &str) -> Option<String> {
    let inner = line.strip_prefix('[')?.strip_suffix(']')?;
    let (name, part) = match inner.split_once([' ', '\t']) {
        Some((name, part)) => (name, Some(part.trim())),
        None => (inner, None),
    };
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let quoted = part.is_none_or(|part| {
        let inner = part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        inner.is_some_and(|inner| !inner.contains(['"', '\\', ']', '[']))
    });
    (named && quoted).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
#[path = "git_settings_tests.rs"]
mod tests;
