use std::path::Path;
use std::time::Duration;

use mo_core::event::{Blocker, Ending, Envelope, Event, RestState, SessionCreated};
use mo_core::ids::SessionId;
use mo_core::settings::Settings;
use mo_core::team::Team;
use mo_core::time::Timestamp;
use mo_engine::config::Config;
use mo_journal::{DataDir, Journal, SqliteJournal};
use tokio::sync::{mpsc, watch};

use crate::attend::{Told, attend};
use crate::attention::{Call, Standing};
use crate::desk::Desk;
use crate::engine_desk::EngineDesk;
use crate::open::{Places, open_engine};

const SESSION: &str = "orch_20261122_104100_abcd";
const SOON: Duration = Duration::from_secs(20);

/// A session that rests since somebody must do something first.
async fn write_blocked(data: &Path) {
    let journal = SqliteJournal::open(&DataDir::create(data).unwrap()).unwrap();
    let created = SessionCreated {
        goal: "fix the test".to_owned(),
        target: "/nowhere/project".to_owned(),
        team: Team::default_trio(),
        settings: Settings::default(),
        warnings: Vec::new(),
    };
    let blocker = Blocker {
        title: "Codex is not logged in".to_owned(),
        details: String::new(),
        required_actions: vec!["run `codex login`".to_owned()],
        suggestions: Vec::new(),
    };
    let ending = Ending { state: RestState::Blocked, exit_code: 12, reason: blocker.title.clone() };
    let events =
        [Event::SessionCreated(created), Event::PermissionBlocker(blocker), Event::SessionEnded(ending)];
    let records = (1..).zip(events).map(|(seq, event)| {
        let at = Timestamp(1_795_000_000_000);
        Envelope { seq, at, worker: None, event }.to_record(&SessionId::new(SESSION))
    });
    journal.commit(records.collect()).await.unwrap();
}

/// Whoever deletes a session, here or by a command: no event says so.
#[tokio::test]
async fn a_deleted_session_calls_for_nobody_any_more() {
    for in_the_window in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        write_blocked(&data).await;
        let engine = open_engine(&data, Config::default(), Vec::new()).await.unwrap();
        let places = Places { config: folder.path().join("config"), data, data_from_environment: false };
        let desk = EngineDesk::over(engine.clone(), places, folder.path().join("app")).await.unwrap();
        let ((calls, mut called), (standing, mut now), (page, mut forwarded)) =
            (mpsc::unbounded_channel(), watch::channel(Standing::default()), mpsc::channel(8));
        let attending = tokio::spawn(attend(desk.clone(), Told { calls, standing }, page));
        let page = tokio::spawn(async move { while forwarded.recv().await.is_some() {} });
        let waits = |many: usize| move |standing: &Standing| standing.waiting.len() == many;
        tokio::time::timeout(SOON, now.wait_for(waits(1))).await.unwrap().unwrap();
        if in_the_window {
            desk.delete(SESSION.to_owned()).await.unwrap();
        } else {
            engine.delete(&SessionId::new(SESSION)).await.unwrap();
        }
        tokio::time::timeout(SOON, now.wait_for(waits(0))).await.unwrap().unwrap();
        let call = tokio::time::timeout(SOON, called.recv()).await.unwrap();
        let need = format!("{SESSION}.2");
        assert_eq!(call, Some(Call::Settle { session: SESSION.to_owned(), need }), "{in_the_window}");
        desk.close().await.unwrap();
        attending.abort();
        page.abort();
    }
}
