//! A worker's task that breaks off in mid-turn: its process is buried, its turn is settled, the session goes on.

use std::sync::Arc;

use mo_core::event::Event;
use mo_core::ids::{AttemptNo, SessionId, WorkerName};
use mo_core::outcome::Outcome as TurnOutcome;
use mo_core::record::Record;
use mo_core::settings::Settings;
use mo_journal::{
    CommitFuture, DeleteFuture, Document, Journal, JournalError, MemoryJournal, Stream, TranscriptInfo,
    TranscriptPage, TranscriptSink,
};
use serde_json::json;

use crate::stage::{Stage, review, to_end, trio};

/// Takes everything, but whoever writes Claude's transcript panics at a word.
struct Breaking(MemoryJournal);

struct BreakingSink(Box<dyn TranscriptSink>);

impl TranscriptSink for BreakingSink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        assert!(
            !bytes.windows(9).any(|part| part == b"BREAK OFF"),
            "the transcript breaks, as the test asked"
        );
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

impl Journal for Breaking {
    fn commit(&self, records: Vec<Record>) -> CommitFuture {
        self.0.commit(records)
    }

    fn read(&self, session: &SessionId, since_seq: u64, limit: usize) -> Result<Vec<Record>, JournalError> {
        self.0.read(session, since_seq, limit)
    }

    fn read_rows(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.0.read_rows(since_row, limit)
    }

    fn read_checkpoints(&self, since_row: u64, limit: usize) -> Result<Vec<(u64, Record)>, JournalError> {
        self.0.read_checkpoints(since_row, limit)
    }

    fn sessions(&self) -> Result<Vec<SessionId>, JournalError> {
        self.0.sessions()
    }

    fn last_seq(&self, session: &SessionId) -> Result<u64, JournalError> {
        self.0.last_seq(session)
    }

    fn last_row(&self) -> Result<u64, JournalError> {
        self.0.last_row()
    }

    fn delete(&self, session: &SessionId) -> DeleteFuture {
        self.0.delete(session)
    }

    fn transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError> {
        Ok(Box::new(BreakingSink(self.0.transcript(session, worker, attempt, stream)?)))
    }

    fn transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptInfo>, JournalError> {
        self.0.transcripts(session)
    }

    fn read_transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
        offset: u64,
        limit: usize,
    ) -> Result<TranscriptPage, JournalError> {
        self.0.read_transcript(session, worker, attempt, stream, offset, limit)
    }

    fn put_document(&self, session: &SessionId, document: &Document, text: &str) -> Result<(), JournalError> {
        self.0.put_document(session, document, text)
    }

    fn document(&self, session: &SessionId, document: &Document) -> Result<Option<String>, JournalError> {
        self.0.document(session, document)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_task_breaks_off_has_vanished() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "claude" {
            let steps = json!([{"grandchild": {"setsid": true}}, {"say": "BREAK OFF"}, {"hang": true}]);
            *script = json!({"turns": [{"times": 0, "steps": steps}]});
        }
    }
    let stage = Stage::new(&scripts);
    let engine = stage.engine_with(Arc::new(Breaking(MemoryJournal::new()))).await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let outcome = to_end(&engine, &id).await;
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (12, "blocked"), "{}", outcome.story());
    let mut ends = outcome.events.iter().filter_map(|e| match &e.event {
        Event::TurnEnded { end, .. } => Some(end.outcome),
        _ => None,
    });
    assert_eq!(ends.next_back(), Some(TurnOutcome::Vanished));
    engine.idle().await;
    stage.assert_nothing_runs();
}
