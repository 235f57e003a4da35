//! The owner is killed at any moment, and the session goes on to the right decision: nothing that was shown is lost,
//! nothing is done twice, nobody is left.

use std::time::Duration;

use mo_core::ids::AgentKind;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::rig::{Running, Stage, verdict};
use crate::witness::Witness;
use crate::{long, side_by_side};

const LANES: usize = 3;
const GONE: Duration = Duration::from_secs(10);

/// A small generator, so that a failing moment can be had again.
pub(crate) fn moments(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    })
}

pub(crate) fn seed() -> u64 {
    std::env::var("MO_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| u64::from(std::process::id()))
}

/// A team that leaves a process behind in each turn, reads, writes, and approves. Every process holds the witness.
fn team(witness: &str) -> [(AgentKind, Value); 3] {
    let turn = |kind: &str, steps: &[Value]| {
        let begin = [
            json!({ "hold": witness }),
            json!({ "grandchild": { "setsid": true } }),
            json!({ "read": "a.txt" }),
        ];
        json!({ "kind": kind, "times": 0, "steps": begin.iter().chain(steps).collect::<Vec<_>>() })
    };
    let review = turn("review", &[json!({ "say": "I look." }), verdict("approved")]);
    let plan = turn("work", &[json!({ "say": "I plan." }), json!({ "text": "# Plan\n\nWrite `a.txt`." })]);
    let write = turn(
        "work",
        &[
            json!({ "say": "I begin." }),
            json!({ "write": { "path": "a.txt", "content": "half\n" } }),
            json!({ "write": { "path": "a.txt", "content": "after\n" } }),
            json!({ "text": "Done." }),
        ],
    );
    [
        (AgentKind::Gemini, json!({ "turns": [plan, review] })),
        (AgentKind::Claude, json!({ "turns": [write] })),
        (AgentKind::Codex, json!({ "turns": [review] })),
    ]
}

#[test]
fn a_killed_owner_costs_at_most_the_turn_in_flight() {
    let (seed, trials) = (seed(), if long() { 200 } else { 20 });
    println!("seed {seed}, {trials} trials");
    // A whole session of this team has some 90 events.
    let at: Vec<(usize, u64)> = moments(seed).map(|n| 1 + n % 90).enumerate().take(trials).collect();
    side_by_side(LANES, at, |(trial, events)| {
        let phase = killed_after(events, &format!("seed {seed}, trial {trial}, after {events} events"));
        println!("trial {trial}: killed after {events} events, in {phase}");
    });
}

/// All is done but the last words: there is an end to tell, and nothing to do again.
#[test]
fn an_owner_that_is_killed_at_the_end_leaves_a_session_that_ends_well() {
    let trials = if long() { 50 } else { 6 };
    side_by_side(LANES, (0..trials).collect::<Vec<usize>>(), |trial| {
        let at_the_end = |shown: &[Value]| shown.last().is_some_and(|line| line["kind"] == "session_ending");
        killed(at_the_end, &format!("at the end, trial {trial}"));
    });
}

fn killed_after(count: u64, what: &str) -> String {
    killed(|shown| shown.len() as u64 >= count, what)
}

/// Reads events up to the moment, or to the end where it does not come.
fn read(owner: &mut Running, now: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let mut shown = Vec::new();
    while !now(&shown) {
        let line: Value = serde_json::from_str(&owner.until("\"kind\":")).unwrap();
        let over = line["kind"] == "session_ended";
        shown.push(line);
        if over {
            break;
        }
    }
    shown
}

fn killed(now: impl Fn(&[Value]) -> bool, what: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut witness = Witness::new(&folder.path().join("witness"));
    let stage = Stage::with_scripts(team(witness.path()));
    let mut owner = Running::start(stage.command(["run", "write a.txt", "-C", "target", "--json"]));
    let shown = read(&mut owner, now);
    owner.signal(Signal::KILL);
    let rest = owner.finish();
    let session = shown[0]["session"].as_str().unwrap().to_owned();
    let phase = shown.iter().rev().find(|line| line["kind"] == "phase_started");
    let phase =
        phase.map_or_else(|| "preparation".to_owned(), |line| line["data"]["step"]["phase"].to_string());
    witness.all_gone(GONE, what);

    // What was shown is there, also what came after the last line that was read here; half a line is not shown.
    let whole = rest.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let shown: Vec<Value> = whole.filter(|line| line["kind"].is_string()).collect();
    let kept = stage.run(["events", &session]).expect(0).json();
    assert_eq!(kept[..shown.len()], shown, "{what}");

    let over = kept.last().unwrap()["kind"] == "session_ended";
    if !over {
        let status = stage.run(["status", &session, "--json"]).expect(0).last();
        assert_eq!(status["sessions"][0]["state"], "crashed", "{what}");
    }
    let resumed = stage.run(["resume", &session, "--json"]);
    let all = stage.run(["events", &session]).expect(0).json();
    if over {
        assert_eq!(
            (resumed.code, all.len()),
            (Some(4), kept.len()),
            "{what}: there is nothing to go on with"
        );
    } else {
        let summary = resumed.expect(0).last()["summary"].clone();
        assert_eq!(
            (&summary["state"], &summary["decision"]),
            (&json!("finished"), &json!("continue")),
            "{what}"
        );
        assert_eq!(all[..kept.len()], kept, "{what}: what was written stays");
    }
    invariants(&all, what);
    witness.all_gone(GONE, what);
    assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n", "{what}");
    phase
}

pub(crate) fn invariants(all: &[Value], what: &str) {
    for (event, seq) in all.iter().zip(1_u64..) {
        assert_eq!(event["seq"], seq, "{what}: dense");
    }
    let of = |kind: &str| all.iter().filter(|event| event["kind"] == kind).collect::<Vec<_>>();
    // Each request is answered at most once, each process ends at most once, each review has one verdict.
    for (kind, key) in [("approval_decided", "/data/request/request"), ("verdict_recorded", "/data/review")] {
        // Some agents number their requests anew in each process.
        let name = |event: &&Value| {
            format!("{} {} {}", event["worker"], event["data"]["attempt"], event.pointer(key).unwrap())
        };
        let mut named: Vec<String> = of(kind).iter().map(name).collect();
        let count = named.len();
        named.sort();
        named.dedup();
        assert_eq!(named.len(), count, "{what}: {kind} twice");
    }
    let process = |event: &&Value| format!("{} {}", event["worker"], event["data"]["attempt"]);
    let mut spawned: Vec<String> = of("worker_spawned").iter().map(process).collect();
    let mut exited: Vec<String> = of("worker_exited").iter().map(process).collect();
    exited.sort();
    let ended = exited.len();
    exited.dedup();
    assert_eq!(exited.len(), ended, "{what}: a process ended twice");
    spawned.retain(|process| !exited.contains(process));
    assert_eq!(spawned, Vec::<String>::new(), "{what}: every process that began has ended");
    for exited in of("worker_exited") {
        assert_eq!(exited["data"]["tree_empty"], true, "{what}: {exited}");
    }
}
