//! Gemini CLI's command lines (facts/agent-clis.md §3, §4, §6c).

use std::ffi::OsString;
use std::path::Path;

use super::policy::policy;
use crate::acp::{AcpProtocol, Setup};
use crate::launch::{Access, Launch, LaunchError, LaunchSpec, Permission};

/// Without a relaunched child, signals and stdin reach the process itself (facts §0.9). Telemetry off is already
/// the default; the variable holds against a person's setting. Usage statistics and the update check have no
/// variable or flag: only a settings file turns them off, see [`SYSTEM_SETTINGS`]; without a terminal Gemini CLI
/// does not update itself.
const QUIET: [(&str, &str); 2] = [("GEMINI_CLI_NO_RELAUNCH", "1"), ("GEMINI_TELEMETRY_ENABLED", "false")];

/// The variable that names a settings file over all others. Gemini CLI reads it only when the file and all its
/// parent folders belong to root and nobody else may write there, so it serves workers in a sandbox of ours alone.
pub const SYSTEM_SETTINGS_VARIABLE: &str = "GEMINI_CLI_SYSTEM_SETTINGS_PATH";

/// Such a file: usage statistics, update check and telemetry off, and no clean-up of old sessions, which would
/// delete the ones that are to be resumed (facts §0.3).
pub const SYSTEM_SETTINGS: &str = r#"{"general":{"sessionRetention":{"enabled":false},"enableAutoUpdate":false,"enableAutoUpdateNotification":false},"privacy":{"usageStatisticsEnabled":false},"telemetry":{"enabled":false}}"#;

/// The command line for a spec: ACP, or, in bypass, a one-shot (see [`one_shot`]).
///
/// An agent session is not resumed over ACP: `session/load` in its default settings destroys sessions (facts §0.3),
/// so a spec with `resume` is refused, and the caller hands over by a prompt or, for read-only work, by
/// [`one_shot`].
pub fn launch(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    if matches!(spec.permission, Permission::Bypass(_)) {
        return one_shot(spec);
    }
    if spec.resume.is_some() {
        return Err(LaunchError::unsupported(
            spec.agent.as_str(),
            "resume a session while it asks; start a new one with a handover prompt",
        ));
    }
    let mut args = vec![OsString::from("--acp")];
    args.extend(common(spec));
    let (option, file) = policy(spec)?;
    args.extend(option);
    args.extend(include_directories(spec.agent.as_str(), &spec.add_dirs)?);
    Ok(Launch { files: vec![file], ..command(spec, args, false) })
}

/// The live client for a spec that was launched with `ask`. What a worker may do is said by [`policy`]; beside it,
/// read-only work runs in the mode `plan`, or, where that
/// is switched off, in `default`, whose edits are all asked; writing work in `default`. Both are set, whatever the
/// person's settings make the first mode: `autoEdit` and `yolo` ask for nothing.
pub fn protocol(spec: &LaunchSpec) -> AcpProtocol {
    let modes = match spec.access {
        Access::ReadOnly => vec!["plan", "default"],
        Access::Write => vec!["default"],
    };
    AcpProtocol::new(Setup {
        cwd: spec.cwd.to_string_lossy().into_owned(),
        resume: None,
        modes,
        modes_required: true,
        // Given on the command line.
        model: None,
    })
}

/// One prompt from stdin, one answer as stream-json. Read-only work needs no proof: mode `plan` has no shell tool
/// and writes nowhere but into its own plans folder. Writing work is bypass and needs all of it.
///
/// Stdout goes to a file, since Gemini CLI loses what a pipe has not yet taken (facts §0.2).
pub fn one_shot(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    let mut args: Vec<OsString> = common(spec);
    let mut files = Vec::new();
    match (&spec.permission, spec.access) {
        (_, Access::ReadOnly) => {
            args.extend(["--approval-mode", "plan"].map(OsString::from));
            let (option, file) = policy(spec)?;
            args.extend(option);
            files.push(file);
        }
        (Permission::Ask, Access::Write) => {
            return Err(LaunchError::unsupported(spec.agent.as_str(), "ask in a one-shot that writes"));
        }
        (Permission::Bypass(proven), Access::Write) => {
            let missing = proven.missing_for_bypass();
            if !missing.is_empty() {
                let missing = missing.into_iter().map(mo_core::sandbox::Guarantee::as_str).collect();
                return Err(LaunchError::BypassRefused { missing });
            }
            args.push("--yolo".into());
        }
    }
    if let Some(session) = &spec.resume {
        args.extend(["--resume".into(), OsString::from(session)]);
    }
    // The option takes all that follows up to the next one.
    args.extend(include_directories(spec.agent.as_str(), &spec.add_dirs)?);
    args.extend(["--output-format", "stream-json"].map(OsString::from));
    Ok(Launch { files, ..command(spec, args, true) })
}

fn common(spec: &LaunchSpec) -> Vec<OsString> {
    let mut args = Vec::new();
    if spec.skip_trust {
        args.push("--skip-trust".into());
    }
    if let Some(model) = &spec.model {
        args.extend(["-m".into(), OsString::from(model)]);
    }
    args.extend(spec.args.iter().map(OsString::from));
    args
}

/// `--include-directories D`, once for each. It splits its value at commas, so such a folder cannot be named.
fn include_directories(agent: &str, dirs: &[impl AsRef<Path>]) -> Result<Vec<OsString>, LaunchError> {
    let mut args = Vec::with_capacity(dirs.len() * 2);
    for dir in dirs {
        let dir = dir.as_ref().as_os_str();
        if dir.as_encoded_bytes().contains(&b',') {
            return Err(LaunchError::unsupported(agent, "use a further folder with a comma in its name"));
        }
        args.extend(["--include-directories".into(), dir.to_owned()]);
    }
    Ok(args)
}

fn command(spec: &LaunchSpec, args: Vec<OsString>, stdout_to_file: bool) -> Launch {
    Launch { program: spec.program.clone(), args, env: QUIET.to_vec(), stdout_to_file, files: Vec::new() }
}
