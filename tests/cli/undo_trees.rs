//! Whole trees come back byte for byte, through the command, on folders with git and without.

use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use mo_core::ids::AgentKind;
use serde_json::json;

use crate::controls::staying_team;
use crate::rig::{Running, Stage};

/// Larger than what a checkpoint records; most of it is a hole.
const HUGE: u64 = 2 << 30;

fn fill(target: &Path, files: usize) {
    for i in 0..files {
        let folder = target.join(format!("{}/größe {}", i / 500, i / 50 % 10));
        if i % 50 == 0 {
            std::fs::create_dir_all(&folder).unwrap();
        }
        let path = folder.join(format!("{i}.rs"));
        std::fs::write(&path, format!("// {i}\n").repeat(1 + i % 40)).unwrap();
        if i % 7 == 0 {
            let mode = [0o600, 0o755, 0o444, 0o640][i / 7 % 4];
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        if i % 100 == 0 {
            symlink(format!("{i}.rs"), folder.join(format!("link-{i}"))).unwrap();
            std::fs::create_dir(folder.join(format!("empty-{i}"))).unwrap();
        }
    }
    symlink("/nowhere/at/all", target.join("dangling")).unwrap();
    let latin = std::ffi::OsString::from_vec(b"caf\xe9.txt".to_vec());
    std::fs::write(target.join(latin), "not UTF-8\n").unwrap();
    std::fs::write(target.join("empty"), "").unwrap();
    std::fs::create_dir(target.join("only for me")).unwrap();
    std::fs::set_permissions(target.join("only for me"), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::File::create(target.join("huge.bin")).unwrap().set_len(HUGE).unwrap();
}

/// Every path with its kind, mode and content; of the huge one its size.
fn tree(folder: &Path) -> Vec<(Vec<u8>, u32, Vec<u8>)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_dir() {
                open.push(path.clone());
                b"folder".to_vec()
            } else if meta.is_symlink() {
                std::fs::read_link(&path).unwrap().into_os_string().into_vec()
            } else if meta.len() == HUGE {
                b"huge".to_vec()
            } else {
                std::fs::read(&path).unwrap()
            };
            found.push((path.into_os_string().into_vec(), meta.mode(), content));
        }
    }
    found.sort();
    found
}

#[allow(clippy::print_stdout, reason = "says how long it took")]
fn comes_back(files: usize, git: bool) {
    let mut team = staying_team();
    for (agent, script) in &mut team {
        if *agent == AgentKind::Claude {
            *script = json!({ "turns": [{ "kind": "work", "times": 0, "steps": [
                { "write": { "path": "0/größe 0/1.rs", "content": "by the agent\n" } },
                { "write": { "path": "new/by-the-agent.rs", "content": "new\n" } },
                { "text": "Done." } ] }] });
        }
    }
    let stage = Stage::with_scripts(team);
    let target = stage.target();
    if git {
        std::fs::create_dir(target.join(".git")).unwrap();
        std::fs::write(target.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    }
    fill(&target, files);
    let start = tree(&target);
    let done = stage.run_goal(&["--json"]).expect(0);
    let id = done.last()["summary"]["session"].as_str().unwrap().to_owned();
    let taken = done.json().into_iter().find(|line| line["kind"] == "checkpoint_taken").unwrap();
    let skipped = taken["data"]["skipped"].to_string();
    assert!(skipped.contains("huge.bin") && skipped.contains(&HUGE.to_string()), "{skipped}");
    // The person goes on, wildly, and deletes the huge file's neighbours.
    for i in (0..files).step_by(3) {
        let path = target.join(format!("{}/größe {}/{i}.rs", i / 500, i / 50 % 10));
        match i % 9 {
            0 => std::fs::remove_file(&path).unwrap(),
            3 => std::fs::write(&path, "overwritten\n").or_else(|_| std::fs::remove_file(&path)).unwrap(),
            _ => std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap(),
        }
    }
    std::fs::remove_dir(target.join("0/größe 0/empty-0")).unwrap();
    std::fs::remove_file(target.join("dangling")).unwrap();
    std::fs::create_dir(target.join("dangling")).unwrap();
    std::fs::write(target.join("dangling/now a folder"), "x").unwrap();
    let end = tree(&target);
    let begun = std::time::Instant::now();
    let report = stage.run(["restore", &id, "0", "--json"]).expect(0).last()["restored"]["report"].clone();
    println!("{files} files, git {git}: restored in {} ms", begun.elapsed().as_millis());
    assert_eq!(report["left"], json!([]), "{report}");
    assert!(tree(&target) == start, "git {git}: not as it was");
    let saved = report["saved"].to_string();
    stage.run(["restore", &id, &saved]).expect(0);
    assert!(tree(&target) == end, "git {git}: the undo cannot be undone");
}

#[test]
fn five_thousand_files_come_back_without_git() {
    comes_back(5_000, false);
}

#[test]
fn five_thousand_files_come_back_with_git() {
    comes_back(5_000, true);
}

#[test]
fn a_hundred_thousand_files_come_back() {
    if std::env::var_os("MO_LONG").is_none() {
        println!("skipped: set MO_LONG=1 for it");
        return;
    }
    comes_back(100_000, false);
}

/// Somebody who writes all the time keeps nobody from saving or restoring, and finds his file whole.
#[test]
fn files_that_change_meanwhile_are_borne() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let stage = Stage::with_scripts(staying_team());
    let target = stage.target();
    fill(&target, 500);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut round = 0_u64;
            while !done.load(Ordering::Relaxed) {
                round += 1;
                // Each step may fail while the restore puts things right.
                let _ = std::fs::write(target.join("busy.log"), format!("{round}\n").repeat(2_000));
                let _ = std::fs::create_dir(target.join("comes and goes"));
                let _ = std::fs::write(target.join("comes and goes/file"), "x");
                let _ = std::fs::remove_dir_all(target.join("comes and goes"));
            }
        });
        let run = stage.command(["run", "write a.txt", "-C", "target", "--json"]);
        let ran = Running::start(run).finish();
        let id = ran.json()[0]["session"].as_str().unwrap().to_owned();
        let restored = stage.run(["restore", &id, "0", "--json"]);
        done.store(true, Ordering::Relaxed);
        ran.expect(0);
        restored.expect(0);
    });
    assert_eq!(std::fs::read_to_string(target.join("a.txt")).unwrap(), "before\n");
}
