//! Reading a session that is over: `status`, `events`, `logs`, `diff`.

use serde_json::{Value, json};

use crate::rig::{Stage, approving_team, members};

/// A finished session, and its id.
fn finished() -> (Stage, String) {
    let stage = Stage::with_scripts(approving_team());
    let id = stage.run_goal(&["--json"]).expect(0).last()["summary"]["session"].as_str().unwrap().to_owned();
    (stage, id)
}

#[test]
fn status_has_the_form_of_the_contract() {
    let (stage, id) = finished();
    let all = stage.run(["status", "--json"]).expect(0).last();
    assert_eq!(members(&all), ["sessions"]);
    let one = stage.run(["status", &id, "--json"]).expect(0).last();
    assert_eq!(all, one);
    let session = &one["sessions"][0];
    for name in [
        "id",
        "goal",
        "target",
        "state",
        "phase",
        "decision",
        "seq",
        "workers",
        "decisions",
        "recoveries",
        "needs_you",
    ] {
        assert!(session.get(name).is_some(), "{name} is missing: {session}");
    }
    assert_eq!((&session["state"], &session["decision"]), (&json!("finished"), &json!("continue")));
    for worker in session["workers"].as_array().unwrap() {
        for name in ["name", "agent", "role", "state", "doing", "progress", "tokens", "cost_usd"] {
            assert!(worker.get(name).is_some(), "{name} is missing: {worker}");
        }
        assert!(worker["progress"].as_u64().unwrap() <= 100);
    }
    let text = stage.run(["status"]).expect(0).out;
    assert!(text.starts_with(&format!("{id}  finished   continue ")), "{text}");
    let text = stage.run(["status", &id]).expect(0).out;
    assert!(text.starts_with("finished: "), "{text}");
}

#[test]
fn events_are_numbered_lines() {
    let (stage, id) = finished();
    let lines = stage.run(["events", &id]).expect(0).json();
    assert_eq!(lines[0]["kind"], "session_created");
    assert_eq!(lines.last().unwrap()["kind"], "session_ended");
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(members(line), ["at", "data", "kind", "seq", "session", "worker"]);
        assert_eq!(line["seq"], index + 1);
        assert_eq!(line["session"], id.as_str());
        let at = line["at"].as_str().unwrap();
        assert!(at.len() == 24 && at.ends_with('Z') && at.as_bytes()[19] == b'.', "{at}");
        assert!(
            line["data"].is_object() && (line["worker"].is_null() || line["worker"].is_string()),
            "{line}"
        );
    }
    // `--since` is exclusive, and following what is over ends at once.
    let rest = stage.run(["events", &id, "--since", "7", "--follow"]).expect(0).json();
    assert_eq!(rest, lines[7..]);
    let none = stage.run(["events", &id, "--since", "99999999"]).expect(0);
    assert_eq!(none.out, "");
}

#[test]
fn logs_tell_the_story_of_all_or_one() {
    let (stage, id) = finished();
    let all = stage.run(["logs"]).expect(0).out;
    assert!(all.contains(" session             started: write a.txt\n"), "{all}");
    assert!(all.contains(" codex-reviewer      verdict: approved"), "{all}");
    assert_eq!(stage.run(["logs", &id]).expect(0).out, all);
    let claude = stage.run(["logs", "claude"]).expect(0).out;
    assert!(
        claude.contains("finished the implementation") && !claude.contains("codex-reviewer "),
        "{claude}"
    );
    assert_eq!(stage.run(["logs", &id, "claude-implementer"]).expect(0).out, claude);
    let entries = stage.run(["logs", "claude", "--json"]).expect(0).json();
    assert_eq!(members(&entries[0]), ["at", "detail", "kind", "seq", "text", "tone", "worker"]);
    assert!(entries.iter().all(|entry| entry["worker"] == "claude-implementer"));
    let unknown = stage.run(["logs", &id, "hal", "--json"]).expect(3).last();
    assert_eq!(unknown["error"]["code"], "worker_unknown");
    assert!(unknown["error"]["hint"].as_str().unwrap().contains("claude-implementer"));
}

#[test]
fn raw_logs_are_the_bytes_of_the_transcripts() {
    let (stage, id) = finished();
    let folder = stage.data().join("sessions").join(&id).join("transcripts");
    let mut expected = String::new();
    for attempt in 1.. {
        match std::fs::read_to_string(folder.join(format!("codex-reviewer.{attempt}.stdout.jsonl"))) {
            Ok(text) => expected.push_str(&text),
            Err(_) => break,
        }
    }
    assert!(expected.lines().count() > 10, "{expected}");
    assert_eq!(stage.run(["logs", "codex", "--raw"]).expect(0).out, expected);
    assert_eq!(stage.run(["logs", "codex", "--raw", "--follow"]).expect(0).out, expected);
    assert_eq!(stage.run(["logs", "--raw", "--json"]).expect(2).last()["error"]["code"], "raw_is_no_json");
    let done = stage.run(["logs", "--raw"]).expect(2);
    assert!(done.err.contains("gemini-architect, claude-implementer, codex-reviewer"), "{done:?}");
}

#[test]
fn diffs_between_checkpoints() {
    let (stage, id) = finished();
    let patch = stage.run(["diff"]).expect(0).out;
    assert!(patch.contains("-before\n+after\n"), "{patch}");
    let json = stage.run(["diff", &id, "--json"]).expect(0).last();
    let diff = &json["diff"];
    assert_eq!(members(diff), ["changes", "from", "session", "to", "truncated", "unified"]);
    assert_eq!(diff["unified"], patch.as_str());
    let change = &diff["changes"][0];
    assert_eq!((&change["path"], &change["kind"]), (&json!("a.txt"), &json!("modified")));
    assert_eq!((&change["added_lines"], &change["deleted_lines"]), (&json!(1), &json!(1)));
    assert_eq!(diff["from"]["checkpoint"], 0);
    let newest = diff["to"]["checkpoint"].as_u64().unwrap().to_string();
    assert!(diff["to"]["digest"].as_str().unwrap().starts_with("sha256:"));
    // Nothing differs from itself; backwards, everything turns around.
    assert_eq!(stage.run(["diff", "--from", &newest, "--to", &newest]).expect(0).out, "");
    let back = stage.run(["diff", "--from", &newest, "--to", "0"]).expect(0).out;
    assert!(back.contains("-after\n+before\n"), "{back}");
    let unknown = stage.run(["diff", "--to", "99", "--json"]).expect(3).last();
    assert_eq!(unknown["error"]["code"], "checkpoint_unknown");
}

/// The newest session is meant where none is named, and none of the readers changes a byte.
#[test]
fn the_newest_counts_and_readers_change_nothing() {
    let stage = Stage::with_scripts(approving_team());
    stage.run_goal(&[]).expect(0);
    // The scripts are played from their beginning again.
    std::fs::remove_dir_all(stage.path("state")).unwrap();
    let second =
        stage.run_goal(&["--json"]).expect(0).last()["summary"]["session"].as_str().unwrap().to_owned();
    let data = "home/.local/share/meta-orchestrator";
    let files = |listing: Vec<(std::path::PathBuf, Option<Vec<u8>>)>| -> Vec<_> {
        // SQLite's own working files come and go with its readers.
        listing.into_iter().filter(|(path, _)| !path.to_string_lossy().contains("journal.db-")).collect()
    };
    let before = files(stage.listing(data));
    let sessions: Vec<Value> =
        stage.run(["status", "--json"]).expect(0).last()["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["id"], second.as_str(), "newest first");
    let json = stage.run(["diff", "--json"]).expect(0).last();
    assert_eq!(json["diff"]["session"], second.as_str());
    stage.run(["logs"]).expect(0);
    stage.run(["events", &second]).expect(0);
    stage.run(["doctor"]).expect(0);
    stage.run(["config"]).expect(0);
    assert_eq!(files(stage.listing(data)), before);
}
