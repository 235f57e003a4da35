//! `orchestrate decode` (design.md §11), on captures of the real CLIs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::rig::{Done, Running, Stage, members};

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts").join(name)
}

/// The summary, once it has the form of the contract and counts the lines before it.
fn summary(done: &Done) -> Value {
    let lines = done.json();
    let (last, events) = lines.split_last().unwrap();
    let summary = last["summary"].clone();
    assert_eq!(
        members(&summary),
        ["class", "cost_usd", "events", "malformed", "outcome", "session_id", "unrecognised", "usage"]
    );
    assert_eq!(summary["events"], events.len());
    assert!(events.iter().all(|line| line["event"]["type"].is_string()), "{events:?}");
    assert!(summary["unrecognised"].is_object());
    if !summary["usage"].is_null() {
        assert_eq!(members(&summary["usage"]), ["cached_tokens", "input_tokens", "output_tokens"]);
    }
    summary
}

#[test]
fn every_capture_of_an_agent_decodes() {
    let stage = Stage::new();
    for agent in ["claude", "codex", "gemini", "acp"] {
        let mut count = 0;
        for entry in std::fs::read_dir(capture("")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if !name.starts_with(&format!("{agent}-")) || path.extension().is_none_or(|e| e != "jsonl") {
                continue;
            }
            // A few of each: the decoders have their own tests on all of them.
            count += 1;
            if count > 4 {
                break;
            }
            let done = stage.run(["decode", agent, path.to_str().unwrap()]).expect(0);
            let summary = summary(&done);
            let outcome = summary["outcome"].as_str().unwrap();
            assert!(
                ["completed", "failed", "interrupted", "vanished"].contains(&outcome),
                "{name}: {summary}"
            );
            assert_eq!(summary["class"].is_null(), outcome != "failed", "{name}: {summary}");
        }
        assert!(count > 0, "no capture of {agent}");
    }
}

#[test]
fn how_it_ended_decides_where_nothing_was_said() {
    let stage = Stage::new();
    let empty = stage.path("tmp/empty");
    std::fs::write(&empty, "").unwrap();
    let file = empty.to_str().unwrap();
    for (exit, outcome) in
        [("-9", "failed"), ("-2", "interrupted"), ("-15", "interrupted"), ("1", "failed"), ("0", "failed")]
    {
        let done = stage.run(["decode", "codex", file, "--exit-code", exit]).expect(0);
        assert_eq!(summary(&done)["outcome"], outcome, "{exit}: {done:?}");
    }
    let done = stage.run(["decode", "claude", file]).expect(0);
    assert_eq!(summary(&done)["outcome"], "failed", "{done:?}");
    assert_eq!(stage.listing("home"), [], "decoding makes nothing");
}

#[test]
fn what_was_said_on_stderr_counts() {
    let stage = Stage::new();
    let (out, err) = (stage.path("tmp/out"), stage.path("tmp/err"));
    std::fs::write(&out, "").unwrap();
    // An error behind more than is looked at: its end counts.
    let mut text = "x".repeat(2 << 20);
    text.push_str("\nNot inside a trusted directory and --skip-git-repo-check was not specified.\n");
    std::fs::write(&err, text).unwrap();
    let (out, err) = (out.to_str().unwrap(), err.to_str().unwrap());
    let done = stage.run(["decode", "codex", out, "--stderr", err, "--exit-code", "1"]).expect(0);
    let summary = summary(&done);
    assert_eq!((&summary["outcome"], &summary["class"]), (&json!("failed"), &json!("not_a_git_repo")));
}

#[test]
fn stdin_garbage_and_unknown_lines() {
    let stage = Stage::new();
    let mut command = stage.command(["decode", "claude", "-"]);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"type\":\"brand_new\"}\n\xff\xfe not json\n{\"type\":\"brand_new\"}").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let done = Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    let summary = summary(&done.expect(0));
    assert_eq!(summary["malformed"], 1);
    assert_eq!(summary["unrecognised"], json!({ "brand_new": 2 }));
}

/// Whoever reads only the first lines makes no error of it.
#[test]
fn a_reader_that_goes_away() {
    let stage = Stage::new();
    let long = stage.path("tmp/long");
    std::fs::write(&long, "{\"type\":\"brand_new\"}\n".repeat(200_000)).unwrap();
    let mut running = Running::start(stage.command(["decode", "claude", long.to_str().unwrap()]));
    running.until("brand_new");
    running.close_stdout();
    let done = running.finish();
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
}
