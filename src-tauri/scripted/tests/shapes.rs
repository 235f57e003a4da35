//! The lines of scripted agents have the shapes of the captured real ones: the same sorts of lines with the same
//! keys. What the captures do not show is listed here, so that nothing new is invented unseen.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests read better so")]

#[path = "shapes/shape.rs"]
#[allow(unreachable_pub, reason = "a module of this test")]
mod shape;
mod talk;

use mo_agents::launch::Access;
use mo_core::agent_event::AgentEvent;
use mo_core::ids::AgentKind;
use serde_json::{Value, json};
use shape::Shapes;
use talk::{Stage, allow, deny};

/// Everything that an agent can show.
fn steps() -> Value {
    json!([
        {"think": "Where to begin?"}, {"read": "a.txt"},
        {"edit": {"path": "a.txt", "find": "one", "replace": "two"}},
        {"write": {"path": "b.txt", "content": "B\n"}}, {"run": "cat a.txt && true"}, {"run": "cat a.txt"},
        {"text": "All done: the file says two, and there is another one."}
    ])
}

fn script() -> Value {
    let long =
        json!([{"say": "A while ago."}, {"write": {"path": "w.txt", "content": "W\n"}}, {"text": "x"}]);
    let review = json!({"verdict": "approved", "summary": "fine"});
    json!({"turns": [
        {"match": "work", "times": 0, "steps": steps()},
        {"match": "interrupt", "times": 0, "steps": long},
        {"match": "review", "times": 0, "steps": [{"review": review}]},
        {"match": "limit", "times": 0, "steps": [{"error": {"class": "usage_limit"}}]},
        {"match": "rate", "times": 0, "steps": [{"error": {"class": "rate_limited"}}]},
        {"match": "key", "times": 0, "steps": [{"error": {"class": "auth_invalid"}}]},
    ]})
}

/// The lines of conversations that go through all of it.
fn lines(agent: AgentKind) -> Vec<Value> {
    let stage = Stage::new(agent, script());
    let mut seen = Vec::new();
    for access in [Access::Write, Access::ReadOnly] {
        let mut spec = stage.spec(access);
        spec.schema = (access == Access::ReadOnly).then(|| json!({"type": "object"}));
        for prompts in [["work", "limit"], ["rate", "key"], ["review", "review"]] {
            stage.put("a.txt", "one\n");
            let mut talk = stage.talk(&spec);
            for prompt in prompts {
                talk.turn(prompt, spec.schema.clone(), allow);
            }
            seen.append(&mut talk.seen);
        }
        stage.put("a.txt", "one\n");
        let mut talk = stage.talk(&spec);
        talk.turn("work", spec.schema.clone(), deny);
        seen.append(&mut talk.seen);
    }
    let mut talk = stage.talk(&stage.spec(Access::Write));
    talk.prompt("interrupt", None);
    talk.until(|event| matches!(event, AgentEvent::ApprovalRequested { .. }), |_| None);
    talk.cancel();
    talk.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), |_| None);
    seen.append(&mut talk.seen);
    seen
}

fn compare(agent: AgentKind, captures: &[&str], known: &[&str]) {
    let real = Shapes::of_captures(captures);
    let mut ours = Shapes::default();
    for line in lines(agent) {
        ours.add(&line);
    }
    assert!(ours.0.len() > 10, "{:?}", ours.0.keys());
    let (mut differences, uncaptured) = real.differences(&ours);
    // Codex's own JSON Schema has them; the captures only ever add files and never run out of tries.
    differences
        .retain(|line| !line.contains(".kind.move_path") && !line.contains("responseTooManyFailedAttempts"));
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(uncaptured, known, "sorts of lines that no capture shows");
}

#[test]
fn claude_looks_like_claude() {
    // No capture edits a file; Edit is in the tools of `system/init`.
    let edits = ["assistant tool_use Edit", "user tool_result object oldString hook"];
    compare(AgentKind::Claude, &["claude-"], &edits);
}

#[test]
fn codex_looks_like_codex() {
    compare(
        AgentKind::Codex,
        &[
            "codex-app-",
            "codex-cancel",
            "codex-interrupt",
            "codex-on-",
            "codex-review-read",
            "codex-untrusted",
        ],
        &[],
    );
}

#[test]
fn gemini_looks_like_gemini() {
    compare(
        AgentKind::Gemini,
        &[
            "gemini-acp-",
            "gemini-allow",
            "gemini-auto",
            "gemini-cancel",
            "gemini-plan",
            "gemini-reject",
            "gemini-load",
            "gemini-noret",
        ],
        &[],
    );
}
