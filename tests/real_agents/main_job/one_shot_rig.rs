//! An engine in this process, told that a sandbox has proven everything, whose agents are the real CLIs in the namespace
//! with loopback alone: the only place where one is ever launched so that it asks nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use mo_checkpoint::FolderCheckpoints;
use mo_core::approval::{AllowFor, AnsweredBy, Choice};
use mo_core::event::{Envelope, Event};
use mo_core::ids::{AgentKind, Role, SessionId};
use mo_core::recovery::{Remedy, Trouble};
use mo_core::sandbox::{Guarantee, Proven};
use mo_core::settings::{PermissionMode, Settings};
use mo_core::team::Team;
use mo_engine::config::{AgentConfig, Config};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::hub::Update;
use mo_engine::ports::{Ports, SystemClock, SystemGauge};
use mo_engine::premises::Premises;
use mo_engine::start::StartRequest;
use mo_journal::{DataDir, SqliteJournal};
use mo_process::ShimSpawner;
use mo_tests::{Agent, Sandbox, listing};
use serde_json::{Value, json};

/// How long a session may take.
const LIMIT: Duration = Duration::from_mins(2);

/// A bypass session that is over.
pub(crate) struct Shot {
    pub(crate) sandbox: Sandbox,
    pub(crate) events: Vec<Envelope>,
}

/// The person's own files, which nothing may change.
const OWN: [(&str, &str); 4] = [
    (".gemini/trustedFolders.json", "{}\n"),
    (".claude/settings.json", "{}\n"),
    (".codex/config.toml", "model_reasoning_effort = \"low\"\n"),
    (".gitconfig", "[user]\n\tname = A Person\n"),
];

/// A session in bypass mode in a folder without a repository, whose preparation is told what to find: a repository, and
/// that the agents trust the folder. Every question is allowed once. It is stopped after the event for which `until`
/// is true; else it goes to its end.
pub(crate) fn run(
    members: &[(Agent, Role)],
    reviews: &[(Agent, Agent)],
    rules: &Value,
    until: impl Fn(&Event) -> bool,
) -> Shot {
    let sandbox = Sandbox::new(&json!({ "rules": rules })).unwrap();
    sandbox.write("greet.py", "def greet():\n    return \"hello\"\n").unwrap();
    for (path, text) in OWN {
        let path = sandbox.home().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let events = runtime.block_on(session(&sandbox, members, reviews, until));
    for (path, text) in OWN {
        assert_eq!(fs::read_to_string(sandbox.home().join(path)).unwrap(), text, "{path} is the person's");
    }
    assert_eq!(sandbox.processes().unwrap(), [], "nothing is left");
    let kept = listing(&sandbox.data()).unwrap();
    let raw: Vec<_> = kept.keys().filter(|path| path.ends_with("stdout")).collect();
    assert!(raw.is_empty(), "what an agent wrote is kept as its transcript alone: {raw:?}");
    Shot { sandbox, events }
}

async fn session(
    sandbox: &Sandbox,
    members: &[(Agent, Role)],
    reviews: &[(Agent, Agent)],
    until: impl Fn(&Event) -> bool,
) -> Vec<Envelope> {
    let kind = |agent: Agent| agent.name().parse::<AgentKind>().unwrap();
    let mut config = Config::default();
    for (agent, _) in members {
        let env = Sandbox::agent_env(*agent).into_iter().map(|(name, value)| (name.to_owned(), value));
        let agent_config = AgentConfig {
            path: Some(wrapped(sandbox, *agent)),
            args: Sandbox::agent_args(*agent),
            env: env.collect(),
            ..AgentConfig::default()
        };
        config.agents.insert(kind(*agent), agent_config);
    }
    let data = DataDir::create(sandbox.data()).unwrap();
    let lock = data.lock("{}").unwrap();
    let checkpoints = FolderCheckpoints::open(data.checkpoints(), config.checkpoints()).unwrap();
    let ports = Ports {
        spawner: Arc::new(ShimSpawner::new(env!("CARGO_BIN_EXE_actor"))),
        clock: Arc::new(SystemClock),
        journal: Arc::new(SqliteJournal::open(&data).unwrap()),
        checkpoints: Arc::new(checkpoints),
        gauge: Arc::new(SystemGauge::default()),
    };
    let environment = Environment::new(sandbox.env().unwrap(), []).unwrap();
    let setup = EngineSetup { data, lock, ports, config, environment };
    let premises =
        Premises { proven: Proven::by_probe(Guarantee::FOR_BYPASS), git: Some(true), trusted: true };
    let engine = EngineHandle::open_with(setup, premises).await.unwrap();
    let pairs: Vec<(String, String)> =
        reviews.iter().map(|(who, whom)| (who.name().to_owned(), whom.name().to_owned())).collect();
    let team = members.iter().map(|(agent, role)| (kind(*agent), *role)).collect();
    let request = StartRequest {
        goal: "Let greet take a name.".to_owned(),
        target: sandbox.target().to_owned(),
        team: Team::new(team, &pairs).unwrap(),
        settings: Settings { permission: PermissionMode::Bypass, ..Settings::default() },
        yes_really: false,
    };
    let id = engine.start(request).await.unwrap();
    let events = follow(&engine, &id, until).await;
    engine.idle().await;
    engine.shut_down().await;
    events
}

async fn follow(engine: &EngineHandle, id: &SessionId, until: impl Fn(&Event) -> bool) -> Vec<Envelope> {
    let mut live = engine.subscribe(id, 0);
    let mut events: Vec<Envelope> = Vec::new();
    let all = async {
        loop {
            let Update::Events(records) = live.next().await.unwrap().unwrap() else { continue };
            for record in records.iter() {
                let envelope = Envelope::from_record(record).unwrap();
                if let Event::ApprovalRequested(asked) = &envelope.event {
                    let once = Choice::Allow { allowed: AllowFor::Once };
                    engine.answer(&asked.approval, once, AnsweredBy::Person).await.unwrap();
                }
                let (over, enough) =
                    (matches!(envelope.event, Event::SessionEnded(_)), until(&envelope.event));
                events.push(envelope);
                if over {
                    return;
                }
                if enough {
                    engine.stop(id, mo_core::event::StopCause::Person, false).await.unwrap();
                }
            }
        }
    };
    let ended = tokio::time::timeout(LIMIT, all).await;
    assert!(ended.is_ok(), "the session did not end:\n{}", story(&events));
    events
}

/// The pinned CLI behind a program that writes down with what it was started, and enters the namespace.
fn wrapped(sandbox: &Sandbox, agent: Agent) -> std::path::PathBuf {
    let folder = sandbox.root().join("wrapped");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(agent.name());
    let name = path.display();
    let (entrance, program) = (sandbox.entrance().join(" "), agent.program().unwrap());
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = --version ] || {{ echo \"$*\" >> '{name}.argv'; env >> '{name}.env'; }}\n\
         exec {entrance} '{}' \"$@\"\n",
        program.display()
    );
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn story(events: &[Envelope]) -> String {
    let lines: Vec<String> =
        events.iter().map(|e| format!("{:?} {:?}", e.worker, e.event).chars().take(500).collect()).collect();
    lines.join("\n")
}

impl Shot {
    /// All that happened, for a failing test.
    pub(crate) fn story(&self) -> String {
        story(&self.events)
    }

    /// The command lines with which an agent was started, in order.
    pub(crate) fn launches(&self, agent: Agent) -> Vec<String> {
        let file = self.sandbox.root().join(format!("wrapped/{}.argv", agent.name()));
        fs::read_to_string(file).unwrap().lines().map(str::to_owned).collect()
    }

    /// The environments with which it was started, one after the other.
    pub(crate) fn environments(&self, agent: Agent) -> String {
        fs::read_to_string(self.sandbox.root().join(format!("wrapped/{}.env", agent.name()))).unwrap()
    }

    /// Every remedy that was tried, with its number and its bound.
    pub(crate) fn remedies(&self) -> Vec<(Trouble, Remedy, u32, u32)> {
        let tried = |e: &Envelope| match &e.event {
            Event::RecoveryAttempted(tried) => Some((tried.class, tried.remedy, tried.try_no, tried.of)),
            _ => None,
        };
        self.events.iter().filter_map(tried).collect()
    }

    /// How often something happened.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.events.iter().filter(|e| e.event.kind() == kind).count()
    }

    /// The exit code of the session's end.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.events.last().map(|e| &e.event) {
            Some(Event::SessionEnded(ending)) => ending.exit_code,
            _ => panic!("not the end\n{}", self.story()),
        }
    }
}
