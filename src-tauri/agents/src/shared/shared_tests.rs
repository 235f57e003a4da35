use mo_core::agent_event::AgentEvent;
use mo_core::outcome::{FailureClass, Outcome};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::command::quote;
use super::json::{cut_value, malformed, parse};
use super::milestone::milestones;
use super::surrogates::repaired;
use super::text::{LONG, cut, excerpt, stderr_text, without_ansi};
use super::unclosed::{Cause, unclosed};
use super::wire_text::Text;
use crate::protocol::Exit;

#[test]
fn a_cut_text_says_how_much_is_missing_and_splits_no_character() {
    assert_eq!(cut("kurz", 10), "kurz");
    assert_eq!(cut("äöü", 3), "ä… [4 more bytes]");
}

#[test]
fn an_excerpt_is_one_printable_line() {
    assert_eq!(excerpt(b"a\tb\x1b[31m\xff"), "a b\u{fffd}[31m\u{fffd}");
    let long = "ä".repeat(150);
    let cut = excerpt(long.as_bytes());
    assert_eq!(cut, format!("{}…", "ä".repeat(100)));
    let odd = format!("x{long}");
    assert!(excerpt(odd.as_bytes()).ends_with("ä…"), "a split character leaves no mark");
}

#[test]
fn terminal_colours_are_taken_out() {
    assert_eq!(without_ansi("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}end\u{1b}"), "red end");
    assert_eq!(stderr_text(b" \x1b[2m\n"), None);
    assert_eq!(stderr_text(b"\x1b[31mno\x1b[0m\n").as_deref(), Some("no"));
    let long = format!("{}the end", "ä".repeat(5000));
    let tail = stderr_text(long.as_bytes()).unwrap();
    assert!(tail.ends_with("the end") && tail.len() <= 2000);
}

#[test]
fn milestones_are_lines_of_their_own() {
    let text =
        "hi\nMILESTONE: tests pass\n**MILESTONE: docs**\n- MILESTONE: x\nsay MILESTONE: no\nMILESTONE:  \n";
    assert_eq!(milestones(text).collect::<Vec<_>>(), ["tests pass", "docs", "x"]);
    assert_eq!(milestones("nothing").count(), 0);
}

#[test]
fn a_milestone_keeps_the_marks_of_its_own_text() {
    let table = [
        ("MILESTONE: `todo.py` has due dates", "`todo.py` has due dates"),
        ("MILESTONE: reads `todo.py`", "reads `todo.py`"),
        ("MILESTONE: **all** of it", "**all** of it"),
        ("**MILESTONE: docs**", "docs"),
        ("**MILESTONE:** `a` and `b`", "`a` and `b`"),
        ("**MILESTONE: `a`**", "`a`"),
        ("__MILESTONE: x__ ", "x"),
        ("`MILESTONE: x`", "x"),
        ("> * **MILESTONE: x**", "x"),
        ("* MILESTONE: `a` *", "`a` *"),
        ("- MILESTONE: x_y_", "x_y_"),
    ];
    for (line, text) in table {
        assert_eq!(milestones(line).collect::<Vec<_>>(), [text], "{line}");
    }
    assert_eq!(milestones("**MILESTONE:**\n`MILESTONE: `").count(), 0);
}

#[test]
fn arguments_are_quoted_only_where_needed() {
    assert_eq!(
        quote(["git", "commit", "-m", "it's", "", "a b", "$x"]),
        r"git commit -m 'it'\''s' '' 'a b' '$x'"
    );
}

#[test]
fn half_surrogates_are_replaced_and_nothing_else() {
    assert_eq!(repaired(r#"{"a":"\ud83d\ude00 \\ud83d é"}"#.as_bytes()), None);
    let fixed = repaired(br#"{"a":"x\ud83d","b":"\ude00\ud83d\n"}"#).unwrap();
    let value: Value = serde_json::from_slice(&fixed).unwrap();
    assert_eq!(value, json!({"a": "x\u{fffd}", "b": "\u{fffd}\u{fffd}\n"}));
    let mut buffer = Vec::new();
    let value: Value = parse(br#"{"a":"x\ud83d"}"#, &mut buffer).unwrap();
    assert_eq!(value, json!({"a": "x\u{fffd}"}));
}

#[test]
fn a_wire_text_borrows_where_it_can() {
    let plain: Vec<Option<Text<'_>>> = serde_json::from_str(r#"["plain", null, "a\nb"]"#).unwrap();
    let borrowed: Vec<bool> =
        plain.iter().flatten().map(|t| matches!(t.0, std::borrow::Cow::Borrowed(_))).collect();
    assert_eq!(borrowed, [true, false]);
    assert!(serde_json::from_str::<Text<'_>>("7").is_err());
}

#[test]
fn a_malformed_line_keeps_its_length() {
    let AgentEvent::Malformed { excerpt, reason, bytes } = malformed(&[b'x'; 500], "not JSON") else {
        panic!()
    };
    assert_eq!((excerpt.len(), reason.as_str(), bytes), (200 + "…".len(), "not JSON", 500));
}

#[test]
fn a_large_value_is_cut_as_a_whole() {
    let big = json!({"list": vec!["x".repeat(LONG * 2); 50], "many": vec![1; 5000]});
    let cut = cut_value(big);
    assert!(cut.to_string().len() < 6 * LONG);
    let small = json!({"a": [1, "b", null, {"c": true}]});
    assert_eq!(cut_value(small.clone()), small);
}

#[test]
fn the_rule_for_a_turn_without_closing_message() {
    let code = |n| Exit::from_number(n);
    let ours = Exit { by_us: true, ..Exit::default() };
    let class = Some(FailureClass::RootRefused);
    let unknown = Some(FailureClass::Unknown);
    let error = Cause::error(class);
    let trying = Cause { error: None, retrying: class };
    let none = Cause::default();
    let table = [
        (code(1), true, error, (Outcome::Failed, class)),
        (ours, true, error, (Outcome::Failed, class)),
        (ours, true, none, (Outcome::Interrupted, None)),
        (ours, true, trying, (Outcome::Interrupted, None)),
        (code(-2), true, trying, (Outcome::Interrupted, None)),
        (code(-9), true, trying, (Outcome::Failed, class)),
        (Exit::default(), false, trying, (Outcome::Failed, class)),
        (code(-2), true, none, (Outcome::Interrupted, None)),
        (code(-15), false, none, (Outcome::Interrupted, None)),
        (code(143), true, none, (Outcome::Interrupted, None)),
        (code(144), true, none, (Outcome::Vanished, None)),
        (code(-9), true, none, (Outcome::Vanished, None)),
        (code(0), true, none, (Outcome::Vanished, None)),
        (Exit::default(), true, none, (Outcome::Vanished, None)),
        (code(0), false, none, (Outcome::Failed, unknown)),
        (code(-9), false, none, (Outcome::Failed, unknown)),
    ];
    for (exit, began, cause, expected) in table {
        let end = unclosed(exit, &[130, 143], began, cause, None);
        assert_eq!((end.outcome, end.class), expected, "{exit:?} began {began} {cause:?}");
    }
}

proptest! {
    #[test]
    fn texts_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), text in ".*", max in 0usize..40) {
        prop_assert!(excerpt(&bytes).chars().all(|c| !c.is_control()));
        let _ = (repaired(&bytes), stderr_text(&bytes), without_ansi(&text), cut(&text, max));
        prop_assert!(milestones(&text).all(|m| !m.is_empty()));
    }

    #[test]
    fn a_repaired_string_parses(units in proptest::collection::vec(any::<u16>(), 0..40)) {
        let escapes: Vec<String> = units.iter().map(|u| format!("\\u{u:04x}")).collect();
        let line = format!("\"{}\"", escapes.concat());
        let fixed = repaired(line.as_bytes()).unwrap_or(line.into_bytes());
        let read: String = serde_json::from_slice(&fixed).unwrap();
        prop_assert_eq!(read, String::from_utf16_lossy(&units));
    }
}
