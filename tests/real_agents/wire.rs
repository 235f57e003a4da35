//! The pinned real CLIs, each alone, in exactly the shapes by which the engine drives them: what they ask, what an
//! answer does, what they write. With `MO_SAVE_TRANSCRIPTS=1` the conversations are kept under
//! `tests/transcripts/wire`, where the decoders' tests read them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

#[path = "wire/claude.rs"]
mod claude;
#[path = "wire/claude_questions.rs"]
mod claude_questions;
#[path = "wire/codex.rs"]
mod codex;
#[path = "wire/gemini.rs"]
mod gemini;

#[path = "wire/taken_back.rs"]
mod taken_back;

use mo_tests::{Duplex, Sandbox};
use serde_json::Value;

/// The value at a path of keys, as text.
fn text<'a>(message: &'a Value, pointer: &str) -> &'a str {
    message.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Ends the conversation, checks that the CLI ended well, and keeps the transcript under `name`.
fn end(cli: &mut Duplex, sandbox: &Sandbox, name: &str) -> String {
    let (status, stderr) = cli.close().unwrap();
    assert_eq!(status.code(), Some(0), "{stderr}\n{}", cli.transcript);
    cli.transcript.keep(name, sandbox.root()).unwrap();
    eprintln!("{name}: {:?}", cli.elapsed());
    stderr
}

/// What the CLI said, by a test on each line.
fn said(cli: &Duplex, test: impl Fn(&Value) -> bool) -> Vec<Value> {
    cli.transcript.received().filter(|message| test(message)).cloned().collect()
}

/// Every request to the model was answered by a rule, and no turn asked for more than its rule says.
fn check_script_was_kept(sandbox: &Sandbox) {
    for request in sandbox.requests().unwrap() {
        assert!(request["refused"].is_null(), "{}", request["refused"]);
        assert_ne!(
            request.pointer("/answer/0/text").and_then(Value::as_str),
            Some("(the script has nothing more to say)"),
            "{} ran out of steps",
            request["rule"]
        );
    }
}
