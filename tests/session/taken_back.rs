//! Questions that the agent itself takes back while its turn goes on.

use mo_core::agent_event::AgentEvent;
use mo_core::approval::AnsweredBy;
use mo_core::event::{Envelope, Event};
use mo_core::input::Rejection;
use mo_core::settings::Settings;
use mo_engine::handle::{AnswerError, CommandError};
use serde_json::json;

use crate::approvals::{ASKED, ONCE, Play, answer, question};
use crate::stage::to_rest;

/// Over each protocol: the question is void, the journal says so, nothing is done, an answer comes too late, and the
/// session goes on to its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_the_agent_takes_back_is_void_over_every_protocol() {
    for agent in ["claude", "codex", "gemini"] {
        let play =
            Play::of_steps(agent, vec![json!({"take_back": {"call": {"run": ASKED}, "after_ms": 50}})]);
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let asked = question(&engine, &id, 1).await;
        let outcome = to_rest(&engine, &id, 1).await;
        let story = outcome.story();
        assert_eq!((outcome.exit_code(), play.marks()), (0, 0), "{agent}: {story}");
        let told = |wanted: &dyn Fn(&Envelope) -> bool| outcome.events.iter().position(wanted);
        let taken_back = told(&|e| {
            matches!(&e.event, Event::AgentItem { item: AgentEvent::ApprovalWithdrawn { .. }, .. })
        });
        let void = told(&|e| {
            matches!(&e.event, Event::ApprovalVoided { approval, why }
                if *approval == asked && why == "the agent took it back")
        });
        assert_eq!(void, taken_back.map(|at| at + 1), "{agent}: {story}");
        assert!(void.is_some(), "{agent}: {story}");
        assert_eq!(outcome.view.approvals[0].state, "void", "{agent}");
        assert_eq!(outcome.view.needs_you, [], "{agent}");
        let late = engine.answer(&asked, ONCE, AnsweredBy::Person).await.unwrap_err();
        let settled = |error: &AnswerError| {
            matches!(error, AnswerError::Command(CommandError::Rejected(Rejection::ApprovalSettled)))
        };
        assert!(settled(&late), "{agent}: {late}");
        engine.idle().await;
        play.stage.assert_nothing_runs();
        engine.shut_down().await;
        drop(engine);
        // And so after a restart.
        let engine = play.stage.engine().await;
        assert_eq!(engine.view(&id).await.unwrap().unwrap().approvals[0].state, "void", "{agent}");
        let late = engine.answer(&asked, ONCE, AnsweredBy::Person).await.unwrap_err();
        assert!(settled(&late), "{agent}: {late}");
        engine.shut_down().await;
    }
}

/// What is answered in time is done, though the agent would have taken it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_time_stands() {
    for agent in ["claude", "codex", "gemini"] {
        let step = json!({"take_back": {"call": {"run": ASKED}, "after_ms": 600_000}});
        let mut play = Play::of_steps(agent, vec![step]);
        play.stage = play.stage.paced();
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let asked = question(&engine, &id, 1).await;
        answer(&engine, &asked, ONCE).await;
        let outcome = to_rest(&engine, &id, 1).await;
        assert_eq!((outcome.exit_code(), play.marks()), (0, 1), "{agent}: {}", outcome.story());
        assert_eq!(outcome.view.approvals[0].state, "allowed", "{agent}");
        engine.idle().await;
        engine.shut_down().await;
    }
}

/// An answer and the taking back cross: whichever the journal has first holds, never both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_crosses_the_taking_back_is_said_to_be_late_or_holds() {
    for agent in ["claude", "codex", "gemini"] {
        for _ in 0..4 {
            let play =
                Play::of_steps(agent, vec![json!({"take_back": {"call": {"run": ASKED}, "after_ms": 0}})]);
            let engine = play.stage.engine().await;
            let id = play.start(&engine, Settings::default()).await;
            let asked = question(&engine, &id, 1).await;
            let answered = engine.answer(&asked, ONCE, AnsweredBy::Person).await.is_ok();
            let outcome = to_rest(&engine, &id, 1).await;
            let story = outcome.story();
            let state = outcome.view.approvals[0].state.as_str();
            assert_eq!(state, if answered { "allowed" } else { "void" }, "{agent}: {story}");
            // Allowed too late for the agent, it is not done, and that shows; never is it done without a yes.
            assert!(play.marks() <= usize::from(answered), "{agent}: {story}");
            assert_eq!(outcome.exit_code(), 0, "{agent}: {story}");
            engine.idle().await;
            engine.shut_down().await;
        }
    }
}

/// An answer at the instant at which its question expires: one of the two holds, and the answer says which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_crosses_the_expiry_holds_or_is_late() {
    for timeout_ms in [1, 5, 10, 20, 40] {
        let play = Play::of_steps("claude", vec![json!({"run": ASKED})]);
        let engine = play.stage.engine().await;
        let settings = Settings { approval_timeout_ms: timeout_ms, ..Settings::default() };
        let id = play.start(&engine, settings).await;
        let asked = question(&engine, &id, 1).await;
        tokio::time::sleep(std::time::Duration::from_millis(timeout_ms)).await;
        let answered = engine.answer(&asked, ONCE, AnsweredBy::Person).await.is_ok();
        let outcome = to_rest(&engine, &id, 1).await;
        let story = outcome.story();
        let (state, marks) = if answered { ("allowed", 1) } else { ("denied", 0) };
        assert_eq!((outcome.view.approvals[0].state.as_str(), play.marks()), (state, marks), "{story}");
        let answers = outcome.events.iter().filter(|e| matches!(e.event, Event::ApprovalAnswered(_))).count();
        assert_eq!((answers, outcome.exit_code()), (1, 0), "{story}");
        engine.idle().await;
        engine.shut_down().await;
    }
}
