//! What can be read of sessions, and what is said where there is nothing.

use mo_api::client::ClientError;
use mo_api::dto::{JournalHealth, StopBy};
use mo_engine::hub::Health;

use crate::raw;
use crate::stage::{Stage, hangs, soon, writes};

const NONE: &str = "orch_20260101_000000_abcd";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_session_can_be_read_in_every_way() {
    let stage = Stage::new(&writes()).await;
    let (client, session) = (stage.client().await, stage.finished().await);

    let view = client.state(&session).await.unwrap();
    assert_eq!((view.state.as_str(), view.decision.as_deref()), ("finished", Some("continue")));
    let id = mo_core::ids::SessionId::new(session.as_str());
    assert_eq!(Some(&view), stage.engine.view(&id).await.unwrap().as_ref());
    let sessions = client.sessions().await.unwrap().sessions;
    assert_eq!(sessions, std::slice::from_ref(&view));

    let checkpoints = client.checkpoints(&session).await.unwrap().checkpoints;
    let numbers: Vec<u32> = checkpoints.iter().map(|at| at.taken.checkpoint).collect();
    assert_eq!(numbers, (0..).take(numbers.len()).collect::<Vec<_>>());
    assert!(checkpoints.last().unwrap().taken.changed.contains(&"greeting.txt".to_owned()));

    let diff = client.diff(&session, 0, None).await.unwrap();
    assert_eq!(diff.to.checkpoint, *numbers.last().unwrap());
    assert_eq!(diff.changes.len(), 1);
    assert!(diff.unified.contains("+hello"), "{}", diff.unified);
    let nothing = client.diff(&session, 0, Some(0)).await.unwrap();
    assert_eq!((nothing.changes.len(), nothing.unified.as_str()), (0, ""));

    let log = client.logs(&session, "claude", 0).await.unwrap();
    assert_eq!((log.worker.as_str(), log.more), ("claude-implementer", false));
    assert!(log.entries.iter().all(|entry| entry.worker.as_deref() == Some("claude-implementer")));
    assert!(log.entries.iter().any(|entry| entry.text.contains("I wrote greeting.txt.")));
    assert_eq!(client.logs(&session, "claude-implementer", 0).await.unwrap(), log);
    assert_eq!(client.logs(&session, "codex-reviewer", 0).await.unwrap().worker, "codex-reviewer");

    let health = client.health().await.unwrap();
    assert_eq!(
        (health.pid, health.journal, health.running.len()),
        (std::process::id(), JournalHealth::Good, 0)
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logs_are_text_in_pages_that_steer_no_terminal() {
    let stage = Stage::new(&writes()).await;
    let (socket, session) = (stage.socket(), stage.finished().await);
    let whole = raw::get(&socket, &format!("/api/v1/{session}/logs/claude")).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(whole.text().contains("I look at it.\\u{1b}[2J"), "{}", whole.text());
    assert!(whole.text().chars().all(|c| !c.is_control() || c == '\n'), "{}", whole.text());
    let (mut pages, mut since) = (String::new(), "0".to_owned());
    loop {
        let page = raw::get(&socket, &format!("/api/v1/{session}/logs/claude?limit=1&since={since}")).await;
        pages.push_str(&page.text());
        assert_ne!(page.header("mo-next"), Some(since.as_str()), "each page goes on");
        page.header("mo-next").unwrap().clone_into(&mut since);
        if page.header("mo-more") == Some("false") {
            break;
        }
    }
    assert_eq!(pages, whole.text());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_named_with_its_code() {
    let stage = Stage::new(&writes()).await;
    let (socket, session) = (stage.socket(), stage.finished().await);
    let table = [
        (404, "session_unknown", format!("/api/v1/{NONE}/state")),
        (404, "session_unknown", format!("/api/v1/{NONE}/events")),
        (404, "session_unknown", format!("/api/v1/{NONE}/logs/claude")),
        (404, "session_unknown", format!("/api/v1/{NONE}/diff")),
        (404, "session_unknown", format!("/api/v1/{NONE}/checkpoints")),
        (404, "session_unknown", "/api/v1/nonsense/state".to_owned()),
        (404, "worker_unknown", format!("/api/v1/{session}/logs/gemini")),
        (404, "checkpoint_unknown", format!("/api/v1/{session}/diff?from=99")),
        (404, "checkpoint_unknown", format!("/api/v1/{session}/diff?to=99")),
        (400, "bad_query", format!("/api/v1/{session}/diff?from=-1")),
        (400, "bad_query", format!("/api/v1/{session}/diff?form=1")),
        (400, "bad_query", format!("/api/v1/{session}/logs/claude?since=1e99")),
        (400, "bad_query", "/api/v1/events?since=x".to_owned()),
        (400, "bad_query", "/api/v1/events?since=18446744073709551616".to_owned()),
        (404, "route_unknown", "/".to_owned()),
        (404, "route_unknown", "/api/v2/sessions".to_owned()),
        (404, "route_unknown", format!("/api/v1/{session}/state/x")),
        (405, "method_not_allowed", "/api/v1/orchestrate".to_owned()),
        (405, "method_not_allowed", format!("/api/v1/{session}/stop")),
    ];
    for (status, code, path) in table {
        let answer = raw::get(&socket, &path).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_deleted_when_it_does_not_run_and_only_then() {
    let stage = Stage::new(&hangs()).await;
    let client = stage.client().await;
    let session = client.start(&stage.form()).await.unwrap();
    stage.until(&session, "agent_item").await;
    let Err(ClientError::Refused { status: 409, body }) = client.delete(&session).await else { panic!() };
    assert_eq!(body.code, "session_running");
    client.stop(&session, true, StopBy::Person).await.unwrap();
    soon(stage.engine.idle()).await;
    client.delete(&session).await.unwrap();
    for gone in [client.delete(&session).await, client.state(&session).await.map(drop)] {
        let Err(ClientError::Refused { status: 404, body }) = gone else { panic!("{gone:?}") };
        assert_eq!(body.code, "session_unknown");
    }
    assert!(client.sessions().await.unwrap().sessions.is_empty());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_takes_nothing_is_said_and_what_waits_is_not_lost() {
    let stage = Stage::new(&hangs()).await;
    let client = stage.client().await;
    let session = client.start(&stage.form()).await.unwrap();
    stage.until(&session, "agent_item").await;
    let mut health = stage.engine.health();
    stage.journal.fail_commits(u32::MAX);
    let telling = {
        let (client, session) = (client.clone(), session.clone());
        tokio::spawn(async move { client.message(&session, "claude", "Are you there?").await })
    };
    soon(health.wait_for(|now| *now != Health::Good)).await.unwrap();
    let down = client.health().await.unwrap();
    assert_eq!(down.journal, JournalHealth::Down);
    assert!(down.reason.unwrap().contains("full"));
    assert!(!telling.is_finished(), "nothing is answered before it is durable");
    stage.journal.fail_commits(0);
    soon(telling).await.unwrap().unwrap();
    assert_eq!(client.health().await.unwrap().journal, JournalHealth::Good);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_has_ended_is_said() {
    let stage = Stage::new(&writes()).await;
    let (client, session) = (stage.client().await, stage.finished().await);
    stage.engine.shut_down().await;
    for ended in [
        client.start(&stage.form()).await.map(drop),
        client.message(&session, "claude", "Hi").await,
        client.stop(&session, false, StopBy::Person).await,
    ] {
        assert!(matches!(ended, Err(ClientError::Refused { status: 503, .. })), "{ended:?}");
    }
    assert_eq!(client.state(&session).await.unwrap().state, "finished", "what is stored can be read");
    stage.close().await;
}
