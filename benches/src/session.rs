//! What a new session with one prompt costs beside its bare agent.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Line, TurnPrompt};
use mo_core::agent_event::AgentEvent;
use mo_core::ids::AgentKind;
use mo_engine::config::AgentConfig;
use mo_engine::hub::Update;
use mo_scripted::install::install;
use serde::{Deserialize, Serialize};

use crate::figures::{median, ms_since, quantile};
use crate::options::Options;
use crate::report::Claim;
use crate::rig::{self, Rig};
use crate::{children, goals, program};

const SESSIONS: usize = 15;
const SCRIPT: &str = r#"{"turns": [{"times": 0, "steps": [{"text": "Done."}]}]}"#;

/// What was measured, in ms.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Times {
    ours: Vec<f64>,
    to_turn: Vec<f64>,
    bare: Vec<f64>,
}

/// In a running engine, with a scripted Claude.
pub(crate) fn session(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    let times = children::sessions(folder.path())?;
    let (ours, bare) = (median(&times.ours)?, median(&times.bare)?);
    Ok(vec![Claim {
        name: "session",
        what: "added to one prompt by a session of its own",
        value: ours - bare,
        unit: " ms",
        bound: goals::SESSION_MS,
        at_least: false,
        baseline: format!("the scripted agent alone: {bare:.0} ms"),
        detail: format!(
            "{ours:.0} ms from the request to the session's end, {:.0} ms to the prompt, slowest of {SESSIONS}: {:.0} ms",
            median(&times.to_turn)?,
            quantile(&times.ours, 1.0)?
        ),
    }])
}

/// The sessions and the bare runs, taken alternately.
pub(crate) fn measure(folder: &Path) -> Result<Times> {
    let script = folder.join("script.json");
    std::fs::write(&script, SCRIPT)?;
    let agents =
        install(&folder.join("bin"), &program::orchestrate()?, &[(AgentKind::Claude, script)], true)?;
    let (_, agent) = agents.into_iter().next().context("no agent was installed")?;
    let runtime = rig::runtime()?;
    let claude = AgentConfig { path: Some(agent.clone()), ..AgentConfig::default() };
    let rig = runtime.block_on(Rig::open(folder, claude))?;
    let mut times = Times { ours: Vec::new(), to_turn: Vec::new(), bare: Vec::new() };
    for run in 0..=SESSIONS {
        let (to_turn, ours) = runtime.block_on(through_engine(&rig))?;
        let bare = alone(&agent, folder)?;
        // The first one fills the caches.
        if run > 0 {
            times.ours.push(ours);
            times.to_turn.push(to_turn);
            times.bare.push(bare);
        }
    }
    runtime.block_on(rig.engine.shut_down());
    Ok(times)
}

/// Until the prompt was asked for, and until the session's end was delivered.
async fn through_engine(rig: &Rig) -> Result<(f64, f64)> {
    let start = Instant::now();
    let id = rig.engine.start(rig::request("Say that you are done.", rig.folder.join("target"))).await?;
    let mut live = rig.engine.subscribe(&id, 0);
    let (mut to_turn, mut completed) = (None, false);
    loop {
        let Update::Events(records) = live.next().await.context("the engine ended")?? else { continue };
        for record in records.iter() {
            match record.kind.as_ref() {
                "turn_requested" => to_turn = Some(ms_since(start)),
                "turn_ended" => completed = record.data.contains("\"completed\""),
                "session_ended" => {
                    ensure!(completed, "the agent did not do its turn: {}", record.data);
                    let took = (to_turn.context("no turn was asked for")?, ms_since(start));
                    // The next one works in the same folder.
                    rig.engine.at_rest(&id).await;
                    return Ok(took);
                }
                _ => {}
            }
        }
    }
}

/// The agent's process with the same command line and the same words, and nothing around it.
fn alone(agent: &Path, folder: &Path) -> Result<f64> {
    let spec = LaunchSpec {
        agent: AgentKind::Claude,
        program: agent.to_owned(),
        cwd: folder.join("target"),
        add_dirs: Vec::new(),
        access: Access::Write,
        permission: Permission::Ask,
        model: None,
        args: Vec::new(),
        resume: None,
        skip_git_repo_check: true,
        skip_trust: true,
        schema: None,
        files_dir: folder.to_owned(),
    };
    let shape = kinds::launch(&spec)?;
    let mut protocol = kinds::protocol(&spec);
    let start = Instant::now();
    let mut child = Command::new(&shape.program)
        .args(&shape.args)
        .env_clear()
        .env("HOME", folder.join("home"))
        .env("PATH", "/usr/bin:/bin")
        .current_dir(&spec.cwd)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().context("no stdin")?;
    let mut output = BufReader::new(child.stdout.take().context("no stdout")?);
    let mut out = Exchange::default();
    protocol.open(&mut out);
    protocol.prompt(TurnPrompt { text: "Say that you are done.".to_owned(), schema: None }, &mut out);
    let mut line = Vec::new();
    while !ended(&out) {
        said(&mut out, &mut input)?;
        line.clear();
        ensure!(
            output.read_until(b'\n', &mut line)? > 0,
            "the agent ended without its turn: {:?}",
            out.events
        );
        protocol.line(Line::Whole(line.trim_ascii_end()), &mut out);
    }
    drop(input);
    ensure!(child.wait()?.success(), "the agent failed");
    Ok(ms_since(start))
}

fn ended(out: &Exchange) -> bool {
    out.events.iter().any(|decoded| matches!(decoded.event, AgentEvent::TurnEnded { .. }))
}

fn said(out: &mut Exchange, input: &mut ChildStdin) -> Result<()> {
    input.write_all(&std::mem::take(&mut out.send))?;
    Ok(input.flush()?)
}
