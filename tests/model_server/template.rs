//! `${name}` in the texts of a script, filled from the request that is being answered.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::conversation::Asked;
use crate::script::Rule;

/// Where each CLI tells its model the working directory: Claude's environment block, Codex's
/// `<environment_context>`, Gemini's session context.
static CWD: LazyLock<[Option<Regex>; 3]> = LazyLock::new(|| {
    [
        Regex::new(r"(?m)^\s*-?\s*(?:Primary w|W)orking directory:\s*(\S.*?)\s*$").ok(),
        Regex::new(r"<cwd>\s*(.*?)\s*</cwd>").ok(),
        Regex::new(r"(?:current working directory|[Ww]orkspace [Dd]irector(?:y|ies))[^\n/]*?:?\s*(?:\n\s*-\s*)?(/[^\n]*?)\s*(?:\n|$)").ok(),
    ]
});

static PLACE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)\}").ok());

/// A template names what the request does not hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the script uses ${{{0}}}, which this request does not hold")]
pub(crate) struct Unknown(pub(crate) String);

/// The variables of one request.
#[derive(Debug, Default)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Reads them: `nonce` and `checkpoint` from the last lines of the prompts that start so, `cwd` as the CLI
    /// states it, and the captures of `rule`.
    pub(crate) fn read(asked: &Asked, rule: &Rule) -> Self {
        let mut found = BTreeMap::new();
        for name in ["nonce", "checkpoint"] {
            let mark = format!("{name}: ");
            let last = asked
                .prompts()
                .rev()
                .find_map(|(_, text)| text.lines().rev().find_map(|line| line.strip_prefix(mark.as_str())));
            if let Some(value) = last {
                found.insert(name.to_owned(), value.trim().to_owned());
            }
        }
        // Not from a tool's answer: errors about paths speak of the workspace too.
        if let Some(cwd) = CWD.iter().flatten().find_map(|regex| last_match(asked.told(), regex)) {
            found.insert("cwd".to_owned(), cwd);
        }
        for (name, regex) in &rule.compiled {
            if let Some(value) = last_match(asked.heard(), regex) {
                found.insert(name.clone(), value);
            }
        }
        Self(found)
    }

    /// Fills the places of one text; `$${x}` stays as `${x}`.
    ///
    /// # Errors
    /// [`Unknown`] names the first place that has no value.
    pub(crate) fn fill(&self, text: &str) -> Result<String, Unknown> {
        let Some(place) = PLACE.as_ref() else { return Ok(text.to_owned()) };
        let mut filled = String::with_capacity(text.len());
        let mut done = 0;
        for found in place.captures_iter(text) {
            let (Some(whole), Some(name)) = (found.get(0), found.get(2)) else { continue };
            filled.push_str(text.get(done..whole.start()).unwrap_or_default());
            done = whole.end();
            if found.get(1).is_some() {
                filled.push_str(whole.as_str().get(1..).unwrap_or_default());
                continue;
            }
            let value = self.0.get(name.as_str()).ok_or_else(|| Unknown(name.as_str().to_owned()))?;
            filled.push_str(value);
        }
        filled.push_str(text.get(done..).unwrap_or_default());
        Ok(filled)
    }

    /// Fills every text inside a JSON value; keys stay.
    ///
    /// # Errors
    /// As [`Self::fill`].
    pub(crate) fn fill_json(&self, value: &Value) -> Result<Value, Unknown> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill_json(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(key, item)| Ok((key.clone(), self.fill_json(item)?))).collect::<Result<
                    _,
                    Unknown,
                >>(
                )?,
            ),
            other => other.clone(),
        })
    }
}

/// The first group (or the whole) of the last match in these texts, the newest text first.
fn last_match<'a>(texts: impl DoubleEndedIterator<Item = &'a str>, regex: &Regex) -> Option<String> {
    texts.rev().find_map(|text| {
        let found = regex.captures_iter(text).last()?;
        found.get(1).or_else(|| found.get(0)).map(|group| group.as_str().to_owned())
    })
}
