//! Files come back; sessions go away.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};

use crate::controls::{error, events, stay, staying_team};
use crate::rig::{Stage, kinds, members};

/// A target with something of every sort in it.
fn stage(git: bool) -> Stage {
    let stage = Stage::with_scripts(staying_team());
    let target = stage.target();
    std::fs::create_dir_all(target.join("src/leer")).unwrap();
    std::fs::write(target.join("src/größe.rs"), "// ü\n").unwrap();
    std::fs::write(target.join("tool"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(target.join("tool"), std::fs::Permissions::from_mode(0o755)).unwrap();
    symlink("a.txt", target.join("link")).unwrap();
    if git {
        std::fs::create_dir(target.join(".git")).unwrap();
        std::fs::write(target.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    }
    stage
}

/// Every path with its kind, mode and content.
fn tree(folder: &Path) -> Vec<(String, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_dir() {
                open.push(path.clone());
                b"folder".to_vec()
            } else if meta.is_symlink() {
                std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else {
                std::fs::read(&path).unwrap()
            };
            found.push((path.display().to_string(), meta.permissions().mode(), content));
        }
    }
    found.sort();
    found
}

/// A finished session.
fn finished(stage: &Stage) -> String {
    let done = stage.run_goal(&["--json"]).expect(0);
    done.last()["summary"]["session"].as_str().unwrap().to_owned()
}

fn report(stage: &Stage, args: &[&str]) -> Value {
    let done = stage.run(args.iter().copied().chain(["--json"])).expect(0).last();
    assert_eq!(members(&done["restored"]), ["report", "session"]);
    done["restored"]["report"].clone()
}

#[test]
fn everything_comes_back_and_can_go_again() {
    for git in [false, true] {
        let stage = stage(git);
        let start = tree(&stage.target());
        let id = finished(&stage);
        // The person works on after the session.
        let target = stage.target();
        std::fs::write(target.join("mine.txt"), "mine\n").unwrap();
        std::fs::remove_file(target.join("link")).unwrap();
        std::fs::remove_dir(target.join("src/leer")).unwrap();
        std::fs::set_permissions(target.join("tool"), std::fs::Permissions::from_mode(0o644)).unwrap();
        let end = tree(&target);

        let report = report(&stage, &["restore", &id, "0"]);
        assert_eq!(members(&report), ["checkpoint", "deleted", "left", "paths", "saved", "written"]);
        assert_eq!((&report["checkpoint"], &report["left"]), (&json!(0), &json!([])));
        assert_eq!(tree(&target), start, "git: {git}");
        // The story, and what the session has changed by now.
        let events = events(&stage, &id);
        let kinds = kinds(&events);
        assert_eq!(kinds[kinds.len() - 3..], ["checkpoint_taken", "checkpoint_restored", "checkpoint_taken"]);
        assert_eq!(stage.run(["diff", &id]).expect(0).out, "");
        let status = stage.run(["status", &id, "--json"]).expect(0).last()["sessions"][0].clone();
        assert_eq!((&status["state"], &status["files_changed"]), (&json!("finished"), &json!([])));
        // Followers know that nothing more comes.
        stage.run(["events", &id, "--follow"]).expect(0);

        let saved = report["saved"].to_string();
        let words = stage.run(["restore", &id, &saved]).expect(0);
        assert!(words.out.contains(&format!("restored checkpoint {saved}")), "{}", words.out);
        assert_eq!(tree(&target), end);
        // It goes on as if nothing had been.
        stage.run(["resume", &id, "-m", "more"]).expect(0);
    }
}

#[test]
fn one_path_comes_back_alone() {
    let stage = stage(true);
    let id = finished(&stage);
    let target = stage.target();
    std::fs::write(target.join("mine.txt"), "mine\n").unwrap();
    std::fs::write(target.join("src/größe.rs"), "// other\n").unwrap();
    let done = report(&stage, &["restore", &id, "0", "./a.txt"]);
    assert_eq!((&done["paths"], &done["written"]), (&json!(["a.txt"]), &json!(1)));
    assert_eq!(std::fs::read_to_string(target.join("a.txt")).unwrap(), "before\n");
    assert_eq!(std::fs::read_to_string(target.join("src/größe.rs")).unwrap(), "// other\n");
    // A folder with what is below it, by its whole path.
    let folder = target.canonicalize().unwrap().join("src");
    report(&stage, &["restore", &id, "0", folder.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(target.join("src/größe.rs")).unwrap(), "// ü\n");
    assert_eq!(std::fs::read_to_string(target.join("mine.txt")).unwrap(), "mine\n");

    let before = (tree(&target), events(&stage, &id).len());
    let unknown = error(&stage, &["restore", &id, "99"], 3);
    assert_eq!(unknown["code"], "checkpoint_unknown");
    assert!(unknown["hint"].as_str().unwrap().starts_with("it has checkpoints 0 to "), "{unknown}");
    assert_eq!(error(&stage, &["restore", &id, "0", "nowhere.txt"], 3)["code"], "path_unknown");
    assert_eq!(error(&stage, &["restore", &id, "0", "../a.txt"], 2)["code"], "bad_path");
    assert_eq!((tree(&target), events(&stage, &id).len()), before, "nothing was done");
    std::fs::rename(&target, stage.path("moved")).unwrap();
    assert_eq!(error(&stage, &["restore", &id, "0"], 3)["code"], "target_missing");
    std::fs::write(&target, "a file").unwrap();
    assert_eq!(error(&stage, &["restore", &id, "0"], 2)["code"], "target_not_a_folder");
}

#[test]
fn what_runs_is_neither_restored_nor_deleted() {
    let stage = stage(false);
    let first = finished(&stage);
    let (running, id) = stay(&stage, "target");
    for args in [&["restore", id.as_str(), "0"][..], &["delete", &id]] {
        let refused = error(&stage, args, 4);
        assert_eq!(refused["code"], "session_running", "{refused}");
    }
    // Nor is another session's folder changed under it.
    assert_eq!(error(&stage, &["restore", &first, "0"], 4)["code"], "target_busy");
    assert_eq!(error(&stage, &["restore", &first, "99"], 3)["code"], "checkpoint_unknown");
    // Through the owner, what rests goes.
    stage.run(["delete", &first]).expect(0);
    assert_eq!(error(&stage, &["status", &first], 3)["code"], "session_unknown");
    stage.run(["stop", &id]).expect(0);
    running.finish().expect(14);
}

#[test]
fn a_deleted_session_leaves_nothing() {
    let stage = stage(false);
    let id = finished(&stage);
    assert!(stage.data().join("sessions").join(&id).exists());
    let done = stage.run(["delete", &id, "--json"]).expect(0).last();
    assert_eq!(done, json!({ "done": { "command": "delete", "session": id } }));
    assert!(!stage.data().join("sessions").join(&id).exists());
    assert_eq!(stage.run(["status", "--json"]).expect(0).last(), json!({ "sessions": [] }));
    assert_eq!(error(&stage, &["delete", &id], 3)["code"], "session_unknown");
}
