//! What waits for a person, as the views say it, from which calls are made: one matter under one name, gone when it is
//! answered, void or passed over, and the same one after a resume.

use mo_core::approval::{AnsweredBy, Choice};
use mo_core::event::StopCause;
use mo_core::ids::SessionId;
use mo_core::settings::Settings;
use mo_engine::handle::EngineHandle;
use serde_json::json;

use crate::approvals::{ASKED, ONCE, Play, answer, question};
use crate::stage::{Stage, review, to_rest, trio};

/// The names of what is open, as a window finds them.
async fn open(engine: &EngineHandle, id: &SessionId) -> Vec<String> {
    let view = engine.view(id).await.unwrap().expect("the session");
    let questions = view.approvals.into_iter().filter(|one| one.state == "open").map(|one| one.id);
    questions.chain(view.blockers.into_iter().filter(|one| one.state == "open").map(|one| one.id)).collect()
}

/// Answered from anywhere, expired, or taken back by the agent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_waits_under_its_name_until_it_ends() {
    for agent in ["claude", "codex", "gemini"] {
        let call = json!({"run": ASKED});
        let steps = vec![call.clone(), call.clone(), json!({"take_back": {"call": call, "after_ms": 0}})];
        let play = Play::of_steps(agent, steps);
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let first = question(&engine, &id, 1).await;
        assert_eq!(open(&engine, &id).await, [first.to_string()], "{agent}");
        answer(&engine, &first, ONCE).await;
        let late = engine.answer(&first, ONCE, AnsweredBy::Person).await;
        assert!(late.is_err(), "{agent}: it is answered once");
        let second = question(&engine, &id, 2).await;
        assert_eq!(open(&engine, &id).await, [second.to_string()], "{agent}");
        answer(&engine, &second, Choice::Deny { message: String::new() }).await;
        question(&engine, &id, 3).await;
        let outcome = to_rest(&engine, &id, 1).await;
        assert_eq!(outcome.exit_code(), 0, "{agent}: {}", outcome.story());
        assert_eq!(open(&engine, &id).await, [""; 0], "{agent}: it took the third back");
        engine.shut_down().await;
    }
    let play = Play::of_steps("claude", vec![json!({"run": ASKED})]);
    let engine = play.stage.engine().await;
    let id = play.start(&engine, Settings { approval_timeout_ms: 1, ..Settings::default() }).await;
    question(&engine, &id, 1).await;
    to_rest(&engine, &id, 1).await;
    assert_eq!(open(&engine, &id).await, [""; 0], "its time is over");
    engine.shut_down().await;
}

/// A question that stands over a pause is the same one after the resume, in another process too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_makes_no_other_matter_of_it() {
    for restart in [false, true] {
        for agent in ["claude", "codex", "gemini"] {
            let play = Play::of_steps(agent, vec![json!({"run": ASKED})]);
            let mut engine = play.stage.engine().await;
            let id = play.start(&engine, Settings::default()).await;
            let only = question(&engine, &id, 1).await;
            engine.stop(&id, StopCause::Pause, false).await.unwrap();
            to_rest(&engine, &id, 1).await;
            engine.idle().await;
            assert_eq!(open(&engine, &id).await, [only.to_string()], "{agent}: it stands");
            if restart {
                engine.shut_down().await;
                drop(engine);
                engine = play.stage.engine().await;
            }
            engine.resume(&id, None).await.unwrap();
            crate::quota::until_kind(&engine, &id, "approval_repeated").await;
            assert_eq!(open(&engine, &id).await, [only.to_string()], "{agent}, restart: {restart}");
            answer(&engine, &only, ONCE).await;
            let outcome = to_rest(&engine, &id, 2).await;
            assert_eq!((outcome.exit_code(), play.marks()), (0, 1), "{agent}: {}", outcome.story());
            assert_eq!(open(&engine, &id).await, [""; 0], "{agent}, restart: {restart}");
            engine.shut_down().await;
        }
    }
}

/// An answer at rest ends it too, and a deletion is told to whoever watches.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_matter_of_a_session_at_rest_ends_with_its_answer_or_its_session() {
    for delete in [false, true] {
        let play = Play::of_steps("claude", vec![json!({"run": ASKED})]);
        let engine = play.stage.engine().await;
        let settings = Settings { waits_for_person: false, ..Settings::default() };
        let id = play.start(&engine, settings).await;
        let only = question(&engine, &id, 1).await;
        to_rest(&engine, &id, 1).await;
        engine.idle().await;
        let deletions = engine.deletions();
        if delete {
            engine.delete(&id).await.unwrap();
            assert!(engine.view(&id).await.unwrap().is_none());
        } else {
            answer(&engine, &only, ONCE).await;
            assert_eq!(open(&engine, &id).await, [""; 0]);
        }
        assert_eq!(deletions.has_changed().unwrap(), delete);
        engine.shut_down().await;
    }
}

/// A blocker is open until it is resolved or passed over by a resume.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocker_ends_when_the_session_is_taken_up() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "claude" {
            let failing = json!({"times": 1, "steps": [{"error": {"class": "auth_invalid"}}]});
            script["turns"].as_array_mut().unwrap().insert(0, failing);
        }
    }
    let stage = Stage::new(&scripts);
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let rest = to_rest(&engine, &id, 1).await;
    assert_eq!(rest.exit_code(), 12, "{}", rest.story());
    engine.idle().await;
    assert_eq!(open(&engine, &id).await.len(), 1);
    engine.resume(&id, None).await.unwrap();
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    assert_eq!(open(&engine, &id).await, [""; 0]);
    engine.shut_down().await;
}
