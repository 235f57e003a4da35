//! What the workers may not do is denied by the real CLIs, even where the person's own settings allow it, and the
//! work goes on.

use std::fs;

use serde_json::{Value, json};

use super::job::{Job, Ran};
use super::play::{PLAN, Play, verdict};
use super::project::{CLAUDE_MD, Kind};

/// `steps`, then what `after` holds.
fn before(steps: Value, after: &Value) -> Value {
    let (Value::Array(mut all), Value::Array(after)) = (steps, after.clone()) else {
        panic!("steps are lists")
    };
    all.extend(after);
    Value::Array(all)
}

/// The rules by which requests of a worker were denied, in order.
pub(crate) fn denied<'a>(ran: &'a Ran, worker: &str) -> Vec<&'a str> {
    // What is asked comes to a no by itself here, and the rule that counts is the one that asked.
    let of = |event: &&'a Value| event["worker"] == worker;
    let rule = |event: &'a Value| match event["kind"].as_str()? {
        "approval_requested" => event["data"]["rule"].as_str(),
        "approval_decided" if event["data"]["ruling"]["answer"] == "deny" => {
            event["data"]["ruling"]["rule"].as_str().filter(|rule| *rule != "expiry")
        }
        _ => None,
    };
    ran.events.iter().filter(of).filter_map(rule).collect()
}

#[test]
fn an_implementer_is_kept_to_the_target_s_files() {
    let write =
        |path: &str| json!({"tool": {"name": "Write", "input": {"file_path": path, "content": "x\n"}}});
    let all_well = Play::all_well();
    let forbidden = json!([
        {"tool": {"name": "Bash", "input": {"command": "rm greet.py", "description": "remove"}}},
        {"tool": {"name": "Bash", "input": {"command": "ls /", "description": "list"}}},
        write("${outside}/escaped.txt"),
        write("${cwd}/../outside/escaped.txt"),
        write("${cwd}/.git/hooks/pre-commit"),
        write("${cwd}/.claude/settings.json"),
        {"tool": {"name": "Read", "input": {"file_path": "/etc/hostname"}}},
        {"tool": {"name": "WebFetch", "input": {"url": "http://127.0.0.1:8123/", "prompt": "read"}}},
    ]);
    let play = Play { work: before(forbidden, &all_well.work), ..all_well };
    let ran = Job::new("implementer's denials, hostile git", Kind::Hostile, "target", &play).run(&[]);
    let story = ran.check(Some("continue"), "finished", 0);
    ran.turns_asked();
    let told = ran.job.sandbox.requests().unwrap();
    let mut work = told.iter().filter(|request| request["rule"] == "work");
    assert!(work.all(|request| request["body"].to_string().contains(CLAUDE_MD)), "{story}");
    let rules = [
        "delete",
        "read_outside",
        "write_outside",
        "write_outside",
        "protected",
        "protected",
        "read_outside",
        "network",
    ];
    assert_eq!(denied(&ran, "claude-implementer"), rules, "{story}");
    let declined = ran
        .of_kind("agent_item")
        .iter()
        .filter(|(_, data)| data["item"]["type"] == "tool_ended" && data["item"]["status"] == "declined")
        .count();
    assert_eq!(declined, rules.len(), "{story}");
    ran.check_what_is_left(&["docs", "docs/usage.md", "greet.py"]);
}

#[test]
fn architects_and_reviewers_write_nothing() {
    let by_tool = |name: &str, input: Value| json!({"tool": {"name": name, "input": input}});
    let by_gemini = |then: &Value| {
        before(
            json!([
                by_tool("write_file", json!({"file_path": "${cwd}/made-by-gemini.txt", "content": "x\n"})),
                by_tool(
                    "run_shell_command",
                    json!({"command": "touch made-by-gemini.txt", "description": "touch"})
                ),
                by_tool(
                    "write_file",
                    json!({"file_path": "${outside}/made-by-gemini.txt", "content": "x\n"})
                ),
            ]),
            then,
        )
    };
    let patch = |path: &str| format!("*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch");
    let by_codex = before(
        json!([
            by_tool("exec_command", json!({"cmd": "touch made-by-codex.txt"})),
            by_tool("exec_command", json!({"cmd": "touch ${outside}/made-by-codex.txt"})),
            by_tool("apply_patch", json!(patch("made-by-codex.txt"))),
            by_tool("apply_patch", json!(patch("${outside}/made-by-codex.txt"))),
            by_tool("exec_command", json!({"cmd": "chmod u+w . && touch made-by-codex.txt"})),
        ]),
        &verdict("approved"),
    );
    let play = Play {
        plan: by_gemini(&json!([{"text": PLAN}])),
        plan_review: by_codex.clone(),
        by_gemini: by_gemini(&verdict("approved")),
        by_codex,
        ..Play::all_well()
    };
    let ran = Job::new("readers' denials, hostile git", Kind::Hostile, "target", &play).run(&[]);
    let story = ran.check(Some("continue"), "finished", 0);
    assert_eq!(fs::read_to_string(ran.folder().join("plan.md")).unwrap(), PLAN, "{story}");
    ran.turns_asked();
    ran.check_what_is_left(&["docs", "docs/usage.md", "greet.py"]);
}
