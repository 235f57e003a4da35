//! `orchestrate doctor`: what is found here, and what is proven.

use std::path::PathBuf;
use std::sync::Arc;

use mo_checkpoint::{CheckpointError, Checkpoints, FolderCheckpoints, size_text};
use mo_core::sandbox::Guarantee;
use mo_engine::checkup::{AgentCheckup, check_agents};
use mo_engine::config::Config;
use mo_engine::environment::Environment;
use mo_engine::search::{Candidate, Origin};
use mo_journal::{DataDir, Journal, JournalError, SqliteJournal};
use mo_process::Spawner;
use serde::Serialize;

use crate::context::{Context, read_config};
use crate::errors::{Failure, exit};
use crate::host;
use crate::output::Out;
use crate::output::paint::Tone;
use crate::output::words::one_line;
use crate::places::Places;

#[derive(Serialize)]
struct Report {
    version: &'static str,
    agents: Vec<AgentReport>,
    config: ConfigReport,
    data_folder: DataReport,
    guarantees: Vec<GuaranteeReport>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct AgentReport {
    agent: String,
    found: bool,
    path: Option<PathBuf>,
    /// Every program that could be its own; the first is taken.
    candidates: Vec<Candidate>,
    version: Option<String>,
    problem: Option<String>,
    hint: Option<String>,
    /// Absent where only its work shows it.
    logged_in: Option<bool>,
}

#[derive(Serialize)]
struct ConfigReport {
    file: PathBuf,
    exists: bool,
}

#[derive(Serialize)]
struct DataReport {
    path: PathBuf,
    exists: bool,
    sessions: usize,
    owner_pid: Option<i32>,
    checkpoints: Option<CheckpointReport>,
    problem: Option<String>,
}

#[derive(Serialize)]
struct CheckpointReport {
    count: u64,
    bytes: u64,
    /// 0 for none.
    max_bytes: u64,
}

#[derive(Serialize)]
struct GuaranteeReport {
    name: &'static str,
    proven: bool,
    why: &'static str,
}

/// Looks and tells; whatever is missing, this is no failure.
pub(super) fn doctor(context: &mut Context) -> Result<u8, Failure> {
    let places = context.places()?;
    let config = read_config(&places)?;
    let environment = context.environment(&config)?;
    let agents = host::runtime()?.block_on(agents(config.clone(), environment))?;
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        agents,
        config: ConfigReport { file: places.config()?.0.to_owned(), exists: config.file.is_some() },
        data_folder: data_folder(&places, &config),
        guarantees: Guarantee::FOR_BYPASS
            .iter()
            .map(|guarantee| GuaranteeReport {
                name: guarantee.as_str(),
                proven: false,
                why: "not yet proven: there is no sandbox in this version",
            })
            .collect(),
        warnings: warnings(),
    };
    if context.out.json {
        context.out.json(&report)?;
    } else {
        tell(&report, &mut context.out)?;
    }
    Ok(exit::DONE)
}

async fn agents(config: Config, environment: Environment) -> Result<Vec<AgentReport>, Failure> {
    let spawner: Arc<dyn Spawner> = Arc::new(host::spawner()?);
    let found = check_agents(&Arc::new(config), &Arc::new(environment), &spawner).await;
    let report = |found: AgentCheckup| AgentReport {
        agent: found.agent.to_string(),
        found: found.path.is_some(),
        path: found.path,
        candidates: found.candidates,
        version: found.version,
        problem: found.problem,
        hint: found.hint,
        logged_in: found.logged_in,
    };
    Ok(found.into_iter().map(report).collect())
}

fn data_folder(places: &Places, config: &Config) -> DataReport {
    let mut report = DataReport {
        path: places.data.clone(),
        exists: false,
        sessions: 0,
        owner_pid: None,
        checkpoints: None,
        problem: None,
    };
    match DataDir::existing(&places.data) {
        Err(JournalError::Missing { .. }) => {}
        Err(error) => report.problem = Some(error.to_string()),
        Ok(data) => {
            report.exists = true;
            report.owner_pid = data.owner().ok().flatten().and_then(|owner| living(&owner));
            match SqliteJournal::open_read_only(&data).and_then(|journal| journal.sessions()) {
                Ok(sessions) => report.sessions = sessions.len(),
                Err(error) => report.problem = Some(error.to_string()),
            }
            match checkpoints(&data, config) {
                Ok(checkpoints) => report.checkpoints = checkpoints,
                Err(error) => report.problem = Some(error.to_string()),
            }
        }
    }
    report
}

/// What the checkpoints take; nothing where none was ever taken.
fn checkpoints(data: &DataDir, config: &Config) -> Result<Option<CheckpointReport>, CheckpointError> {
    let folder = data.checkpoints();
    if !folder.join("version").is_file() {
        return Ok(None);
    }
    let settings = config.checkpoints();
    let size = FolderCheckpoints::open(folder, settings)?.sizes()?;
    let (count, bytes, max_bytes) = (size.checkpoints, size.bytes, settings.max_store_bytes);
    Ok(Some(CheckpointReport { count, bytes, max_bytes }))
}

/// The pid in `owner.json`, if exactly that process still runs: the file outlives an owner that was killed.
fn living(owner: &str) -> Option<i32> {
    let owner: serde_json::Value = serde_json::from_str(owner).ok()?;
    let pid = i32::try_from(owner.get("pid")?.as_i64()?).ok()?;
    #[cfg(target_os = "linux")]
    {
        let now = mo_process::ProcessIdentity::of(pid).ok()?;
        let then = owner.get("start_time").and_then(serde_json::Value::as_u64);
        (then.is_none() || then == Some(now.start_time)).then_some(pid)
    }
    #[cfg(not(target_os = "linux"))]
    Some(pid)
}

fn warnings() -> Vec<String> {
    let mut warnings = Vec::new();
    if rustix::process::geteuid().is_root() {
        warnings.push("running as root: agents can write wherever root can; use an ordinary user".to_owned());
    }
    if !cfg!(target_os = "linux") {
        warnings.push("only Linux is supported yet: agents cannot be supervised here".to_owned());
    }
    warnings
}

fn tell(report: &Report, out: &mut Out) -> Result<(), Failure> {
    let paint = out.paint;
    out.line(&format!("orchestrate {}", report.version))?;
    out.line("")?;
    out.line(&paint.text(Tone::Strong, "Agents"))?;
    for agent in &report.agents {
        let path = agent.path.as_ref().map(|p| p.display().to_string()).unwrap_or_default();
        let (mark, tone) = match (agent.found, &agent.version) {
            (true, Some(_)) if agent.problem.is_none() => ("✓", Tone::Ok),
            (true, _) => ("?", Tone::Warn),
            _ => ("✗", Tone::Bad),
        };
        let said = agent.version.as_deref().or(agent.problem.as_deref()).unwrap_or_default();
        let text = format!("{:<9} {}  {path}", one_line(&agent.agent), one_line(said));
        out.line(&format!("  {} {}", paint.text(tone, mark), text.trim_end()))?;
        if let (Some(_), Some(problem)) = (&agent.version, &agent.problem) {
            out.line(&paint.text(Tone::Muted, &format!("              {}", one_line(problem))))?;
        }
        if let Some(first) = agent.candidates.first().filter(|first| first.origin != Origin::Path) {
            out.line(&paint.text(Tone::Muted, &format!("              {}", first.origin.words())))?;
        }
        for other in agent.candidates.iter().skip(1) {
            let (path, how) = (other.path.display().to_string(), other.origin.words());
            let text = format!(
                "              also {} ({how}): [agents.{}] path chooses",
                one_line(&path),
                agent.agent
            );
            out.line(&paint.text(Tone::Muted, &text))?;
        }
        if let Some(logged_in) = agent.logged_in {
            let (word, tone) =
                if logged_in { ("logged in", Tone::Muted) } else { ("not logged in", Tone::Warn) };
            out.line(&paint.text(tone, &format!("              {word}")))?;
        }
        if let Some(hint) = &agent.hint {
            out.line(&paint.text(Tone::Muted, &format!("              {}", one_line(hint))))?;
        }
    }
    out.line(&paint.text(Tone::Muted, "  Whether the others are logged in shows when they work."))?;
    out.line("")?;
    out.line(&paint.text(Tone::Strong, "Places"))?;
    let exists = if report.config.exists { "" } else { "  (not there: the defaults count)" };
    out.line(&format!("  configuration  {}{exists}", one_line(&report.config.file.display().to_string())))?;
    let data = &report.data_folder;
    let state = match (&data.problem, data.exists, data.owner_pid) {
        (Some(problem), ..) => paint.text(Tone::Bad, &one_line(problem)),
        (None, false, _) => "not there yet: the first session makes it".to_owned(),
        (None, true, Some(pid)) => format!("{}, in use by process {pid}", sessions(data.sessions)),
        (None, true, None) => format!("{}, free", sessions(data.sessions)),
    };
    out.line(&format!("  data folder    {}  ({state})", one_line(&data.path.display().to_string())))?;
    if let Some(CheckpointReport { count, bytes, max_bytes }) = data.checkpoints {
        let most = if max_bytes == 0 { String::new() } else { format!(" of {}", size_text(max_bytes)) };
        out.line(&format!("  checkpoints    {count}, {}{most}", size_text(bytes)))?;
    }
    out.line("")?;
    out.line(&paint.text(Tone::Strong, "Guarantees"))?;
    for guarantee in &report.guarantees {
        out.line(&format!("  {} {:<19} {}", paint.text(Tone::Unknown, "?"), guarantee.name, guarantee.why))?;
    }
    for warning in &report.warnings {
        out.line("")?;
        out.line(&format!("{} {}", paint.text(Tone::Warn, "warning:"), one_line(warning)))?;
    }
    Ok(())
}

fn sessions(count: usize) -> String {
    crate::output::figures::counted(count, "session")
}
