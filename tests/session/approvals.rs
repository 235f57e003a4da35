//! Questions to a person, live: over each CLI's own protocol, answered from outside, over ends and restarts.

use mo_core::approval::{AllowFor, AnsweredBy, Choice};
use mo_core::event::{Envelope, Event};
use mo_core::ids::{AgentKind, ApprovalId, Role, SessionId};
use mo_core::input::Rejection;
use mo_core::settings::Settings;
use mo_core::team::Team;
use mo_engine::handle::{AnswerError, CommandError, EngineHandle};
use mo_engine::hub::Update;
use mo_engine::start::StartRequest;
use serde_json::{Value, json};

use crate::stage::{LIMIT, Outcome, Stage, review, to_rest};

pub(crate) const ONCE: Choice = Choice::Allow { allowed: AllowFor::Once };
const SESSION: Choice = Choice::Allow { allowed: AllowFor::Session };
/// Deletes, and so is asked; leaves a mark each time that it runs.
pub(crate) const ASKED: &str = "rm -f none; echo x >> marks.txt";

fn no() -> Choice {
    Choice::Deny { message: "leave that to me".into() }
}

/// An implementer that asks these things in its turn, and a reviewer that approves.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    team: Team,
}

impl Play {
    fn new(implementer: &str, commands: &[&str]) -> Self {
        Self::of_steps(implementer, commands.iter().map(|command| json!({"run": command})).collect())
    }

    /// The same with steps of a case's own before the end.
    pub(crate) fn of_steps(implementer: &str, mut steps: Vec<Value>) -> Self {
        let reviewer = if implementer == "codex" { "claude" } else { "codex" };
        steps.push(json!({"write": {"path": "greeting.txt", "content": "hello\n"}}));
        steps.push(json!({"text": "Done."}));
        let stage = Stage::new(&[
            (implementer, json!({"turns": [{"times": 0, "steps": steps}]})),
            (reviewer, json!({"turns": [{"times": 0, "steps": [review("approved")]}]})),
        ]);
        let kind = |name: &str| name.parse::<AgentKind>().unwrap();
        let members = vec![(kind(implementer), Role::Implementer), (kind(reviewer), Role::Reviewer)];
        let team = Team::new(members, &[(reviewer.to_owned(), implementer.to_owned())]).unwrap();
        Self { stage, team }
    }

    pub(crate) async fn start(&self, engine: &EngineHandle, settings: Settings) -> SessionId {
        let request = StartRequest { team: self.team.clone(), ..self.stage.request(settings) };
        engine.start(request).await.unwrap()
    }

    pub(crate) fn marks(&self) -> usize {
        std::fs::read_to_string(self.stage.path("target/marks.txt")).unwrap_or_default().lines().count()
    }
}

/// A session that asked and does not wait: it rests with its question open, and nothing of it is under way.
struct Rested {
    play: Play,
    engine: EngineHandle,
    id: SessionId,
    rest: Outcome,
    asked: ApprovalId,
}

impl Rested {
    async fn of_asking() -> Self {
        let play = Play::new("claude", &[ASKED]);
        let engine = play.stage.engine().await;
        let settings = Settings { waits_for_person: false, ..Settings::default() };
        let id = play.start(&engine, settings).await;
        let rest = to_rest(&engine, &id, 1).await;
        engine.idle().await;
        let asked = ApprovalId::new(rest.view.needs_you[0].id.clone().unwrap());
        Self { play, engine, id, rest, asked }
    }

    /// Another owner of the same sessions, such as the command that answers.
    async fn under_another_owner(self) -> Self {
        self.engine.shut_down().await;
        drop(self.engine);
        let engine = self.play.stage.engine().await;
        Self { engine, ..self }
    }
}

/// Waits for the `nth` question of the session.
pub(crate) async fn question(engine: &EngineHandle, session: &SessionId, nth: usize) -> ApprovalId {
    let mut live = engine.subscribe(session, 0);
    let mut asked = Vec::new();
    let found = async {
        loop {
            let Update::Events(records) = live.next().await.unwrap().unwrap() else { continue };
            for record in records.iter() {
                if let Event::ApprovalRequested(question) = Envelope::from_record(record).unwrap().event {
                    asked.push(question.approval);
                }
            }
            if asked.len() >= nth {
                return asked.remove(nth - 1);
            }
        }
    };
    tokio::time::timeout(LIMIT, found).await.expect("the question is asked")
}

pub(crate) async fn answer(engine: &EngineHandle, approval: &ApprovalId, choice: Choice) {
    engine.answer(approval, choice, AnsweredBy::Person).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_allowed_once_runs_once_over_every_protocol() {
    for agent in ["claude", "codex", "gemini"] {
        let play = Play::new(agent, &[ASKED, ASKED]);
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let first = question(&engine, &id, 1).await;
        assert_eq!(play.marks(), 0, "{agent}");
        let view = engine.view(&id).await.unwrap().unwrap();
        let worker = view.workers.iter().find(|w| w.role == "implementer").unwrap();
        assert_eq!((worker.state.as_str(), view.needs_you.len()), ("asking", 1), "{agent}");
        assert_eq!(view.needs_you[0].id.as_deref(), Some(first.as_str()));
        answer(&engine, &first, ONCE).await;
        let second = question(&engine, &id, 2).await;
        assert_ne!(first, second);
        answer(&engine, &second, no()).await;
        let outcome = to_rest(&engine, &id, 1).await;
        assert_eq!((outcome.exit_code(), play.marks()), (0, 1), "{agent}: {}", outcome.story());
        assert!(outcome.story().contains("leave that to me"), "{agent}: {}", outcome.story());
        let again = engine.answer(&first, ONCE, AnsweredBy::Person).await.unwrap_err();
        assert!(
            matches!(again, AnswerError::Command(CommandError::Rejected(Rejection::ApprovalSettled))),
            "{again}"
        );
        let unknown = engine.answer(&ApprovalId::new("nothing"), ONCE, AnsweredBy::Person).await.unwrap_err();
        assert!(matches!(unknown, AnswerError::Unknown(_)), "{unknown}");
        engine.idle().await;
        engine.shut_down().await;
    }
}

/// Claude's protocol takes another input, and then nothing but that is done; the others cannot, and the question stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_call_is_made_as_edited_where_the_agent_can_be_given_one() {
    for agent in ["claude", "codex", "gemini"] {
        let play = Play::new(agent, &[ASKED]);
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let asked = question(&engine, &id, 1).await;
        let edit = |input: Value| Choice::Edit { input };
        if agent == "claude" {
            // Nothing is lost by an edit that cannot be used, or that a rule denies.
            let whole = |command: &str| json!({ "command": command, "description": "run it" });
            for (input, code) in [
                (json!({ "cmd": "ls" }), "edit_unusable"),
                (whole("cat .env"), "edit_denied"),
                (whole("true; head -1 $(echo .)/../home/.ssh/id_rsa ~/.ssh/id_rsa"), "edit_denied"),
            ] {
                let refused = engine.answer(&asked, edit(input), AnsweredBy::Person).await.unwrap_err();
                assert_eq!(refused.code(), code, "{refused}");
                assert_eq!(engine.view(&id).await.unwrap().unwrap().approvals[0].state, "open");
            }
            answer(&engine, &asked, edit(json!("echo edited >> edited.txt"))).await;
        } else {
            let no_edit = engine.answer(&asked, edit(json!("ls")), AnsweredBy::Person).await.unwrap_err();
            assert_eq!((no_edit.code(), no_edit.to_string().contains("deny it")), ("not_editable", true));
            let asks = engine.view(&id).await.unwrap().unwrap().approvals.remove(0);
            assert_eq!((asks.state.as_str(), asks.waits), ("open", true), "{agent}");
            answer(&engine, &asked, no()).await;
        }
        let outcome = to_rest(&engine, &id, 1).await;
        assert_eq!((outcome.exit_code(), play.marks()), (0, 0), "{agent}: {}", outcome.story());
        let edited = std::fs::read_to_string(play.stage.path("target/edited.txt")).unwrap_or_default();
        assert_eq!(edited.lines().count(), usize::from(agent == "claude"), "{agent}");
        if agent == "claude" {
            let settled = &outcome.view.approvals[0];
            assert_eq!(settled.instead.as_deref(), Some("run `echo edited >> edited.txt`"));
            assert!(outcome.story().contains("allowed instead: run `echo edited"), "{}", outcome.story());
        }
        engine.idle().await;
        engine.shut_down().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_that_is_given_at_rest_is_applied_by_the_next_owner() {
    let Rested { play, engine, id, asked, .. } = Rested::of_asking().await.under_another_owner().await;
    answer(&engine, &asked, Choice::Edit { input: json!("echo edited >> edited.txt") }).await;
    assert!(!play.stage.path("target/edited.txt").exists());
    engine.shut_down().await;
    drop(engine);
    let engine = play.stage.engine().await;
    engine.resume(&id, None).await.unwrap();
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!((outcome.exit_code(), play.marks()), (0, 0), "{}", outcome.story());
    assert_eq!(std::fs::read_to_string(play.stage.path("target/edited.txt")).unwrap(), "edited\n");
    engine.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_allowed_for_the_session_is_asked_once_over_every_protocol() {
    for agent in ["claude", "codex", "gemini"] {
        let play = Play::new(agent, &[ASKED, ASKED]);
        let engine = play.stage.engine().await;
        let id = play.start(&engine, Settings::default()).await;
        let asked = question(&engine, &id, 1).await;
        answer(&engine, &asked, SESSION).await;
        let outcome = to_rest(&engine, &id, 1).await;
        assert_eq!((outcome.exit_code(), play.marks()), (0, 2), "{agent}: {}", outcome.story());
        assert_eq!(
            (outcome.view.approvals.len(), outcome.view.grants.len()),
            (1, 0),
            "{agent}: it ends with the session"
        );
        engine.idle().await;
        engine.shut_down().await;
    }
}

/// The rule is shown before, is written as the person's own, holds at once and in the next session of that folder, and
/// says nothing but this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_always_allowed_becomes_a_rule_of_this_folder() {
    const ALWAYS: Choice = Choice::Allow { allowed: AllowFor::Always };
    const LINE: &str = "no-such-program --fast";
    let play = Play::new("claude", &[LINE, "no-such-program --fast --force", LINE, ASKED]);
    let engine = play.stage.engine().await;
    let id = play.start(&engine, Settings::default()).await;
    let file = play.stage.path("config/rules.toml");
    let first = question(&engine, &id, 1).await;
    let rule = engine.rule_for(&first).await.unwrap();
    assert_eq!((rule.spares, rule.of, rule.file.as_str()), (1, 1, file.to_str().unwrap()));
    assert!(
        rule.text.contains("command = \"no-such-program --fast\"\nrole = \"implementer\""),
        "{}",
        rule.text
    );
    assert!(rule.text.contains("owner: person") && rule.text.contains("not_match = ["), "{}", rule.text);
    let words = format!(
        "command no-such-program --fast: allowed to the implementer in {}",
        play.stage.path("target").display()
    );
    assert_eq!(rule.words, words);
    assert!(!file.exists(), "nothing is written by looking");
    // A broken file stays as it is, and the question too.
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "[[rule]\n").unwrap();
    let broken = engine.answer(&first, ALWAYS, AnsweredBy::Person).await.unwrap_err();
    assert_eq!(broken.code(), "config_broken", "{broken}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[[rule]\n");
    assert_eq!(engine.view(&id).await.unwrap().unwrap().approvals[0].state, "open");
    std::fs::write(&file, "# mine\n").unwrap();
    answer(&engine, &first, ALWAYS).await;
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.starts_with("# mine\n") && written.contains("command = \"no-such-program --fast\""),
        "{written}"
    );
    // Another option is another question; the same is none.
    let second = question(&engine, &id, 2).await;
    answer(&engine, &second, no()).await;
    let third = question(&engine, &id, 3).await;
    let refused = engine.answer(&third, ALWAYS, AnsweredBy::Person).await.unwrap_err();
    assert_eq!(refused.code(), "no_rule", "{refused}");
    answer(&engine, &third, no()).await;
    let outcome = to_rest(&engine, &id, 1).await;
    assert_eq!((outcome.exit_code(), outcome.view.approvals.len()), (0, 3), "{}", outcome.story());
    assert!(
        outcome.story().contains("allowed always in this folder, by the new rule"),
        "{}",
        outcome.story()
    );
    assert!(outcome.events.iter().any(|envelope| matches!(&envelope.event,
        Event::ApprovalDecided { ruling, .. } if ruling.rule == "always command no-such-program --fast")));
    assert_eq!(outcome.view.grants.len(), 0);
    engine.idle().await;
    let next = play.start(&engine, Settings::default()).await;
    let asked = question(&engine, &next, 1).await;
    let view = engine.view(&next).await.unwrap().unwrap();
    assert!(view.approvals[0].what.contains("--force"), "the first is not asked any more: {view:?}");
    for nth in [1, 2] {
        let asked = if nth == 1 { asked.clone() } else { question(&engine, &next, nth).await };
        answer(&engine, &asked, no()).await;
    }
    assert_eq!(to_rest(&engine, &next, 1).await.exit_code(), 0);
    engine.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_nobody_answers_in_time_is_a_no_and_no_stall() {
    let play = Play::new("claude", &[ASKED]);
    let settings = Settings { approval_timeout_ms: 300, stall_timeout_ms: 100, ..Settings::default() };
    let engine = play.stage.engine().await;
    let id = play.start(&engine, settings).await;
    let outcome = to_rest(&engine, &id, 1).await;
    assert_eq!((outcome.exit_code(), play.marks()), (0, 0), "{}", outcome.story());
    assert_eq!(
        (outcome.view.approvals[0].state.as_str(), outcome.view.approvals[0].by.as_deref()),
        ("denied", Some("expiry"))
    );
    engine.idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_does_not_wait_rests_and_takes_the_answer_at_rest() {
    for (choice, marks) in [(ONCE, 1), (no(), 0)] {
        let rested = Rested::of_asking().await;
        let rest = &rested.rest;
        assert_eq!((rest.exit_code(), rest.view.state.as_str()), (12, "blocked"), "{}", rest.story());
        rested.play.stage.assert_nothing_runs();
        let Rested { play, engine, id, asked, .. } = rested.under_another_owner().await;
        assert!(!engine.view(&id).await.unwrap().unwrap().approvals[0].waits, "nobody is there to hear it");
        answer(&engine, &asked, choice).await;
        let view = engine.view(&id).await.unwrap().unwrap();
        assert_eq!((view.needs_you.len(), view.approvals[0].state.as_str()), (0, "answered"));
        assert_eq!(play.marks(), 0);
        engine.resume(&id, None).await.unwrap();
        let outcome = to_rest(&engine, &id, 2).await;
        assert_eq!((outcome.exit_code(), play.marks()), (0, marks), "{}", outcome.story());
        engine.idle().await;
        engine.shut_down().await;
    }
}

/// Whoever sees the answer may go on at once, while it is still being put away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_at_rest_can_go_on_at_once() {
    let Rested { play, engine, id, rest, asked } = Rested::of_asking().await;
    let mut live = engine.subscribe(&id, rest.view.seq);
    let answering = tokio::spawn({
        let engine = engine.clone();
        async move { answer(&engine, &asked, ONCE).await }
    });
    loop {
        let next = tokio::time::timeout(LIMIT, live.next()).await.expect("the answer");
        let Update::Events(records) = next.unwrap().unwrap() else { continue };
        if records.iter().any(|record| record.kind == "approval_answered") {
            break;
        }
    }
    engine.resume(&id, None).await.unwrap();
    answering.await.unwrap();
    let outcome = to_rest(&engine, &id, 2).await;
    assert_eq!((outcome.exit_code(), play.marks()), (0, 1), "{}", outcome.story());
    engine.idle().await;
    engine.shut_down().await;
}

/// Who reviews and asks, and is given no time for it, leaves no question behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_question_of_a_review_that_is_over_is_void() {
    let stage = Stage::new(&[
        ("codex", json!({"turns": [{"times": 0, "steps": [{"text": "Done."}]}]})),
        (
            "claude",
            json!({"turns": [{"times": 0, "steps": [{"read": "/etc/hostname"}, review("approved")]}]}),
        ),
    ]);
    let kind = |name: &str| name.parse::<AgentKind>().unwrap();
    let members = vec![(kind("codex"), Role::Implementer), (kind("claude"), Role::Reviewer)];
    let team = Team::new(members, &[("claude".to_owned(), "codex".to_owned())]).unwrap();
    let engine = stage.engine().await;
    let settings = Settings { review_timeout_ms: 700, ..Settings::default() };
    let id = engine.start(StartRequest { team, ..stage.request(settings) }).await.unwrap();
    let asked = question(&engine, &id, 1).await;
    let outcome = to_rest(&engine, &id, 1).await;
    let story = outcome.story();
    assert_eq!((outcome.exit_code(), outcome.view.state.as_str()), (11, "paused"), "{story}");
    assert_eq!(outcome.view.approvals[0].state, "void", "{story}");
    assert!(
        outcome.view.needs_you.iter().all(|need| need.kind != "approval"),
        "{:?}",
        outcome.view.needs_you
    );
    let at = |kind: &str| outcome.events.iter().position(|event| event.event.kind() == kind);
    assert_eq!(at("approval_voided"), at("verdict_recorded").map(|at| at + 1), "{story}");
    let late = engine.answer(&asked, ONCE, AnsweredBy::Person).await.unwrap_err();
    assert!(
        matches!(late, AnswerError::Command(CommandError::Rejected(Rejection::ApprovalSettled))),
        "{late}"
    );
    engine.idle().await;
    stage.assert_nothing_runs();
}
