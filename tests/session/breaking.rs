//! What breaks off. A worker's task in mid-turn: its process is buried, its turn is settled, the session goes on. The
//! engine, when what it decided can never be written: everything that ran is ended, and it says why.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mo_core::event::{Event, StopCause};
use mo_core::ids::WorkerName;
use mo_core::outcome::Outcome as TurnOutcome;
use mo_core::record::Record;
use mo_core::settings::Settings;
use mo_engine::handle::CommandError;
use mo_engine::hub::{Health, Update};
use mo_engine::start::StartRequest;
use mo_journal::{MemoryJournal, TappedJournal, Taps, TranscriptSink};
use serde_json::json;

use crate::stage::{LIMIT, Stage, review, to_end, trio};

/// Takes everything, but whoever writes it panics at a word.
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
    let taps = Taps { sink: Box::new(|sink| Box::new(BreakingSink(sink))), ..Taps::default() };
    let engine = stage.engine_with(Arc::new(TappedJournal::new(MemoryJournal::new(), taps))).await;
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

/// What is refused for a reason that no waiting takes away is not tried for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_never_be_written_breaks_the_engine() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "gemini" {
            let steps = json!([{"grandchild": {"setsid": true}}, {"hang": true}]);
            *script = json!({"turns": [{"times": 0, "steps": steps}]});
        }
    }
    let stage = Stage::new(&scripts);
    let spoilt = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&spoilt);
    let commit = Box::new(move |records: &mut Vec<Record>| {
        if seen.load(Ordering::SeqCst) {
            for record in records.iter_mut() {
                record.seq += 1_000;
            }
        }
    });
    let taps = Taps { commit, ..Taps::default() };
    let engine = stage.engine_with(Arc::new(TappedJournal::new(MemoryJournal::new(), taps))).await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    loop {
        let update = tokio::time::timeout(LIMIT, live.next()).await.unwrap().unwrap().unwrap();
        if matches!(&update, Update::Events(all) if all.iter().any(|record| record.kind == "turn_requested"))
        {
            break;
        }
    }
    spoilt.store(true, Ordering::SeqCst);
    let architect = WorkerName::new("gemini-architect");
    let told = engine.message(&id, &architect, "Go on.");
    let (told, why) =
        tokio::time::timeout(LIMIT, async { tokio::join!(told, engine.broken()) }).await.unwrap();
    assert_eq!(told, Err(CommandError::Closed), "what is not durable is not acknowledged");
    assert!(why.starts_with("the journal can never take what was decided: session "), "{why}");
    assert!(
        matches!(&*engine.health().borrow(), Health::JournalDown(why) if why.contains("the next event is"))
    );
    while live.next().await.is_some() {}
    stage.until_nothing_runs().await;
    engine.idle().await;
    assert_eq!(engine.stop(&id, StopCause::Person, true).await.unwrap_err().code(), "journal_down");
    let elsewhere = StartRequest { target: stage.path("other"), ..stage.request(Settings::default()) };
    std::fs::create_dir(&elsewhere.target).unwrap();
    assert_eq!(engine.start(elsewhere).await.unwrap_err().code(), "journal_down");
    engine.shut_down().await;
}
