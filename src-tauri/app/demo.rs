//! The demo: the scripted team on a sample folder, on an engine of its own, so that it needs no agent and leaves
//! nothing in the person's data. It lives as long as the app.

use std::path::Path;

use mo_core::ids::SessionId;
use mo_core::team::Team;
use mo_engine::config::{AgentConfig, Config};
use mo_engine::handle::EngineHandle;
use mo_engine::start::StartRequest;
use mo_scripted::demo::{DemoError, GOAL, set_up, settings};
use tempfile::TempDir;

use crate::dto::Refusal;
use crate::open::open_engine;

/// A demo that was started.
pub struct DemoRun {
    /// Its engine.
    pub engine: EngineHandle,
    /// Its only session.
    pub session: SessionId,
    /// Holds the sample folder, the team and the engine's data; removed with the app.
    _folder: TempDir,
}

/// Sets the demo up in a temporary folder and starts it. `program` is a binary whose `main` lets scripted agents
/// begin first.
///
/// # Errors
/// When the folder cannot be written or the session cannot start.
pub async fn start_demo(program: &Path, variables: Vec<(String, String)>) -> Result<DemoRun, Refusal> {
    let folder = tempfile::Builder::new().prefix("meta-orchestrator-demo-").tempdir().map_err(|error| {
        Refusal::new("demo_unwritable", error.to_string(), "make room in the temporary folder")
    })?;
    let fast = is_fast();
    let demo = set_up(folder.path(), program, fast)?;
    let mut config = Config::default();
    for (agent, path) in demo.programs {
        config.agents.insert(agent, AgentConfig { path: Some(path), ..AgentConfig::default() });
    }
    let engine = open_engine(&folder.path().join("data"), config, variables).await?;
    let request = StartRequest {
        goal: GOAL.to_owned(),
        target: demo.target,
        team: Team::default_trio(),
        settings: settings(fast),
        yes_really: false,
    };
    let session = engine.start(request).await?;
    Ok(DemoRun { engine, session, _folder: folder })
}

/// Whether the team takes no time. For tests: those of the demo itself let it take its time.
fn is_fast() -> bool {
    cfg!(debug_assertions) && std::env::var_os("MO_DEMO_FAST").is_some()
}

impl From<DemoError> for Refusal {
    fn from(error: DemoError) -> Self {
        Self::new(error.code(), error.to_string(), "make room in the temporary folder, then try again")
    }
}
