use std::path::PathBuf;

use mo_core::sandbox::{Guarantee, Proven};

use super::*;
use crate::kinds;
use crate::launch::{Access, Permission};

fn spec(agent: AgentKind) -> LaunchSpec {
    LaunchSpec {
        agent,
        program: PathBuf::from("/opt/agent"),
        cwd: PathBuf::from("/target"),
        add_dirs: Vec::new(),
        access: Access::Write,
        permission: Permission::Bypass(Proven::by_probe(Guarantee::FOR_BYPASS)),
        model: None,
        args: Vec::new(),
        resume: None,
        skip_git_repo_check: false,
        skip_trust: false,
        schema: None,
        files_dir: PathBuf::from("/files"),
    }
}

fn exit(code: i32) -> Exit {
    Exit { code: Some(code), ..Exit::default() }
}

fn ends(out: &Exchange) -> Vec<(Outcome, Option<FailureClass>)> {
    let end = |decoded: &Decoded| match &decoded.event {
        AgentEvent::TurnEnded { end } => Some((end.outcome, end.class)),
        _ => None,
    };
    out.events.iter().filter_map(end).collect()
}

/// One process: its prompt, its lines, its exit and stderr; how its turn ended.
fn run(agent: &AgentKind, lines: &[&str], code: i32, stderr: &str) -> (Outcome, Option<FailureClass>) {
    let mut protocol = kinds::protocol(&spec(agent.clone()));
    let mut out = Exchange::default();
    protocol.open(&mut out);
    assert!(out.send.is_empty() && !out.end_input, "nothing is said before the prompt");
    protocol.prompt(TurnPrompt { text: "do it".to_owned(), schema: None }, &mut out);
    assert_eq!((out.send.as_slice(), out.end_input), (&b"do it"[..], true));
    for line in lines {
        protocol.line(Line::Whole(line.as_bytes()), &mut out);
    }
    assert!(ends(&out).is_empty(), "a turn ends with its process alone");
    protocol.close(exit(code), stderr.as_bytes(), &mut out);
    let ends = ends(&out);
    assert_eq!(ends.len(), 1, "{ends:?}");
    ends[0]
}

/// The last lines of captures (facts/transcripts), cut to what counts.
#[test]
fn an_answer_is_one_completed_turn() {
    let claude = [
        r#"{"type":"system","subtype":"init","session_id":"s-1","model":"m"}"#,
        r#"{"type":"result","subtype":"success","is_error":false,"result":"Done.","session_id":"s-1"}"#,
    ];
    let codex = [
        r#"{"type":"thread.started","thread_id":"t-1"}"#,
        r#"{"type":"turn.started"}"#,
        r#"{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"Done."}}"#,
        r#"{"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":1}}"#,
    ];
    let gemini = [
        r#"{"type":"init","session_id":"g-1","model":"m"}"#,
        r#"{"type":"message","role":"assistant","content":"Done.","delta":true}"#,
        r#"{"type":"result","status":"success","stats":{"input_tokens":1,"output_tokens":1}}"#,
    ];
    for (agent, lines) in
        [(AgentKind::Claude, &claude[..]), (AgentKind::Codex, &codex), (AgentKind::Gemini, &gemini)]
    {
        assert_eq!(run(&agent, lines, 0, ""), (Outcome::Completed, None), "{agent}");
    }
}

/// What each CLI says where it refuses to start (facts §4): recovery is told by these classes.
#[test]
fn a_refusal_to_start_has_its_class() {
    let untrusted = "Approval mode overridden to \"default\" because the current folder is not trusted.\n\
        \u{1b}[31mGemini CLI is not running in a trusted directory. To proceed, either use `--skip-trust`, set the \
        `GEMINI_CLI_TRUST_WORKSPACE=true` environment variable, or trust this directory in interactive mode.\u{1b}[0m\n";
    let table = [
        (
            AgentKind::Codex,
            1,
            "Not inside a trusted directory and --skip-git-repo-check was not specified.\n",
            FailureClass::NotAGitRepo,
        ),
        (AgentKind::Gemini, 55, untrusted, FailureClass::UntrustedFolder),
        (
            AgentKind::Claude,
            1,
            "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons\n",
            FailureClass::RootRefused,
        ),
    ];
    for (agent, code, stderr, class) in table {
        assert_eq!(run(&agent, &[], code, stderr), (Outcome::Failed, Some(class)), "{agent}");
        // It may be gone before its prompt could be given.
        let mut protocol = kinds::protocol(&spec(agent.clone()));
        let mut out = Exchange::default();
        protocol.close(exit(code), stderr.as_bytes(), &mut out);
        assert_eq!(ends(&out), [(Outcome::Failed, Some(class))], "{agent}, unprompted");
    }
}

#[test]
fn what_we_end_is_interrupted_and_what_vanishes_vanished() {
    for agent in [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini] {
        for (by_us, expected) in [(true, Outcome::Interrupted), (false, Outcome::Vanished)] {
            let mut protocol = kinds::protocol(&spec(agent.clone()));
            let mut out = Exchange::default();
            protocol.prompt(TurnPrompt { text: "do it".to_owned(), schema: None }, &mut out);
            let began = match agent {
                AgentKind::Claude => r#"{"type":"system","subtype":"init","session_id":"s-1","model":"m"}"#,
                AgentKind::Codex => r#"{"type":"turn.started"}"#,
                _ => r#"{"type":"init","session_id":"g-1","model":"m"}"#,
            };
            protocol.line(Line::Whole(began.as_bytes()), &mut out);
            protocol.cancel(&mut out);
            protocol.close(Exit { signal: Some(9), code: None, by_us }, b"", &mut out);
            assert_eq!(ends(&out), [(expected, None)], "{agent} {by_us}");
        }
    }
}

#[test]
fn every_prompt_has_its_end() {
    let mut protocol = kinds::protocol(&spec(AgentKind::Codex));
    let mut out = Exchange::default();
    for text in ["one", "two"] {
        protocol.prompt(TurnPrompt { text: text.to_owned(), schema: None }, &mut out);
    }
    assert_eq!(out.send, b"one", "stdin has ended");
    protocol.close(exit(0), b"", &mut out);
    assert_eq!(ends(&out).len(), 2);
}
