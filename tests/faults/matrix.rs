//! Whatever ends a session and whatever a worker has started: nothing survives. The proof is the end of a FIFO that
//! every descendant of the worker has inherited.

use std::time::Duration;

use mo_core::ids::AgentKind;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::place::{run, send, stage, turn_ends, worker};
use crate::rig::{Running, Stage};
use crate::witness::Witness;
use crate::{long, side_by_side};

/// Most of a trial is waiting.
const LANES: usize = 6;
/// How long a kill may take until nobody is left. On a quiet machine some 20 ms.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// The same for a stop that has to go up the whole ladder: 0.7 s cancel, 2 s SIGINT, 5 s SIGTERM, then the kill.
const LADDER_LIMIT: Duration = Duration::from_millis(7_700 + 10_000);

#[derive(Debug, Clone, Copy)]
enum End {
    /// SIGTERM to the owner, which goes up the ladder.
    Stop,
    /// `orchestrate stop --now`.
    StopNow,
    KillWorker,
    /// Of the reaper of all that the worker starts.
    KillShim,
    PanicOfOwner,
    KillOwner,
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Plain,
    Setsid,
    DoubleFork,
    Hydra,
}

impl Shape {
    /// What the worker does, and how many processes it is then.
    fn steps(self, witness: &Witness) -> (Value, usize) {
        let deaf = json!({ "ignore_sigterm": true });
        let child = |child: Value| json!({ "grandchild": child });
        let (mut own, count) = match self {
            Self::Plain => (vec![child(json!({}))], 2),
            Self::Setsid => (vec![deaf, child(json!({ "setsid": true, "holds_stdout": true }))], 2),
            Self::DoubleFork => (vec![deaf, child(json!({ "setsid": true, "double_fork": true }))], 2),
            Self::Hydra => {
                let hydra = child(json!({ "setsid": true, "hydra": true }));
                (vec![deaf, hydra.clone(), hydra.clone(), hydra], 4)
            }
        };
        own.insert(0, json!({ "hold": witness.path() }));
        own.extend([json!({ "say": "I begin." }), json!({ "hang": true })]);
        (Value::Array(own), count)
    }
}

#[test]
fn nothing_survives_whatever_ends_it() {
    let trials = if long() { 100 } else { 3 };
    let mut jobs = Vec::new();
    for trial in 0..trials {
        for shape in [Shape::Plain, Shape::Setsid, Shape::DoubleFork, Shape::Hydra] {
            // The ladder takes its time: once a cell is enough for the normal run.
            let stop = if trial == 0 { End::Stop } else { End::StopNow };
            for end in [End::KillWorker, End::KillShim, End::PanicOfOwner, End::KillOwner, stop] {
                jobs.push((trial, shape, end));
            }
        }
    }
    // The slow ones are at the front, and the jobs are taken from the back.
    jobs.sort_by_key(|(_, _, end)| matches!(end, End::Stop));
    let lanes = LANES;
    side_by_side(lanes, jobs, |(trial, shape, end)| {
        let took = survivors_of(shape, end, &format!("{end:?} of {shape:?}, trial {trial}"));
        println!("{end:?} of {shape:?}, trial {trial}: nobody is left after {took:?}");
    });
}

fn survivors_of(shape: Shape, end: End, what: &str) -> Duration {
    // The FIFO needs its place before the script names it.
    let folder = tempfile::tempdir().unwrap();
    let mut witness = Witness::new(&folder.path().join("witness"));
    let (steps, count) = shape.steps(&witness);
    let stage = stage(&AgentKind::Claude, &steps);
    if matches!(end, End::PanicOfOwner) {
        return panic_of_owner(&stage, witness, count, what);
    }
    let mut owner = run(&stage);
    let pid = worker(&mut owner);
    witness.ready(count, what);
    let mut limit = KILL_LIMIT;
    let told = match end {
        End::Stop => {
            owner.signal(Signal::TERM);
            limit = LADDER_LIMIT;
            Some((143, "interrupted"))
        }
        End::StopNow => {
            stage.run(["stop", "--now"]).expect(0);
            Some((14, "interrupted"))
        }
        End::KillWorker => {
            send(pid, Signal::KILL);
            Some((12, "vanished"))
        }
        End::KillShim => {
            send(parent(pid), Signal::KILL);
            Some((12, "vanished"))
        }
        End::KillOwner | End::PanicOfOwner => {
            owner.signal(Signal::KILL);
            None
        }
    };
    let took = witness.all_gone(limit, what);
    let done = owner.finish();
    match told {
        Some((code, outcome)) => {
            let done = done.expect(code);
            assert_eq!(turn_ends(&done.json()), [outcome], "{what}");
            let exited = done.json().into_iter().find(|line| line["kind"] == "worker_exited").unwrap();
            // Without the shim it cannot be known, though it is so.
            let known = !matches!(end, End::KillShim);
            assert_eq!(
                exited["data"]["tree_empty"], known,
                "{what}: whether it is known that nothing is left"
            );
        }
        None => assert_eq!(done.code, None, "{what}"),
    }
    took
}

fn parent(pid: i32) -> i32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    status.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap()
}

/// The owner is the tests' own, since the product has no word to panic at.
fn panic_of_owner(stage: &Stage, mut witness: Witness, count: usize, what: &str) -> Duration {
    let mut owner = panicking(stage, "main");
    witness.ready(count, what);
    owner.tell("now");
    let took = witness.all_gone(KILL_LIMIT, what);
    let done = owner.finish().expect(101);
    assert!(done.err.contains("as the test asked"), "{what}: {}", done.err);
    took
}

fn panicking(stage: &Stage, part: &str) -> Running {
    let command = stage.command([""; 0]);
    let mut own = std::process::Command::new(env!("CARGO_BIN_EXE_actor"));
    own.args(["__own", part]).arg(stage.data()).arg(stage.target()).arg(stage.path("bin"));
    own.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    own.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    own.stderr(std::process::Stdio::piped());
    Running::start(own)
}

/// The engine's own heart stops in a process that lives on: its workers do not.
#[test]
fn a_panic_of_the_dispatcher_ends_all_workers_and_tells_who_listens() {
    for shape in [Shape::Setsid, Shape::Hydra] {
        let folder = tempfile::tempdir().unwrap();
        let mut witness = Witness::new(&folder.path().join("witness"));
        let (steps, count) = shape.steps(&witness);
        let stage = stage(&AgentKind::Claude, &steps);
        let mut owner = panicking(&stage, "dispatcher");
        witness.ready(count, "dispatcher");
        owner.tell("now");
        owner.until("the engine is gone");
        witness.all_gone(KILL_LIMIT, "dispatcher");
        assert!(owner.is_running(), "the process lives on");
        owner.tell("end");
        owner.finish().expect(0);
    }
}
