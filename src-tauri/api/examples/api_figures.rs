//! Measures the API: start to first answer, from a durable event to a client, a flood, and memory.
//!
//! `cargo run -p mo-api --example api_figures [EVENTS]`

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mo_api::client::Client;
use mo_api::dto::{ReviewForm, StartForm, TeamForm, WorkerForm};
use mo_api::{Folders, Limits, serve};
use mo_checkpoint::FolderCheckpoints;
use mo_core::event::StopCause;
use mo_core::ids::{AgentKind, Role, SessionId, WorkerName};
use mo_engine::config::{AgentConfig, Config};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::hub::Start;
use mo_engine::ports::{Ports, SystemClock, SystemGauge};
use mo_journal::{DataDir, SqliteJournal};
use mo_process::ShimSpawner;

type Failed = Box<dyn std::error::Error + Send + Sync>;

const SCRIPT: &str = r#"{"turns": [{"times": 0, "steps": [{"say": "I think."}, {"hang": true}]}]}"#;
/// Sides from which a flood comes.
const SIDES: usize = 64;

fn main() -> Result<(), Failed> {
    if let Some(code) = mo_process::reexec_entry().or_else(mo_scripted::reexec_entry) {
        std::process::exit(code);
    }
    let events = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(events))
}

async fn measure(events: usize) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let base = dir.path().canonicalize()?;
    let engine = open(&base).await?;
    let data = engine.data().clone();

    let begun = Instant::now();
    let server = serve(engine.clone(), Folders::of_this_process(), Limits::default()).await?;
    let up = begun.elapsed();
    let client = Client::attach(&data).await?;
    say("serve() to the socket", up);
    say("serve() to the first good answer (attached)", begun.elapsed());
    let asked = Instant::now();
    let rounds = 200;
    for _ in 0..rounds {
        client.health().await?;
    }
    say("one call on a new connection, mean", asked.elapsed() / rounds);
    say_memory("idle");

    let session = client.start(&form(&base)).await?;
    let id = SessionId::new(session.as_str());
    let worker = WorkerName::new("claude-implementer");
    wait_for(&engine, &id, "agent_item").await;
    paced(&engine, &client, &id, &worker).await?;
    flood(&engine, &client, &id, &worker, events).await?;

    engine.stop(&id, StopCause::Person, true).await?;
    engine.idle().await;
    let begun = Instant::now();
    let mut replay = client.events(&session, 0).await?;
    while !replay.next().await?.line.contains("\"kind\":\"session_ended\"") {}
    say("the whole session to a second client, from the journal", begun.elapsed());
    server.close().await;
    engine.shut_down().await;
    Ok(())
}

/// Events 5 ms apart, as one listener in this process and one client hear them.
async fn paced(
    engine: &EngineHandle,
    client: &Client,
    id: &SessionId,
    worker: &WorkerName,
) -> Result<(), Failed> {
    let since = engine.journal().last_row()?;
    let mut stream = client.all_events(since).await?;
    let count = 400;
    let mut live = engine.subscribe_rows(Start::AllAfterRow(since));
    let published = tokio::spawn(async move {
        let mut at = BTreeMap::new();
        while at.len() < count {
            let Some(Ok(batch)) = live.next().await else { break };
            let messages = batch.iter().filter(|(_, record)| record.kind == "message_queued");
            at.extend(messages.map(|(row, _)| (row, Instant::now())));
        }
        at
    });
    let heard = tokio::spawn(async move {
        let mut at = BTreeMap::new();
        while at.len() < count {
            let Ok(event) = stream.next().await else { break };
            if event.line.contains("\"kind\":\"message_queued\"") {
                at.insert(event.id, Instant::now());
            }
        }
        at
    });
    let mut asked = Vec::new();
    for n in 0..count {
        tokio::time::sleep(Duration::from_millis(5)).await;
        asked.push(Instant::now());
        engine.message(id, worker, &format!("message {n}")).await?;
    }
    let (published, heard) = (published.await?, heard.await?);
    let from_commit: Vec<Duration> = heard
        .iter()
        .filter_map(|(row, at)| Some(at.saturating_duration_since(*published.get(row)?)))
        .collect();
    let from_asking: Vec<Duration> =
        heard.values().zip(&asked).map(|(at, asked)| at.saturating_duration_since(*asked)).collect();
    say_spread("durable event to client, 200 a second", from_commit);
    say_spread("command to client, with its commit", from_asking);
    Ok(())
}

/// As fast as it goes, to one client that reads and one that does not.
async fn flood(
    engine: &EngineHandle,
    client: &Client,
    id: &SessionId,
    worker: &WorkerName,
    events: usize,
) -> Result<(), Failed> {
    let since = engine.journal().last_row()?;
    let _stalled = client.all_events(since).await?;
    let mut stream = client.all_events(since).await?;
    let begun = Instant::now();
    let mut sides = tokio::task::JoinSet::new();
    for _ in 0..SIDES {
        let (engine, id, worker) = (engine.clone(), id.clone(), worker.clone());
        let text = "x".repeat(200);
        sides.spawn(async move {
            for _ in 0..events / SIDES {
                if engine.message(&id, &worker, &text).await.is_err() {
                    return;
                }
            }
        });
    }
    let mut last = since;
    let wanted = (events / SIDES * SIDES) as u64;
    while last < since + wanted {
        let id = stream.next().await?.id;
        if id != last + 1 {
            return Err(format!("{id} came after {last}").into());
        }
        last = id;
    }
    say(&format!("a flood of {wanted} events, last one at the client"), begun.elapsed());
    sides.join_all().await;
    say_memory("after the flood");
    Ok(())
}

async fn open(base: &Path) -> Result<EngineHandle, Failed> {
    for folder in ["home", "target"] {
        std::fs::create_dir(base.join(folder))?;
    }
    let script = base.join("script.json");
    std::fs::write(&script, SCRIPT)?;
    let agents = [AgentKind::Claude, AgentKind::Codex].map(|agent| (agent, script.clone()));
    let programs =
        mo_scripted::install::install(&base.join("bin"), &std::env::current_exe()?, &agents, true)?;
    let mut config = Config::default();
    for (agent, path) in programs {
        config.agents.insert(agent, AgentConfig { path: Some(path), ..AgentConfig::default() });
    }
    let data = DataDir::create(base.join("data"))?;
    let ports = Ports {
        spawner: Arc::new(ShimSpawner::of_this_program()?),
        clock: Arc::new(SystemClock),
        journal: Arc::new(SqliteJournal::open(&data)?),
        checkpoints: Arc::new(FolderCheckpoints::open(
            data.checkpoints(),
            mo_checkpoint::Settings::default(),
        )?),
        gauge: Arc::new(SystemGauge::default()),
    };
    let vars = [("PATH", "/usr/bin:/bin".to_owned()), ("HOME", base.join("home").display().to_string())];
    let environment = Environment::new(vars.map(|(name, value)| (name.to_owned(), value)), [])?;
    let lock = data.lock("{}")?;
    Ok(EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await?)
}

fn form(base: &Path) -> StartForm {
    let worker = |agent, role| WorkerForm { agent, role };
    let team = TeamForm {
        workers: vec![worker(AgentKind::Claude, Role::Implementer), worker(AgentKind::Codex, Role::Reviewer)],
        reviews: vec![ReviewForm { reviewer: "codex".to_owned(), subject: "claude".to_owned() }],
    };
    StartForm {
        goal: "Wait".to_owned(),
        target: base.join("target"),
        team: Some(team),
        ..StartForm::default()
    }
}

async fn wait_for(engine: &EngineHandle, id: &SessionId, kind: &str) {
    let mut live = engine.subscribe_rows(Start::SessionAfterSeq(id.clone(), 0));
    while let Some(Ok(batch)) = live.next().await {
        if batch.iter().any(|(_, record)| record.kind == kind) {
            return;
        }
    }
}

#[allow(clippy::print_stdout, reason = "figures are what this is for")]
fn say(what: &str, took: Duration) {
    println!("{what}: {:.2} ms", took.as_secs_f64() * 1_000.0);
}

#[allow(clippy::print_stdout, reason = "figures are what this is for")]
fn say_spread(what: &str, mut all: Vec<Duration>) {
    all.sort_unstable();
    let at = |per_mille: usize| {
        let index = (all.len() * per_mille / 1_000).min(all.len().saturating_sub(1));
        all.get(index).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    };
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms (n {})",
        at(500),
        at(990),
        at(1_000),
        all.len()
    );
}

#[allow(clippy::print_stdout, reason = "figures are what this is for")]
fn say_memory(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned()
    };
    println!("memory {when}: {} now, {} at most", of("VmRSS:"), of("VmHWM:"));
}
