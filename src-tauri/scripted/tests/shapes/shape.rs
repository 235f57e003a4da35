//! What is compared: the paths of all keys of a line, by what sort of line it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

/// For each sort of line: the keys that every one has, and the keys that any has.
#[derive(Debug, Default)]
pub struct Shapes(pub BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>);

impl Shapes {
    /// Of the agent's lines in captures (`{dir: recv, msg}` lines, or plain ones).
    pub fn of_captures(prefixes: &[&str]) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
        let mut shapes = Self::default();
        let mut files = 0;
        for dir in [folder.clone(), folder.join("wire")] {
            for entry in std::fs::read_dir(&dir).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if path.extension().is_none_or(|extension| extension != "jsonl")
                    || !prefixes.iter().any(|prefix| name.starts_with(prefix))
                {
                    continue;
                }
                files += 1;
                for line in std::fs::read_to_string(&path).unwrap().lines() {
                    let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
                    match (line.get("dir").and_then(Value::as_str), line.get("msg")) {
                        (Some("recv"), Some(message)) => shapes.add(message),
                        (Some(_), _) => {}
                        (None, _) => shapes.add(&line),
                    }
                }
            }
        }
        assert!(files > 0, "no captures {prefixes:?}");
        shapes
    }

    pub fn add(&mut self, line: &Value) {
        let mut keys = BTreeSet::new();
        collect(line, "", &mut keys);
        let (all, any) = self.0.entry(sort(line)).or_insert_with(|| (keys.clone(), BTreeSet::new()));
        all.retain(|key| keys.contains(key));
        any.extend(keys);
    }

    /// Where lines of ours differ from the real ones: a key that no real line of the sort has, or one that every
    /// real line has and one of ours lacks. Sorts that were never captured are named apart.
    pub fn differences(&self, ours: &Self) -> (Vec<String>, Vec<String>) {
        let (mut differences, mut uncaptured) = (Vec::new(), Vec::new());
        for (sort, (all, any)) in &ours.0 {
            let Some((real_all, real_any)) = self.0.get(sort) else {
                uncaptured.push(sort.clone());
                continue;
            };
            differences.extend(any.difference(real_any).map(|key| format!("{sort}: invented {key}")));
            differences.extend(real_all.difference(all).map(|key| format!("{sort}: lacks {key}")));
        }
        (differences, uncaptured)
    }
}

/// What sort of line it is: everything that decides which fields it has.
fn sort(line: &Value) -> String {
    let text = |at: &str| line.pointer(at).and_then(Value::as_str);
    let words = [
        text("/type"),
        text("/subtype"),
        text("/method"),
        text("/request/subtype"),
        text("/response/subtype"),
        text("/event/type"),
        text("/event/delta/type"),
        text("/event/content_block/type"),
        text("/message/model").filter(|model| *model == "<synthetic>"),
        text("/message/content/0/type"),
        text("/message/content/0/name"),
        text("/params/item/type"),
        text("/params/item/status"),
        text("/params/turn/status"),
        text("/params/update/sessionUpdate"),
        text("/params/update/kind"),
        text("/params/update/status"),
        text("/params/toolCall/kind"),
    ];
    let mut sort: Vec<String> = words.into_iter().flatten().map(str::to_owned).collect();
    if line["type"] == "user" {
        // What a tool's result holds depends on the tool and on whether it worked.
        let result = &line["tool_use_result"];
        let kind = result["type"].as_str().unwrap_or(if result.is_object() { "object" } else { "text" });
        sort.push(kind.to_owned());
        for key in ["stdout", "oldString", "oldTodos"] {
            if result.get(key).is_some() {
                sort.push(key.to_owned());
            }
        }
        let meta = &line["tool_result_meta"][0];
        sort.extend(meta["non_execution_kind"].as_str().map(str::to_owned));
        sort.extend(meta["permission_decision"]["source"].as_str().map(str::to_owned));
    }
    if let Some(result) = line.get("result").filter(|result| result.is_object()) {
        let first = ["thread", "turn", "userAgent", "protocolVersion", "sessionId", "stopReason", "modes"];
        sort.push(format!("result {:?}", first.iter().find(|key| result.get(**key).is_some())));
        sort.extend(result["stopReason"].as_str().map(str::to_owned));
    }
    if line.get("error").is_some_and(Value::is_object) {
        sort.push("error".to_owned());
    }
    sort.join(" ")
}

/// Keys beneath which everything is the script's, the client's or the machine's.
const FREE: [&str; 14] = [
    "input",
    "tool_input",
    "permission_suggestions",
    "permission_denials",
    "modelUsage",
    "model_usage_since_last_result",
    "structured_output",
    "availableDecisions",
    "availableModels",
    "availableCommands",
    "authMethods",
    "commands",
    "models",
    "agents",
];

fn collect(value: &Value, path: &str, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = format!("{path}.{key}");
                if !FREE.contains(&key.as_str()) || key == "input" && path.starts_with(".request") {
                    let hook_input = path == ".request.input.tool_input";
                    if !hook_input && !is_tool_input(&path, value) {
                        collect(value, &path, keys);
                    }
                }
                keys.insert(path);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect(item, &format!("{path}[]"), keys);
            }
        }
        _ => {}
    }
}

/// The `input` of `can_use_tool` is the tool's; that of `hook_callback` is the protocol's.
fn is_tool_input(path: &str, value: &Value) -> bool {
    path == ".request.input" && value.get("hook_event_name").is_none()
}
