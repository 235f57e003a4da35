//! Receipts: one JSON file a decision, each with its own digest and that of the file before it, and how to check them.

use mo_checkpoint::Digest as Sha256;
use mo_core::ids::{Digest, SessionId};
use mo_core::review::receipt::Receipt;
use mo_core::state::State;
use mo_journal::{Document, Journal, Redactor};
use serde_json::Value;

/// What stands between a receipt's own text and the digest of that text.
const SEAM: &str = ",\n  \"digest\": \"";
/// The end of a receipt without its digest.
const END: &str = "\n}\n";

/// The receipts of all decisions so far.
pub(crate) fn of_state(session: &SessionId, state: &State) -> Vec<Receipt> {
    (1..=state.decisions.len()).filter_map(|number| mo_core::view::receipt(session, state, number)).collect()
}

/// Writes those that are not there yet, in order: one whose program went away before it was written does not break
/// the chain. A failure is logged: the decision stands in the journal.
pub(crate) fn write(journal: &dyn Journal, redactor: &Redactor, receipts: Vec<Receipt>) {
    let mut previous: Option<String> = None;
    for mut receipt in receipts {
        let (session, number) = (receipt.session.clone(), receipt.number);
        let document = Document::Receipt(name(number));
        let text = match journal.document(&session, &document) {
            Ok(Some(text)) => text,
            Ok(None) => {
                receipt.previous = previous.as_deref().and_then(digest_of);
                let text =
                    sealed(&redactor.redact(&serde_json::to_string_pretty(&receipt).unwrap_or_default()));
                if let Err(error) = journal.put_document(&session, &document, &text) {
                    tracing::error!(%session, number, %error, "a receipt was not written");
                    return;
                }
                text
            }
            Err(error) => {
                tracing::error!(%session, number, %error, "a receipt cannot be read");
                return;
            }
        };
        previous = Some(text);
    }
}

/// The name of a decision's receipt, without `.json`.
pub fn name(number: usize) -> String {
    format!("decision-{number}")
}

fn digest_of(text: &str) -> Option<Digest> {
    Digest::parse(&Sha256::of(text.as_bytes()).to_string())
}

/// The text with its own digest as its last member.
fn sealed(text: &str) -> String {
    seal(text.trim_end().trim_end_matches('}').trim_end()).1
}

/// The digest of an object's text that lacks its end, and the whole with the digest in it.
fn seal(open: &str) -> (String, String) {
    let digest = Sha256::of(format!("{open}{END}").as_bytes()).to_string();
    let whole = format!("{open}{SEAM}{digest}\"{END}");
    (digest, whole)
}

/// A receipt that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// What it says, where it is a receipt at all.
    pub receipt: Option<Receipt>,
    /// How many receipts were looked at: it, and those before it.
    pub chain: usize,
    /// What is wrong, in sentences; empty when nothing is.
    pub problems: Vec<String>,
}

/// Checks a receipt and all those before it, without a journal: that each has the digest of its own text, names the
/// digest of the one before it, and says what the rule makes of what it names. `before` gives the text of the receipt
/// of that number.
pub fn verify(text: &str, before: &dyn Fn(usize) -> Option<String>) -> Verified {
    let mut problems = Vec::new();
    let receipt = match read(text) {
        Ok(receipt) => receipt,
        Err(problem) => return Verified { receipt: None, chain: 1, problems: vec![problem] },
    };
    problems.extend(receipt.problems());
    let (mut newer, mut chain) = (receipt.clone(), 1);
    while newer.number > 1 {
        let number = newer.number - 1;
        let named = name(number);
        let Some(expected) = &newer.previous else {
            problems.push(format!("{} names no digest of {named}.json", name(newer.number)));
            break;
        };
        let Some(text) = before(number) else {
            problems.push(format!("{named}.json, the receipt before it, is missing"));
            break;
        };
        if digest_of(&text).as_ref() != Some(expected) {
            problems.push(format!("{named}.json is not the file whose digest {} names", name(newer.number)));
            break;
        }
        match read(&text) {
            Ok(older) => {
                problems
                    .extend(older.problems().into_iter().map(|problem| format!("{named}.json: {problem}")));
                if (&older.session, older.number) != (&newer.session, number) {
                    problems.push(format!("{named}.json is of another session or decision"));
                    break;
                }
                newer = older;
                chain += 1;
            }
            Err(problem) => {
                problems.push(format!("{named}.json: {problem}"));
                break;
            }
        }
    }
    if newer.number <= 1 && newer.previous.is_some() {
        problems.push("the first receipt names one before it".to_owned());
    }
    Verified { receipt: Some(receipt), chain, problems }
}

/// The receipt in a text whose own digest is right.
fn read(text: &str) -> Result<Receipt, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let digest = value.as_object_mut().and_then(|object| object.remove("digest"));
    let receipt: Receipt =
        serde_json::from_value(value).map_err(|error| format!("it is no receipt: {error}"))?;
    // Byte for byte, also behind the digest, where the digest of the text itself does not reach.
    let said = digest.as_ref().and_then(Value::as_str).unwrap_or_default();
    let own = text.rfind(SEAM).and_then(|at| text.get(..at)).map(seal);
    match own {
        Some((digest, whole)) if digest == said && whole == text => Ok(receipt),
        _ => Err("its text is not the one whose digest it carries: it was changed".to_owned()),
    }
}
