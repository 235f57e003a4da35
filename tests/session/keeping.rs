//! What is kept, what goes, and who may do it when.

use std::sync::Arc;
use std::time::Duration;

use mo_core::event::{Event, StopCause};
use mo_core::ids::SessionId;
use mo_core::settings::Settings;
use mo_core::time::Timestamp;
use mo_engine::config::Storage;
use mo_engine::handle::{DeleteError, EngineHandle, ResumeError};
use mo_engine::hub::{Health, Update};
use mo_engine::ports::{Clock, SystemClock};
use mo_journal::{DataDir, SqliteJournal, Stream};
use serde_json::json;

use crate::held_journal::held;
use crate::stage::{Stage, review, to_rest, trio};

const DAY_MS: u64 = 86_400_000;

fn stage() -> Stage {
    let good = review("approved");
    Stage::new(&trio(&good, &good, &good))
}

fn journal(stage: &Stage) -> SqliteJournal {
    SqliteJournal::open(&DataDir::create(stage.path("data")).unwrap()).unwrap()
}

async fn finished(stage: &Stage, engine: &EngineHandle) -> SessionId {
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    assert_eq!(to_rest(engine, &id, 1).await.exit_code(), 0);
    engine.idle().await;
    id
}

fn more() -> String {
    "More, please.".to_owned()
}

/// What is being resumed is not deleted, and what is being deleted is not resumed: else the resumed session's events
/// would follow on nothing, and the journal could never take them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_either_resumed_or_deleted() {
    let stage = stage();
    let (journal, held) = held(journal(&stage));
    let engine = stage.engine_with(journal).await;
    let id = finished(&stage, &engine).await;

    let reading = held.stop_read();
    let resuming = tokio::spawn({
        let (engine, id) = (engine.clone(), id.clone());
        async move { engine.resume(&id, Some(more())).await }
    });
    let reading = tokio::task::spawn_blocking(move || {
        reading.reached();
        reading
    });
    let reading = reading.await.unwrap();
    assert_eq!(engine.delete(&id).await, Err(DeleteError::Running));
    assert!(
        matches!(engine.resume(&id, Some(more())).await, Err(ResumeError::Command(_))),
        "nor resumed twice"
    );
    reading.go_on();
    resuming.await.unwrap().unwrap();
    assert_eq!(to_rest(&engine, &id, 2).await.exit_code(), 0);
    engine.idle().await;

    let deletion = held.stop_deletion();
    let deleting = tokio::spawn({
        let (engine, id) = (engine.clone(), id.clone());
        async move { engine.delete(&id).await }
    });
    let deletion = tokio::task::spawn_blocking(move || {
        deletion.reached();
        deletion
    });
    let deletion = deletion.await.unwrap();
    let refused = engine.resume(&id, Some(more())).await.unwrap_err();
    assert!(refused.to_string().contains("nothing to resume"), "{refused}");
    assert_eq!(engine.restore(&id, 0, Vec::new()).await.unwrap_err().code(), "session_running");
    assert_eq!(engine.delete(&id).await, Err(DeleteError::Running), "nor deleted twice");
    deletion.go_on();
    deleting.await.unwrap().unwrap();
    let refused = engine.resume(&id, Some(more())).await.unwrap_err();
    assert!(refused.to_string().contains("does not exist"), "{refused}");
    assert_eq!(*engine.health().borrow(), Health::Good);
    // Everything goes on.
    finished(&stage, &engine).await;
    engine.shut_down().await;
}

/// Whoever has seen the end may go on with the session at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_just_ended_can_go_on_at_once() {
    let stage = stage();
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    for times in 1..=3 {
        to_rest(&engine, &id, times).await;
        engine.resume(&id, Some(more())).await.unwrap();
    }
    to_rest(&engine, &id, 4).await;
    engine.restore(&id, 0, Vec::new()).await.unwrap();
    engine.resume(&id, Some(more())).await.unwrap();
    to_rest(&engine, &id, 5).await;
    engine.delete(&id).await.unwrap();
    engine.shut_down().await;
}

/// Whoever sees that a session is to end need not know how long its processes take for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_coming_to_its_end_is_waited_for_before_it_is_restored_or_deleted() {
    let stubborn =
        json!({"turns": [{"times": 0, "steps": [{"ignore_sigterm": true}, {"say": "on"}, {"hang": true}]}]});
    let stage =
        Stage::new(&[("gemini", stubborn.clone()), ("claude", stubborn.clone()), ("codex", stubborn)]);
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    let mut until = async |kind: &str| loop {
        let next = tokio::time::timeout(Duration::from_secs(30), live.next()).await.expect("an event");
        let Update::Events(records) = next.unwrap().unwrap() else { continue };
        assert!(records.iter().all(|record| record.kind != "session_ended"), "it ended before {kind}");
        if records.iter().any(|record| record.kind == kind) {
            return;
        }
    };
    until("agent_item").await;
    engine.stop(&id, StopCause::Person, false).await.unwrap();
    until("session_ending").await;
    assert_eq!(engine.view(&id).await.unwrap().unwrap().state, "stopped");
    engine.restore(&id, 0, Vec::new()).await.unwrap();
    engine.delete(&id).await.unwrap();
    engine.shut_down().await;
}

struct Later(Duration);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + i64::try_from(self.0.as_millis()).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_finished_long_ago_goes_and_what_waits_for_a_person_stays() {
    let kept = Storage { keep_sessions_for_ms: 30 * DAY_MS, ..Storage::default() };
    let stage = stage().keeping(kept);
    std::fs::write(stage.path("target/only-then.txt"), vec![7; 500_000]).unwrap();
    let engine = stage.engine().await;
    let old = finished(&stage, &engine).await;
    std::fs::write(stage.path("target/only-then.txt"), "small now\n").unwrap();
    let paused = engine.start(stage.request(Settings::default())).await.unwrap();
    engine.stop(&paused, StopCause::Pause, false).await.unwrap();
    assert_eq!(to_rest(&engine, &paused, 1).await.view.state, "paused");
    engine.idle().await;
    engine.tidy().await;
    assert_eq!(engine.status().await.unwrap().sessions.len(), 2, "nothing is old yet");
    let before = engine.checkpoints().sizes().unwrap();
    engine.shut_down().await;
    drop(engine);

    let journal = Arc::new(journal(&stage));
    let engine = stage.engine_at(journal, Arc::new(Later(Duration::from_hours(31 * 24)))).await;
    // Done by itself when the engine opens; this waits for it, or does it.
    engine.tidy().await;
    let left = engine.status().await.unwrap().sessions;
    assert_eq!(left.iter().map(|view| view.id.as_str()).collect::<Vec<_>>(), [paused.as_str()]);
    assert!(!stage.path("data/sessions").join(old.as_str()).exists());
    let after = engine.checkpoints().sizes().unwrap();
    assert!(after.bytes + 500_000 <= before.bytes, "{before:?} {after:?}");
    // What stays is whole.
    let restored = engine.restore(&paused, 0, Vec::new()).await;
    assert!(
        restored.is_ok() || restored.as_ref().unwrap_err().code() == "checkpoint_unknown",
        "{restored:?}"
    );
    engine.resume(&paused, None).await.unwrap();
    assert_eq!(to_rest(&engine, &paused, 2).await.exit_code(), 0);
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_frees_what_one_session_alone_needs() {
    let stage = stage();
    std::fs::write(stage.path("target/shared.txt"), vec![1; 300_000]).unwrap();
    std::fs::write(stage.path("target/first.txt"), vec![2; 400_000]).unwrap();
    let engine = stage.engine().await;
    let first = finished(&stage, &engine).await;
    std::fs::remove_file(stage.path("target/first.txt")).unwrap();
    let second = finished(&stage, &engine).await;
    let before = engine.checkpoints().sizes().unwrap().bytes;
    engine.delete(&first).await.unwrap();
    let after = engine.checkpoints().sizes().unwrap().bytes;
    assert!((400_000..500_000).contains(&(before - after)), "{before} {after}");
    std::fs::remove_file(stage.path("target/shared.txt")).unwrap();
    engine.restore(&second, 0, Vec::new()).await.unwrap();
    assert_eq!(std::fs::read(stage.path("target/shared.txt")).unwrap(), vec![1; 300_000]);
    engine.delete(&second).await.unwrap();
    assert_eq!(engine.checkpoints().sizes().unwrap(), mo_checkpoint::StoreSize::default());
    engine.shut_down().await;
}

/// A file that only a restore saved, since no checkpoint records it, stays as long as its session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restore_rescued_is_kept() {
    let stage = stage();
    let target = stage.path("target");
    std::fs::write(target.join("notes.txt"), "as it began\n").unwrap();
    let engine = stage.engine().await;
    let id = finished(&stage, &engine).await;
    std::fs::write(target.join(".gitignore"), "notes.txt\n").unwrap();
    std::fs::write(target.join("notes.txt"), "in no checkpoint\n").unwrap();
    let restored = engine.restore(&id, 0, Vec::new()).await.unwrap();
    let rescued = restored.rescued.expect("it was ignored").as_str().parse().unwrap();
    assert_eq!(std::fs::read_to_string(target.join("notes.txt")).unwrap(), "as it began\n");
    let other = finished(&stage, &engine).await;
    engine.delete(&other).await.unwrap();
    let path = mo_checkpoint::RelPath::from_bytes(b"notes.txt").unwrap();
    assert_eq!(engine.checkpoints().read(&rescued, &path).unwrap(), b"in no checkpoint\n");
    engine.shut_down().await;
}

/// At its limit the store is first freed of what nobody needs; then nothing goes on unprotected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_a_checkpoint_the_session_waits_for_the_person() {
    let kept = Storage { checkpoints_max_bytes: 1_000_000, ..Storage::default() };
    let stage = stage().keeping(kept);
    let engine = stage.engine().await;
    std::fs::write(stage.path("target/large.bin"), vec![1; 700_000]).unwrap();
    let first = finished(&stage, &engine).await;
    std::fs::write(stage.path("target/large.bin"), vec![2; 700_000]).unwrap();
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let outcome = to_rest(&engine, &id, 1).await;
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (12, "blocked"), "{}", outcome.story());
    let [need] = outcome.view.needs_you.as_slice() else { panic!("{:?}", outcome.view.needs_you) };
    let place = stage.path("data/checkpoints");
    assert!(
        need.title.contains("limit of 1.0 MB") && need.title.contains(place.to_str().unwrap()),
        "{need:?}"
    );
    assert!(need.required_actions[0].contains("checkpoints_max_size"), "{need:?}");
    assert!(need.required_actions[1].contains(&format!("orchestrate resume {id}")), "{need:?}");
    let spawned = outcome.events.iter().any(|e| matches!(e.event, Event::WorkerSpawnRequested { .. }));
    assert!(!spawned, "nobody worked unprotected");
    engine.idle().await;
    // As the hint says.
    engine.delete(&first).await.unwrap();
    engine.resume(&id, None).await.unwrap();
    assert_eq!(to_rest(&engine, &id, 2).await.exit_code(), 0);
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_decoded_to_its_end_though_its_transcript_is_cut() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "claude" {
            *script = json!({"turns": [{"times": 0, "steps": [
                {"flood": {"lines": 5_000, "bytes": 300}},
                {"write": {"path": "greeting.txt", "content": "hello\n"}},
                {"text": "I wrote greeting.txt."}
            ]}]});
        }
    }
    let kept = Storage { transcript_max_bytes: 200_000, ..Storage::default() };
    let stage = Stage::new(&scripts).keeping(kept);
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let outcome = to_rest(&engine, &id, 1).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    let cut: Vec<_> = outcome.view.warnings.iter().filter(|w| w.contains("was cut")).collect();
    let [cut] = cut.as_slice() else { panic!("{:?}", outcome.view.warnings) };
    assert!(cut.contains("claude-implementer") && cut.contains("200kB"), "{cut}");
    assert!(outcome.story().contains("I wrote greeting.txt."), "what came after the cut was understood");
    engine.idle().await;
    let transcripts = engine.journal().transcripts(&id).unwrap();
    let bytes = |worker: &str| -> u64 {
        transcripts.iter().filter(|t| t.worker.as_str() == worker).map(|t| t.bytes).sum()
    };
    assert!((190_000..=200_000).contains(&bytes("claude-implementer")), "{transcripts:?}");
    let of_claude = transcripts.iter().find(|t| t.worker.as_str() == "claude-implementer").unwrap();
    let page = engine
        .journal()
        .read_transcript(&id, &of_claude.worker, of_claude.attempt, Stream::Stdout, 0, 1 << 20)
        .unwrap();
    assert!(page.bytes.ends_with(b"\n") && page.bytes.starts_with(b"{"), "the head, in whole lines");
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_was_moved_away_finds_its_checkpoints_when_it_comes_back() {
    let stage = stage();
    let engine = stage.engine().await;
    let old = finished(&stage, &engine).await;
    engine.shut_down().await;
    drop(engine);
    let kept = stage.path("kept");
    std::fs::create_dir(&kept).unwrap();
    let files = ["journal.db", "journal.db-wal", "journal.db-shm"];
    let carry = |from: &std::path::Path, to: &std::path::Path| {
        for file in files.iter().filter(|file| from.join(file).exists()) {
            std::fs::rename(from.join(file), to.join(file)).unwrap();
        }
    };
    carry(&stage.path("data"), &kept);

    // Neither the opening nor a session of the new journal prunes what only the old one names.
    let engine = stage.engine().await;
    let new = finished(&stage, &engine).await;
    assert_eq!(engine.tidy().await.freed_bytes, 0);
    engine.delete(&new).await.unwrap();
    engine.shut_down().await;
    drop(engine);

    for file in files {
        drop(std::fs::remove_file(stage.path("data").join(file)));
    }
    carry(&kept, &stage.path("data"));
    let engine = stage.engine().await;
    std::fs::write(stage.path("target/made-later.txt"), "later\n").unwrap();
    engine.restore(&old, 0, Vec::new()).await.unwrap();
    assert!(!stage.path("target/made-later.txt").exists());
    engine.shut_down().await;
}
