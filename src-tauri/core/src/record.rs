//! The form in which an event is stored and printed.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::ids::{SessionId, WorkerName};
use crate::time::Timestamp;

/// One line of `orchestrate events`: `{seq,at,session,worker|null,kind,data}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Dense from 1 in its session.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Whose.
    pub session: SessionId,
    /// The worker it is about, if it is about one.
    pub worker: Option<WorkerName>,
    /// The event's kind in snake_case.
    pub kind: Cow<'static, str>,
    /// A JSON object on one line.
    pub data: String,
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{Error, SerializeStruct};
        let data: &serde_json::value::RawValue =
            serde_json::from_str(&self.data).map_err(S::Error::custom)?;
        let mut line = serializer.serialize_struct("Record", 6)?;
        line.serialize_field("seq", &self.seq)?;
        line.serialize_field("at", &self.at)?;
        line.serialize_field("session", &self.session)?;
        line.serialize_field("worker", &self.worker)?;
        line.serialize_field("kind", &self.kind)?;
        line.serialize_field("data", data)?;
        line.end()
    }
}
