//! A stage for one trial: an implementer with a script and a reviewer who approves, a headless owner over them.

use std::time::Duration;

use mo_core::ids::AgentKind;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::rig::{Running, Stage, program, verdict};

/// How long anything may take that must come; only something broken reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The first failure is the end of the session: what is looked at here is how it ends.
pub(crate) const NO_RECOVERY: &str = "[recovery]\nattempts = 0\n";

/// A stage whose implementer is that agent with those steps in each of its turns.
pub(crate) fn stage(implementer: &AgentKind, steps: &Value) -> Stage {
    stage_of_turns(implementer, &json!([{ "kind": "work", "times": 0, "steps": steps }]))
}

/// A stage whose implementer is that agent with those turns.
pub(crate) fn stage_of_turns(implementer: &AgentKind, turns: &Value) -> Stage {
    let work = json!({ "turns": turns });
    let review = json!({ "turns": [{ "kind": "review", "times": 0, "steps": [verdict("approved")] }] });
    let reviewer = reviewer(implementer);
    let script = |agent: &AgentKind| if *agent == reviewer { review.clone() } else { work.clone() };
    let all = [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini];
    let stage = Stage::with_scripts(all.map(|agent| (agent.clone(), script(&agent))));
    let team = format!(
        "[[worker]]\nagent = \"{implementer}\"\nrole = \"implementer\"\n\
         [[worker]]\nagent = \"{reviewer}\"\nrole = \"reviewer\"\n\
         [[review]]\nreviewer = \"{reviewer}\"\nsubject = \"{implementer}\"\n"
    );
    std::fs::write(stage.path("team.toml"), team).unwrap();
    stage.configure(NO_RECOVERY);
    stage
}

/// With agents that take the time that their scripts say.
pub(crate) fn paced(stage: Stage) -> Stage {
    let all = [AgentKind::Claude, AgentKind::Codex, AgentKind::Gemini];
    let files = all.map(|agent| (agent.clone(), stage.path(&format!("{agent}.json"))));
    mo_scripted::install::install(&stage.path("bin"), &program(), &files, false).unwrap();
    stage
}

fn reviewer(implementer: &AgentKind) -> AgentKind {
    if *implementer == AgentKind::Codex { AgentKind::Claude } else { AgentKind::Codex }
}

/// A headless owner that runs the session.
pub(crate) fn run(stage: &Stage) -> Running {
    Running::start(stage.command(["run", "write a.txt", "-C", "target", "--team", "team.toml", "--json"]))
}

/// Reads up to an event of this kind.
pub(crate) fn until_kind(running: &mut Running, kind: &str) -> Value {
    serde_json::from_str(&running.until(&format!("\"kind\":\"{kind}\""))).unwrap()
}

/// The process of the first worker of a run.
pub(crate) fn worker(running: &mut Running) -> i32 {
    let spawned = until_kind(running, "worker_spawned");
    i32::try_from(spawned["data"]["pid"].as_i64().unwrap()).unwrap()
}

pub(crate) fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// How the turns of the implementer ended, as `outcome` or `failed/class`, in order.
pub(crate) fn turn_ends(lines: &[Value]) -> Vec<String> {
    let of_implementer =
        |line: &&Value| line["worker"].as_str().is_some_and(|name| name.ends_with("-implementer"));
    let ended = lines.iter().filter(|line| line["kind"] == "turn_ended").filter(of_implementer);
    ended
        .map(|line| {
            let end = &line["data"]["end"];
            let class = end["class"].as_str().map(|class| format!("/{class}")).unwrap_or_default();
            format!("{}{class}", end["outcome"].as_str().unwrap())
        })
        .collect()
}
