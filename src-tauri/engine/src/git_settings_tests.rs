use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{are_plain, every_setting_is_plain};

fn repository(at: &Path) {
    fs::create_dir_all(at.join(".git/objects")).unwrap();
    fs::create_dir_all(at.join(".git/refs")).unwrap();
    fs::write(at.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(at.join(".git/config"), "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = https://x\n")
        .unwrap();
    fs::create_dir_all(at.join("src")).unwrap();
}

#[test]
fn a_plain_repository_is_plain_in_all_its_folders() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    assert!(are_plain(&root), "no repository at all");
    repository(&root);
    assert!(are_plain(&root) && are_plain(&root.join("src")));
}

#[test]
fn what_could_start_a_program_is_not_plain() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 14] = [
        ("fsmonitor", |at| fs::write(at.join(".git/config"), "[core]\nfsmonitor = ./x\n").unwrap()),
        ("worktree settings", |at| fs::write(at.join(".git/config.worktree"), "").unwrap()),
        ("a hook", |at| {
            fs::create_dir_all(at.join(".git/hooks")).unwrap();
            fs::write(at.join(".git/hooks/post-index-change"), "").unwrap();
        }),
        ("submodules", |at| fs::write(at.join(".gitmodules"), "").unwrap()),
        ("a bare repository in the way", |at| {
            for folder in ["src/objects", "src/refs"] {
                fs::create_dir_all(at.join(folder)).unwrap();
            }
            fs::write(at.join("src/HEAD"), "ref: refs/heads/x\n").unwrap();
        }),
        ("one whose head is a link to nothing", |at| {
            symlink("refs/heads/x", at.join("src/HEAD")).unwrap();
        }),
        ("a folder .git that git passes over", |at| fs::create_dir(at.join("src/.git")).unwrap()),
        ("one with a head that git does not take", |at| {
            repository(&at.join("src"));
            fs::write(at.join("src/.git/HEAD"), "x\n").unwrap();
        }),
        ("a link for the settings", |at| {
            fs::rename(at.join(".git/config"), at.join("config")).unwrap();
            symlink(at.join("config"), at.join(".git/config")).unwrap();
        }),
        ("objects of another repository", |at| {
            fs::create_dir_all(at.join(".git/objects/info")).unwrap();
            fs::write(at.join(".git/objects/info/alternates"), "/elsewhere\n").unwrap();
        }),
        ("an index that cannot be read", |at| fs::write(at.join(".git/index"), "x").unwrap()),
        ("a file for .git", |at| fs::write(at.join("src/.git"), "gitdir: /elsewhere\n").unwrap()),
        ("a link for .git", |at| symlink("/elsewhere", at.join("src/.git")).unwrap()),
        ("too large", |at| fs::write(at.join(".git/config"), "#".repeat(70_000)).unwrap()),
    ];
    for (name, change) in changes {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        repository(&root);
        change(&root);
        assert!(!are_plain(&root.join("src")), "{name}");
    }
}

#[test]
fn settings_as_a_table() {
    let plain = [
        "",
        "# x\n; y\n",
        "[core]\nfilemode=true\n",
        "[branch \"a b\"]\nmerge = x\n",
        "[user]\nname = fsmonitor\n",
    ];
    let not = [
        "[core]\npager = x\n",
        "[CORE]\nfsMonitor = x\n",
        "[core] pager = x\n",
        "[core]\nfilemode = true \\\n",
        "[diff]\nexternal = x\n",
        "[diff \"x\"]\ntextconv = x\n",
        "[filter \"lfs\"]\nclean = x\n",
        "[include]\npath = x\n",
        "[includeIf \"gitdir:/\"]\npath = x\n",
        "[alias]\nst = !x\n",
        "[core.x]\npager=x\n",
        "[core] fsmonitor = \"touch x;:\" #]\n",
        "[remote \"o\"]\npromisor = true\n",
        "[remote \"o\"]\nuploadpack = x\n",
        "[remote \"o\"]\nvcs = x\n",
        "[branch \"a\\\"]\nx = y\n",
        "[core\n",
        "pager = x\n",
    ];
    for text in plain {
        assert!(every_setting_is_plain(text), "{text}");
    }
    for text in not {
        assert!(!every_setting_is_plain(text), "{text}");
    }
}
