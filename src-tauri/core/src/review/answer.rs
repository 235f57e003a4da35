//! Reading a reviewer's answer. Everything that is not exactly one valid answer to this very request is unusable.

use serde::Deserialize;
use serde_json::{Value, json};

use super::verdict::{Finding, Judgement, Severity, Verdict};
use crate::ids::{Digest, Nonce};

/// The most bytes of an answer that are looked at.
const MAX_ANSWER_BYTES: usize = 1 << 20;
/// The most opening braces that are tried as the start of an object; what is not found by then is not there.
const MAX_TRIES: usize = 10_000;
/// The most findings that an answer may have.
const MAX_FINDINGS: usize = 200;

/// Why an answer cannot be used; the words complete "the answer …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Unusable {
    #[error("is empty")]
    Empty,
    #[error("is larger than 1 MiB")]
    TooLarge,
    #[error("has no JSON object with a verdict")]
    NoObject,
    #[error("breaks off in the middle of its JSON object")]
    BrokenOff,
    #[error("has {0} JSON objects that all claim to be the answer")]
    Several(usize),
    #[error("does not follow the schema: {0}")]
    Schema(String),
    #[error("carries another nonce than the request")]
    WrongNonce,
    #[error("is about another checkpoint than the request")]
    WrongDigest,
    #[error("has a blocker without evidence")]
    NoEvidence,
    #[error("has more than {MAX_FINDINGS} findings")]
    TooManyFindings,
    #[error("has a finding at a place that does not exist: {0}")]
    NoSuchPlace(String),
}

#[derive(Deserialize)]
struct Wire {
    verdict: WireVerdict,
    #[serde(default)]
    summary: String,
    checkpoint: String,
    nonce: String,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireVerdict {
    Approved,
    Concern,
    Blocker,
}

/// The JSON schema of an answer, strict enough for every vendor's structured output.
pub fn schema() -> Value {
    let nullable = |kind: &str| json!({ "type": [kind, "null"] });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["verdict", "summary", "checkpoint", "nonce", "findings"],
        "properties": {
            "verdict": { "type": "string", "enum": ["approved", "concern", "blocker"] },
            "summary": { "type": "string" },
            "checkpoint": { "type": "string" },
            "nonce": { "type": "string" },
            "findings": { "type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["severity", "file", "line", "title", "evidence", "suggestion"],
                "properties": {
                    "severity": { "type": "string", "enum": ["blocker", "concern", "note"] },
                    "file": nullable("string"),
                    "line": nullable("integer"),
                    "title": { "type": "string" },
                    "evidence": { "type": "string" },
                    "suggestion": { "type": "string" }
                }
            }}
        }
    })
}

/// Reads an answer: the structured one where the protocol gave one, else the text.
pub fn read(
    structured: Option<&Value>,
    text: Option<&str>,
    nonce: &Nonce,
    digest: &Digest,
) -> Result<Judgement, Unusable> {
    let wire = match structured {
        Some(value) => from_json(&value.to_string())?,
        None => from_text(text.unwrap_or_default(), nonce, digest)?,
    };
    check(&wire, nonce, digest)?;
    Ok(judgement(wire))
}

fn from_json(json: &str) -> Result<Wire, Unusable> {
    if json.len() > MAX_ANSWER_BYTES {
        return Err(Unusable::TooLarge);
    }
    serde_json::from_str(json).map_err(|error| Unusable::Schema(error.to_string()))
}

/// Finds the one object that answers. Objects with a `verdict` that answer another request (a quoted verdict) do
/// not count, unless there is no other.
fn from_text(text: &str, nonce: &Nonce, digest: &Digest) -> Result<Wire, Unusable> {
    if text.trim().is_empty() {
        return Err(Unusable::Empty);
    }
    if text.len() > MAX_ANSWER_BYTES {
        return Err(Unusable::TooLarge);
    }
    let candidates = objects_with_verdict(text);
    let mut ours: Vec<Wire> = Vec::new();
    let mut first_error = None;
    for candidate in &candidates {
        match from_json(candidate).and_then(|wire| check(&wire, nonce, digest).map(|()| wire)) {
            Ok(wire) => ours.push(wire),
            // An invalid object that carries our nonce still claims to be the answer.
            Err(error) if candidate.contains(nonce.as_str()) && candidates.len() > 1 => {
                return Err(match error {
                    Unusable::Schema(_) | Unusable::WrongDigest => Unusable::Several(candidates.len()),
                    other => other,
                });
            }
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    let claims = claims(text, nonce);
    match ours.len() {
        // What breaks off with our nonce in it claims to be the answer too, and nobody knows what it would have said.
        1 if claims > 1 => Err(Unusable::Several(claims)),
        1 => ours.pop().ok_or(Unusable::NoObject),
        0 if candidates.is_empty() && claims > 0 => Err(Unusable::BrokenOff),
        0 => Err(first_error.unwrap_or(Unusable::NoObject)),
        several => Err(Unusable::Several(several)),
    }
}

/// How many members `"nonce": "<ours>"` the text has, in whole objects or not.
fn claims(text: &str, nonce: &Nonce) -> usize {
    let value = format!("\"{nonce}\"");
    let is_member = |before: &str| {
        let key = before.trim_end().strip_suffix(':').map(str::trim_end);
        key.is_some_and(|key| key.ends_with("\"nonce\""))
    };
    text.match_indices(&value).filter(|(at, _)| is_member(text.get(..*at).unwrap_or_default())).count()
}

/// The outermost JSON objects of a text that have a `verdict`. The parser's depth limit bounds the work on
/// unclosed braces.
fn objects_with_verdict(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut at, mut tries) = (0, 0);
    while tries < MAX_TRIES
        && let Some(open) = text.get(at..).and_then(|rest| rest.find('{')).map(|i| at + i)
    {
        tries += 1;
        let rest = text.get(open..).unwrap_or_default();
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                let end = stream.byte_offset();
                if value.get("verdict").is_some()
                    && let Some(object) = rest.get(..end)
                {
                    found.push(object);
                }
                at = open + end;
            }
            _ => at = open + 1,
        }
    }
    found
}

fn check(wire: &Wire, nonce: &Nonce, digest: &Digest) -> Result<(), Unusable> {
    if wire.nonce != nonce.as_str() {
        return Err(Unusable::WrongNonce);
    }
    if wire.checkpoint != digest.as_str() {
        return Err(Unusable::WrongDigest);
    }
    if wire.findings.len() > MAX_FINDINGS {
        return Err(Unusable::TooManyFindings);
    }
    if let Some(line) = wire.findings.iter().find_map(|f| f.line.filter(|_| f.file.is_none())) {
        return Err(Unusable::NoSuchPlace(format!("line {line} of no file")));
    }
    let blocks = |finding: &&Finding| finding.severity == Severity::Blocker;
    let backed = |finding: &Finding| !finding.evidence.trim().is_empty();
    let claims_blocker = matches!(wire.verdict, WireVerdict::Blocker);
    let worst = wire.findings.iter().map(|f| f.severity).max();
    if wire.findings.iter().filter(blocks).any(|f| !backed(f))
        || (claims_blocker && worst != Some(Severity::Blocker) && !wire.findings.iter().any(backed))
    {
        return Err(Unusable::NoEvidence);
    }
    Ok(())
}

/// The effective verdict is the worse of `verdict` and its worst finding.
fn judgement(wire: Wire) -> Judgement {
    let said = match wire.verdict {
        WireVerdict::Approved => Verdict::Approved,
        WireVerdict::Concern => Verdict::Concern,
        WireVerdict::Blocker => Verdict::Blocker,
    };
    let found =
        wire.findings.iter().map(|f| f.severity).max().map_or(Verdict::Approved, |worst| match worst {
            Severity::Note => Verdict::Approved,
            Severity::Concern => Verdict::Concern,
            Severity::Blocker => Verdict::Blocker,
        });
    let verdict = said.max(found);
    let summary = if verdict == said {
        wire.summary
    } else {
        let (said, found) = (said.as_str(), verdict.as_str());
        format!("it says {said}, but its own worst finding is a {found}, which counts: {}", wire.summary)
    };
    Judgement { verdict, summary, findings: wire.findings }
}
