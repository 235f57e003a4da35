//! Records for tests, each telling its session and number, so that a wrong one is seen.

use std::borrow::Cow;

use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::time::Timestamp;

pub(crate) fn session(number: u16) -> SessionId {
    SessionId::new(format!("orch_20261122_104207_{number:04x}"))
}

pub(crate) fn worker() -> WorkerName {
    WorkerName::new("claude-implementer")
}

pub(crate) fn record(session: &SessionId, seq: u64) -> Record {
    Record {
        seq,
        at: Timestamp(1_800_000_000_000 + seq.cast_signed()),
        session: session.clone(),
        worker: (!seq.is_multiple_of(3)).then(worker),
        kind: Cow::Borrowed("item_started"),
        data: format!(r#"{{"of":"{session}","number":{seq}}}"#),
    }
}

pub(crate) fn records(session: &SessionId, seqs: std::ops::RangeInclusive<u64>) -> Vec<Record> {
    seqs.map(|seq| record(session, seq)).collect()
}
