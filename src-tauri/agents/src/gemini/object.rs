//! `--output-format json`: one pretty-printed object over several lines, at the end of the process. A fatal error
//! is such an object too, on stderr (facts/agent-clis.md §3).

use mo_core::outcome::Usage;
use serde_json::Value;

use crate::shared::text::without_ansi;

/// The most that is kept of an unfinished object, in bytes.
const MAX: usize = 8 * 1024 * 1024;

/// What became of a line.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is no part of an object over several lines.
    No,
    /// It is, and more is to come.
    Part,
    /// It was the last one of this object.
    Whole(Vec<u8>),
}

/// Collects the lines of an object: from a line `{` to a line `}`.
#[derive(Debug, Default)]
pub(super) struct Lines {
    open: Option<Vec<u8>>,
}

impl Lines {
    /// Takes a line.
    pub(super) fn line(&mut self, line: &[u8]) -> Taken {
        let Some(text) = &mut self.open else {
            if line.trim_ascii_end() == b"{" {
                self.open = Some(b"{\n".to_vec());
                return Taken::Part;
            }
            return Taken::No;
        };
        if text.len() + line.len() < MAX {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        if line.trim_ascii_end() == b"}" {
            return Taken::Whole(self.open.take().unwrap_or_default());
        }
        Taken::Part
    }

    /// What is left of an object that never ended.
    pub(super) fn cut_off(&mut self) -> Option<Vec<u8>> {
        self.open.take()
    }
}

/// What the object says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) session: Option<String>,
    pub(super) response: Option<String>,
    /// The model that did the main work, if it was one.
    pub(super) model: Option<String>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<String>,
    /// The error's type, such as `FatalTurnLimitedError`.
    pub(super) kind: Option<String>,
    pub(super) code: Option<i32>,
}

/// Reads the object.
pub(super) fn read(text: &[u8]) -> Result<Read, String> {
    let value: Value = serde_json::from_slice(text).map_err(|e| e.to_string())?;
    let string = |at: &str| value.pointer(at).and_then(Value::as_str).map(str::to_owned);
    if value.get("session_id").is_none() && value.get("response").is_none() && value.get("error").is_none() {
        return Err("not an answer of Gemini CLI".to_owned());
    }
    let models = value.pointer("/stats/models").and_then(Value::as_object);
    let mut usage = None::<Usage>;
    let mut main = models.into_iter().flatten().filter_map(|(name, stats)| {
        let tokens =
            |field: &str| stats.pointer(&format!("/tokens/{field}")).and_then(Value::as_u64).unwrap_or(0);
        let one = Usage {
            input_tokens: tokens("prompt"),
            output_tokens: tokens("candidates").saturating_add(tokens("thoughts")),
            cached_tokens: tokens("cached"),
        };
        usage = Some(usage.unwrap_or_default().plus(one));
        stats.pointer("/roles/main").is_some().then(|| name.clone())
    });
    let mut names = Vec::new();
    names.extend(&mut main);
    let model = if names.len() == 1 { names.pop() } else { None };
    Ok(Read {
        session: string("/session_id"),
        response: string("/response"),
        model,
        usage,
        error: string("/error/message"),
        kind: string("/error/type"),
        code: value.pointer("/error/code").and_then(Value::as_i64).and_then(|c| i32::try_from(c).ok()),
    })
}

/// A fatal error as stderr tells it.
#[derive(Debug)]
pub(super) struct Fatal {
    pub(super) kind: String,
    pub(super) message: String,
}

/// The error object in what a process wrote to stderr, if there is one.
pub(super) fn error_in(stderr: &[u8]) -> Option<Fatal> {
    let text = without_ansi(&String::from_utf8_lossy(stderr));
    let mut lines = Lines::default();
    let mut found = None;
    for line in text.lines() {
        if let Taken::Whole(object) = lines.line(line.as_bytes()) {
            let fatal = read(&object)
                .ok()
                .and_then(|read| Some(Fatal { kind: read.kind.unwrap_or_default(), message: read.error? }));
            found = fatal.or(found);
        }
    }
    found
}
