#![allow(clippy::unwrap_used, reason = "a test")]
use super::testing::{Tree, ground};
use super::{Bounds, Ground, Permit, Rule, Ruling, judge};
use crate::approval::Action;
use crate::ids::Role;

fn rule(json: serde_json::Value) -> Rule {
    serde_json::from_value(json).unwrap()
}

fn bounds() -> Bounds {
    Bounds { root: "/p".into(), keep_out: "/data".into(), home: "/home/x".into() }
}

fn command(line: &str, rules: &[Rule]) -> Ruling {
    let (bounds, tree) = (bounds(), Tree::default());
    judge(&Action::Command { command: line.into(), cwd: None }, &ground(&bounds, &tree, rules))
}

#[test]
fn a_rule_allows_what_no_rule_is_about_and_nothing_beside_it() {
    let rules = [
        rule(serde_json::json!({"name": "tests", "verdict": "allow", "command": "cargo test **"})),
        rule(serde_json::json!({"name": "remove", "verdict": "allow", "command": "rm **"})),
        rule(
            serde_json::json!({"name": "no listing", "verdict": "deny", "command": "ls **", "why": "not here"}),
        ),
        rule(serde_json::json!({"name": "show me", "verdict": "ask", "command": "cat **"})),
    ];
    let table = [
        ("cargo test", Permit::Allow, "tests"),
        ("cargo test --workspace", Permit::Allow, "tests"),
        ("cd src && cargo test -p x | head -5", Permit::Allow, "tests"),
        ("cargo tests", Permit::Ask, "unknown_program"),
        ("cargo test; rm -rf src", Permit::Ask, "delete_recursive"),
        ("cargo test $x", Permit::Ask, "unknown_program"),
        ("cargo test > /etc/x", Permit::Ask, "write_outside"),
        ("cargo test &", Permit::Ask, "shell_background"),
        ("X=1 cargo test", Permit::Ask, "shell_assignment"),
        ("sudo cargo test", Permit::Ask, "privilege"),
        ("rm -rf src", Permit::Ask, "delete_recursive"),
        ("cargo test ~/.ssh/id_rsa", Permit::Deny, "secrets"),
        ("ls", Permit::Deny, "no listing"),
        ("ls $x", Permit::Deny, "no listing"),
        ("true && bash -c 'ls'", Permit::Deny, "no listing"),
        ("cat a", Permit::Ask, "show me"),
    ];
    for (line, verdict, by) in table {
        let ruling = command(line, &rules);
        assert_eq!((ruling.verdict, ruling.rule.as_str()), (verdict, by), "{line}: {}", ruling.why);
    }
}

#[test]
fn a_rule_holds_in_its_role_and_folder() {
    let (bounds, tree) = (bounds(), Tree::default());
    let held = |json: serde_json::Value, role: Role| {
        let rules = [rule(json)];
        let ground = Ground { role, rules: &rules, ..ground(&bounds, &tree, &[]) };
        judge(&Action::Command { command: "make".into(), cwd: None }, &ground).verdict
    };
    let base = serde_json::json!({"name": "m", "verdict": "allow", "command": "make"});
    let with = |key: &str, value: &str| {
        let mut rule = base.clone();
        rule[key] = value.into();
        rule
    };
    assert_eq!(
        held(with("name", "make"), Role::Implementer),
        Permit::Ask,
        "a danger by name is asked all the same"
    );
    let mine = |key: &str, value: &str| {
        let mut rule = with(key, value);
        rule["command"] = "mytool **".into();
        let rules = [super::rule_tests::rule(rule)];
        let ground = Ground { rules: &rules, ..ground(&bounds, &tree, &[]) };
        judge(&Action::Command { command: "mytool x".into(), cwd: None }, &ground).verdict
    };
    assert_eq!(mine("folder", "/p"), Permit::Allow);
    assert_eq!(mine("folder", "/q"), Permit::Ask);
    assert_eq!(mine("role", "implementer"), Permit::Allow);
    assert_eq!(mine("role", "reviewer"), Permit::Ask);
}

#[test]
fn rules_about_paths_hosts_and_tools() {
    let (bounds, tree) = (bounds(), Tree::default());
    let judged = |json: serde_json::Value, action: &Action| {
        let rules = [rule(json)];
        judge(action, &ground(&bounds, &tree, &rules)).verdict
    };
    let write = |path: &str| Action::Write { paths: vec![path.into()], diff: None };
    let read = |path: &str| Action::Read { paths: vec![path.into()] };
    let fetch = |url: &str| Action::Fetch { url: url.into() };
    let tool = |name: &str| Action::Tool { tool: name.into(), input: serde_json::Value::Null };
    let table = [
        (
            serde_json::json!({"name": "r", "verdict": "allow", "read": "/usr/include/**"}),
            read("/usr/include/a/b.h"),
            Permit::Allow,
        ),
        (
            serde_json::json!({"name": "r", "verdict": "allow", "read": "/usr/include/**"}),
            read("/usr/lib/x"),
            Permit::Ask,
        ),
        (
            serde_json::json!({"name": "r", "verdict": "allow", "read": "/**"}),
            read("/etc/shadow"),
            Permit::Deny,
        ),
        (
            serde_json::json!({"name": "r", "verdict": "deny", "read": "private/**"}),
            read("/p/private/x"),
            Permit::Deny,
        ),
        (
            serde_json::json!({"name": "w", "verdict": "ask", "write": "migrations/*.sql"}),
            write("/p/migrations/1.sql"),
            Permit::Ask,
        ),
        (
            serde_json::json!({"name": "w", "verdict": "ask", "write": "migrations/*.sql"}),
            write("/p/migrations/a/1.sql"),
            Permit::Allow,
        ),
        (
            serde_json::json!({"name": "w", "verdict": "allow", "write": ".github/**"}),
            write("/p/.github/x.yml"),
            Permit::Ask,
        ),
        (
            serde_json::json!({"name": "h", "verdict": "allow", "host": "*.example.org"}),
            fetch("https://docs.example.org/x"),
            Permit::Allow,
        ),
        (
            serde_json::json!({"name": "h", "verdict": "allow", "host": "*.example.org"}),
            fetch("https://evil.test/?docs.example.org"),
            Permit::Ask,
        ),
        (
            serde_json::json!({"name": "h", "verdict": "allow", "host": "*.example.org"}),
            fetch("https://docs.example.org@evil.test/"),
            Permit::Ask,
        ),
        (
            serde_json::json!({"name": "h", "verdict": "allow", "host": "*.example.org"}),
            fetch("https://evil.test\\.example.org/"),
            Permit::Ask,
        ),
        (
            serde_json::json!({"name": "t", "verdict": "allow", "tool": "mcp__docs__*"}),
            tool("mcp__docs__search"),
            Permit::Allow,
        ),
        (
            serde_json::json!({"name": "t", "verdict": "allow", "tool": "mcp__docs__*"}),
            tool("mcp__mail__send"),
            Permit::Ask,
        ),
    ];
    for (json, action, verdict) in table {
        assert_eq!(judged(json.clone(), &action), verdict, "{json} {action:?}");
    }
}

#[test]
fn a_rule_that_is_not_clear_is_refused() {
    let table = [
        (serde_json::json!({"name": "x", "verdict": "allow"}), "exactly one of"),
        (serde_json::json!({"name": "x", "verdict": "allow", "command": "a", "tool": "b"}), "exactly one of"),
        (serde_json::json!({"name": "x", "command": "a"}), "has no verdict"),
        (serde_json::json!({"name": " ", "verdict": "deny", "command": "a"}), "no name"),
        (serde_json::json!({"name": "x", "verdict": "alow", "command": "a"}), "unknown variant"),
        (serde_json::json!({"name": "x", "verdict": "allow", "comand": "a"}), "unknown field"),
        (serde_json::json!({"name": "x", "verdict": "deny", "command": ""}), "names no program"),
        (serde_json::json!({"name": "x", "verdict": "deny", "command": "cargo ** test"}), "only at the end"),
        (serde_json::json!({"name": "x", "verdict": "deny", "write": "../**"}), "without `..`"),
        (
            serde_json::json!({"name": "x", "verdict": "deny", "command": "a", "folder": "rel"}),
            "not absolute",
        ),
        (serde_json::json!({"name": "read_only", "verdict": "deny", "command": "a"}), "built-in"),
    ];
    for (json, words) in table {
        let error = serde_json::from_value::<Rule>(json.clone()).unwrap_err().to_string();
        assert!(error.contains(words), "{json}: {error}");
    }
}
