//! A tool call that a person has edited: the same tool with another input.

use mo_core::approval::{Action, ToolCall};
use serde_json::Value;

use super::tools::action;
use crate::kinds::EditError;

/// The most bytes of an edited input.
const MAX_INPUT: usize = 64 * 1024;

/// The whole input that the edit makes, and what the call then does. The input must have the members of the call, with
/// values of the same kind: Claude Code passes over members that it does not know, and a slip must not be taken for an
/// edit. A text alone is the command of a call of `Bash`.
pub(crate) fn edited(call: &ToolCall, edit: Value, cwd: Option<&str>) -> Result<(Value, Action), EditError> {
    let unusable = |why: String| EditError { tool: call.tool.clone(), why };
    let input = match edit {
        Value::String(command) if call.input.get("command").is_some_and(Value::is_string) => {
            let mut input = call.input.clone();
            input["command"] = Value::String(command);
            input
        }
        other => other,
    };
    let (Some(before), Some(after)) = (call.input.as_object(), input.as_object()) else {
        return Err(unusable("it is no JSON object".to_owned()));
    };
    let names = || before.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(name) = after.keys().find(|name| !before.contains_key(*name)) {
        return Err(unusable(format!("the call has no `{name}`; it has {}", names())));
    }
    if let Some(name) = before.keys().find(|name| !after.contains_key(*name)) {
        return Err(unusable(format!("`{name}` is missing; the call has {}", names())));
    }
    for (name, value) in after {
        let asked = before.get(name).map_or("nothing", kind);
        if kind(value) != asked {
            return Err(unusable(format!("`{name}` is {}, and {asked} in the call", kind(value))));
        }
    }
    for name in ["command", "file_path"] {
        if after.get(name).and_then(Value::as_str).is_some_and(|text| text.trim().is_empty()) {
            return Err(unusable(format!("`{name}` is empty; deny the question instead")));
        }
    }
    let bytes = input.to_string().len();
    if bytes > MAX_INPUT {
        return Err(unusable(format!("it has {bytes} bytes; at most {MAX_INPUT} are possible")));
    }
    let action = action(&call.tool, &input, cwd);
    Ok((input, action))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bash() -> ToolCall {
        let input = json!({"command": "npm test", "description": "Run the tests"});
        ToolCall { tool: "Bash".into(), input }
    }

    #[test]
    fn an_edited_input_is_whole_and_says_what_it_does() {
        let whole = json!({"command": "npm run lint", "description": "Run the tests"});
        let runs = Action::Command { command: "npm run lint".into(), cwd: Some("/work".into()) };
        for edit in [whole.clone(), json!("npm run lint")] {
            let (input, action) = edited(&bash(), edit, Some("/work")).unwrap();
            assert_eq!((input, action), (whole.clone(), runs.clone()));
        }
        let write = ToolCall { tool: "Write".into(), input: json!({"file_path": "/a", "content": "x"}) };
        let (_, action) = edited(&write, json!({"file_path": "/b", "content": "y"}), None).unwrap();
        assert_eq!(action, Action::Write { paths: vec!["/b".into()], diff: Some("+y\n".into()) });
    }

    #[test]
    fn a_slip_is_refused_with_its_place() {
        for (edit, why) in [
            (json!({"cmd": "ls", "description": "x"}), "has no `cmd`; it has command, description"),
            (json!({"command": "ls"}), "`description` is missing"),
            (json!({"command": 7, "description": "x"}), "`command` is a number, and a text in the call"),
            (json!({"command": " ", "description": "x"}), "`command` is empty"),
            (json!(["ls"]), "no JSON object"),
            (json!("  "), "`command` is empty"),
            (json!({"command": "x".repeat(MAX_INPUT), "description": ""}), "at most"),
        ] {
            let error = edited(&bash(), edit, None).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        let write = ToolCall { tool: "Write".into(), input: json!({"file_path": "/a", "content": "x"}) };
        assert!(edited(&write, json!("ls"), None).is_err(), "a text is no input of a write");
    }
}
