//! What the model says in a session: one rule a turn, by the texts of the prompts.

use serde_json::{Value, json};

/// The architect's answer; the first line is looked for in plan.md.
pub(crate) const PLAN: &str = "# Plan: greet by name\n\n1. Let `greet` take a name in `greet.py`.\n2. Say so in `docs/usage.md`.\n\nTouch nothing else.\n";

/// A session's model.
pub(crate) struct Play {
    /// The architect's turn.
    pub(crate) plan: Value,
    /// Codex on the plan.
    pub(crate) plan_review: Value,
    /// The implementer's turn.
    pub(crate) work: Value,
    /// Gemini on the work.
    pub(crate) by_gemini: Value,
    /// Codex on the work.
    pub(crate) by_codex: Value,
    /// Rules of a case's own, tried first.
    pub(crate) first: Vec<Value>,
}

impl Play {
    /// All goes well: a plan, an edit of `greet.py` and a new `docs/usage.md`, three approvals.
    pub(crate) fn all_well() -> Self {
        Self {
            plan: json!([
                {"tool": {"name": "read_file", "input": {"file_path": "${cwd}/greet.py"}}},
                {"thought": "**Reading**\nI have seen the function.", "text": PLAN}
            ]),
            plan_review: verdict("approved"),
            work: json!([
                {"tool": {"name": "Read", "input": {"file_path": "${cwd}/greet.py"}}},
                {"text": "MILESTONE: read the function", "tool": {"name": "Edit", "input": {"file_path": "${cwd}/greet.py",
                    "old_string": "def greet():\n    return \"hello\"\n",
                    "new_string": "def greet(name):\n    return f\"hello {name}\"\n"}}},
                {"tool": {"name": "Write", "input": {"file_path": "${cwd}/docs/usage.md", "content": "Call `greet(name)`.\n"}}},
                {"text": "I changed greet.py and wrote docs/usage.md."}
            ]),
            by_gemini: verdict("approved"),
            by_codex: json!([{"tool": {"name": "exec_command", "input": {"cmd": "cat greet.py"}}}, verdict("approved")[0]]),
            first: Vec::new(),
        }
    }

    /// The same on a folder with nothing in it.
    pub(crate) fn from_nothing() -> Self {
        Self {
            plan: json!([{"text": PLAN}]),
            work: json!([
                {"tool": {"name": "Write", "input": {"file_path": "${cwd}/greet.py", "content": GREET_BY_NAME}}},
                {"text": "I wrote greet.py."}
            ]),
            ..Self::all_well()
        }
    }

    /// The whole script.
    pub(crate) fn script(&self) -> Value {
        let of_claude = "You review claude-implementer's work";
        let mut rules = self.first.clone();
        rules.extend([
            rule("plan", "gemini", &["You are the architect"], &self.plan),
            rule(
                "plan review",
                "openai",
                &["You review gemini-architect's plan", "call it plan.md"],
                &self.plan_review,
            ),
            rule("work", "anthropic", &["You are the implementer", "# Plan: greet by name"], &self.work),
            rule("review by gemini", "gemini", &[of_claude], &self.by_gemini),
            rule("review by codex", "openai", &[of_claude], &self.by_codex),
        ]);
        json!({ "rules": rules })
    }
}

/// What `greet.py` is when the work is done.
pub(crate) const GREET_BY_NAME: &str = "def greet(name):\n    return f\"hello {name}\"\n";

/// A rule for the turns of one API whose prompt holds all these texts.
pub(crate) fn rule(name: &str, api: &str, contains: &[&str], steps: &Value) -> Value {
    json!({"name": name, "when": {"api": api, "contains": contains}, "capture": {"outside": "outside is (\\S+)"}, "steps": steps})
}

/// The steps of a review with that verdict; anything but an approval comes with a finding at `greet.py:1`.
pub(crate) fn verdict(verdict: &str) -> Value {
    let findings = if verdict == "approved" {
        json!([])
    } else {
        json!([{"severity": verdict, "file": "greet.py", "line": 1, "title": "An empty name is not thought of",
            "evidence": "greet(\"\") gives \"hello \"", "suggestion": "Say what happens then."}])
    };
    json!([{"structured": {"verdict": verdict, "summary": format!("It is {verdict}."), "checkpoint": "${checkpoint}",
        "nonce": "${nonce}", "findings": findings}}])
}
