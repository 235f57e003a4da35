//! The script that the model plays: which conversation gets which answers, in which order.
//!
//! ```json
//! {"rules": [
//!   {"name": "build", "when": {"api": "anthropic", "contains": "build it"}, "capture": {"plan": "plan: (\\S+)"},
//!    "steps": [{"tool": {"name": "Write", "input": {"file_path": "${cwd}/a.txt", "content": "A\n"}}},
//!              {"text": "done, following ${plan}"}]},
//!   {"name": "bad first review", "when": {"api": "openai", "contains": "Review", "nth": 1}, "steps": [{"text": "fine"}]},
//!   {"when": {"contains": "Review"}, "steps": [
//!     {"structured": {"verdict": "approved", "checkpoint": "${checkpoint}", "nonce": "${nonce}", "findings": []}}]}
//! ]}
//! ```

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::Api;

/// A whole script file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Script {
    /// Tried in order; the first whose `when` holds plays the turn.
    pub(crate) rules: Vec<Rule>,
}

/// Answers for the turns that `when` describes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Shown in the log; `rule <index>` when absent.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// Which turns this rule plays; all of them when empty.
    #[serde(default)]
    pub(crate) when: When,
    /// Variables for the templates: the last match in the request's text (its first group, if it has one).
    #[serde(default)]
    pub(crate) capture: BTreeMap<String, String>,
    /// One is played for each model request of the turn.
    pub(crate) steps: Vec<Step>,
    /// `capture`, compiled by [`Script::parse`].
    #[serde(skip)]
    pub(crate) compiled: Vec<(String, Regex)>,
}

/// What must hold of a turn, all of it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct When {
    /// The wire format the request came in by.
    #[serde(default)]
    pub(crate) api: ApiChoice,
    /// In the prompt that opened the turn.
    #[serde(default)]
    pub(crate) contains: OneOrMany,
    /// Anywhere in the request: system text, prompts, answers, tool results.
    #[serde(default)]
    pub(crate) body_contains: OneOrMany,
    /// In the system text or in any prompt of the conversation: what a role's conversation keeps saying.
    #[serde(default)]
    pub(crate) role_marker: OneOrMany,
    /// Only the n-th turn, from 1, for which all the rest holds.
    #[serde(default)]
    pub(crate) nth: Option<u32>,
}

/// `any` or one wire format.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ApiChoice {
    /// Whatever the API.
    #[default]
    Any,
    /// Anthropic Messages.
    Anthropic,
    /// `OpenAI` Responses.
    Openai,
    /// Gemini `generateContent`.
    Gemini,
}

impl ApiChoice {
    /// Does this choice include `api`?
    pub(crate) fn admits(self, api: Api) -> bool {
        match self {
            Self::Any => true,
            Self::Anthropic => api == Api::Anthropic,
            Self::Openai => api == Api::Openai,
            Self::Gemini => api == Api::Gemini,
        }
    }
}

/// One text or several, all of which must occur.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    /// `"text"`
    One(String),
    /// `["text", "text"]`
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl OneOrMany {
    /// The texts.
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// One answer of the model. What is given is sent in this order: thought, text, tool calls or structured
/// answer; `hang` and `disconnect` then keep the stream open or cut it. A step with only `delay_ms` waits and
/// goes on with the next step in the same request.
#[derive(Debug, Default, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Wait before anything else, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
    /// A thought, where the API has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thought: Option<String>,
    /// Text of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// One tool call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<ToolCall>,
    /// Several tool calls in one answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tools: Vec<ToolCall>,
    /// An answer to a schema: Claude's `StructuredOutput` tool where it is offered, else JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) structured: Option<Value>,
    /// An HTTP error instead of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<HttpError>,
    /// Cut the connection.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) disconnect: bool,
    /// Keep the connection open and say nothing more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) hang: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Step {
    /// All tool calls, `tool` first.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.tool.iter().chain(&self.tools)
    }

    /// Only a pause, with no answer of its own.
    pub(crate) fn is_pause(&self) -> bool {
        self.delay_ms.is_some() && !self.answers() && self.error.is_none() && !self.disconnect && !self.hang
    }

    /// Does the model say anything in it?
    pub(crate) fn answers(&self) -> bool {
        self.thought.is_some()
            || self.text.is_some()
            || self.structured.is_some()
            || self.calls().next().is_some()
    }
}

/// A tool call, in the tool's own argument shape. For Codex's freeform tools (`apply_patch`) `input` is a string.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolCall {
    /// The tool's name as the CLI offers it.
    pub(crate) name: String,
    /// Its arguments.
    pub(crate) input: Value,
}

/// An HTTP error of the model's server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpError {
    /// 400..=599
    pub(crate) status: u16,
    /// A string is wrapped in the API's own error shape; anything else is sent as it is.
    #[serde(default)]
    pub(crate) body: Value,
    /// Added to the response.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// Why a script cannot be played.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScriptError {
    /// Not JSON, or not this shape.
    #[error("the script is not valid: {0}")]
    Shape(#[from] serde_json::Error),
    /// A rule that says something impossible.
    #[error("rule {rule}: {why}")]
    Rule {
        /// Index from 0.
        rule: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Script {
    /// Reads and checks a script.
    ///
    /// # Errors
    /// Says which rule is wrong and why.
    pub(crate) fn parse(json: &str) -> Result<Self, ScriptError> {
        let mut script: Self = serde_json::from_str(json)?;
        for (index, rule) in script.rules.iter_mut().enumerate() {
            let wrong = |why: String| ScriptError::Rule { rule: index, why };
            if rule.when.nth == Some(0) {
                return Err(wrong("`nth` counts from 1".into()));
            }
            if rule.steps.is_empty() {
                return Err(wrong("has no steps".into()));
            }
            for (number, step) in rule.steps.iter().enumerate() {
                check_step(step).map_err(|why| wrong(format!("step {number} {why}")))?;
            }
            if rule.steps.last().is_some_and(Step::is_pause) {
                return Err(wrong("ends with a pause, after which nothing is said".into()));
            }
            for (name, pattern) in &rule.capture {
                let regex = Regex::new(pattern).map_err(|error| wrong(format!("capture {name}: {error}")))?;
                rule.compiled.push((name.clone(), regex));
            }
        }
        Ok(script)
    }

    /// How the log calls a rule.
    pub(crate) fn rule_name(&self, index: usize) -> String {
        self.rules.get(index).and_then(|rule| rule.name.clone()).unwrap_or_else(|| format!("rule {index}"))
    }
}

fn check_step(step: &Step) -> Result<(), &'static str> {
    if let Some(error) = &step.error {
        if step.answers() || step.hang || step.disconnect {
            return Err("has an error and something else; an error stands alone");
        }
        if !(400..=599).contains(&error.status) {
            return Err("has an error status outside 400..=599");
        }
    }
    if step.hang && step.disconnect {
        return Err("hangs and disconnects");
    }
    if step.structured.is_some() && step.calls().next().is_some() {
        return Err("has a structured answer and tool calls");
    }
    if step.delay_ms.is_none() && !step.answers() && step.error.is_none() && !step.hang && !step.disconnect {
        return Err("is empty");
    }
    Ok(())
}
