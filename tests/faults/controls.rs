//! Words from elsewhere, in each phase, to a team that is silent, that floods, or that calls one tool after the other:
//! each is in effect within a second, and nothing is admitted after a pause or a stop.

use std::time::{SystemTime, UNIX_EPOCH};

use mo_api::client::Client;
use mo_api::dto::{StartForm, StopBy};
use mo_core::ids::AgentKind;
use mo_core::time::Timestamp;
use mo_journal::DataDir;
use serde_json::{Value, json};

use crate::rig::{Running, Stage, verdict};
use crate::side_by_side;

/// What "at once" means.
const AT_ONCE_MS: i64 = 1_000;
const LANES: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Architecture,
    PlanReview,
    Implementation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Silent,
    Floods,
    Calls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Socket,
    Cli,
}

/// The default team; who is at work in that phase begins with a turn of that sort, and does its work in the next.
fn team(phase: Phase, mode: Mode) -> [(AgentKind, Value); 3] {
    // What follows the message makes it whole: Gemini sends pieces only.
    let mut busy = vec![json!({ "say": "I begin." }), json!({ "read": "a.txt" })];
    match mode {
        Mode::Silent => busy.push(json!({ "hang": true })),
        Mode::Floods => busy.push(json!({ "flood": { "lines": u64::MAX } })),
        Mode::Calls => busy
            .extend((0..5_000).map(|n| json!({ "write": { "path": "n.txt", "content": format!("{n}\n") } }))),
    }
    let kind = if phase == Phase::PlanReview { "review" } else { "work" };
    let first = json!({ "kind": kind, "times": 1, "steps": busy });
    let turns = |own: Phase, rest: &[Value]| {
        let first = (own == phase).then(|| first.clone());
        json!({ "turns": first.into_iter().chain(rest.iter().cloned()).collect::<Vec<_>>() })
    };
    let work = |steps: Value| json!({ "kind": "work", "times": 0, "steps": steps });
    let review = json!({ "kind": "review", "times": 0, "steps": [verdict("approved")] });
    let plan = work(json!([{ "text": "# Plan\n\nWrite `a.txt`." }]));
    let write = work(json!([{ "write": { "path": "a.txt", "content": "after\n" } }, { "text": "Done." }]));
    [
        (AgentKind::Gemini, turns(Phase::Architecture, &[plan, review.clone()])),
        (AgentKind::Claude, turns(Phase::Implementation, &[write])),
        (AgentKind::Codex, turns(Phase::PlanReview, &[review])),
    ]
}

/// A session, and how one speaks to it.
struct Talk<'a> {
    stage: &'a Stage,
    way: Way,
    session: String,
    runtime: tokio::runtime::Runtime,
    what: String,
}

#[derive(Debug, Clone, Copy)]
enum Word {
    Message,
    Review,
    Pause,
    Resume,
    Stop,
}

impl Talk<'_> {
    /// Says it; the code of a refusal.
    fn say(&self, word: Word) -> Result<(), String> {
        match self.way {
            Way::Socket => self.runtime.block_on(async {
                let client = Client::attach(&DataDir::existing(self.stage.data()).unwrap()).await.unwrap();
                let id = self.session.as_str();
                match word {
                    Word::Message => client.message(id, "claude", "Mind the umlauts.").await,
                    Word::Review => client.review(id, Some("the tests".to_owned()), None).await,
                    Word::Pause => client.pause(id).await,
                    Word::Resume => client.resume(id, Some("go on".to_owned())).await,
                    Word::Stop => client.stop(id, true, StopBy::Person).await,
                }
                .map_err(|refused| refused.code().to_owned())
            }),
            Way::Cli => {
                let id = self.session.as_str();
                let args: &[&str] = match word {
                    Word::Message => &["message", id, "claude", "Mind the umlauts."],
                    Word::Review => &["review", id, "--focus", "the tests"],
                    Word::Pause => &["pause", id],
                    Word::Resume => &["resume", id, "-m", "go on"],
                    Word::Stop => &["stop", id, "--now"],
                };
                let done = self.stage.run(args.iter().copied().chain(["--json"]));
                match done.code {
                    Some(0) => Ok(()),
                    _ => Err(done.last()["error"]["code"].as_str().unwrap_or_default().to_owned()),
                }
            }
        }
    }

    /// Says it, and finds what came of it in the journal, in time.
    #[track_caller]
    fn effective(&self, word: Word, kind: &str) -> u64 {
        let before = now_ms();
        self.say(word).unwrap_or_else(|refused| panic!("{}: {word:?} was refused: {refused}", self.what));
        let event = self.events().into_iter().rfind(|event| event["kind"] == kind);
        let event = event.unwrap_or_else(|| panic!("{}: no {kind}", self.what));
        let took = Timestamp::parse(event["at"].as_str().unwrap()).unwrap().0 - before;
        assert!((0..=AT_ONCE_MS).contains(&took), "{}: {word:?} took {took} ms", self.what);
        event["seq"].as_u64().unwrap()
    }

    fn events(&self) -> Vec<Value> {
        self.stage.run(["events", &self.session]).expect(0).json()
    }

    /// After that event no turn, process or tool call was let through.
    fn nothing_admitted_after(&self, seq: u64) {
        let late = self.events().into_iter().filter(|event| event["seq"].as_u64() > Some(seq));
        for event in late {
            let kind = event["kind"].as_str().unwrap();
            let admitted = match kind {
                "session_resumed" => return,
                "turn_requested" | "worker_spawn_requested" | "review_requested" => true,
                "approval_decided" => event["data"]["ruling"]["answer"] != "deny",
                _ => false,
            };
            assert!(!admitted, "{}: after {seq}: {event}", self.what);
        }
    }
}

fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

#[test]
fn each_word_is_in_effect_at_once_in_each_phase() {
    let mut jobs = Vec::new();
    for way in [Way::Socket, Way::Cli] {
        jobs.push((way, Phase::Implementation, Mode::Calls));
        for phase in [Phase::Architecture, Phase::PlanReview, Phase::Implementation] {
            for mode in [Mode::Silent, Mode::Floods] {
                jobs.push((way, phase, mode));
            }
        }
    }
    side_by_side(LANES, jobs, |(way, phase, mode)| {
        let begun = std::time::Instant::now();
        told(way, phase, mode);
        println!("{way:?} {phase:?} {mode:?}: {:?}", begun.elapsed());
    });
}

fn told(way: Way, phase: Phase, mode: Mode) {
    let stage = Stage::with_scripts(team(phase, mode));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (owner, session) = match way {
        Way::Socket => {
            let mut owner = Running::start(stage.command(["serve", "--json"]));
            owner.until("serving");
            let form =
                StartForm { goal: "write a.txt".to_owned(), target: stage.target(), ..StartForm::default() };
            let session = runtime.block_on(async {
                Client::attach(&DataDir::existing(stage.data()).unwrap())
                    .await
                    .unwrap()
                    .start(&form)
                    .await
                    .unwrap()
            });
            let mut follower = Running::start(stage.command(["events", &session, "--follow"]));
            follower.until("I begin.");
            (owner, session)
        }
        Way::Cli => {
            let mut owner = Running::start(stage.command(["run", "write a.txt", "-C", "target", "--json"]));
            let line: Value = serde_json::from_str(&owner.until("I begin.")).unwrap();
            (owner, line["session"].as_str().unwrap().to_owned())
        }
    };
    let what = format!("{way:?} {phase:?} {mode:?}");
    let talk = Talk { stage: &stage, way, session, runtime, what };
    talk.effective(Word::Message, "message_queued");
    if phase != Phase::Implementation {
        assert_eq!(talk.say(Word::Review), Err("nothing_to_review".to_owned()), "{}", talk.what);
    }
    let paused = talk.effective(Word::Pause, "stop_requested");
    if way == Way::Cli {
        owner.finish().expect(11);
        // Told to its end, from where it went on.
        assert_eq!(talk.say(Word::Resume), Ok(()), "{}", talk.what);
        talk.nothing_admitted_after(paused);
        assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
        return;
    }
    assert_eq!(talk.say(Word::Resume), Ok(()), "{}", talk.what);
    talk.nothing_admitted_after(paused);
    let since = paused.to_string();
    let mut follower =
        Running::start(stage.command(["events", &talk.session, "--follow", "--since", &since]));
    follower.until("\"kind\":\"session_resumed\"");
    follower.until("\"kind\":\"session_ended\"");
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n");
    owner.signal(rustix::process::Signal::TERM);
    owner.finish().expect(143);
}

/// A review of a turn that floods, and a stop in the middle of it.
#[test]
fn a_review_now_and_a_stop_in_a_flood() {
    for way in [Way::Socket, Way::Cli] {
        let stage = Stage::with_scripts(team(Phase::Implementation, Mode::Floods));
        let mut owner = Running::start(stage.command(["run", "write a.txt", "-C", "target", "--json"]));
        let line: Value = serde_json::from_str(&owner.until("I begin.")).unwrap();
        let session = line["session"].as_str().unwrap().to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let talk = Talk { stage: &stage, way, session, runtime, what: format!("{way:?} review and stop") };
        let seq = talk.effective(Word::Review, "review_now_requested");
        let asked = talk.events().into_iter().find(|event| event["seq"].as_u64() == Some(seq)).unwrap();
        assert_eq!(asked["data"]["focus"], "the tests");
        owner.until("\"kind\":\"verdict_recorded\"");
        let stopped = talk.effective(Word::Stop, "stop_requested");
        owner.finish().expect(14);
        talk.nothing_admitted_after(stopped);
    }
}
