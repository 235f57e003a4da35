use super::*;
use crate::ids::SessionId;
use crate::time::Timestamp;

fn record(kind: &'static str, data: &str) -> Record {
    Record {
        seq: 7,
        at: Timestamp(1_000),
        session: SessionId::new("s"),
        worker: None,
        kind: kind.into(),
        data: data.to_owned(),
    }
}

fn row_of_item(item: &str) -> LogRow {
    log_row(&record("agent_item", &format!(r#"{{"attempt":1,"turn":2,"item":{item}}}"#)))
}

#[test]
fn what_an_agent_reported_has_the_kind_and_the_words_of_that() {
    let row = row_of_item(r#"{"type":"message","item":"m1","text":"one\n\n  two\r\nthree"}"#);
    assert_eq!((row.kind.as_str(), row.severity), ("message", Severity::Info));
    assert_eq!(row.text, "one ⏎ two ⏎ three");
    let row =
        row_of_item(r#"{"type":"malformed","excerpt":"{\"a","reason":"half a JSON line","bytes":4096}"#);
    assert_eq!((row.kind.as_str(), row.severity), ("malformed", Severity::Warning));
    assert_eq!(row.text, "half a JSON line; 4096 bytes");
    let row =
        row_of_item(r#"{"type":"tool_ended","item":"t","status":"failed","exit_code":1,"output":"no"}"#);
    assert_eq!((row.severity, row.text.as_str()), (Severity::Error, "failed, exit 1 · no"));
    let row = row_of_item(r#"{"type":"unrecognized","kind":"rate_limit_event"}"#);
    assert_eq!(row.text, r#"unknown type "rate_limit_event"; kept and counted"#);
}

#[test]
fn an_event_of_ours_has_the_words_of_the_story_and_else_its_stored_form() {
    let row = log_row(&record("warning_raised", r#"{"text":"running as root"}"#));
    assert_eq!((row.kind.as_str(), row.severity), ("warning_raised", Severity::Warning));
    assert_eq!(row.text, "running as root");
    let row = log_row(&record("worker_spawned", r#"{"attempt":1,"pid":5,"start_time":9}"#));
    assert_eq!(
        (row.severity, row.text.as_str()),
        (Severity::Info, r#"{"attempt":1,"pid":5,"start_time":9}"#)
    );
    let row =
        log_row(&record("worker_exited", r#"{"attempt":1,"code":137,"signal":null,"tree_empty":true}"#));
    assert_eq!(row.severity, Severity::Warning);
}

#[test]
fn what_this_version_cannot_read_is_a_row_too() {
    let row = log_row(&record("from_the_future", "{}"));
    assert_eq!((row.kind.as_str(), row.severity), ("from_the_future", Severity::Warning));
    assert!(row.text.starts_with("from_the_future cannot be read: "), "{}", row.text);
    assert_eq!(class_of(&record("agent_item", "{")).severity, Severity::Warning);
}

#[test]
fn a_text_without_end_is_cut() {
    let long = format!(r#"{{"type":"message","item":"m","text":"{}"}}"#, "é".repeat(5_000));
    assert_eq!(row_of_item(&long).text.chars().count(), TEXT + 1);
    assert!(on_one_line(&"a\n".repeat(100_000)).chars().count() <= TEXT + 1);
}
