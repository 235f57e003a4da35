//! The owner is killed with a question on its way, at each of its steps and over each protocol: after `resume` the
//! question stands or is void, what was allowed has happened once or not at all, and the journal says which.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use mo_core::ids::AgentKind;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::kills::{invariants, moments, seed};
use crate::place::{PATIENCE, send, stage_of_turns};
use crate::rig::{Running, Stage};
use crate::witness::Witness;
use crate::{long, side_by_side};

const LANES: usize = 4;
const GONE: Duration = Duration::from_secs(10);
const MAY_BE_DONE: &str = "may have been done already";

/// Where a question is when its owner is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    /// The agent has asked, and it is not in the journal.
    Asked,
    /// It is in the journal.
    Journalled,
    /// It was answered, and the agent does not know.
    Answered,
    /// The agent knows, and has done nothing.
    Told,
    /// It was done, and nothing said so.
    Made,
    /// It was done, the agent said so, and its turn is not over.
    Reported,
}

const STEPS: [At; 6] = [At::Asked, At::Journalled, At::Answered, At::Told, At::Made, At::Reported];

/// What happens after the crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    /// The resumed session waits for the answer.
    Waits,
    /// A question that is open is answered before the session goes on.
    AtRest,
    /// The agent does not ask again.
    NotAgain,
}

#[test]
fn a_question_survives_a_killed_owner_over_claude() {
    all_steps(&AgentKind::Claude);
}

#[test]
fn a_question_survives_a_killed_owner_over_codex() {
    all_steps(&AgentKind::Codex);
}

#[test]
fn a_question_survives_a_killed_owner_over_acp() {
    all_steps(&AgentKind::Gemini);
}

fn all_steps(agent: &AgentKind) {
    let (seed, trials) = (seed(), if long() { 150 } else { 30 });
    eprintln!("seed {seed}, {trials} trials");
    let jobs: Vec<(usize, u64)> = moments(seed).enumerate().take(trials).collect();
    let found: Mutex<BTreeMap<At, usize>> = Mutex::default();
    side_by_side(LANES, jobs, |(trial, dice)| {
        let aim = STEPS[trial % STEPS.len()];
        let what = format!("seed {seed}, {agent}, trial {trial}, {aim:?}, dice {dice}");
        let held = trial < STEPS.len() || (dice / 3) % 2 == 0;
        let hit = Trial::new(agent, aim, dice, held, what).run();
        *found.lock().unwrap().entry(hit).or_default() += 1;
    });
    let found = found.into_inner().unwrap();
    eprintln!("{agent}: {found:?}");
    assert_eq!(found.len(), STEPS.len(), "{agent}: each step was hit: {found:?}");
}

/// A FIFO on which something waits until its other end is opened.
struct Gate {
    path: PathBuf,
}

impl Gate {
    fn new(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Self { path }
    }

    /// The writing end, as soon as somebody reads: who reads waits until something is written or it is dropped.
    fn reached(&self, what: &str) -> File {
        let (tell, opened) = mpsc::channel();
        let path = self.path.clone();
        std::thread::spawn(move || {
            let _ = tell.send(File::options().write(true).open(path).unwrap());
        });
        opened
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("{what}: nobody came to {}", self.path.display()))
    }
}

/// What is dropped after the crash.
enum Held {
    /// The end that the command waits at.
    Command(#[allow(dead_code, reason = "it is held")] File),
    /// Who was answering, and may have lost the owner before it heard that it was heard.
    Answers(#[allow(dead_code, reason = "it is held")] Running),
}

struct Trial {
    what: String,
    aim: At,
    after: After,
    /// How long after the step it is killed, and whether the step is held open.
    late: Duration,
    held: bool,
    stage: Stage,
    folder: tempfile::TempDir,
    ask: Gate,
    before: Gate,
    end: Gate,
    last: Gate,
}

impl Trial {
    fn new(agent: &AgentKind, aim: At, dice: u64, held: bool, what: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [ask, before, end, last] =
            ["ask", "before", "end", "last"].map(|name| Gate::new(folder.path(), name));
        let at = |name: &str| folder.path().join(name).display().to_string();
        let gate = |name: &str| format!("[ -e {} ] || read _ < {}", at("pass"), at(name));
        // Deletes, and so is asked.
        let asked = format!("rm -f none; {}; echo x >> marks.txt; {}", gate("before"), gate("end"));
        let after = [After::Waits, After::AtRest, After::NotAgain][usize::try_from(dice % 3).unwrap()];
        let close =
            [json!({ "write": { "path": "a.txt", "content": "after\n" } }), json!({ "text": "Done." })];
        let mut steps =
            vec![json!({ "read": "a.txt" }), json!({ "hold": at("ask") }), json!({ "run": asked })];
        if aim == At::Reported {
            // It waits here with the call behind it.
            steps.push(json!({ "hold": at("last") }));
        }
        steps.extend(close.clone());
        let times = u32::from(after == After::NotAgain);
        let turns = json!([
            { "kind": "work", "times": times, "steps": steps },
            { "kind": "work", "times": 0, "steps": close },
        ]);
        let stage = stage_of_turns(agent, &turns);
        Self {
            what,
            aim,
            after,
            late: Duration::from_micros((dice / 6) % 4_000),
            held,
            stage,
            folder,
            ask,
            before,
            end,
            last,
        }
    }

    fn marks(&self) -> usize {
        std::fs::read_to_string(self.stage.target().join("marks.txt")).unwrap_or_default().lines().count()
    }

    fn approvals(&self, session: &str) -> Vec<Value> {
        let listed = self.stage.run(["approvals", session, "--json"]).expect(0).last();
        listed["approvals"].as_array().unwrap().clone()
    }

    fn answer(&self, id: &str, yes: bool) {
        self.stage.run([if yes { "approve" } else { "deny" }, id]).expect(0);
    }

    /// Where it was hit.
    fn run(&self) -> At {
        let (session, mut witness) = self.kill_at();
        // Whatever waits in the command has been killed with it, or it is a mark too many.
        let (what, marks) = (self.what.as_str(), self.marks());
        let left = self.approvals(&session);
        assert!(left.len() <= 1, "{what}: {left:?}");
        let state = left.first().map(|question| question["state"].as_str().unwrap().to_owned());
        let listed = self.stage.run(["events", &session]).expect(0).out;
        let reported = listed.matches("\"type\":\"tool_ended\"").count() > 1;
        let hit = match (state.as_deref(), marks, reported) {
            (None, 0, false) => At::Asked,
            (Some("open"), 0, false) => At::Journalled,
            (Some("allowed"), 0, false) if self.aim <= At::Answered => At::Answered,
            (Some("allowed"), 0, false) => At::Told,
            (Some("allowed"), 1, false) => At::Made,
            (Some("allowed"), 1, true) => At::Reported,
            other => panic!("{what}: {other:?} with {left:?}"),
        };
        std::fs::write(self.folder.path().join("pass"), "").unwrap();
        let mut last = Witness::of(&self.last.path);
        self.go_on(&session, hit, &left);
        for held in [&mut witness, &mut last] {
            held.all_gone(GONE, what);
        }
        eprintln!("{what}: killed when {hit:?}, then {:?}", self.after);
        hit
    }

    /// Brings the question to its step and kills the owner there; the session, and the witness of who works on it.
    fn kill_at(&self) -> (String, Witness) {
        let what = self.what.as_str();
        // Without a witness the agent waits before it asks.
        let early = (self.aim != At::Asked).then(|| Witness::of(&self.ask.path));
        let args = ["run", "x", "-C", "target", "--team", "team.toml", "--json", "--wait"];
        let mut owner = Running::start(self.stage.command(args));
        let spawned: Value = serde_json::from_str(&owner.until("\"kind\":\"worker_spawned\"")).unwrap();
        let session = spawned["session"].as_str().unwrap().to_owned();
        owner.until("\"type\":\"tool_ended\"");
        if self.aim == At::Asked && self.held {
            owner.signal(Signal::STOP);
        }
        let mut witness = early.unwrap_or_else(|| Witness::of(&self.ask.path));
        witness.ready(1, what);
        let open = if self.aim == At::Asked { None } else { self.bring(&mut owner, &spawned) };
        // Not to wait for anything: so that it hits before, in and after what comes next.
        std::thread::sleep(self.late);
        owner.signal(Signal::KILL);
        owner.finish();
        witness.all_gone(GONE, what);
        // What the command waits at stays so until nobody is left.
        drop(open);
        (session, witness)
    }

    /// From the question to the step; what keeps the command waiting there.
    fn bring(&self, owner: &mut Running, spawned: &Value) -> Option<Held> {
        let what = self.what.as_str();
        let asked: Value = serde_json::from_str(&owner.until("\"kind\":\"approval_requested\"")).unwrap();
        let id = asked["data"]["approval"].as_str().unwrap().to_owned();
        if self.aim == At::Journalled {
            return None;
        }
        if self.aim == At::Answered && !self.held {
            let answers = Running::start(self.stage.command(["approve", &id]));
            owner.until("\"kind\":\"approval_answered\"");
            return Some(Held::Answers(answers));
        }
        if self.aim == At::Answered {
            send(i32::try_from(spawned["data"]["pid"].as_i64().unwrap()).unwrap(), Signal::STOP);
        }
        self.answer(&id, true);
        if self.aim == At::Answered {
            return None;
        }
        let mut gate = self.before.reached(what);
        if self.aim == At::Told {
            return Some(Held::Command(gate));
        }
        writeln!(gate).unwrap();
        let mut gate = self.end.reached(what);
        if self.aim == At::Made {
            return Some(Held::Command(gate));
        }
        writeln!(gate).unwrap();
        owner.until("\"type\":\"tool_ended\"");
        None
    }

    /// Goes on with the session, as a person does who has looked whether it was done.
    fn go_on(&self, session: &str, hit: At, left: &[Value]) {
        let (what, before) = (self.what.as_str(), self.marks());
        let open = left.iter().find(|question| question["state"] == "open");
        let open = open.map(|question| question["id"].as_str().unwrap().to_owned());
        let at_rest = self.after == After::AtRest && open.is_some();
        if let (true, Some(id)) = (at_rest, &open) {
            self.answer(id, true);
            assert_eq!(self.marks(), before, "{what}: an answer at rest does nothing yet");
        }
        let mut goes_on = Running::start(self.stage.command(["resume", session, "--wait", "--json"]));
        if self.after != After::NotAgain && !at_rest {
            let asked = goes_on.until("\"kind\":\"approval_re");
            assert_eq!(self.marks(), before, "{what}: nothing is done again without a question");
            let asked: Value = serde_json::from_str(&asked).unwrap();
            let id = asked["data"]["approval"].as_str().unwrap();
            assert_eq!(
                (asked["kind"] == "approval_repeated").then_some(id),
                open.as_deref(),
                "{what}: the same question keeps its name"
            );
            let unknown = (At::Answered..=At::Made).contains(&hit);
            let says_so = asked["data"]["why"].as_str().is_some_and(|why| why.contains(MAY_BE_DONE));
            assert_eq!(says_so, unknown, "{what}: {asked}");
            self.answer(id, before == 0);
        }
        let done = goes_on.finish().expect(0);
        let wanted = if self.after == After::NotAgain { before } else { 1 };
        assert_eq!(self.marks(), wanted, "{what}");
        let changed = done.last()["summary"]["files_changed"].clone();
        let says_marks = changed.as_array().unwrap().contains(&json!("marks.txt"));
        assert_eq!(says_marks, wanted == 1, "{what}: the journal says whether it was done: {changed}");
        let all = self.stage.run(["events", session]).expect(0).json();
        invariants(&all, what);
        self.every_answer_is_applied_once(session, &all);
        if let (After::NotAgain, Some(open)) = (self.after, &open) {
            let questions = self.approvals(session);
            let kept = questions.iter().find(|question| question["id"] == **open).unwrap();
            assert_eq!(kept["state"], "void", "{what}");
        }
    }

    fn every_answer_is_applied_once(&self, session: &str, all: &[Value]) {
        let what = self.what.as_str();
        let questions = self.approvals(session);
        for question in &questions {
            assert!(
                ["allowed", "denied", "void"].contains(&question["state"].as_str().unwrap()),
                "{what}: no question is left open: {question}"
            );
        }
        let of = |kind: &'static str| all.iter().filter(move |event| event["kind"] == kind);
        let yes = of("approval_answered").filter(|event| event["data"]["choice"] == "allow").count();
        let told = of("approval_decided").filter(|event| {
            event["data"]["ruling"]["rule"] == "person" && event["data"]["ruling"]["answer"] == "allow"
        });
        assert_eq!(told.count(), yes, "{what}: each yes is told once");
    }
}
