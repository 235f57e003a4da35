//! Validates what a person wants to start. Nothing is created before everything is found good.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchError, LaunchSpec, Permission};
use mo_core::event::SessionCreated;
use mo_core::ids::{AgentKind, Role};
use mo_core::settings::{PermissionMode, Settings};
use mo_core::team::{Member, Team};

use crate::config::{Config, ConfigError};
use crate::environment::Environment;
use crate::premises::Premises;
use crate::roster::{self, FoundProgram};
use crate::system_places;
use crate::target_lock::TargetLock;

/// The most bytes of a goal.
pub const MAX_GOAL: usize = 256 * 1024;

/// What a person wants.
#[derive(Debug, Clone, PartialEq)]
pub struct StartRequest {
    /// What is asked for.
    pub goal: String,
    /// The folder, as the person named it.
    pub target: PathBuf,
    /// Who works.
    pub team: Team,
    /// How.
    pub settings: Settings,
    /// The person knows that the target is the home folder, `/` or a folder of the system.
    pub yes_really: bool,
}

/// Why a session cannot start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum StartError {
    #[error("the goal is empty")]
    GoalEmpty,
    #[error("the goal has {0} bytes; at most {MAX_GOAL} are possible")]
    GoalTooLong(usize),
    #[error("there is no folder {}", .0.display())]
    TargetMissing(PathBuf),
    #[error("{} is no folder", .0.display())]
    TargetNotAFolder(PathBuf),
    #[error("the folder {} cannot be read: {}", .0.display(), .1)]
    TargetUnreadable(PathBuf, String),
    #[error("{} is the data folder, is inside it, or holds it ({})", .0.display(), .1.display())]
    TargetAndData(PathBuf, PathBuf),
    #[error("{} is {}; agents would work on all of it", .0.display(), .1)]
    TargetTooWide(PathBuf, &'static str),
    #[error("{} is where the machine shows {}; no project can be there", .0.display(), .1)]
    TargetOfKernel(PathBuf, &'static str),
    #[error("another session works in {} right now", .0.display())]
    TargetBusy(PathBuf),
    #[error("`{0}` is no known agent")]
    AgentUnknown(AgentKind),
    #[error("{0} is not installed: {1}")]
    AgentNotInstalled(&'static str, String),
    #[error("bypass is refused: no sandbox has proven {}", .0.join(", "))]
    BypassRefused(Vec<&'static str>),
    #[error("[agents.{0}] cannot be launched like this: {1}")]
    Launch(AgentKind, LaunchError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the journal takes nothing: {0}")]
    Journal(String),
}

impl StartError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GoalEmpty => "goal_empty",
            Self::GoalTooLong(_) => "goal_too_long",
            Self::TargetMissing(_) => "target_missing",
            Self::TargetNotAFolder(_) => "target_not_a_folder",
            Self::TargetUnreadable(..) => "target_unreadable",
            Self::TargetAndData(..) => "target_and_data_folder",
            Self::TargetTooWide(..) => "target_too_wide",
            Self::TargetOfKernel(..) => "target_of_kernel",
            Self::TargetBusy(_) => "target_busy",
            Self::AgentUnknown(_) => "agent_unknown",
            Self::AgentNotInstalled(..) => "agent_not_installed",
            Self::BypassRefused(_) => "bypass_refused",
            Self::Launch(_, error) => error.code(),
            Self::Config(error) => error.code(),
            Self::Journal(_) => "journal_down",
        }
    }

    /// The exit code of design.md §11.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::GoalEmpty
            | Self::GoalTooLong(_)
            | Self::TargetNotAFolder(_)
            | Self::AgentUnknown(_)
            | Self::Launch(..)
            | Self::Config(_) => 2,
            Self::TargetMissing(_) | Self::AgentNotInstalled(..) => 3,
            Self::TargetUnreadable(..)
            | Self::TargetAndData(..)
            | Self::TargetTooWide(..)
            | Self::TargetOfKernel(..)
            | Self::TargetBusy(_)
            | Self::BypassRefused(_) => 4,
            Self::Journal(_) => 1,
        }
    }

    /// How to mend it.
    pub fn hint(&self) -> String {
        match self {
            Self::GoalEmpty => "say what is to be done, in a sentence".to_owned(),
            Self::GoalTooLong(_) => {
                "put the details into a file of the project and name it in the goal".to_owned()
            }
            Self::TargetMissing(_) => "make it first, or name another with -C".to_owned(),
            Self::TargetNotAFolder(_) => "name the folder that the project is in".to_owned(),
            Self::TargetUnreadable(..) => "look at its permissions".to_owned(),
            Self::TargetAndData(..) => {
                "name another folder, or another data folder with --data-dir".to_owned()
            }
            Self::TargetTooWide(..) => "name the project's own folder, or add --yes-really".to_owned(),
            Self::TargetOfKernel(..) => "choose the project's own folder".to_owned(),
            Self::TargetBusy(_) => {
                "wait for it, or stop it; `orchestrate status` shows the sessions".to_owned()
            }
            Self::AgentUnknown(name) => {
                format!(
                    "claude, codex and gemini are known; for an ACP agent set [agents.{name}] protocol = \"acp\""
                )
            }
            Self::AgentNotInstalled(..) => {
                "install it, or name its path in the configuration; `orchestrate doctor` \
                                            shows what is found"
                    .to_owned()
            }
            Self::BypassRefused(_) => "use permission = \"ask\"".to_owned(),
            Self::Launch(agent, _) => format!("mend [agents.{agent}] args in the configuration"),
            Self::Config(error) => error.hint().to_owned(),
            Self::Journal(_) => "look at the data folder's permissions and free space".to_owned(),
        }
    }
}

/// A request that was found good.
pub(crate) struct Validated {
    pub(crate) created: SessionCreated,
    pub(crate) place: WorkPlace,
}

/// What a session needs of the outside: its target, taken for it alone, and its agents' programs.
pub(crate) struct WorkPlace {
    pub(crate) target: PathBuf,
    pub(crate) programs: BTreeMap<AgentKind, FoundProgram>,
    pub(crate) premises: Premises,
    /// The target's own lock and those on the way to it.
    pub(crate) locks: TargetLock,
}

/// Finds out whether a request can start here, where nothing is proven, without starting, taking or making anything; `data` need not exist. For a
/// caller that opens the data folder only for what is found good. What is good now may be taken a moment later:
/// [`crate::handle::EngineHandle::start`] checks again.
///
/// # Errors
/// What is wrong, as a start would say it.
pub fn check(
    request: &StartRequest,
    config: &Config,
    environment: &Environment,
    data: &Path,
) -> Result<(), StartError> {
    validate(request.clone(), config, environment, &Premises::default(), data).map(drop)
}

/// Checks a request, and takes the target for the session.
pub(crate) fn validate(
    request: StartRequest,
    config: &Config,
    environment: &Environment,
    premises: &Premises,
    data: &Path,
) -> Result<Validated, StartError> {
    if request.goal.trim().is_empty() {
        return Err(StartError::GoalEmpty);
    }
    if request.goal.len() > MAX_GOAL {
        return Err(StartError::GoalTooLong(request.goal.len()));
    }
    let outside = Outside { config, environment, premises, data };
    let mode = request.settings.permission;
    let place = take_place(&request.target, &request.team, mode, &outside, request.yes_really)?;
    let created = SessionCreated {
        goal: request.goal,
        target: place.target.to_string_lossy().into_owned(),
        team: request.team,
        settings: request.settings,
        warnings: warnings(),
    };
    Ok(Validated { created, place })
}

/// Where a session is to take its place.
pub(crate) struct Outside<'a> {
    pub(crate) config: &'a Config,
    pub(crate) environment: &'a Environment,
    pub(crate) premises: &'a Premises,
    pub(crate) data: &'a Path,
}

/// Takes the target and finds the agents, for a new session or for one that goes on.
pub(crate) fn take_place(
    target: &Path,
    team: &Team,
    mode: PermissionMode,
    outside: &Outside<'_>,
    yes_really: bool,
) -> Result<WorkPlace, StartError> {
    let Outside { config, environment, premises, data } = *outside;
    premises.allow(mode)?;
    let target = check_target(target, environment, data, yes_really)?;
    config.check_outside(&target)?;
    let programs = find_programs(team, config, environment)?;
    check_launches(team, &programs, &target, &Permission::Ask)?;
    if mode == PermissionMode::Bypass {
        check_launches(team, &programs, &target, &Permission::Bypass(premises.proven.clone()))?;
    }
    let locks = TargetLock::take(&target)?;
    Ok(WorkPlace { target, programs, premises: premises.clone(), locks })
}

fn warnings() -> Vec<String> {
    if rustix::process::geteuid().is_root() {
        return vec![
            "running as root: the agents can write wherever root can; use an ordinary user until there is a sandbox"
                .to_owned(),
        ];
    }
    Vec::new()
}

/// The target, absolute and without symlinks.
pub fn check_target(
    target: &Path,
    environment: &Environment,
    data: &Path,
    yes_really: bool,
) -> Result<PathBuf, StartError> {
    let unreadable =
        |error: &std::io::Error| StartError::TargetUnreadable(target.to_owned(), error.to_string());
    let real = target.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StartError::TargetMissing(target.to_owned()),
        std::io::ErrorKind::NotADirectory => StartError::TargetNotAFolder(target.to_owned()),
        _ => unreadable(&error),
    })?;
    if !real.is_dir() {
        return Err(StartError::TargetNotAFolder(target.to_owned()));
    }
    std::fs::read_dir(&real).map_err(|error| unreadable(&error))?;
    let data = crate::paths::resolve(data);
    let home = environment.home().and_then(|home| home.canonicalize().ok());
    if let Some(what) = system_places::of_kernel(&real) {
        return Err(StartError::TargetOfKernel(real, what));
    }
    let wide = if home.as_deref() == Some(real.as_path()) {
        Some("your home folder")
    } else {
        system_places::too_wide(&real)
    };
    // A target that holds everything holds the data folder too; the checkpoints leave it out there.
    if let Some(what) = wide {
        return if yes_really { Ok(real) } else { Err(StartError::TargetTooWide(real, what)) };
    }
    if real.starts_with(&data) || data.starts_with(&real) {
        return Err(StartError::TargetAndData(real, data));
    }
    Ok(real)
}

fn find_programs(
    team: &Team,
    config: &Config,
    environment: &Environment,
) -> Result<BTreeMap<AgentKind, FoundProgram>, StartError> {
    let mut programs = BTreeMap::new();
    for member in &team.workers {
        if !config.knows(&member.agent) {
            return Err(StartError::AgentUnknown(member.agent.clone()));
        }
        if programs.contains_key(&member.agent) {
            continue;
        }
        let title = match member.agent {
            AgentKind::Claude => "Claude Code",
            AgentKind::Codex => "Codex",
            AgentKind::Gemini => "Gemini CLI",
            AgentKind::Acp(_) => "the ACP agent",
        };
        let found = roster::find(config, environment, &member.agent)
            .map_err(|reason| StartError::AgentNotInstalled(title, reason))?;
        programs.insert(member.agent.clone(), found);
    }
    Ok(programs)
}

/// A launch that will be refused is refused now, before anybody has worked.
fn check_launches(
    team: &Team,
    programs: &BTreeMap<AgentKind, FoundProgram>,
    target: &Path,
    permission: &Permission,
) -> Result<(), StartError> {
    // Who reviews asks in any mode.
    let concerned = |member: &&Member| *permission == Permission::Ask || member.role != Role::Reviewer;
    for member in team.workers.iter().filter(concerned) {
        let Some(program) = programs.get(&member.agent) else { continue };
        let spec = LaunchSpec {
            agent: member.agent.clone(),
            program: program.path.clone(),
            cwd: target.to_owned(),
            add_dirs: Vec::new(),
            access: if member.role == Role::Implementer { Access::Write } else { Access::ReadOnly },
            permission: permission.clone(),
            model: program.model.clone(),
            args: program.args.clone(),
            resume: None,
            skip_git_repo_check: false,
            skip_trust: true,
            schema: None,
            files_dir: target.to_owned(),
        };
        kinds::launch(&spec).map_err(|error| StartError::Launch(member.agent.clone(), error))?;
    }
    Ok(())
}
