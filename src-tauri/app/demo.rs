//! The demo: the scripted team on a sample folder, on an engine of its own, so that it needs no agent and leaves
//! nothing in the person's data. It lives as long as the app; what one that was killed has left is swept away.

use std::path::Path;
use std::time::{Duration, SystemTime};

use mo_core::ids::SessionId;
use mo_core::team::Team;
use mo_engine::config::{AgentConfig, Config};
use mo_engine::handle::EngineHandle;
use mo_engine::start::StartRequest;
use mo_journal::DataDir;
use mo_scripted::demo::{DemoError, GOAL, set_up, settings};
use tempfile::TempDir;

use crate::dto::Refusal;
use crate::open::open_engine;

/// How the folders of demos begin.
const PREFIX: &str = "meta-orchestrator-demo-";
/// Where the engine's data are in it.
const DATA: &str = "data";
/// A folder that nobody owns and that is no younger was left by an app that is gone; a younger one may just be set up.
const LEFT: Duration = Duration::from_mins(1);

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
    let folder = tempfile::Builder::new().prefix(PREFIX).tempdir().map_err(|error| {
        Refusal::new("demo_unwritable", error.to_string(), "make room in the temporary folder")
    })?;
    let fast = is_fast();
    let demo = set_up(folder.path(), program, fast)?;
    let mut config = Config::default();
    for (agent, path) in demo.programs {
        config.agents.insert(agent, AgentConfig { path: Some(path), ..AgentConfig::default() });
    }
    let engine = open_engine(&folder.path().join(DATA), config, variables).await?;
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

/// Removes what demos of apps that were killed have left in the temporary folder. Blocks on the disk.
pub fn sweep() {
    sweep_in(&std::env::temp_dir(), LEFT);
}

fn sweep_in(temporary: &Path, left: Duration) {
    let Ok(entries) = temporary.read_dir() else { return };
    for entry in entries.flatten() {
        let folder = entry.path();
        if !entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()) || !is_left(&folder, left) {
            continue;
        }
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            tracing::warn!(%error, "a demo that is over stays in {}", folder.display());
        }
    }
}

/// Whether the folder is one of ours, and of no app that runs. The temporary folder may be everybody's: what others have
/// put there is not looked into.
fn is_left(folder: &Path, left: Duration) -> bool {
    let Ok(found) = folder.symlink_metadata() else { return false };
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::uid(&found) != rustix::process::geteuid().as_raw() {
        return false;
    }
    let age = found.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok());
    let data = folder.join(DATA);
    let owned = || data.is_dir() && DataDir::existing(&data).and_then(|data| data.is_owned()).unwrap_or(true);
    found.is_dir() && age.is_some_and(|age| age >= left) && !owned()
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use mo_journal::DataDir;

    use super::sweep_in;

    #[test]
    fn only_a_demo_that_nobody_owns_any_more_is_swept_away() {
        let temporary = tempfile::tempdir().unwrap();
        let demo = |name: &str| temporary.path().join(format!("meta-orchestrator-demo-{name}"));
        let [runs, left, broken, link] = ["runs", "left", "broken", "link"].map(demo);
        let other = temporary.path().join("meta-orchestrator");
        let lock = DataDir::create(runs.join("data")).unwrap().lock("{}").unwrap();
        drop(DataDir::create(left.join("data")).unwrap().lock("{}").unwrap());
        fs::create_dir_all(broken.join("team")).unwrap();
        fs::create_dir(&other).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&other, &link).unwrap();
        sweep_in(temporary.path(), Duration::from_hours(1));
        assert!(left.is_dir() && broken.is_dir(), "they may just be set up");
        sweep_in(temporary.path(), Duration::ZERO);
        assert_eq!([&runs, &left, &broken, &other].map(|path| path.exists()), [true, false, false, true]);
        assert!(link.is_symlink());
        drop(lock);
        sweep_in(temporary.path(), Duration::ZERO);
        assert!(!runs.exists());
    }
}
