//! The one-shots of scripted agents look like the captured real ones, and refuse to start in the same words.

#![allow(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "tests read better so")]

#[path = "shapes/shape.rs"]
#[allow(unreachable_pub, reason = "a module of this test")]
mod shape;
mod talk;

use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_core::ids::AgentKind;
use mo_core::sandbox::{Guarantee, Proven};
use serde_json::{Value, json};
use shape::Shapes;
use talk::Stage;

fn script() -> Value {
    let work = json!([
        {"think": "Where to begin?"}, {"read": "a.txt"}, {"write": {"path": "b.txt", "content": "B\n"}},
        {"run": "cat b.txt"}, {"say": "So far."}, {"text": "All done."}
    ]);
    json!({"root": false, "turns": [
        {"match": "work", "times": 0, "steps": work},
        {"match": "limit", "times": 0, "steps": [{"error": {"class": "usage_limit"}}]},
        {"match": "key", "times": 0, "steps": [{"error": {"class": "auth_invalid"}}]},
    ]})
}

fn stage(agent: &AgentKind) -> Stage {
    let stage = Stage::new(agent.clone(), script());
    stage.put("a.txt", "one\n");
    stage
}

/// What the product launches it with.
fn spec(stage: &Stage, access: Access) -> LaunchSpec {
    let proven = Proven::by_probe(Guarantee::FOR_BYPASS);
    let permission = Permission::Bypass(proven);
    LaunchSpec { permission, skip_git_repo_check: true, ..stage.spec(access) }
}

fn run(stage: &Stage, spec: &LaunchSpec, prompt: &str) -> (i32, Vec<Value>, String) {
    let launch = kinds::launch(spec).unwrap();
    let args: Vec<&str> = launch.args.iter().map(|arg| arg.to_str().unwrap()).collect();
    let (code, stdout, stderr) = stage.run(&args, prompt);
    (code, stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), stderr)
}

fn compare(agent: AgentKind, captures: &[&str], known: &[&str]) {
    let real = Shapes::of_captures(captures);
    let mut ours = Shapes::default();
    for (prompt, expected) in [("work", Some(0)), ("limit", None), ("key", None)] {
        let stage = stage(&agent);
        let (code, lines, stderr) = run(&stage, &spec(&stage, Access::Write), prompt);
        assert_eq!(code == 0, expected == Some(0), "{prompt}: {stderr}");
        for line in &lines {
            ours.add(line);
        }
        assert_eq!(stage.target().join("b.txt").exists(), prompt == "work");
    }
    assert!(ours.0.len() >= 5, "{:?}", ours.0.keys());
    let (differences, uncaptured) = real.differences(&ours);
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(uncaptured, known, "sorts of lines that no capture shows");
}

#[test]
fn codex_exec_looks_like_codex_exec() {
    compare(AgentKind::Codex, &["codex-orig", "codex-exec", "codex-err", "codex-resume"], &[]);
}

#[test]
fn gemini_looks_like_gemini() {
    compare(AgentKind::Gemini, &["gemini-text-stream", "gemini-tools", "gemini-err", "gemini-resume"], &[]);
}

#[test]
fn a_session_goes_on_and_an_unknown_one_does_not() {
    for (agent, code) in [(AgentKind::Claude, 1), (AgentKind::Codex, 1), (AgentKind::Gemini, 42)] {
        let stage = stage(&agent);
        let spec = spec(&stage, Access::Write);
        let (_, lines, _) = run(&stage, &spec, "work");
        let id = |lines: &[Value]| {
            let first = &lines[0];
            first.get("session_id").or(first.get("thread_id")).unwrap().as_str().unwrap().to_owned()
        };
        let known = LaunchSpec { resume: Some(id(&lines)), ..spec.clone() };
        let (again, more, stderr) = run(&stage, &known, "work");
        assert_eq!((again, id(&more)), (0, id(&lines)), "{agent}: {stderr}");
        let gone = LaunchSpec { resume: Some("3f0e7f0c-1111-4222-8333-444444444444".to_owned()), ..spec };
        assert_eq!(run(&stage, &gone, "work").0, code, "{agent}");
    }
}

#[test]
fn who_only_reads_writes_nothing() {
    for agent in [AgentKind::Codex, AgentKind::Gemini] {
        let stage = stage(&agent);
        let (code, _, stderr) = run(&stage, &spec(&stage, Access::ReadOnly), "work");
        assert_eq!(code, 0, "{stderr}");
        assert!(!stage.target().join("b.txt").exists(), "{agent}");
    }
}

fn capture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/transcripts");
    std::fs::read_to_string(format!("{folder}/{name}.stderr.txt")).unwrap()
}

#[test]
fn refusals_to_start_are_those_of_the_captures() {
    let codex = stage(&AgentKind::Codex);
    let without = LaunchSpec { skip_git_repo_check: false, ..spec(&codex, Access::ReadOnly) };
    let (code, lines, stderr) = run(&codex, &without, "work");
    assert_eq!((code, lines), (1, vec![]));
    // With the prompt as an argument, as it was captured, a line about stdin comes before.
    assert!(capture("codex-exec-nogit").ends_with(&stderr) && !stderr.is_empty(), "{stderr}");
    let (code, ..) = run(&codex, &LaunchSpec { access: Access::Write, ..without.clone() }, "work");
    assert_eq!(code, 0, "bypass waives it");
    std::fs::create_dir(codex.target().join(".git")).unwrap();
    assert_eq!(run(&codex, &without, "work").0, 0, "in a repository");

    let gemini = stage(&AgentKind::Gemini);
    let without = LaunchSpec { skip_trust: false, ..spec(&gemini, Access::Write) };
    let (code, lines, stderr) = run(&gemini, &without, "work");
    assert_eq!((code, lines, stderr), (55, vec![], capture("gemini-yolo-untrusted-stream")));
}
