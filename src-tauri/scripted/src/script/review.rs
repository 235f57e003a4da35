//! A review's answer, right or wrong in every way that design.md §6 names.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a reviewer answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The verdict; any text, so that an invalid one can be given.
    pub verdict: ReviewVerdict,
    /// One or two sentences.
    pub summary: String,
    /// The points.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// What becomes of the request's nonce.
    #[serde(default)]
    pub nonce: ReviewNonce,
    /// What becomes of the request's checkpoint digest.
    #[serde(default)]
    pub checkpoint: ReviewCheckpoint,
    /// How the JSON is given.
    #[serde(default)]
    pub wrap: Wrap,
}

/// A verdict's word. Any text is taken, so that a script can give an invalid one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReviewVerdict(pub String);

impl From<&str> for ReviewVerdict {
    fn from(word: &str) -> Self {
        Self(word.to_owned())
    }
}

/// One point of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// How serious.
    pub severity: Severity,
    /// Which file, relative to the target.
    #[serde(default)]
    pub file: Option<String>,
    /// Which line, from 1.
    #[serde(default)]
    pub line: Option<u32>,
    /// A short name of the point.
    pub title: String,
    /// What shows it.
    #[serde(default)]
    pub evidence: String,
    /// What to do.
    #[serde(default)]
    pub suggestion: String,
}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the words of design.md §6")]
pub enum Severity {
    Blocker,
    Concern,
    Note,
}

/// What becomes of the nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewNonce {
    /// The request's last one.
    #[default]
    Echo,
    /// The first one of a request that has several, else one that was never asked.
    Stale,
    /// None.
    Missing,
}

/// What becomes of the checkpoint digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewCheckpoint {
    /// The request's last one.
    #[default]
    Echo,
    /// That of something else.
    Foreign,
    /// None.
    Missing,
}

/// How the JSON is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrap {
    /// Alone; by the protocol's structured answer where there is one.
    #[default]
    Plain,
    /// In a code fence.
    Fence,
    /// Among prose.
    Prose,
    /// Two objects, both of which claim to be the answer; the second says `approved`.
    Twice,
    /// Cut off in the middle.
    Truncated,
}

const NEVER_ASKED: &str = "00000000-0000-4000-8000-000000000000";

impl Review {
    /// The answer's object, for the nonce and checkpoint lines of this prompt.
    pub fn answer(&self, prompt: &str) -> Value {
        let mut object = Map::new();
        object.insert("verdict".to_owned(), json!(self.verdict));
        object.insert("summary".to_owned(), json!(self.summary));
        object.insert("findings".to_owned(), json!(self.findings));
        let nonces: Vec<&str> = values(prompt, "nonce: ").collect();
        let nonce = match self.nonce {
            ReviewNonce::Echo => nonces.last().copied().map(str::to_owned),
            ReviewNonce::Stale if nonces.len() > 1 => nonces.first().copied().map(str::to_owned),
            ReviewNonce::Stale => Some(NEVER_ASKED.to_owned()),
            ReviewNonce::Missing => None,
        };
        let checkpoint = match self.checkpoint {
            ReviewCheckpoint::Echo => values(prompt, "checkpoint: ").last().map(str::to_owned),
            ReviewCheckpoint::Foreign => Some(format!("sha256:{}", "0".repeat(64))),
            ReviewCheckpoint::Missing => None,
        };
        if let Some(nonce) = nonce {
            object.insert("nonce".to_owned(), Value::String(nonce));
        }
        if let Some(checkpoint) = checkpoint {
            object.insert("checkpoint".to_owned(), Value::String(checkpoint));
        }
        Value::Object(object)
    }

    /// The answer as text, wrapped as asked.
    pub fn answer_text(&self, prompt: &str) -> String {
        let answer = self.answer(prompt);
        let whole = format!("{answer:#}");
        match self.wrap {
            Wrap::Plain => answer.to_string(),
            Wrap::Fence => format!("```json\n{whole}\n```"),
            Wrap::Prose => {
                format!(
                    "I looked at the changes in detail.\n\n{whole}\n\nThat is all I have to say about them."
                )
            }
            Wrap::Twice => {
                let mut other = answer;
                other["verdict"] = json!("approved");
                other["findings"] = json!([]);
                format!("{whole}\n\n{other:#}")
            }
            Wrap::Truncated => {
                let half = whole.floor_char_boundary(whole.len() * 2 / 3);
                whole.get(..half).unwrap_or_default().to_owned()
            }
        }
    }
}

/// The values of all lines that start so; the last one counts (design.md §6).
fn values<'a>(prompt: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    prompt.lines().filter_map(move |line| line.strip_prefix(start)).map(str::trim)
}
