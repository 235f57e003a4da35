//! The lines of a conversation, and how they are kept as examples.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

/// Who sent a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// We.
    Send,
    /// The CLI.
    Recv,
}

/// Lines with their direction, in order.
#[derive(Debug, Default)]
pub struct Transcript {
    lines: Vec<(Direction, Value)>,
}

impl Transcript {
    pub(crate) fn push(&mut self, direction: Direction, message: Value) {
        self.lines.push((direction, message));
    }

    /// What the CLI said.
    pub fn received(&self) -> impl Iterator<Item = &Value> {
        self.lines.iter().filter(|(direction, _)| *direction == Direction::Recv).map(|(_, message)| message)
    }

    /// Writes `<name>.jsonl` under `tests/transcripts/wire` when `MO_SAVE_TRANSCRIPTS` is set: lines `{dir,msg}`, made
    /// small, with `root` and every other path of this machine replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, name: &str, root: &Path) -> Result<()> {
        if std::env::var_os("MO_SAVE_TRANSCRIPTS").is_none() {
            return Ok(());
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("transcripts/wire");
        fs::create_dir_all(&folder)?;
        let mut text = String::new();
        for (direction, message) in &self.lines {
            let dir = if *direction == Direction::Send { "send" } else { "recv" };
            let line = json!({"dir": dir, "msg": small(message, "")}).to_string();
            text.push_str(&neutral(&line, root));
            text.push('\n');
        }
        fs::write(folder.join(format!("{name}.jsonl")), text)?;
        Ok(())
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (direction, message) in &self.lines {
            let text = message.to_string();
            let short: String = text.chars().take(300).collect();
            writeln!(f, "{} {short}", if *direction == Direction::Send { "->" } else { "<-" })?;
        }
        Ok(())
    }
}

/// Longest text and list that an example keeps.
const LONG_TEXT: usize = 300;
const LONG_LIST: usize = 6;

/// The same message with long texts and lists cut, and what names this machine replaced.
fn small(message: &Value, key: &str) -> Value {
    match message {
        Value::String(_) if matches!(key, "serverName" | "hostname") => json!("host"),
        Value::String(text) if text.chars().count() > LONG_TEXT => {
            json!(text.chars().take(LONG_TEXT).chain(['…']).collect::<String>())
        }
        Value::Array(items) => {
            // A list of tools is what a decoder's test looks at; lists of records are only bulk.
            let most = if items.iter().all(Value::is_string) { LONG_LIST * 8 } else { LONG_LIST };
            Value::Array(items.iter().take(most).map(|item| small(item, "")).collect())
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), small(value, key))).collect())
        }
        other => other.clone(),
    }
}

/// Paths as texts: the sandbox becomes `/tmp/t`, also in the dashed form by which the CLIs name project folders.
fn neutral(line: &str, root: &Path) -> String {
    let root = root.to_string_lossy();
    let dashed = |path: &str| path.replace(['/', '.'], "-");
    line.replace(root.as_ref(), "/tmp/t").replace(&dashed(&root), &dashed("/tmp/t"))
}
