//! The small projects that are worked on.

use std::fs;
use std::time::Duration;

use mo_tests::{Sandbox, finish};

/// What sort of folder the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A git repository, all committed.
    Git,
    /// A git repository with a stash, staged, unstaged, untracked and ignored files.
    DirtyGit,
    /// The files alone.
    Folder,
    /// Nothing in it.
    Empty,
}

/// Fills the target.
pub(crate) fn fill(sandbox: &Sandbox, kind: Kind) {
    if kind == Kind::Empty {
        return;
    }
    sandbox.write("greet.py", "def greet():\n    return \"hello\"\n").unwrap();
    sandbox
        .write("tests/test_greet.py", "from greet import greet\n\n\ndef test_greet():\n    assert greet()\n")
        .unwrap();
    sandbox.write("README.md", "# greet\n\nSays hello.\n").unwrap();
    sandbox.write(".gitignore", "build/\n").unwrap();
    sandbox.write("build/made.bin", "not for git\n").unwrap();
    if kind == Kind::Folder {
        return;
    }
    git(sandbox, &["init", "-q", "-b", "main"]);
    git(sandbox, &["add", "."]);
    git(sandbox, &["commit", "-q", "-m", "The beginning"]);
    if kind == Kind::DirtyGit {
        sandbox.write("README.md", "# greet\n\nStashed.\n").unwrap();
        git(sandbox, &["stash", "push", "-q"]);
        sandbox.write("README.md", "# greet\n\nStaged.\n").unwrap();
        git(sandbox, &["add", "README.md"]);
        sandbox.write("README.md", "# greet\n\nNot staged.\n").unwrap();
        sandbox.write("notes with spaces.txt", "untracked\n").unwrap();
        fs::remove_file(sandbox.target().join("tests/test_greet.py")).unwrap();
    }
}

fn git(sandbox: &Sandbox, args: &[&str]) {
    let mut command = sandbox.command("git").unwrap();
    command.args(["-c", "user.name=A Person", "-c", "user.email=person@example.com"]).args(args);
    let done = finish(command, Duration::from_mins(1)).unwrap();
    assert!(done.status.success(), "git {args:?}: {}", done.stderr);
}
