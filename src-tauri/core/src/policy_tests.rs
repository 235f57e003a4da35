use super::{Bounds, Ceiling, Rule, judge};
use crate::approval::{Action, Answer};

fn read(path: &str) -> Action {
    Action::Read { paths: vec![path.to_owned()] }
}

fn write(path: &str) -> Action {
    Action::Write { paths: vec![path.to_owned()], diff: None }
}

#[test]
fn the_policy_as_a_table() {
    let bounds = Bounds { root: "/work/p".into(), keep_out: "/work/p/data".into() };
    let writer = Ceiling { bounds: &bounds, may_write: true };
    let reader = Ceiling { bounds: &bounds, may_write: false };
    let command = Action::Command { command: "ls".into(), cwd: None };
    let fetch = Action::Fetch { url: "https://x".into() };
    let tool = Action::Tool { tool: "mcp__x".into(), input: serde_json::Value::Null };
    let own = Action::Internal { tool: "TodoWrite".into() };
    let two = Action::Write { paths: vec!["/work/p/a".into(), "/etc/passwd".into()], diff: None };
    let table = [
        (read("/work/p"), &reader, true, Rule::ReadInside),
        (read("/work/p/src/a"), &reader, true, Rule::ReadInside),
        (Action::Read { paths: vec![] }, &reader, true, Rule::ReadInside),
        (read("/work/pp/a"), &reader, false, Rule::ReadOutside),
        (read("/work/p/../q"), &reader, false, Rule::ReadOutside),
        (read("src/a"), &reader, false, Rule::ReadOutside),
        (write("/work/p/src/a"), &writer, true, Rule::WriteInside),
        (write("/work/p/src/a"), &reader, false, Rule::WriteNotInRole),
        (write("/etc/passwd"), &writer, false, Rule::WriteOutside),
        (two, &writer, false, Rule::WriteOutside),
        (Action::Write { paths: vec![], diff: None }, &writer, false, Rule::WriteOutside),
        (write("/work/p/.git/hooks/pre-commit"), &writer, false, Rule::Protected),
        (write("/work/p/sub/.Claude/settings.json"), &writer, false, Rule::Protected),
        (write("/work/p/.github/workflows/ci.yml"), &writer, false, Rule::Protected),
        (write("/work/p/.gitignore"), &writer, true, Rule::WriteInside),
        (read("/work/p/data/journal.db"), &reader, false, Rule::ReadOutside),
        (write("/work/p/data/x"), &writer, false, Rule::WriteOutside),
        (command, &writer, false, Rule::Commands),
        (fetch, &writer, false, Rule::Network),
        (tool, &writer, false, Rule::OtherTools),
        (own, &reader, true, Rule::OwnState),
    ];
    for (action, ceiling, allowed, rule) in table {
        let ruling = judge(&action, ceiling);
        assert_eq!((ruling.answer == Answer::Allow, ruling.rule), (allowed, rule), "{action:?}");
    }
}

#[test]
fn a_checkout_in_the_data_folder_can_be_read() {
    let bounds = Bounds { root: "/data/sessions/x/checkouts/a".into(), keep_out: "/data".into() };
    let reader = Ceiling { bounds: &bounds, may_write: false };
    assert_eq!(judge(&read("/data/sessions/x/checkouts/a/src"), &reader).rule, Rule::ReadInside);
    assert_eq!(judge(&read("/data/token"), &reader).rule, Rule::ReadOutside);
}
