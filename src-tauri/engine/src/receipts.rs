//! Receipts: one JSON file a decision, each with the digest of the one before it.

use mo_core::ids::SessionId;
use mo_journal::{Document, Journal};
use serde_json::Value;

/// Writes the receipt of a session's `number`th decision. A failure is logged: the decision stands in the journal.
pub(crate) fn write(journal: &dyn Journal, session: &SessionId, number: usize, mut receipt: Value) {
    let before = number.checked_sub(1).filter(|n| *n > 0).map(name);
    let previous = before.and_then(|name| journal.document(session, &Document::Receipt(name)).ok().flatten());
    let digest = previous.map(|text| mo_checkpoint::Digest::of(text.as_bytes()).to_string());
    if let Some(fields) = receipt.as_object_mut() {
        fields.insert("previous".to_owned(), digest.into());
    }
    let text = serde_json::to_string_pretty(&receipt).unwrap_or_default() + "\n";
    if let Err(error) = journal.put_document(session, &Document::Receipt(name(number)), &text) {
        tracing::error!(%session, number, %error, "a receipt was not written");
    }
}

fn name(number: usize) -> String {
    format!("decision-{number}")
}
