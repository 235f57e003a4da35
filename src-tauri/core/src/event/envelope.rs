//! An event with its place in the journal, and the form in which it is stored.

use super::Event;
use crate::ids::{SessionId, WorkerName};
use crate::record::Record;
use crate::time::Timestamp;

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Dense from 1 in its session.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// The worker it is about, if it is about one.
    pub worker: Option<WorkerName>,
    /// What happened.
    pub event: Event,
}

/// A stored record that is no event of this version.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} of kind `{kind}` cannot be read: {reason}")]
pub struct BadRecord {
    /// Its seq.
    pub seq: u64,
    /// Its kind.
    pub kind: String,
    /// What is wrong.
    pub reason: String,
}

impl Envelope {
    /// The form to be stored.
    pub fn to_record(&self, session: &SessionId) -> Record {
        Record {
            seq: self.seq,
            at: self.at,
            session: session.clone(),
            worker: self.worker.clone(),
            kind: self.event.kind().into(),
            data: self.event.data_json(),
        }
    }

    /// Reads a stored record.
    pub fn from_record(record: &Record) -> Result<Self, BadRecord> {
        let bad = |reason: String| BadRecord { seq: record.seq, kind: record.kind.to_string(), reason };
        let tagged = format!("{{\"kind\":\"{}\",\"data\":{}}}", record.kind, record.data);
        let event = serde_json::from_str(&tagged).map_err(|error| bad(error.to_string()))?;
        Ok(Self { seq: record.seq, at: record.at, worker: record.worker.clone(), event })
    }
}

impl Event {
    /// The data as a JSON object on one line: what `kind` does not say.
    pub fn data_json(&self) -> String {
        // Serialising owned data into a string cannot fail; the tag is cut off, so that there is one definition
        // of the data's form.
        let tagged = serde_json::to_string(self).unwrap_or_default();
        let prefix = "{\"kind\":\"".len() + self.kind().len() + "\",\"data\":".len();
        tagged.get(prefix..tagged.len().saturating_sub(1)).map_or_else(|| "{}".to_owned(), ToOwned::to_owned)
    }
}
