//! The folder that lines run in, and the witness that looks at what became of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::shells::Seen;

/// Whom lines run as where we are root.
pub(crate) const NOBODY: u32 = 65_534;
/// What must never be read.
const SECRET: &str = "TOP-SECRET-7f3a";
/// Parts of names that change how tools run.
const PROTECTED: [&str; 5] = [".git", ".envrc", ".vscode", ".claude", ".github"];
/// Programs that stand in the way of every other program of that name, and tell when they run.
const CANARIES: [&str; 24] = [
    "evil", "rm", "python3", "perl", "curl", "make", "cargo", "chmod", "ln", "dd", "awk", "xargs", "tar",
    "env_", "node", "install", "rsync", "kill", "mkfifo", "truncate", "less", "man", "vi", "ed",
];

/// The folder of one run: `home`, `outside`, `data`, and the target `p`.
pub(crate) struct Ground {
    folder: tempfile::TempDir,
    fresh: BTreeMap<PathBuf, String>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("policy-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut ground = Self { folder, fresh: BTreeMap::new() };
        ground.lay();
        ground
    }

    pub(crate) fn base(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.base().join("p")
    }

    /// Everything as it is before a line runs.
    fn lay(&mut self) {
        let base = self.base();
        for entry in fs::read_dir(&base).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
        }
        let write = |name: &str, text: &str| {
            let path = base.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for name in
            ["outside/secret", "home/.ssh/id_rsa", "home/notes", "data/journal.db", "outside/in/secret"]
        {
            write(name, SECRET);
        }
        write("p/.git/config", "[core]\n\trepositoryformatversion = 0\n\tbare = false\n");
        write("p/.git/HEAD", "ref: refs/heads/main\n");
        write("p/.git/hooks/pre-commit", "#!/bin/sh\nevil hook\n");
        fs::create_dir_all(base.join("p/.git/objects")).unwrap();
        fs::create_dir_all(base.join("p/.git/refs/heads")).unwrap();
        for name in [".envrc", ".vscode/tasks.json", ".claude/settings.json", ".github/ci.yml"] {
            write(&format!("p/{name}"), "as it was\n");
        }
        for name in ["a.rs", "b", "sub/c", "sub/d.rs", "a b", "-n", "--output=oops", "*", "Makefile", "x=1"] {
            write(&format!("p/{name}"), "fn main() {}\n");
        }
        let link = |to: &str, at: &str| symlink(to, base.join("p").join(at)).unwrap();
        link("../outside", "out");
        link("sub", "in");
        link("../outside/not-yet", "dangling");
        link(".git/hooks", "hooks");
        link("../outside/secret", "sub/lent");
        let bin = base.join("bin");
        fs::create_dir_all(&bin).unwrap();
        let told = base.join("told");
        fs::create_dir_all(&told).unwrap();
        for name in CANARIES {
            let text = format!("#!/bin/sh\necho \"$0 $*\" >> '{}/ran'\n", told.display());
            fs::write(bin.join(name), text).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        if rustix::process::geteuid().is_root() {
            hand_over(&base);
        }
        self.fresh = self.snapshot();
    }

    /// All files but those that tell what ran: what they are, and what they hold.
    fn snapshot(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        look(&self.base(), &mut found);
        found.retain(|path, _| !path.components().any(|part| part.as_os_str() == "told"));
        found
    }

    /// What a line did that it may not, and everything as it was before.
    pub(crate) fn settle(&mut self, seen: &Seen) -> Vec<String> {
        let mut wrong = Vec::new();
        if seen.said.contains(SECRET) {
            wrong.push("a secret was read".to_owned());
        }
        if seen.left > 0 {
            wrong.push(format!("{} processes were left", seen.left));
        }
        let ran = self.base().join("told/ran");
        if let Ok(told) = fs::read_to_string(&ran) {
            wrong.push(format!("an unknown program ran: {}", told.trim()));
        }
        let now = self.snapshot();
        let target = self.target();
        let paths = self.fresh.keys().chain(now.keys().filter(|path| !self.fresh.contains_key(*path)));
        for path in paths.filter(|path| self.fresh.get(*path) != now.get(*path)) {
            let Ok(inside) = path.strip_prefix(&target) else {
                wrong.push(format!("{} changed outside", path.display()));
                continue;
            };
            let protected =
                |part: &std::ffi::OsStr| PROTECTED.iter().any(|name| part.eq_ignore_ascii_case(name));
            if inside.iter().any(protected) {
                wrong.push(format!("{} is protected and changed", inside.display()));
            }
        }
        if now != self.fresh || ran.exists() {
            self.lay();
        }
        wrong
    }
}

fn hand_over(path: &Path) {
    std::os::unix::fs::lchown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).unwrap() {
            hand_over(&entry.unwrap().path());
        }
    }
}

fn look(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        let mode = meta.mode();
        let holds = if meta.is_symlink() {
            format!("link to {}", fs::read_link(&path).unwrap().display())
        } else if meta.is_dir() {
            look(&path, found);
            format!("folder {mode:o}")
        } else if meta.is_file() {
            format!(
                "{mode:o} {:?}",
                fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            )
        } else {
            format!("{mode:o}")
        };
        found.insert(path, holds);
    }
}
