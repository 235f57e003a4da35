//! Data folders, transcripts and agents that are not as they should be: said clearly, and nothing is lost.

use std::path::Path;

use serde_json::{Value, json};

use crate::controls::{error, staying_team};
use crate::rig::{Stage, approving_team};

/// A stage with a session that has finished.
pub(crate) fn finished() -> (Stage, String) {
    let stage = Stage::with_scripts(staying_team());
    let id = finish(&stage);
    (stage, id)
}

fn finish(stage: &Stage) -> String {
    let done = stage.run_goal(&["--json"]).expect(0);
    done.last()["summary"]["session"].as_str().unwrap().to_owned()
}

/// Asserts that an error says what, where, and how to mend it.
#[track_caller]
fn refused(stage: &Stage, args: &[&str], exit: i32, code: &str, place: &Path) {
    let error = error(stage, args, exit);
    assert_eq!(error["code"], code, "{args:?}: {error}");
    assert!(error["message"].as_str().unwrap().contains(place.to_str().unwrap()), "{args:?}: {error}");
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{args:?}: {error}");
}

#[test]
fn a_corrupt_journal_is_said_and_not_touched() {
    let (stage, id) = finished();
    let file = stage.data().join("journal.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let from = 100.min(bytes.len());
    bytes[from..].fill(0x5a);
    std::fs::write(&file, &bytes).unwrap();
    let sessions = stage.listing("home/.local/share/meta-orchestrator/sessions");
    let target = stage.target();
    for args in [
        &["status"][..],
        &["events", &id],
        &["logs", &id],
        &["diff", &id],
        &["run", "x", "-C", target.to_str().unwrap()],
        &["resume", &id, "-m", "more"],
        &["delete", &id],
        &["restore", &id, "0"],
    ] {
        refused(&stage, args, 1, "journal_corrupt", &file);
    }
    assert!(std::fs::read(&file).unwrap() == bytes);
    assert_eq!(stage.listing("home/.local/share/meta-orchestrator/sessions"), sessions);
}

#[test]
fn a_journal_of_a_newer_version_is_read_and_not_written() {
    let (stage, id) = finished();
    let before: Vec<Value> = stage.run(["events", &id]).expect(0).json();
    let file = stage.data().join("journal.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // `user_version`, the format's number (https://www.sqlite.org/fileformat.html, 1.3).
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&file, &bytes).unwrap();
    let (sessions, target) =
        (stage.listing("home/.local/share/meta-orchestrator/sessions"), stage.listing("target"));
    assert_eq!(stage.run(["events", &id]).expect(0).json(), before);
    for args in [&["status"][..], &["status", &id], &["logs", &id], &["diff", &id], &["doctor"]] {
        stage.run(args).expect(0);
    }
    let folder = stage.target();
    for args in [
        &["run", "x", "-C", folder.to_str().unwrap()][..],
        &["resume", &id, "-m", "more"],
        &["review", &id],
        &["delete", &id],
        &["restore", &id, "0"],
        &["serve"],
    ] {
        refused(&stage, args, 4, "journal_newer", &file);
    }
    for args in [&["stop", id.as_str()][..], &["pause", &id], &["message", &id, "claude", "hello"]] {
        assert_eq!(error(&stage, args, 4)["code"], "session_not_running");
    }
    assert!(std::fs::read(&file).unwrap() == bytes, "the journal was touched");
    assert_eq!(stage.listing("home/.local/share/meta-orchestrator/sessions"), sessions);
    assert_eq!(stage.listing("target"), target);
}

#[test]
fn an_unreadable_transcript_is_said_and_the_story_is_still_told() {
    let (stage, id) = finished();
    let folder = stage.data().join("sessions").join(&id).join("transcripts");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut all: Vec<String> = std::fs::read_dir(&folder).unwrap().map(name).collect();
    all.retain(|name| name.starts_with("claude-implementer.") && name.ends_with("stdout.jsonl"));
    let file = folder.join(&all[0]);
    // As root every file can be read; a folder in its place cannot.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let raw = stage.run(["logs", &id, "claude", "--raw"]).expect(1);
    assert!(
        raw.err.starts_with("error: cannot read ") && raw.err.contains(file.to_str().unwrap()),
        "{raw:?}"
    );
    assert!(raw.err.contains("\nhint: "), "{raw:?}");
    assert!(stage.run(["logs", &id, "claude"]).expect(0).out.contains("a.txt"));
    stage.run(["status", &id]).expect(0);
    stage.run(["resume", &id, "-m", "more"]).expect(0);
    stage.run(["delete", &id]).expect(0);
    assert!(!folder.exists());
}

#[test]
fn a_lost_or_damaged_checkpoint_is_said_and_changes_nothing() {
    let (stage, id) = finished();
    let store = stage.data().join("checkpoints");
    let target = stage.listing("target");
    let mut manifests: Vec<_> =
        std::fs::read_dir(store.join("manifests")).unwrap().map(|entry| entry.unwrap().path()).collect();
    manifests.sort();
    for manifest in &manifests {
        std::fs::write(manifest, "mo-checkpoint 1\n").unwrap();
    }
    let damaged = error(&stage, &["restore", &id, "0"], 1);
    assert_eq!(damaged["code"], "store_damaged", "{damaged}");
    for manifest in &manifests {
        std::fs::remove_file(manifest).unwrap();
    }
    let gone = error(&stage, &["diff", &id], 3);
    assert_eq!(gone["code"], "unknown_checkpoint", "{gone}");
    assert_eq!(stage.listing("target"), target);
}

#[test]
fn an_old_or_unknown_agent_works_and_it_is_said() {
    for (says, part) in
        [("echo '1.0.3 (Claude Code)'", "claude says it is 1.0.3"), ("exit 1", "not say its version")]
    {
        let stage = Stage::with_scripts(approving_team());
        std::fs::rename(stage.path("bin/claude"), stage.path("tmp/claude")).unwrap();
        let real = stage.path("tmp/claude");
        stage.program(
            "claude",
            &format!(
                "#!/bin/sh\n[ \"$1\" = --version ] && {{ {says}; exit; }}\nexec {} \"$@\"\n",
                real.display()
            ),
        );
        let summary = stage.run_goal(&["--json"]).expect(0).last()["summary"].clone();
        assert_eq!(summary["state"], "finished");
        let warnings = summary["warnings"].as_array().unwrap();
        let said = warnings.iter().filter_map(Value::as_str).filter(|text| text.contains(part)).count();
        assert_eq!(said, 1, "{warnings:?}");
        assert!(stage.run(["status"]).expect(0).out.contains("finished"));
        let doctor = stage.run(["doctor", "--json"]).expect(0).last();
        let claude = doctor["agents"].as_array().unwrap().iter().find(|a| a["agent"] == "claude").unwrap();
        assert_eq!(claude["found"], json!(true));
        assert!(claude["problem"].as_str().is_some() && claude["hint"].as_str().is_some(), "{claude}");
    }
}
