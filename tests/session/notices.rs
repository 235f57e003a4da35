//! Calls of the person: one a matter, taken back when it is answered elsewhere or void, and none again after a resume.

use std::sync::{Arc, Mutex};

use mo_core::approval::{AnsweredBy, Choice};
use mo_core::effect::Matter;
use mo_core::event::StopCause;
use mo_core::ids::{ApprovalId, SessionId};
use mo_core::settings::Settings;
use mo_engine::handle::EngineHandle;
use mo_engine::ports::Notifier;
use serde_json::json;

use crate::approvals::{ASKED, ONCE, Play, answer, question};
use crate::stage::{Stage, review, to_rest, trio};

/// What the person was told, in order: `+` a call, `-` its end.
#[derive(Default)]
struct Told(Mutex<Vec<(char, Matter)>>);

impl Told {
    fn take(&self) -> Vec<(char, Matter)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Notifier for Told {
    fn notify(&self, _: &SessionId, matter: &Matter, title: &str, body: &str) {
        assert!(!title.is_empty() && !body.is_empty(), "{title:?} {body:?}");
        self.0.lock().unwrap().push(('+', matter.clone()));
    }

    fn withdraw(&self, _: &SessionId, matter: &Matter) {
        self.0.lock().unwrap().push(('-', matter.clone()));
    }
}

fn listening(mut play: Play) -> (Play, Arc<Told>) {
    let told = Arc::new(Told::default());
    play.stage = play.stage.calling(Arc::clone(&told) as Arc<dyn Notifier>);
    (play, told)
}

fn asked(sign: char, approval: &ApprovalId) -> (char, Matter) {
    (sign, Matter::Question(approval.clone()))
}

async fn ended(engine: EngineHandle) {
    engine.idle().await;
    engine.shut_down().await;
}

/// Answered from anywhere, expired, or taken back by the agent: one call each, and its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_a_question_that_ends_with_it() {
    for agent in ["claude", "codex", "gemini"] {
        let call = json!({"run": ASKED});
        let steps = vec![call.clone(), call.clone(), json!({"take_back": {"call": call, "after_ms": 0}})];
        let (play, told) = listening(Play::of_steps(agent, steps));
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let first = question(&engine, &id, 1).await;
        answer(&engine, &first, ONCE).await;
        let late = engine.answer(&first, ONCE, AnsweredBy::Person).await;
        assert!(late.is_err(), "{agent}: it is answered once");
        let second = question(&engine, &id, 2).await;
        answer(&engine, &second, Choice::Deny { message: String::new() }).await;
        let third = question(&engine, &id, 3).await;
        let outcome = to_rest(&engine, &id, 1).await;
        assert_eq!(outcome.exit_code(), 0, "{agent}: {}", outcome.story());
        ended(engine).await;
        let expected: Vec<_> = [&first, &second, &third]
            .into_iter()
            .flat_map(|one| [asked('+', one), asked('-', one)])
            .collect();
        assert_eq!(told.take(), expected, "{agent}");
    }
    let (play, told) = listening(Play::of_steps("claude", vec![json!({"run": ASKED})]));
    let engine = play.stage.engine().await;
    let id = play.start(&engine, Settings { approval_timeout_ms: 1, ..Settings::default() }).await;
    let only = question(&engine, &id, 1).await;
    to_rest(&engine, &id, 1).await;
    ended(engine).await;
    assert_eq!(told.take(), [asked('+', &only), asked('-', &only)], "its time is over");
}

/// A question that stands over a pause keeps its call; after the resume it is asked again without another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resume_calls_nobody_again() {
    for restart in [false, true] {
        for agent in ["claude", "codex", "gemini"] {
            let (play, told) = listening(Play::of_steps(agent, vec![json!({"run": ASKED})]));
            let mut engine = play.stage.engine().await;
            let id = play.start(&engine, Settings::default()).await;
            let only = question(&engine, &id, 1).await;
            engine.stop(&id, StopCause::Pause, false).await.unwrap();
            to_rest(&engine, &id, 1).await;
            engine.idle().await;
            assert_eq!(told.take(), [asked('+', &only)], "{agent}: it stands");
            if restart {
                engine.shut_down().await;
                drop(engine);
                engine = play.stage.engine().await;
            }
            engine.resume(&id, None).await.unwrap();
            crate::quota::until_kind(&engine, &id, "approval_repeated").await;
            answer(&engine, &only, ONCE).await;
            let outcome = to_rest(&engine, &id, 2).await;
            assert_eq!((outcome.exit_code(), play.marks()), (0, 1), "{agent}: {}", outcome.story());
            ended(engine).await;
            // What another process showed is not this one's to take back.
            let expected = if restart { vec![] } else { vec![asked('-', &only)] };
            assert_eq!(told.take(), expected, "{agent}, restart: {restart}");
        }
    }
}

/// An answer at rest, and a deletion, end a call too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_a_session_at_rest_ends_with_its_answer_or_its_session() {
    for delete in [false, true] {
        let (play, told) = listening(Play::of_steps("claude", vec![json!({"run": ASKED})]));
        let engine = play.stage.engine().await;
        let settings = Settings { waits_for_person: false, ..Settings::default() };
        let id = play.start(&engine, settings).await;
        let only = question(&engine, &id, 1).await;
        to_rest(&engine, &id, 1).await;
        engine.idle().await;
        if delete {
            engine.delete(&id).await.unwrap();
        } else {
            answer(&engine, &only, ONCE).await;
        }
        ended(engine).await;
        assert_eq!(told.take(), [asked('+', &only), asked('-', &only)], "delete: {delete}");
    }
}

/// A blocker is called for once, until it is resolved or passed over by a resume.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_a_blocker_that_ends_when_the_session_is_taken_up() {
    let good = review("approved");
    let mut scripts = trio(&good, &good, &good);
    for (agent, script) in &mut scripts {
        if *agent == "claude" {
            let failing = json!({"times": 1, "steps": [{"error": {"class": "auth_invalid"}}]});
            script["turns"].as_array_mut().unwrap().insert(0, failing);
        }
    }
    let told = Arc::new(Told::default());
    let stage = Stage::new(&scripts).calling(Arc::clone(&told) as Arc<dyn Notifier>);
    let engine = stage.engine().await;
    let id = engine.start(stage.request(Settings::default())).await.unwrap();
    let rest = to_rest(&engine, &id, 1).await;
    assert_eq!(rest.exit_code(), 12, "{}", rest.story());
    engine.idle().await;
    let raised = told.take();
    assert!(matches!(raised.as_slice(), [('+', Matter::Blocker(_))]), "{raised:?}");
    engine.resume(&id, None).await.unwrap();
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!(outcome.exit_code(), 0, "{}", outcome.story());
    ended(engine).await;
    assert_eq!(told.take(), [('-', raised[0].1.clone())]);
}
