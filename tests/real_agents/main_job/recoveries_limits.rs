//! Usage limits of the real CLIs, waited for on a simulated clock: the engine runs in the test's own process, and the CLIs in
//! the sandbox.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mo_checkpoint::FolderCheckpoints;
use mo_core::event::{Envelope, Event};
use mo_core::ids::{AgentKind, Role, SessionId};
use mo_core::team::Team;
use mo_core::time::Timestamp;
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::hub::Update;
use mo_engine::ports::{Clock, Ports, SystemGauge};
use mo_engine::start::StartRequest;
use mo_journal::{DataDir, SqliteJournal};
use mo_process::ShimSpawner;
use mo_tests::{Agent, Sandbox, Simulated};
use serde_json::{Value, json};

use super::play::{rule, verdict};
use super::project::{Kind, fill};
use super::recoveries::work;

const HOUR_S: i64 = 3_600;
const PATIENCE: Duration = Duration::from_mins(1);

/// The answers by which the services say that a subscription's limit is reached, with the instant of its end.
fn limit(agent: &str, until_s: i64) -> Value {
    let until = until_s.to_string();
    let (body, headers) = match agent {
        "claude" => (
            json!({"type": "error", "error": {"type": "rate_limit_error",
                "message": "This request would exceed your account's rate limit. Please try again later."}}),
            json!({
                "anthropic-ratelimit-unified-status": "rejected",
                "anthropic-ratelimit-unified-reset": until,
                "anthropic-ratelimit-unified-representative-claim": "five_hour",
                "anthropic-ratelimit-unified-5h-status": "rejected",
                "anthropic-ratelimit-unified-5h-reset": until,
                "anthropic-ratelimit-unified-5h-utilization": "1.0",
                "anthropic-ratelimit-unified-overage-status": "rejected",
                "anthropic-ratelimit-unified-overage-disabled-reason": "org_level_disabled",
            }),
        ),
        _ => (
            json!({"error": {"type": "usage_limit_reached", "message": "The usage limit has been reached",
                "plan_type": "plus", "resets_at": until_s, "resets_in_seconds": HOUR_S}}),
            json!({
                "x-codex-primary-used-percent": "100",
                "x-codex-primary-window-minutes": "300",
                "x-codex-primary-reset-at": until,
                "x-codex-primary-reset-after-seconds": HOUR_S.to_string(),
            }),
        ),
    };
    json!({"error": {"status": 429, "body": body, "headers": headers}})
}

/// The session's model: the implementer and one of its reviewers reach their limits at first.
fn script(until_s: i64) -> Value {
    let of_work = "You review claude-implementer's work";
    let router = json!([{"structured": {"reasoning": "It is small.", "model_choice": "flash"}}]);
    json!({"rules": [
        {"name": "router", "when": {"api": "gemini", "body_contains": "Task Routing AI"}, "steps": router},
        rule("on", "anthropic", &["your usage limit was reached; it is over now"], &work("claude")),
        rule("work", "anthropic", &["You are the implementer"], &json!([limit("claude", until_s)])),
        rule("by codex again", "openai", &["your usage limit was reached; it is over now"], &verdict("approved")),
        rule("by codex", "openai", &[of_work], &json!([limit("codex", until_s + HOUR_S)])),
        rule("by gemini", "gemini", &[of_work], &verdict("approved")),
    ]})
}

/// The configuration, with programs that go into the sandbox by themselves.
fn config(sandbox: &Sandbox) -> Config {
    let file = sandbox.write_config("").unwrap();
    let bin = sandbox.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let mut config = Config::read(&file, true).unwrap();
    for agent in Agent::ALL {
        let inside = sandbox.command(agent.program().unwrap()).unwrap();
        let words = std::iter::once(inside.get_program()).chain(inside.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
        let path = bin.join(agent.name());
        std::fs::write(&path, format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "))).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let kind: AgentKind = agent.name().parse().unwrap();
        config.agents.get_mut(&kind).unwrap().path = Some(path);
    }
    let claude = config.agents.get_mut(&AgentKind::Claude).unwrap();
    // Only a subscription has such limits.
    claude.env.remove("ANTHROPIC_API_KEY");
    claude.env.insert("CLAUDE_CODE_OAUTH_TOKEN".into(), "sk-ant-oat01-test-dummy".into());
    let codex = config.agents.get_mut(&AgentKind::Codex).unwrap();
    for arg in &mut codex.args {
        *arg = arg.replace("_max_retries=1", "_max_retries=0");
    }
    config
}

async fn open(sandbox: &Sandbox, clock: &Arc<Simulated>) -> EngineHandle {
    let data = DataDir::create(sandbox.data()).unwrap();
    let lock = data.lock("{}").unwrap();
    let config = config(sandbox);
    let ports = Ports {
        spawner: Arc::new(ShimSpawner::new(env!("CARGO_BIN_EXE_actor"))),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        journal: Arc::new(SqliteJournal::open(&data).unwrap()),
        checkpoints: Arc::new(FolderCheckpoints::open(data.checkpoints(), config.checkpoints()).unwrap()),
        gauge: Arc::new(SystemGauge::default()),
    };
    let environment = Environment::new(sandbox.env().unwrap(), []).unwrap();
    EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await.unwrap()
}

/// What has happened so far, until `enough`.
async fn follow(
    engine: &EngineHandle,
    id: &SessionId,
    mut enough: impl FnMut(&[Envelope]) -> bool,
) -> Vec<Envelope> {
    let mut live = engine.subscribe(id, 0);
    let mut events: Vec<Envelope> = Vec::new();
    let all = async {
        while !enough(&events) {
            if let Update::Events(records) = live.next().await.unwrap().unwrap() {
                events.extend(records.iter().map(|record| Envelope::from_record(record).unwrap()));
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, all).await.is_ok();
    assert!(in_time, "{}", story(&events));
    events
}

fn story(events: &[Envelope]) -> String {
    let lines: Vec<String> =
        events.iter().map(|event| format!("{:?} {:?}", event.worker, event.event)).collect();
    lines.join("\n")
}

fn of_kind<'a>(events: &'a [Envelope], kind: &str, worker: &str) -> Vec<&'a Envelope> {
    let of = |event: &&Envelope| {
        event.event.kind() == kind && event.worker.as_ref().is_none_or(|name| name.as_str() == worker)
    };
    events.iter().filter(of).collect()
}

/// How often each agent has asked its model for something.
fn asked(sandbox: &Sandbox, api: &str) -> usize {
    sandbox
        .requests()
        .unwrap()
        .iter()
        .filter(|request| request["api"] == api && request["rule"].is_string())
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_limits_are_waited_for() {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let until = now + HOUR_S;
    let sandbox = Sandbox::new(&script(until)).unwrap();
    fill(&sandbox, Kind::Folder);
    let clock = Simulated::new();
    let engine = open(&sandbox, &clock).await;
    let team = Team::new(
        vec![
            (AgentKind::Claude, Role::Implementer),
            (AgentKind::Codex, Role::Reviewer),
            (AgentKind::Gemini, Role::Reviewer),
        ],
        &[("codex".into(), "claude".into()), ("gemini".into(), "claude".into())],
    )
    .unwrap();
    let request = StartRequest {
        goal: "Let greet take a name".into(),
        target: sandbox.target().to_owned(),
        team,
        settings: mo_core::settings::Settings::default(),
        yes_really: false,
    };
    let id = engine.start(request).await.unwrap();

    let limited = |agent: &'static str, worker: &'static str| {
        move |events: &[Envelope]| {
            let reached = events.iter().any(|event| {
                matches!(&event.event, Event::QuotaReached { agent: of, .. } if of.to_string() == agent)
            });
            reached && !of_kind(events, "recovery_attempted", worker).is_empty()
        }
    };
    let events = follow(&engine, &id, limited("claude", "claude-implementer")).await;
    let view = engine.view(&id).await.unwrap().unwrap();
    let told = Timestamp::parse(&view.quotas[0].until).unwrap();
    assert!((until * 1_000..=until * 1_000 + 3_000).contains(&told.0), "{}", story(&events));
    assert_eq!((view.state.as_str(), view.recoveries), ("running", 0), "a limit is no failure");
    let before = asked(&sandbox, "anthropic");
    clock.put_forward((HOUR_S - 60) * 1_000);
    assert_eq!(engine.view(&id).await.unwrap().unwrap().seq, view.seq, "a minute too early");
    clock.put_forward(120 * 1_000);

    // Claude has worked; Codex, which reviews it, is at its limit, and Gemini goes on.
    let gemini_is_done =
        |events: &[Envelope]| !of_kind(events, "verdict_recorded", "gemini-reviewer").is_empty();
    let codex_waits = limited("codex", "codex-reviewer");
    let events = follow(&engine, &id, |events| gemini_is_done(events) && codex_waits(events)).await;
    assert!(asked(&sandbox, "anthropic") > before, "{}", story(&events));
    let seq = |kind: &str, worker: &str| of_kind(&events, kind, worker)[0].seq;
    assert!(seq("quota_reset", "") < of_kind(&events, "turn_requested", "claude-implementer")[1].seq);
    assert_eq!(of_kind(&events, "verdict_recorded", "codex-reviewer").len(), 0, "{}", story(&events));
    let waiting = asked(&sandbox, "openai");
    clock.put_forward(HOUR_S * 1_000);

    let events = follow(&engine, &id, |events| {
        matches!(events.last().map(|last| &last.event), Some(Event::SessionEnded(_)))
    })
    .await;
    let story = story(&events);
    assert!(asked(&sandbox, "openai") > waiting, "{story}");
    let Some(Event::SessionEnded(ending)) = events.last().map(|last| &last.event) else { panic!("{story}") };
    assert_eq!(ending.exit_code, 0, "{story}");
    assert!(Path::new(&sandbox.target().join("done.txt")).exists(), "{story}");
    for (worker, reached) in [("claude-implementer", 1), ("codex-reviewer", 1), ("gemini-reviewer", 0)] {
        let tried = of_kind(&events, "recovery_attempted", worker);
        assert_eq!(tried.len(), reached, "{story}");
        for tried in tried {
            let Event::RecoveryAttempted(tried) = &tried.event else { panic!("{story}") };
            assert_eq!(
                (tried.class.word().as_str(), tried.remedy.as_str(), tried.try_no),
                ("usage_limit", "wait_for_reset", 1)
            );
        }
        assert_eq!(of_kind(&events, "recovery_succeeded", worker).len(), reached, "{story}");
    }
    assert_eq!(of_kind(&events, "quota_reset", "").len(), 2, "{story}");
    engine.idle().await;
    engine.shut_down().await;
    assert_eq!(sandbox.processes().unwrap(), [], "{story}");
}
