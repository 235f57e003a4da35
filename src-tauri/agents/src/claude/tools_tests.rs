use mo_core::agent_event::ToolKind;
use mo_core::approval::Action;
use serde_json::{Value, json};

use super::tools::{action, kind, title};

fn read(paths: &[&str]) -> Action {
    Action::Read { paths: paths.iter().map(|&path| path.to_owned()).collect() }
}

fn write(path: &str, diff: Option<&str>) -> Action {
    Action::Write { paths: vec![path.to_owned()], diff: diff.map(str::to_owned) }
}

fn internal(tool: &str) -> Action {
    Action::Internal { tool: tool.to_owned() }
}

#[test]
fn each_tool_is_what_it_does() {
    let fetch = |url: &str| Action::Fetch { url: url.to_owned() };
    let edits = json!({"file_path": "/a", "edits": [{"old_string": "x", "new_string": "y"},
                                                    {"old_string": "", "new_string": "z"}]});
    let table: Vec<(&str, Value, Action)> = vec![
        ("Read", json!({"file_path": "/a"}), read(&["/a"])),
        ("NotebookRead", json!({"notebook_path": "/n"}), read(&["/n"])),
        ("LS", json!({"path": "/d"}), read(&["/d"])),
        ("Grep", json!({"pattern": "../x", "path": "src"}), read(&["src"])),
        ("Grep", json!({"pattern": "x"}), read(&[])),
        ("Glob", json!({"pattern": "**/*.rs"}), read(&[])),
        ("Glob", json!({"pattern": "*.rs", "path": "src"}), read(&["src"])),
        ("Write", json!({"file_path": "/a", "content": "x\n"}), write("/a", Some("+x\n"))),
        (
            "Edit",
            json!({"file_path": "/a", "old_string": "x", "new_string": "y"}),
            write("/a", Some("-x\n+y\n")),
        ),
        ("MultiEdit", edits, write("/a", Some("-x\n+y\n+z\n"))),
        ("NotebookEdit", json!({"notebook_path": "/n", "new_source": "1"}), write("/n", Some("+1\n"))),
        ("Write", json!({"file_path": "/a"}), write("/a", None)),
        ("Bash", json!({"command": "ls"}), Action::Command { command: "ls".into(), cwd: Some("/w".into()) }),
        ("WebFetch", json!({"url": "https://a.b", "prompt": "p"}), fetch("https://a.b")),
        ("WebSearch", json!({"query": "q"}), fetch("websearch:q")),
        ("TodoWrite", json!({}), internal("TodoWrite")),
        ("StructuredOutput", json!({}), internal("StructuredOutput")),
        ("ExitPlanMode", json!({}), internal("ExitPlanMode")),
    ];
    for (tool, input, expected) in table {
        assert_eq!(action(tool, &input, Some("/w")), expected, "{tool} {input}");
    }
}

#[test]
fn an_input_of_another_form_is_not_taken_for_a_harmless_one() {
    let table = [
        ("Read", json!({})),
        ("Read", json!({"file_path": ["/a"]})),
        ("LS", json!({"path": 7})),
        ("Glob", json!({"path": "src"})),
        ("Write", json!({"content": "x"})),
        ("Bash", json!({"command": ["rm"]})),
        ("WebFetch", json!(null)),
        ("read", json!({"file_path": "/a"})),
        ("mcp__db__query", json!({"sql": "x"})),
        ("Agent", json!({"prompt": "x"})),
    ];
    for (tool, input) in table {
        let expected = Action::Tool { tool: tool.to_owned(), input: input.clone() };
        assert_eq!(action(tool, &input, None), expected, "{tool} {input}");
    }
}

#[test]
fn a_glob_pattern_names_the_places_that_it_reaches() {
    let table = [
        ("/etc/*", vec!["/etc"]),
        ("/etc/passwd", vec!["/etc/passwd"]),
        ("/*", vec!["/"]),
        ("/etc/pass*/x", vec!["/etc"]),
        ("~/.ssh/*", vec!["~/.ssh"]),
        ("~/*", vec!["~"]),
        ("../secret/*", vec!["./../secret/*"]),
        ("a/*/../../../etc/*", vec!["./a/*/../../../etc/*"]),
        ("{..,x}/*", vec!["/"]),
        ("{/etc,src}/*", vec!["/"]),
        ("a..b/*", vec![]),
    ];
    for (pattern, paths) in table {
        assert_eq!(action("Glob", &json!({"pattern": pattern}), None), read(&paths), "{pattern}");
    }
    let both = json!({"pattern": "../x/*", "path": "src"});
    assert_eq!(action("Glob", &both, None), read(&["src", "src/../x/*"]));
}

#[test]
fn titles_are_short_lines() {
    assert_eq!(title("Bash", &json!({"command": "make\nrun"})), "Bash make");
    assert_eq!(title("Agent", &json!({"description": "look"})), "Agent look");
    assert_eq!(title("Odd", &json!(7)), "Odd");
    assert!(title("Bash", &json!({"command": "x".repeat(5000)})).len() < 200);
    assert_eq!(
        ["Read", "Grep", "Edit", "Bash", "WebFetch", "TodoWrite", "mcp__a__b"].map(kind),
        [
            ToolKind::Read,
            ToolKind::Search,
            ToolKind::Edit,
            ToolKind::Command,
            ToolKind::Fetch,
            ToolKind::Plan,
            ToolKind::Other
        ]
    );
}
