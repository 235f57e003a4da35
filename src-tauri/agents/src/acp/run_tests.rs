use mo_core::agent_event::AgentEvent;

use super::diff::diff_text;
use super::rpc::{Message, RpcId, parse};
use super::run::{MAX_TEXT, RunOf, Runs};
use crate::protocol::Exchange;

#[test]
fn a_text_without_end_is_kept_to_its_limit_and_shown_whole() {
    let (mut runs, mut out) = (Runs::default(), Exchange::default());
    let piece = "é".repeat(512 * 1024);
    for _ in 0..10 {
        runs.chunk(RunOf::Message, None, &piece, None, &mut out);
    }
    assert_eq!(out.events.len(), 10);
    let text = runs.end(None, &mut out).unwrap();
    assert!(text.len() < MAX_TEXT + 100);
    assert!(text.ends_with(&format!("… [{} more bytes]", 10 * piece.len() - MAX_TEXT)));
}

#[test]
fn another_kind_or_another_id_is_another_item() {
    let (mut runs, mut out) = (Runs::default(), Exchange::default());
    let pieces = [
        (RunOf::Thought, None, "t"),
        (RunOf::Message, Some("a"), "x"),
        (RunOf::Message, Some("a"), "y"),
        (RunOf::Message, Some("b"), "z"),
    ];
    for (of, source, text) in pieces {
        runs.chunk(of, source, text, None, &mut out);
    }
    runs.end(None, &mut out);
    let whole: Vec<(String, String)> = out
        .events
        .into_iter()
        .filter_map(|decoded| match decoded.event {
            AgentEvent::Message { item, text } | AgentEvent::Thought { item, text } => {
                Some((item.to_string(), text))
            }
            _ => None,
        })
        .collect();
    let expected = [("thought-1", "t"), ("message-2", "xy"), ("message-3", "z")];
    assert_eq!(whole, expected.map(|(item, text)| (item.to_owned(), text.to_owned())));
}

#[test]
fn a_diff_shows_what_differs() {
    assert_eq!(diff_text("f", None, "a\n"), "--- f\n+++ f\n@@ line 1 @@\n+a\n");
    let (old, new) = ("1\n2\n3\n4\n", "1\n2\nx\n4\n");
    assert_eq!(diff_text("f", Some(old), new), "--- f\n+++ f\n@@ line 3 @@\n-3\n+x\n");
    assert_eq!(diff_text("f", Some("a\na\n"), "a\n"), "--- f\n+++ f\n@@ line 2 @@\n-a\n");
    assert_eq!(diff_text("f", Some("a"), "a"), "--- f\n+++ f\n@@ line 2 @@\n");
    assert!(diff_text("f", None, &"x\n".repeat(100_000)).len() < 20_000);
}

#[test]
fn numbers_and_strings_are_different_ids() {
    assert_eq!(RpcId::Number(7).as_request().as_str(), "7");
    assert_eq!(RpcId::Text("7".to_owned()).as_request().as_str(), "\"7\"");
    assert_eq!(RpcId::Text("a".to_owned()).as_request().as_str(), "a");
    let Ok(Message::Request { id, .. }) = parse(br#"{"id":"7","method":"m"}"#) else { panic!() };
    assert_eq!(id, RpcId::Text("7".to_owned()));
    assert!(matches!(parse(br#"{"id":1,"result":null}"#), Ok(Message::Response { result: Ok("null"), .. })));
    assert!(parse(br#"{"params":{}}"#).is_err());
}
