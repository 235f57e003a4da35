use super::testing::{Tree, ground};
use super::{Bounds, Ground, Permit, judge};
use crate::approval::Action;
use crate::ceiling::Ceiling;
use crate::ids::Role;

fn read(path: &str) -> Action {
    Action::Read { paths: vec![path.to_owned()] }
}

fn write(path: &str) -> Action {
    Action::Write { paths: vec![path.to_owned()], diff: None }
}

#[test]
fn the_policy_as_a_table() {
    use Permit::{Allow, Ask, Deny};
    let bounds = Bounds { root: "/work/p".into(), keep_out: "/work/p/data".into(), home: "/home/x".into() };
    let tree = Tree::default();
    let writer = Ground {
        bounds: &bounds,
        role: Role::Implementer,
        may_write: true,
        places: &tree,
        rules: &[],
        ceiling: Ceiling::ALL,
    };
    let reader = Ground { role: Role::Reviewer, may_write: false, ..writer };
    let fetch = Action::Fetch { url: "https://x".into() };
    let tool = Action::Tool { tool: "mcp__x".into(), input: serde_json::Value::Null };
    let own = Action::Internal { tool: "TodoWrite".into() };
    let two = Action::Write { paths: vec!["/work/p/a".into(), "/etc/passwd".into()], diff: None };
    let table = [
        (read("/work/p"), &reader, Allow, "read_inside"),
        (read("/work/p/src/a"), &reader, Allow, "read_inside"),
        (Action::Read { paths: vec![] }, &reader, Allow, "read_inside"),
        (read("/work/pp/a"), &reader, Ask, "read_outside"),
        (read("/work/p/../q"), &reader, Ask, "read_outside"),
        (read("src/a"), &reader, Ask, "read_outside"),
        (read("/home/x/.ssh/id_rsa"), &writer, Deny, "secrets"),
        (read("/home/x/.ssh/config"), &writer, Deny, "secrets"),
        (read("/home/x/.sshx"), &writer, Ask, "read_outside"),
        (read("/etc/shadow"), &writer, Deny, "secrets"),
        (read("/proc/self/environ"), &writer, Deny, "secrets"),
        (read("/proc/12/task/3/environ"), &writer, Deny, "secrets"),
        (read("/work/p/.env"), &writer, Deny, "secrets"),
        (read("/work/p/sub/.env.production"), &writer, Deny, "secrets"),
        (read("/work/p/.env.example"), &writer, Allow, "read_inside"),
        (read("/work/p/tests/server.pem"), &writer, Ask, "maybe_secret"),
        (write("/work/p/src/a"), &writer, Allow, "write_inside"),
        (write("/work/p/src/a"), &reader, Deny, "write_not_in_role"),
        (write("/etc/passwd"), &writer, Ask, "write_outside"),
        (write("/home/x/.ssh/authorized_keys"), &writer, Deny, "secrets"),
        (two, &writer, Ask, "write_outside"),
        (Action::Write { paths: vec![], diff: None }, &writer, Ask, "write_outside"),
        (write("/work/p/.git/hooks/pre-commit"), &writer, Ask, "protected"),
        (write("/work/p/sub/.Claude/settings.json"), &writer, Ask, "protected"),
        (write("/work/p/.github/workflows/ci.yml"), &writer, Ask, "protected"),
        (write("/work/p/.gitignore"), &writer, Allow, "write_inside"),
        (read("/work/p/data/journal.db"), &reader, Deny, "own_files"),
        (write("/work/p/data/x"), &writer, Deny, "own_files"),
        (fetch, &writer, Ask, "network"),
        (tool, &writer, Ask, "other_tools"),
        (own, &reader, Allow, "own_state"),
    ];
    for (action, ground, verdict, rule) in table {
        let ruling = judge(&action, ground);
        assert_eq!((ruling.verdict, ruling.rule.as_str()), (verdict, rule), "{action:?}");
        assert!(!ruling.why.is_empty());
    }
}

#[test]
fn a_checkout_in_the_data_folder_can_be_read() {
    let bounds = Bounds {
        root: "/data/sessions/x/checkouts/a".into(),
        keep_out: "/data".into(),
        home: "/home/x".into(),
    };
    let tree = Tree::default();
    let reader = Ground { may_write: false, bounds: &bounds, ..ground(&bounds, &tree, &[]) };
    assert_eq!(judge(&read("/data/sessions/x/checkouts/a/src"), &reader).rule, "read_inside");
    assert_eq!(judge(&read("/data/token"), &reader).rule, "own_files");
}
