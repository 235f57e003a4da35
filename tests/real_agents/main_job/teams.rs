//! Other teams: each CLI in each role once, with what it may not do tried in that role.

use serde_json::{Value, json};

use super::job::{Job, Ran};
use super::permissions::denied;
use super::play::{PLAN, rule, verdict};
use super::project::Kind;

/// Architect, implementer and reviewer of a team in which both others review the work.
type Team = [&'static str; 3];

const APIS: [(&str, &str); 3] = [("claude", "anthropic"), ("codex", "openai"), ("gemini", "gemini")];

/// The wire format by which an agent's CLI asks the model.
pub(crate) fn api(agent: &str) -> &'static str {
    APIS.iter().find(|(name, _)| *name == agent).unwrap().1
}

/// A team file: each member's agent and role, each review's reviewer and subject.
pub(crate) fn file(members: &[(&str, &str)], reviews: &[(&str, &str)]) -> String {
    let member =
        |(agent, role): &(&str, &str)| format!("[[worker]]\nagent = \"{agent}\"\nrole = \"{role}\"\n");
    let review = |(by, of): &(&str, &str)| format!("[[review]]\nreviewer = \"{by}\"\nsubject = \"{of}\"\n");
    members.iter().map(member).chain(reviews.iter().map(review)).collect()
}

/// Runs the team on a git repository, with these steps of the architect before its plan and of the implementer.
fn run(name: &'static str, team: Team, before_plan: &Value, work: &Value) -> Ran {
    let [architect, implementer, reviewer] = team;
    let mut plan = before_plan.clone();
    plan.as_array_mut().unwrap().push(json!({"text": PLAN}));
    let of_work = format!("You review {implementer}-implementer's work");
    let approved = verdict("approved");
    let router = json!([{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]);
    let script = json!({"rules": [
        // Gemini asks a small model which model it should ask, outside of the mode `plan`.
        {"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"}, "steps": router},
        rule("plan", api(architect), &["You are the architect"], &plan),
        rule("plan review", api(reviewer), &["call it plan.md"], &approved),
        rule("work", api(implementer), &["You are the implementer", "# Plan: greet by name"], work),
        rule("review by architect", api(architect), &[&of_work], &approved),
        rule("review by reviewer", api(reviewer), &[&of_work], &approved),
    ]});
    let members = [(architect, "architect"), (implementer, "implementer"), (reviewer, "reviewer")];
    let reviews = [(architect, implementer), (reviewer, architect), (reviewer, implementer)];
    let ran =
        Job::with_script(name, Kind::Git, "target", script).with_team(&file(&members, &reviews)).run(&[]);
    let story = ran.check(Some("continue"), "finished", 0);
    assert_eq!(ran.of_kind("verdict_recorded").len(), 3, "{story}");
    ran.turns_asked();
    ran
}

fn tool(name: &str, input: impl Into<Value>) -> Value {
    json!({"tool": {"name": name, "input": input.into()}})
}

#[test]
fn codex_implements_for_claude_and_gemini() {
    let patch = |text: &str| tool("apply_patch", json!(format!("*** Begin Patch\n{text}\n*** End Patch")));
    let edit = "*** Update File: greet.py\n@@\n-def greet():\n-    return \"hello\"\n+def greet(name):\n+    return f\"hello {name}\"";
    let work = json!([
        tool("exec_command", json!({"cmd": "cat greet.py"})),
        tool("exec_command", json!({"cmd": "touch made-by-codex.txt"})),
        tool(
            "exec_command",
            json!({"cmd": "touch escalated.txt", "sandbox_permissions": "require_escalated", "justification": "x"}),
        ),
        patch("*** Add File: ${outside}/escaped.txt\n+x"),
        patch("*** Add File: .git/hooks/pre-commit\n+x"),
        patch(edit),
        patch("*** Add File: docs/usage.md\n+Call `greet(name)`."),
        {"text": "I changed greet.py and wrote docs/usage.md."}
    ]);
    let read = json!([
        tool("Read", json!({"file_path": "${cwd}/greet.py"})),
        tool("Write", json!({"file_path": "${cwd}/made-by-claude.txt", "content": "x"})),
        tool("Bash", json!({"command": "touch made-by-claude.txt", "description": "touch"})),
    ]);
    let ran = run("codex implements, git", ["claude", "codex", "gemini"], &read, &work);
    assert_eq!(denied(&ran, "codex-implementer"), ["write_outside", "protected"], "{}", ran.story());
    ran.check_what_is_left(&["docs", "docs/usage.md", "greet.py"]);
}

#[test]
fn gemini_implements_for_codex_and_claude() {
    let work = json!([
        tool("read_file", json!({"file_path": "${cwd}/greet.py"})),
        tool("run_shell_command", json!({"command": "rm greet.py", "description": "remove"})),
        tool("write_file", json!({"file_path": "${outside}/escaped.txt", "content": "x\n"})),
        tool("write_file", json!({"file_path": "${cwd}/.envrc", "content": "x\n"})),
        tool("replace", json!({"file_path": "${cwd}/greet.py", "instruction": "Take a name.",
            "old_string": "def greet():\n    return \"hello\"\n",
            "new_string": "def greet(name):\n    return f\"hello {name}\"\n"})),
        tool("write_file", json!({"file_path": "${cwd}/docs/usage.md", "content": "Call `greet(name)`.\n"})),
        {"text": "I changed greet.py and wrote docs/usage.md."}
    ]);
    let read = json!([tool("exec_command", json!({"cmd": "cat greet.py && touch made-by-codex.txt"}))]);
    let ran = run("gemini implements, git", ["codex", "gemini", "claude"], &read, &work);
    assert_eq!(denied(&ran, "gemini-implementer"), ["delete", "protected"], "{}", ran.story());
    ran.check_what_is_left(&["docs", "docs/usage.md", "greet.py"]);
}
