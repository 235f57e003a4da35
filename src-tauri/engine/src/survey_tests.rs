use mo_core::ceiling::Ceiling;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_core::approval::Action;
use mo_core::ids::Role;
use mo_core::policy::{Bounds, Ground, Permit, judge};

use super::{explain, survey};

struct Project {
    _dir: tempfile::TempDir,
    base: PathBuf,
}

impl Project {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for folder in
            ["p/src", "p/.git/hooks", "p/.git/objects", "p/.git/refs", "home/.ssh", "data", "elsewhere"]
        {
            fs::create_dir_all(base.join(folder)).unwrap();
        }
        for file in ["p/a.rs", "p/src/b.rs", "home/.ssh/id_rsa", "elsewhere/x", "data/journal.db"] {
            fs::write(base.join(file), "").unwrap();
        }
        fs::write(base.join("p/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        symlink(base.join("elsewhere"), base.join("p/out")).unwrap();
        symlink(base.join("home/.ssh/id_rsa"), base.join("p/notes.txt")).unwrap();
        symlink(base.join("p/.git/hooks"), base.join("p/scripts")).unwrap();
        symlink("/nonexistent", base.join("p/dangling")).unwrap();
        Self { _dir: dir, base }
    }

    fn verdict(&self, line: &str) -> Permit {
        let at = |name: &str| self.base.join(name);
        explain(line, Role::Implementer, &at("p"), Some(&at("home")), &at("data"), &[], Ceiling::ALL).verdict
    }
}

#[test]
fn links_patterns_and_parents_are_followed() {
    let project = Project::new();
    let data = project.base.join("data");
    let table = [
        ("cat a.rs src/b.rs", Permit::Allow),
        ("cat *.rs", Permit::Allow),
        ("cat src/../a.rs", Permit::Allow),
        ("cat out/x", Permit::Ask),
        ("cat out/../p/a.rs", Permit::Allow),
        ("cat *", Permit::Deny),
        ("cat notes.txt", Permit::Deny),
        ("cat n*", Permit::Deny),
        ("cat ~/.ssh/id_rsa", Permit::Deny),
        ("ls out/*", Permit::Ask),
        ("touch scripts/pre-commit", Permit::Ask),
        ("touch dangling", Permit::Ask),
        ("echo x > out/y", Permit::Ask),
        ("mkdir src/new/deep", Permit::Allow),
        ("cat /proc/self/cwd/a.rs", Permit::Ask),
        ("cat /dev/null", Permit::Allow),
        ("git status", Permit::Allow),
    ];
    for (line, verdict) in table {
        assert_eq!(project.verdict(line), verdict, "{line}");
    }
    assert_eq!(project.verdict(&format!("cat {}/journal.db", data.display())), Permit::Deny);
    fs::write(project.base.join("p/.git/config"), "[core]\nfsmonitor = ./x\n").unwrap();
    assert_eq!(project.verdict("git status"), Permit::Ask);
}

/// What was noted suffices to judge again without the file system, with the same result.
#[test]
fn a_survey_judges_as_the_file_system_does() {
    let project = Project::new();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let bounds = Bounds {
        root: text(&project.base.join("p")),
        keep_out: text(&project.base.join("data")),
        home: text(&project.base.join("home")),
    };
    for line in
        ["cat a.rs *.rs", "cat out/x", "cat n*", "cd src && git status", "cp a.rs src", "touch x > y; ls ~"]
    {
        let action = Action::Command { command: line.into(), cwd: None };
        let found = survey(&action, &bounds, &Arc::from([]));
        let ground = Ground {
            bounds: &found.bounds,
            role: Role::Implementer,
            may_write: true,
            places: &found.known,
            rules: &[],
            ceiling: Ceiling::ALL,
        };
        assert_eq!(judge(&action, &ground).verdict, project.verdict(line), "{line}");
    }
}

/// A line of an agent's keeps nobody waiting: what is too much is refused before it is read, or bounded while it is.
#[test]
fn lines_that_are_made_to_be_slow_are_quick() {
    let nested = format!("{}:{}", "true&&if true&&".repeat(1_000), ";then :;fi".repeat(1_000));
    let lines = [
        "cd s1;".replace('1', "x").repeat(500),
        (0..500).fold(String::new(), |line, n| line + "cd s" + &n.to_string() + ";") + "ls",
        nested,
        "(".repeat(24),
        "(".repeat(8),
        "((((((((ls))))))))".to_owned(),
        "`".repeat(40),
        "$((".repeat(7),
        format!("ls {}", "/*/*/*/* ".repeat(900)),
        "a|".repeat(900) + "a",
        "! ".repeat(30) + "ls",
        "f()".repeat(900) + "{ :; }",
        "<<E ".repeat(500),
        "case x in ".repeat(15),
    ];
    let project = Project::new();
    for line in lines {
        let begun = std::time::Instant::now();
        project.verdict(&line);
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(2), "{took:?}: {}", &line[..line.len().min(60)]);
    }
}
