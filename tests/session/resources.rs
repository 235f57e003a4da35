//! What workers take: shown live while they run, and held against the limits of the person.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use mo_core::event::Event;
use mo_core::settings::Settings;
use mo_engine::ports::Gauge;
use mo_process::{ProcessIdentity, Room, TreeUse};
use serde_json::{Value, json};

use crate::stage::{LIMIT, Outcome, Stage, review, to_end, to_rest, trio};

const GB: u64 = 1_000_000_000;

/// Tells what the test has set.
#[derive(Default)]
struct Told {
    memory: AtomicU64,
    free: AtomicU64,
    looks: AtomicUsize,
}

impl Told {
    fn new(memory: u64, free: u64) -> Arc<Self> {
        Arc::new(Self { memory: memory.into(), free: free.into(), looks: AtomicUsize::default() })
    }
}

impl Gauge for Told {
    fn trees(&self, shims: &[ProcessIdentity]) -> Vec<Option<TreeUse>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        let memory_bytes = self.memory.load(Ordering::Relaxed);
        vec![Some(TreeUse { cpu_percent: 150.0, memory_bytes, processes: 4 }); shims.len()]
    }

    fn room(&self, _: &Path) -> Option<Room> {
        Some(Room { device: 1, free_bytes: self.free.load(Ordering::Relaxed), total_bytes: 100 * GB })
    }

    fn period(&self) -> Duration {
        Duration::from_millis(20)
    }
}

/// A team whose architect thinks for ever.
fn hanging() -> Vec<(&'static str, Value)> {
    let hang = json!({"turns": [{"times": 0, "steps": [{"say": "thinking"}, {"hang": true}]}]});
    vec![("gemini", hang.clone()), ("claude", hang.clone()), ("codex", hang)]
}

fn limited() -> Settings {
    Settings { memory_limit_bytes: 2 * GB, free_disk_limit_bytes: GB, ..Settings::default() }
}

fn kinds(outcome: &Outcome) -> Vec<&'static str> {
    let kinds = outcome.events.iter().map(|envelope| envelope.event.kind());
    kinds.filter(|kind| kind.starts_with("limit_")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_much_memory_warns_then_pauses_and_a_resumed_session_starts_afresh() {
    let told = Told::new(19 * GB / 10, 50 * GB);
    let stage = Stage::new(&hanging()).measured_by(told.clone());
    let engine = stage.engine().await;
    let id = engine.start(stage.request(limited())).await.unwrap();
    let mut live = engine.subscribe(&id, 0);
    let warned = async {
        loop {
            let Some(Ok(mo_engine::hub::Update::Events(records))) = live.next().await else { continue };
            if records.iter().any(|record| record.kind == "limit_near") {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, warned).await.unwrap();
    told.memory.store(5 * GB / 2, Ordering::Relaxed);
    let outcome = to_end(&engine, &id).await;
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (11, "paused"), "{}", outcome.story());
    assert_eq!(kinds(&outcome), ["limit_near", "limit_reached"], "{}", outcome.story());
    let reason = outcome.view.reason.as_deref().unwrap();
    assert_eq!(reason, "gemini-architect and what it started take 2.5 GB of memory; the limit is 2 GB");
    assert!(outcome.story().contains("notice: gemini-architect and what it started take 1.9 GB"));
    engine.idle().await;
    stage.until_nothing_runs().await;

    // The cause is gone with the processes.
    told.memory.store(GB, Ordering::Relaxed);
    engine.resume(&id, None).await.unwrap();
    let looked = told.looks.load(Ordering::Relaxed);
    let mut looks = engine.resources();
    let more = async {
        while told.looks.load(Ordering::Relaxed) < looked + 3 {
            looks.changed().await.unwrap();
        }
    };
    tokio::time::timeout(LIMIT, more).await.unwrap();
    assert!(engine.running().contains(&id), "it goes on");
    engine.stop(&id, mo_core::event::StopCause::Person, true).await.unwrap();
    assert_eq!(kinds(&to_rest(&engine, &id, 2).await).len(), 2, "nothing new was said");
    engine.idle().await;
    engine.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_pauses_before_nothing_can_be_written() {
    let stage = Stage::new(&hanging()).measured_by(Told::new(0, GB / 2));
    let outcome = stage.run(limited()).await.unwrap();
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (11, "paused"), "{}", outcome.story());
    let reason = outcome.view.reason.clone().unwrap();
    let target = stage.path("target");
    assert_eq!(reason, format!("500 MB are left on the disk of {}; 1 GB are to stay free", target.display()));
    // Both folders are on it: it is said once.
    assert_eq!(kinds(&outcome), ["limit_near", "limit_reached"]);
    let stopped = outcome.events.iter().any(|e| matches!(e.event, Event::StopRequested { .. }));
    let warned = outcome.view.warnings.iter().filter(|text| text.contains("on the disk of")).count();
    assert!(stopped && warned == 1, "{:?}", outcome.view.warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn looks_are_live_never_stored_and_end_with_the_workers() {
    let told = Told::new(GB, 50 * GB);
    let answers = trio(&review("approved"), &review("approved"), &review("approved"));
    let stage = Stage::new(&answers).measured_by(told.clone()).paced();
    let engine = stage.engine().await;
    let mut looks = engine.resources();
    assert!(looks.borrow().is_empty());
    let id = engine.start(stage.request(limited())).await.unwrap();
    let seen = looks.wait_for(|look| look.iter().any(|one| !one.samples.is_empty()));
    let seen = tokio::time::timeout(LIMIT, seen).await.unwrap().unwrap().to_vec();
    assert_eq!(seen[0].session, id.to_string());
    let sample = &seen[0].samples[0];
    // Whoever runs at the moment of the look: a busy machine looks late.
    assert!(
        ["gemini-architect", "claude-implementer", "codex-reviewer"].contains(&sample.worker.as_str()),
        "{seen:?}"
    );
    assert_eq!((sample.memory_bytes, sample.processes), (GB, 4), "{seen:?}");
    assert_eq!(seen[0].disks.len(), 1);
    let outcome = to_end(&engine, &id).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    tokio::time::timeout(LIMIT, looks.wait_for(|look| look.is_empty())).await.unwrap().unwrap();
    assert!(outcome.events.iter().all(|e| !e.event.data_json().contains("cpu_percent")));
    // Nobody is left to look at: not one look more.
    engine.idle().await;
    let looked = told.looks.load(Ordering::Relaxed);
    let quiet = tokio::time::timeout(Duration::from_millis(200), looks.changed()).await;
    assert!(quiet.is_err() && told.looks.load(Ordering::Relaxed) == looked, "it goes on looking");
    engine.shut_down().await;
}
