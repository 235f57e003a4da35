//! An engine in this process, with scripted agents in a private folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mo_checkpoint::FolderCheckpoints;
use mo_core::event::{Envelope, Event};
use mo_core::ids::{AgentKind, SessionId};
use mo_core::settings::Settings;
use mo_core::team::Team;
use mo_core::view::status::SessionView;
use mo_engine::config::{AgentConfig, Config, Storage};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::hub::Update;
use mo_engine::ports::{Clock, Gauge, Ports, SystemClock, SystemGauge};
use mo_engine::premises::Premises;
use mo_engine::start::{StartError, StartRequest};
use mo_journal::{DataDir, Journal, SqliteJournal};
use mo_process::ShimSpawner;
use serde_json::{Value, json};

/// How long anything here may take; only a broken engine reaches it.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// The private folder of one test.
pub(crate) struct Stage {
    pub(crate) dir: tempfile::TempDir,
    config: Config,
    agents: Vec<(AgentKind, PathBuf)>,
    gauge: Arc<dyn Gauge>,
}

impl Stage {
    /// With one script for each agent.
    pub(crate) fn new(scripts: &[(&str, Value)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        for folder in ["home", "target", "scripts"] {
            std::fs::create_dir(base.join(folder)).unwrap();
        }
        let mut paths = Vec::new();
        for (agent, script) in scripts {
            // What was used up stays so in the agent's next process.
            let mut script = script.clone();
            script["state_dir"] = json!(format!("{agent}-state"));
            let path = base.join("scripts").join(format!("{agent}.json"));
            std::fs::write(&path, script.to_string()).unwrap();
            paths.push((agent.parse::<AgentKind>().unwrap(), path));
        }
        let actor = Path::new(env!("CARGO_BIN_EXE_actor"));
        let programs = mo_scripted::install::install(&base.join("bin"), actor, &paths, true).unwrap();
        let mut config = Config::default();
        config.rules_file = Some(base.join("config/rules.toml"));
        for (agent, path) in programs {
            config.agents.insert(agent, AgentConfig { path: Some(path), ..AgentConfig::default() });
        }
        Self { dir, config, agents: paths, gauge: Arc::new(SystemGauge::default()) }
    }

    /// With agents that take the time that their scripts say.
    pub(crate) fn paced(self) -> Self {
        let actor = Path::new(env!("CARGO_BIN_EXE_actor"));
        mo_scripted::install::install(&self.path("bin"), actor, &self.agents, false).unwrap();
        self
    }

    /// With other limits than the default ones.
    pub(crate) fn keeping(mut self, storage: Storage) -> Self {
        self.config.storage = storage;
        self
    }

    /// With another gauge than the system's.
    pub(crate) fn measured_by(mut self, gauge: Arc<dyn Gauge>) -> Self {
        self.gauge = gauge;
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    /// Opens the engine on the stage's data folder.
    pub(crate) async fn engine(&self) -> EngineHandle {
        let data = DataDir::create(self.path("data")).unwrap();
        self.engine_with(Arc::new(SqliteJournal::open(&data).unwrap())).await
    }

    /// The same over a given journal.
    pub(crate) async fn engine_with(&self, journal: Arc<dyn Journal>) -> EngineHandle {
        self.engine_at(journal, Arc::new(SystemClock)).await
    }

    /// The same at another time.
    pub(crate) async fn engine_at(&self, journal: Arc<dyn Journal>, clock: Arc<dyn Clock>) -> EngineHandle {
        self.engine_of(journal, clock, Premises::default()).await
    }

    /// The same on a machine of which something is known beforehand.
    pub(crate) async fn engine_knowing(&self, premises: Premises) -> EngineHandle {
        let data = DataDir::create(self.path("data")).unwrap();
        self.engine_of(Arc::new(SqliteJournal::open(&data).unwrap()), Arc::new(SystemClock), premises).await
    }

    async fn engine_of(
        &self,
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        premises: Premises,
    ) -> EngineHandle {
        let data = DataDir::create(self.path("data")).unwrap();
        let lock = data.lock("{}").unwrap();
        let ports = Ports {
            spawner: Arc::new(ShimSpawner::new(env!("CARGO_BIN_EXE_actor"))),
            clock,
            journal,
            checkpoints: Arc::new(
                FolderCheckpoints::open(data.checkpoints(), self.config.checkpoints()).unwrap(),
            ),
            gauge: Arc::clone(&self.gauge),
        };
        let vars = [("PATH", "/usr/bin:/bin".to_owned()), ("HOME", self.path("home").display().to_string())];
        let environment = Environment::new(vars.map(|(n, v)| (n.to_owned(), v)), []).unwrap();
        let setup = EngineSetup { data, lock, ports, config: self.config.clone(), environment };
        EngineHandle::open_with(setup, premises).await.unwrap()
    }

    pub(crate) fn request(&self, settings: Settings) -> StartRequest {
        StartRequest {
            goal: "Add a greeting".into(),
            target: self.path("target"),
            team: Team::default_trio(),
            settings,
            yes_really: false,
        }
    }

    /// Processes whose environment names this stage: its agents, and whatever they started.
    fn running(&self) -> Vec<String> {
        let home = format!("HOME={}\0", self.path("home").display());
        let ours = |pid: &str| {
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environ).contains(&home)
        };
        let pids = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = pids.map(|e| e.file_name().to_string_lossy().into_owned());
        pids.filter(|pid| pid.bytes().all(|b| b.is_ascii_digit()) && ours(pid)).collect()
    }

    /// Nothing that this stage started is left.
    pub(crate) fn assert_nothing_runs(&self) {
        assert_eq!(self.running(), Vec::<String>::new());
    }

    /// Waits until nothing that this stage started is left, where no event tells.
    pub(crate) async fn until_nothing_runs(&self) {
        let gone = async {
            while !self.running().is_empty() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, gone).await.expect("everything ends");
    }

    /// Runs one session to its end.
    pub(crate) async fn run(&self, settings: Settings) -> Result<Outcome, StartError> {
        let engine = self.engine().await;
        let id = engine.start(self.request(settings)).await?;
        let outcome = to_end(&engine, &id).await;
        engine.idle().await;
        engine.shut_down().await;
        Ok(outcome)
    }
}

/// What became of a session.
pub(crate) struct Outcome {
    pub(crate) view: SessionView,
    pub(crate) events: Vec<Envelope>,
}

impl Outcome {
    pub(crate) fn exit_code(&self) -> u8 {
        match &self.events.last().unwrap().event {
            Event::SessionEnded(ending) => ending.exit_code,
            other => panic!("not the end: {other:?}"),
        }
    }

    pub(crate) fn story(&self) -> String {
        let lines = self.events.iter().filter_map(mo_core::view::timeline_entry);
        let told = lines.map(|e| {
            let (worker, detail) = (e.worker.unwrap_or_default(), e.detail.unwrap_or_default());
            format!("{worker} {}: {} [{detail}]", e.kind, e.text)
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

/// Follows a session until it ended.
pub(crate) async fn to_end(engine: &EngineHandle, id: &SessionId) -> Outcome {
    to_rest(engine, id, 1).await
}

/// Follows a session until it came to rest for the `times`th time.
pub(crate) async fn to_rest(engine: &EngineHandle, id: &SessionId, times: usize) -> Outcome {
    let mut events: Vec<Envelope> = Vec::new();
    let mut live = engine.subscribe(id, 0);
    let all = async {
        loop {
            let Update::Events(records) = live.next().await.unwrap().unwrap() else { continue };
            events.extend(records.iter().map(|r| Envelope::from_record(r).unwrap()));
            if events.iter().filter(|e| matches!(e.event, Event::SessionEnded(_))).count() >= times {
                return;
            }
        }
    };
    if tokio::time::timeout(LIMIT, all).await.is_err() {
        let words: Vec<String> = events.iter().map(|e| format!("{:?} {:?}", e.worker, e.event)).collect();
        panic!("the session did not end:\n{}", words.join("\n"));
    }
    let seqs: Vec<u64> = events.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "dense, in order, no repeat");
    Outcome { view: engine.view(id).await.unwrap().unwrap(), events }
}

/// A team whose implementer writes `greeting.txt` and whose reviewers answer as given: the plan's review, then the
/// two of the implementation.
pub(crate) fn trio(plan_review: &Value, by_gemini: &Value, by_codex: &Value) -> Vec<(&'static str, Value)> {
    let turn = |steps: Value| json!({"times": 0, "steps": steps});
    let review = |matches: &str, answer: &Value| json!({"times": 1, "match": matches, "steps": [answer]});
    let plan = json!({"kind": "work", "times": 0, "steps": [{"say": "I read it."}, {"text": "# Plan\n\nWrite greeting.txt.\n"}]});
    BTreeMap::from([
        ("gemini", json!({"turns": [plan, review("", by_gemini), turn(json!([by_gemini]))]})),
        (
            "claude",
            json!({"turns": [turn(json!([
                {"plan": ["Write the greeting"]},
                {"write": {"path": "greeting.txt", "content": "hello\n"}},
                {"text": "I wrote greeting.txt."}
            ]))]}),
        ),
        ("codex", json!({"turns": [review("call it plan.md", plan_review), turn(json!([by_codex]))]})),
    ])
    .into_iter()
    .collect()
}

/// A review answer of that verdict, with a finding at `greeting.txt:1` unless it approves.
pub(crate) fn review(verdict: &str) -> Value {
    let findings = if verdict == "approved" {
        json!([])
    } else {
        json!([{"severity": verdict, "file": "greeting.txt", "line": 1, "title": "Too short", "evidence": "line 1 says hello"}])
    };
    json!({"review": {"verdict": verdict, "summary": format!("It is {verdict}."), "findings": findings}})
}
