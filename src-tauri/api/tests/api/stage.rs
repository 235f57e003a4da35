//! An engine in this process that serves, with scripted agents in a private folder.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mo_api::client::Client;
use mo_api::dto::{ReviewForm, StartForm, TeamForm, WorkerForm};
use mo_api::{Folders, Limits, Server, serve};
use mo_checkpoint::FolderCheckpoints;
use mo_core::ids::{AgentKind, Role, SessionId};
use mo_engine::config::{AgentConfig, Config};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::ports::{Ports, SystemClock, SystemGauge};
use mo_journal::{DataDir, MemoryJournal};
use mo_process::ShimSpawner;
use serde_json::{Value, json};

/// How long anything here may take; only something broken reaches it.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// Awaits something that must come.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, work).await.expect("in time")
}

pub(crate) struct Stage {
    dir: tempfile::TempDir,
    pub(crate) engine: EngineHandle,
    pub(crate) journal: Arc<MemoryJournal>,
    server: Option<Server>,
}

impl Stage {
    /// With a script for Claude; Codex approves everything.
    pub(crate) async fn new(claude: &Value) -> Self {
        Self::with(claude, Limits::default()).await
    }

    pub(crate) async fn with(claude: &Value, limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for folder in ["home", "target", "scripts"] {
            std::fs::create_dir(base.join(folder)).unwrap();
        }
        let mut paths = Vec::new();
        for (agent, script) in [("claude", claude), ("codex", &approving())] {
            let path = base.join("scripts").join(format!("{agent}.json"));
            std::fs::write(&path, script.to_string()).unwrap();
            paths.push((agent.parse::<AgentKind>().unwrap(), path));
        }
        let programs = mo_scripted::install::install(&base.join("bin"), &actor(), &paths, true).unwrap();
        let mut config = Config::default();
        for (agent, path) in programs {
            config.agents.insert(agent, AgentConfig { path: Some(path), ..AgentConfig::default() });
        }
        let data = DataDir::create(base.join("data")).unwrap();
        let lock = data.lock(r#"{"pid":1,"program":"a test"}"#).unwrap();
        let journal = Arc::new(MemoryJournal::new());
        let store = FolderCheckpoints::open(data.checkpoints(), mo_checkpoint::Settings::default()).unwrap();
        let ports = Ports {
            spawner: Arc::new(ShimSpawner::new(actor())),
            clock: Arc::new(SystemClock),
            journal: journal.clone(),
            checkpoints: Arc::new(store),
            gauge: Arc::new(SystemGauge::default()),
        };
        let vars = [("PATH", "/usr/bin:/bin".to_owned()), ("HOME", base.join("home").display().to_string())];
        let environment = Environment::new(vars.map(|(n, v)| (n.to_owned(), v)), []).unwrap();
        let setup = EngineSetup { data, lock, ports, config, environment };
        let engine = EngineHandle::open(setup).await.unwrap();
        let server = serve(engine.clone(), Folders::of_this_process(), limits).await.unwrap();
        Self { dir, engine, journal, server: Some(server) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn data(&self) -> DataDir {
        DataDir::existing(self.path("data")).unwrap()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.server.as_ref().unwrap().socket().to_owned()
    }

    pub(crate) async fn client(&self) -> Client {
        soon(Client::attach(&self.data())).await.unwrap()
    }

    /// Claude implements, Codex reviews.
    pub(crate) fn form(&self) -> StartForm {
        StartForm {
            goal: "Add a greeting".to_owned(),
            target: self.path("target"),
            team: Some(pair()),
            ..StartForm::default()
        }
    }

    /// Starts a session and waits for its last event.
    pub(crate) async fn finished(&self) -> String {
        let client = self.client().await;
        let session = client.start(&self.form()).await.unwrap();
        self.until(&session, "session_ended").await;
        soon(self.engine.idle()).await;
        session
    }

    /// Waits until an event of that kind is durable.
    pub(crate) async fn until(&self, session: &str, kind: &str) {
        let mut live = self.engine.subscribe(&SessionId::new(session), 0);
        soon(async {
            loop {
                if let mo_engine::hub::Update::Events(records) = live.next().await.unwrap().unwrap()
                    && records.iter().any(|record| record.kind == kind)
                {
                    return;
                }
            }
        })
        .await;
    }

    pub(crate) async fn close_server(&mut self) {
        if let Some(server) = self.server.take() {
            soon(server.close()).await;
        }
    }

    /// Ends all sessions, then the server and the engine.
    pub(crate) async fn close(mut self) {
        for session in self.engine.running() {
            // It may just have ended.
            let _ = self.engine.stop(&session, mo_core::event::StopCause::Person, true).await;
        }
        soon(self.engine.idle()).await;
        self.close_server().await;
        soon(self.engine.shut_down()).await;
    }
}

pub(crate) fn pair() -> TeamForm {
    TeamForm {
        workers: vec![
            WorkerForm { agent: AgentKind::Claude, role: Role::Implementer },
            WorkerForm { agent: AgentKind::Codex, role: Role::Reviewer },
        ],
        reviews: vec![ReviewForm { reviewer: "codex".to_owned(), subject: "claude".to_owned() }],
    }
}

/// Built with the tests, since `cargo test` builds a crate's examples.
fn actor() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let actor = own.parent().and_then(std::path::Path::parent).unwrap().join("examples/api_actor");
    assert!(actor.is_file(), "{} is not built: run `cargo test -p mo-api`", actor.display());
    actor
}

fn approving() -> Value {
    json!({"turns": [{"times": 0, "steps": [
        {"review": {"verdict": "approved", "summary": "It is good.", "findings": []}}
    ]}]})
}

/// A turn that writes a file.
pub(crate) fn writes() -> Value {
    json!({"turns": [{"times": 0, "steps": [
        {"say": "I look at it.\u{1b}[2J"},
        {"write": {"path": "greeting.txt", "content": "hello\n"}},
        {"text": "I wrote greeting.txt."}
    ]}]})
}

/// A turn that never ends.
pub(crate) fn hangs() -> Value {
    json!({"turns": [{"times": 0, "steps": [{"say": "I think."}, {"wait_ms": 3_600_000}, {"hang": true}]}]})
}
