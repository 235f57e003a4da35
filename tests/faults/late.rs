//! Agents that answer late: a turn that counts as stalled already, or a cancel that they have not heard. The turn ends
//! once and typed, nobody is left, and what comes late changes nothing of what comes next.

use std::time::Duration;

use mo_core::ids::AgentKind;
use serde_json::{Value, json};

use crate::place::{NO_RECOVERY, paced, run, stage_of_turns, turn_ends};
use crate::side_by_side;
use crate::witness::Witness;

/// Most of a trial is waiting.
const LANES: usize = 6;
/// The owner has ended, and has said that nobody is left.
const GONE: Duration = Duration::from_secs(5);
/// What all of a trial may take: the whole ladder, and a slow machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Hears nothing from its first word on, and answers so much later.
fn late(witness: &Witness, after_ms: u64) -> Value {
    json!([
        { "hold": witness.path() }, { "deaf": true }, { "say": "I begin." }, { "think": "Hm." }, { "wait_ms": after_ms },
        { "text": "Late." }
    ])
}

fn each_agent() -> [AgentKind; 3] {
    [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini]
}

/// Within the time for the cancel that follows the stall, and after it.
#[test]
fn an_answer_to_a_turn_that_is_over_changes_nothing() {
    let jobs = each_agent().into_iter().flat_map(|agent| [1_400, 2_200].map(|late| (agent.clone(), late)));
    side_by_side(LANES, jobs.collect(), |(agent, after_ms)| {
        let what = format!("{agent} {after_ms} ms after a stall timeout of 1 s");
        let folder = tempfile::tempdir().unwrap();
        let mut witness = Witness::new(&folder.path().join("witness"));
        let turns = json!([{ "kind": "work", "times": 0, "steps": late(&witness, after_ms) }]);
        let stage = paced(stage_of_turns(&agent, &turns));
        stage.configure(&format!("[session]\nstall_timeout = \"1s\"\n{NO_RECOVERY}"));
        let begun = std::time::Instant::now();
        let done = run(&stage).finish();
        assert!(begun.elapsed() < LIMIT, "{what}");
        witness.all_gone(GONE, &what);
        let lines = done.json();
        assert_eq!(turn_ends(&lines), ["failed/unknown"], "{what}: {}", done.err);
        assert_eq!(done.code, Some(12), "{what}: {}", done.err);
        let exited = lines.iter().find(|line| line["kind"] == "worker_exited").unwrap();
        assert_eq!(exited["data"]["tree_empty"], true, "{what}: {exited}");
        println!("{what}: {:?}", begun.elapsed());
    });
}

/// A pause that the agent does not hear: within the time for the cancel, after SIGINT, and after SIGTERM.
#[test]
fn an_answer_after_the_interrupt_ends_the_turn_once_and_the_session_goes_on() {
    let jobs =
        each_agent().into_iter().flat_map(|agent| [500, 2_500, 60_000].map(|late| (agent.clone(), late)));
    side_by_side(LANES, jobs.collect(), |(agent, after_ms)| {
        let what = format!("{agent} {after_ms} ms after its first word");
        let folder = tempfile::tempdir().unwrap();
        let mut witness = Witness::new(&folder.path().join("witness"));
        let write = json!([{ "write": { "path": "a.txt", "content": "after\n" } }, { "text": "Done." }]);
        let turns = json!([
            { "kind": "work", "times": 1, "steps": late(&witness, after_ms) },
            { "kind": "work", "times": 0, "steps": write },
        ]);
        let stage = paced(stage_of_turns(&agent, &turns));
        let mut owner = run(&stage);
        owner.until("I begin.");
        let begun = std::time::Instant::now();
        stage.run(["pause"]).expect(0);
        let done = owner.finish().expect(11);
        assert!(begun.elapsed() < LIMIT, "{what}");
        witness.all_gone(GONE, &what);
        let lines = done.json();
        // Codex and Gemini end at SIGINT, Claude finishes first what it is at; SIGTERM ends each.
        let ended = match after_ms {
            500 => "completed",
            2_500 if agent == AgentKind::Claude => "completed",
            _ => "interrupted",
        };
        assert_eq!(turn_ends(&lines), [ended], "{what}: {}", done.err);
        println!("{what}: {ended} after {:?}", begun.elapsed());
        let exited = lines.iter().find(|line| line["kind"] == "worker_exited").unwrap();
        assert_eq!(exited["data"]["tree_empty"], true, "{what}: {exited}");
        let resumed = stage.run(["resume", "--json"]).expect(0);
        assert_eq!(turn_ends(&resumed.json()), ["completed"], "{what}");
        assert_eq!(std::fs::read_to_string(stage.target().join("a.txt")).unwrap(), "after\n", "{what}");
    });
}
