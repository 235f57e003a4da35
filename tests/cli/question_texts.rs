//! Each kind of question as `orchestrate approvals` prints it, which is what the documents show.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::rig::{Running, Stage, approving_team};

/// Claude's own wire format, as it was captured: it asks four things at once, and waits.
fn asking_claude(stage: &Stage) {
    let target = stage.target();
    let at = |name: &str| target.join(name).display().to_string();
    let asks = [
        ("Bash", json!({"command": "cargo test --workspace", "description": "Run the tests"})),
        ("Edit", json!({"file_path": at(".envrc"), "old_string": "use node", "new_string": "use node 22"})),
        ("WebFetch", json!({"url": "https://docs.rs/argon2", "prompt": "How is a password hashed?"})),
        ("mcp__tracker__create_issue", json!({"title": "Rate limit is too low", "labels": ["auth"]})),
    ];
    let mut script = String::from(
        "#!/bin/sh\ncase \"$*\" in *--version*) echo '2.1.330 (Claude Code)'; exit;; esac\nread -r line\n",
    );
    let mut say = |message: Value| {
        script.extend(["printf '%s\\n' '", &message.to_string(), "'\n"]);
    };
    say(json!({"type": "control_response",
               "response": {"subtype": "success", "request_id": "initialize", "response": {}}}));
    for (nth, (tool, input)) in asks.iter().enumerate() {
        let request = json!({
            "subtype": "can_use_tool", "tool_name": tool, "display_name": tool, "input": input,
            "description": input["description"], "tool_use_id": format!("toolu_{nth}"),
        });
        say(json!({"type": "control_request", "request_id": format!("q{nth}"), "request": request}));
    }
    script += "while read -r line; do :; done\n";
    std::fs::remove_file(stage.path("bin/claude")).unwrap();
    stage.program("claude", &script);
}

#[test]
fn the_documents_show_each_question_as_it_is_printed() {
    let stage = Stage::with_scripts(approving_team());
    std::fs::write(stage.target().join(".envrc"), "use node\n").unwrap();
    asking_claude(&stage);
    let mut run = Running::start(stage.command(["run", "Add login", "-C", "target", "--wait", "--json"]));
    let asked: Vec<Value> =
        (0..4).map(|_| serde_json::from_str(&run.until("\"approval_requested\"")).unwrap()).collect();
    let questions: Vec<&str> = asked.iter().map(|line| line["data"]["approval"].as_str().unwrap()).collect();
    let session = asked[0]["session"].as_str().unwrap();

    let mut printed = stage.run(["approvals"]).expect(0).out;
    let target = std::fs::canonicalize(stage.target()).unwrap();
    printed = printed.replace(session, "orch_20261122_105400_5e2b");
    printed = printed.replace(target.to_str().unwrap(), "/home/you/shop");
    for (nth, question) in questions.iter().enumerate() {
        assert!(printed.contains(question), "{printed}");
        let name = format!("019fa3c1-6f00-7000-8000-00000000000{}", nth + 1);
        printed = printed.replace(question, &name);
    }
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/questions.md")).unwrap();
    for question in printed.split("\n\n") {
        let question = question.trim_end();
        assert!(document.contains(question), "docs/questions.md does not have:\n{question}\nof\n{printed}");
    }

    stage.run(["approve", questions[0], "--session"]).expect(0);
    stage.run(["deny", questions[2], "-m", "read what is vendored"]).expect(0);
    assert_eq!(stage.run(["approvals"]).expect(0).out.matches("  open  ").count(), 2);
    run.signal(Signal::TERM);
    run.finish().expect(143);
}
