//! Each fault of an agent ends in its typed outcome, within its limit, with nobody left.

use std::time::Duration;

use mo_core::ids::AgentKind;
use mo_core::time::Timestamp;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::place::{NO_RECOVERY, PATIENCE, run, send, stage, turn_ends, worker};
use crate::witness::Witness;
use crate::{long, side_by_side};

/// Most of a trial is waiting.
const LANES: usize = 6;
/// The stall timeout of those that fall silent, in milliseconds; the others have more time than anything takes.
const STALL: u64 = 1_000;
/// What a turn may take beyond what its fault costs by the rules: only something broken reaches it.
const SLACK: Duration = Duration::from_secs(15);

/// The owner has ended, and has said that nobody is left.
const GONE: Duration = Duration::from_secs(5);

/// A fault, how its turn ends, what the run comes to, and the time that the rules give it.
struct Fault {
    name: &'static str,
    steps: Value,
    ends: &'static str,
    code: i32,
    limit: Duration,
}

fn fault(name: &'static str, steps: Value, ends: &'static str, code: i32, limit_ms: u64) -> Fault {
    Fault { name, steps, ends, code, limit: Duration::from_millis(limit_ms) }
}

fn faults() -> Vec<Fault> {
    // 20 MB in all, and 200 MB in lines with 800 MB in one.
    let (lines, endless) = if long() { (700_000, 800) } else { (30_000, 12) };
    let flood = json!({ "flood": { "lines": lines, "bytes": 300 } });
    let one_line = json!({ "flood": { "lines": endless, "bytes": 1_000_000, "newline": false } });
    let (say, done, hang) = (json!({ "say": "on it" }), json!({ "text": "Done." }), json!({ "hang": true }));
    let flood_limit = if long() { 600_000 } else { 30_000 };
    let holds = json!({ "grandchild": { "setsid": true, "double_fork": true, "holds_stdout": true } });
    let stalled = STALL;
    vec![
        fault("floods", json!([flood, done]), "completed", 0, flood_limit),
        fault("floods in one line", json!([one_line, { "garbage": "" }, done]), "completed", 0, flood_limit),
        fault(
            "floods with what is no message",
            json!([{ "flood": { "lines": u64::MAX, "broken": true } }]),
            "failed/unknown",
            12,
            stalled,
        ),
        fault("falls silent", json!([say, hang]), "failed/unknown", 12, stalled),
        fault("writes half a line", json!([{ "half_line": true }, say, done]), "completed", 0, 0),
        fault("ends in half a line", json!([say, { "half_line": true }, { "exit": 0 }]), "vanished", 12, 0),
        fault("ends with a code", json!([say, { "exit": 3 }]), "vanished", 12, 0),
        fault("ends with code 0", json!([say, { "exit": 0 }]), "vanished", 12, 0),
        fault("crashes", json!([say, { "crash": { "signal": 11 } }]), "vanished", 12, 0),
        fault("is killed", json!([say, { "crash": { "signal": 9 } }]), "vanished", 12, 0),
        fault(
            "ignores SIGTERM",
            json!([{ "ignore_sigterm": true }, say, hang]),
            "failed/unknown",
            12,
            stalled,
        ),
        fault(
            "leaves a grandchild that holds stdout",
            json!([holds, say, { "exit": 1 }]),
            "vanished",
            12,
            250,
        ),
        fault("has a grandchild that holds stdout", json!([holds, say, done]), "completed", 0, 0),
        fault(
            "fails inside",
            json!([say, { "error": { "class": "overloaded" } }]),
            "failed/overloaded",
            12,
            0,
        ),
        fault(
            "closes stdout and stays",
            json!([say, { "close_stdout": true }, hang]),
            "failed/unknown",
            12,
            stalled,
        ),
    ]
}

#[test]
fn each_fault_ends_typed_and_in_time_with_nobody_left() {
    let mut jobs = Vec::new();
    for agent in [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini] {
        jobs.extend(faults().into_iter().map(|fault| (agent.clone(), fault)));
    }
    side_by_side(LANES, jobs, |(agent, fault)| {
        let took = one(&agent, &fault);
        println!("{agent} {}: {} after {took:?}", fault.name, fault.ends);
    });
}

fn one(agent: &AgentKind, fault: &Fault) -> Duration {
    let what = format!("{agent} {}", fault.name);
    let folder = tempfile::tempdir().unwrap();
    let mut witness = Witness::new(&folder.path().join("witness"));
    let mut steps = vec![json!({ "hold": witness.path() })];
    steps.extend(fault.steps.as_array().unwrap().iter().cloned());
    let stage = stage(agent, &Value::Array(steps));
    let stall = if fault.limit.as_millis() == u128::from(STALL) { "1s" } else { "5m" };
    stage.configure(&format!(
        "[session]
stall_timeout = \"{stall}\"
{NO_RECOVERY}"
    ));
    let done = run(&stage).finish_within(fault.limit + PATIENCE);
    witness.all_gone(GONE, &what);
    let lines = done.json();
    assert_eq!(turn_ends(&lines), [fault.ends], "{what}: {}", done.err);
    assert_eq!(done.code, Some(fault.code), "{what}: {}", done.err);
    for exited in lines.iter().filter(|line| line["kind"] == "worker_exited") {
        assert_eq!(exited["data"]["tree_empty"], true, "{what}: {exited}");
    }
    let took = span(&lines, "turn_requested", "turn_ended");
    assert!(took < fault.limit + SLACK, "{what}: {took:?}");
    took
}

/// The time from the first event of one kind to the first of another.
fn span(lines: &[Value], from: &str, to: &str) -> Duration {
    let at = |kind: &str| {
        let line = lines.iter().find(|line| line["kind"] == kind).unwrap();
        Timestamp::parse(line["at"].as_str().unwrap()).unwrap().0
    };
    Duration::from_millis(u64::try_from(at(to) - at(from)).unwrap())
}

/// What Claude says at its end counts, not its exit code.
#[test]
fn exit_code_0_with_a_failure_inside_is_a_failure() {
    let result = json!({ "type": "result", "subtype": "success", "is_error": true, "result": "API Error: 529 Overloaded",
        "api_error_status": 529,
        "session_id": "s", "num_turns": 1, "total_cost_usd": 0, "usage": { "input_tokens": 1, "output_tokens": 1 } });
    let stage = stage(
        &AgentKind::Claude,
        &json!([{ "say": "on it" }, { "garbage": result.to_string() }, { "exit": 0 }]),
    );
    let done = run(&stage).finish().expect(12);
    let lines = done.json();
    assert_eq!(turn_ends(&lines), ["failed/overloaded"]);
    let exited = lines.iter().find(|line| line["kind"] == "worker_exited").unwrap();
    assert_eq!(exited["data"]["code"], 0);
}

/// Who does not belong to the tree may hold its pipes: that costs a moment, not the session.
#[test]
fn pipes_that_somebody_else_holds_keep_nobody_waiting() {
    let stage = stage(&AgentKind::Claude, &json!([{ "say": "on it" }, { "hang": true }]));
    let mut owner = run(&stage);
    let pid = worker(&mut owner);
    owner.until("on it");
    let held =
        [1, 2].map(|fd| std::fs::File::options().write(true).open(format!("/proc/{pid}/fd/{fd}")).unwrap());
    send(pid, Signal::KILL);
    let done = owner.finish().expect(12);
    assert_eq!(turn_ends(&done.json()), ["vanished"]);
    drop(held);
}
