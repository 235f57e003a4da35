//! The one-shot shapes of the real CLIs, each started first without what it then asks for: the real refusal is
//! recognised, its remedy carried out once, and the work done. In production none of them is launched: nothing is proven.

use std::fs;

use mo_core::event::Event;
use mo_core::ids::Role;
use mo_core::outcome::FailureClass;
use mo_core::recovery::{Remedy, Trouble};
use mo_tests::Agent;
use serde_json::{Value, json};

use super::one_shot_rig::{Shot, run};
use super::play::{GREET_BY_NAME, PLAN, verdict};

fn rule(name: &str, api: &str, contains: &str, steps: &Value) -> Value {
    json!({"name": name, "when": {"api": api, "contains": [contains]}, "steps": steps})
}

fn review(api: &str) -> Value {
    rule("review", api, "You review ", &verdict("approved"))
}

/// One try, which helped.
fn check(shot: &Shot, class: FailureClass, remedy: Remedy) {
    let story = shot.story();
    assert_eq!(shot.remedies(), [(Trouble::Failed(class), remedy, 1, 1)], "{story}");
    assert_eq!((shot.count("recovery_succeeded"), shot.count("recovery_exhausted")), (1, 0), "{story}");
}

#[test]
fn codex_outside_a_repository_is_given_the_flag() {
    let touch = json!({"tool": {"name": "exec_command", "input": {"cmd": "touch made-by-a-reader.txt"}}});
    let rules = json!([rule("plan", "openai", "You are the architect", &json!([touch, {"text": PLAN}]))]);
    let members = [
        (Agent::Codex, Role::Architect),
        (Agent::Gemini, Role::Implementer),
        (Agent::Claude, Role::Reviewer),
    ];
    let planned = |event: &Event| matches!(event, Event::PlanRecorded { .. });
    let shot = run(&members, &[(Agent::Claude, Agent::Gemini)], &rules, planned);
    check(&shot, FailureClass::NotAGitRepo, Remedy::AddSkipGitRepoCheck);
    let launches = shot.launches(Agent::Codex);
    let [first, second] = launches.as_slice() else { panic!("{launches:#?}") };
    assert!(first.starts_with("exec --json -C /") && !first.contains("--skip-git-repo-check"), "{first}");
    assert_eq!(second.replacen(" --skip-git-repo-check", "", 1), *first, "that flag and nothing else");
    assert_ne!(second, first);
    assert!(shot.events.iter().any(|e| matches!(&e.event, Event::PlanRecorded { text } if text == PLAN)));
    assert!(!shot.sandbox.target().join("made-by-a-reader.txt").exists(), "{}", shot.story());
}

#[test]
fn gemini_trusts_an_untrusted_folder_for_one_run() {
    let write = json!({"tool": {"name": "write_file",
        "input": {"file_path": "${cwd}/greet.py", "content": GREET_BY_NAME}}});
    let shell = json!({"tool": {"name": "run_shell_command",
        "input": {"command": "rm -f none; echo done > by-shell.txt", "description": "mark"}}});
    let work = json!([write, shell, {"text": "I changed greet.py."}]);
    let rules = json!([rule("work", "gemini", "You are the implementer", &work), review("openai")]);
    let members = [(Agent::Gemini, Role::Implementer), (Agent::Codex, Role::Reviewer)];
    let shot = run(&members, &[(Agent::Codex, Agent::Gemini)], &rules, |_| false);
    check(&shot, FailureClass::UntrustedFolder, Remedy::AddSkipTrust);
    let launches = shot.launches(Agent::Gemini);
    let [first, second] = launches.as_slice() else { panic!("{launches:#?}") };
    assert!(first.contains("--yolo") && !first.contains("--skip-trust"), "{first}");
    assert_eq!(*second, format!("--skip-trust {first}"), "that flag and nothing else");
    assert_eq!(shot.exit_code(), 0, "{}", shot.story());
    let made = |name: &str| fs::read_to_string(shot.sandbox.target().join(name)).unwrap_or_default();
    assert_eq!((made("greet.py").as_str(), made("by-shell.txt").as_str()), (GREET_BY_NAME, "done\n"));
    assert_eq!(shot.count("approval_requested"), 0, "nobody is asked in this mode\n{}", shot.story());
}

#[test]
fn claude_as_root_asks_instead() {
    let write = json!({"tool": {"name": "Write",
        "input": {"file_path": "${cwd}/greet.py", "content": GREET_BY_NAME}}});
    let told =
        json!({"tool": {"name": "Bash", "input": {"command": "env > env.txt", "description": "look"}}});
    let read = json!({"tool": {"name": "Read", "input": {"file_path": "${cwd}/greet.py"}}});
    let work = json!([read, write, told, {"text": "I changed greet.py."}]);
    let rules = json!([rule("work", "anthropic", "You are the implementer", &work), review("openai")]);
    let members = [(Agent::Claude, Role::Implementer), (Agent::Codex, Role::Reviewer)];
    let shot = run(&members, &[(Agent::Codex, Agent::Claude)], &rules, |_| false);
    check(&shot, FailureClass::RootRefused, Remedy::AskInstead);
    let launches = shot.launches(Agent::Claude);
    let [first, second] = launches.as_slice() else { panic!("{launches:#?}") };
    assert!(first.contains("--dangerously-skip-permissions"), "{first}");
    assert!(
        !second.contains("dangerously") && second.contains("--permission-prompt-tool stdio"),
        "the shape that asks: {second}"
    );
    assert_eq!(shot.exit_code(), 0, "{}", shot.story());
    assert_eq!(shot.count("approval_requested"), 1, "it asks now\n{}", shot.story());
    let made = |name: &str| fs::read_to_string(shot.sandbox.target().join(name)).unwrap();
    assert_eq!(made("greet.py"), GREET_BY_NAME);
    for environment in [shot.environments(Agent::Claude), made("env.txt")] {
        assert!(environment.contains("ANTHROPIC_BASE_URL="), "{environment}");
        assert!(!environment.contains("IS_SANDBOX"), "{environment}");
    }
}
