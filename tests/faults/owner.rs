//! An owner that panics at a word: in its main thread, or where the engine decides. The product has no such word.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result, bail};
use mo_checkpoint::FolderCheckpoints;
use mo_core::event::StopCause;
use mo_core::ids::{AgentKind, Role};
use mo_core::settings::Settings;
use mo_core::team::Team;
use mo_core::time::Timestamp;
use mo_engine::config::{AgentConfig, Config};
use mo_engine::environment::Environment;
use mo_engine::handle::{EngineHandle, EngineSetup};
use mo_engine::ports::{Clock, Ports, SystemClock, SystemGauge};
use mo_engine::start::StartRequest;
use mo_journal::{DataDir, SqliteJournal};
use mo_process::ShimSpawner;

/// `actor __own main|dispatcher DATA TARGET BIN`: runs a session with the agents of BIN, and panics there at the line
/// `now`. `None` for any other call.
pub(crate) fn entry() -> Option<i32> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [word, part, data, target, bin] = args.as_slice() else { return None };
    if word != "__own" {
        return None;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let owned = runtime
        .context("no runtime")
        .and_then(|runtime| runtime.block_on(own(part, Path::new(data), Path::new(target), Path::new(bin))));
    Some(match owned {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error:#}");
            1
        }
    })
}

/// The dispatcher asks it for the time of each decision.
#[derive(Default)]
struct TimeBomb(AtomicBool);

impl Clock for TimeBomb {
    fn now(&self) -> Timestamp {
        assert!(!self.0.load(Ordering::SeqCst), "the clock breaks, as the test asked");
        SystemClock.now()
    }
}

async fn own(part: &str, data: &Path, target: &Path, bin: &Path) -> Result<()> {
    let clock = Arc::new(TimeBomb::default());
    let engine = engine(data, bin, clock.clone()).await?;
    let members = vec![(AgentKind::Claude, Role::Implementer), (AgentKind::Codex, Role::Reviewer)];
    let team = Team::new(members, &[("codex".to_owned(), "claude".to_owned())])?;
    let request = StartRequest {
        goal: "write a.txt".to_owned(),
        target: target.to_owned(),
        team,
        settings: Settings::default(),
        yes_really: false,
    };
    let session = engine.start(request).await?;
    let mut updates = engine.subscribe(&session, 0);
    let mut lines = std::io::stdin().lock().lines();
    if lines.next().transpose()?.as_deref() != Some("now") {
        bail!("nobody said `now`");
    }
    assert!(part != "main", "the owner panics, as the test asked");
    clock.0.store(true, Ordering::SeqCst);
    let refused = engine.stop(&session, StopCause::Pause, false).await;
    while updates.next().await.is_some() {}
    engine.idle().await;
    writeln!(std::io::stdout(), "the engine is gone: {refused:?}")?;
    let _end = lines.next();
    engine.shut_down().await;
    Ok(())
}

async fn engine(data: &Path, bin: &Path, clock: Arc<dyn Clock>) -> Result<EngineHandle> {
    let data = DataDir::create(data)?;
    let lock = data.lock("{}")?;
    let exe = std::env::current_exe()?;
    let ports = Ports {
        spawner: Arc::new(ShimSpawner::new(exe)),
        clock,
        journal: Arc::new(SqliteJournal::open(&data)?),
        checkpoints: Arc::new(FolderCheckpoints::open(
            data.checkpoints(),
            mo_checkpoint::Settings::default(),
        )?),
        gauge: Arc::new(SystemGauge::default()),
    };
    let mut config = Config::default();
    for agent in [AgentKind::Claude, AgentKind::Codex] {
        let path: Option<PathBuf> = Some(bin.join(agent.as_str()));
        config.agents.insert(agent, AgentConfig { path, ..AgentConfig::default() });
    }
    let environment = Environment::new(std::env::vars(), [])?;
    Ok(EngineHandle::open(EngineSetup { data, lock, ports, config, environment }).await?)
}
