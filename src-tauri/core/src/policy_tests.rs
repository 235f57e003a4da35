use super::{Ceiling, Rule, judge};
use crate::approval::{Action, Answer};

const WRITER: Ceiling<'_> = Ceiling { root: "/work/p", may_write: true };
const READER: Ceiling<'_> = Ceiling { root: "/work/p", may_write: false };

fn read(path: &str) -> Action {
    Action::Read { paths: vec![path.to_owned()] }
}

fn write(path: &str) -> Action {
    Action::Write { paths: vec![path.to_owned()], diff: None }
}

#[test]
fn the_policy_as_a_table() {
    let command = Action::Command { command: "ls".into(), cwd: None };
    let fetch = Action::Fetch { url: "https://x".into() };
    let tool = Action::Tool { tool: "mcp__x".into(), input: serde_json::Value::Null };
    let own = Action::Internal { tool: "TodoWrite".into() };
    let two = Action::Write { paths: vec!["/work/p/a".into(), "/etc/passwd".into()], diff: None };
    let table = [
        (read("/work/p"), &READER, true, Rule::ReadInside),
        (read("/work/p/src/a"), &READER, true, Rule::ReadInside),
        (Action::Read { paths: vec![] }, &READER, true, Rule::ReadInside),
        (read("/work/pp/a"), &READER, false, Rule::ReadOutside),
        (read("/work/p/../q"), &READER, false, Rule::ReadOutside),
        (read("src/a"), &READER, false, Rule::ReadOutside),
        (write("/work/p/src/a"), &WRITER, true, Rule::WriteInside),
        (write("/work/p/src/a"), &READER, false, Rule::WriteNotInRole),
        (write("/etc/passwd"), &WRITER, false, Rule::WriteOutside),
        (two, &WRITER, false, Rule::WriteOutside),
        (Action::Write { paths: vec![], diff: None }, &WRITER, false, Rule::WriteOutside),
        (write("/work/p/.git/hooks/pre-commit"), &WRITER, false, Rule::Protected),
        (write("/work/p/sub/.Claude/settings.json"), &WRITER, false, Rule::Protected),
        (write("/work/p/.github/workflows/ci.yml"), &WRITER, false, Rule::Protected),
        (write("/work/p/.gitignore"), &WRITER, true, Rule::WriteInside),
        (command, &WRITER, false, Rule::Commands),
        (fetch, &WRITER, false, Rule::Network),
        (tool, &WRITER, false, Rule::OtherTools),
        (own, &READER, true, Rule::OwnState),
    ];
    for (action, ceiling, allowed, rule) in table {
        let ruling = judge(&action, ceiling);
        assert_eq!((ruling.answer == Answer::Allow, ruling.rule), (allowed, rule), "{action:?}");
    }
}
