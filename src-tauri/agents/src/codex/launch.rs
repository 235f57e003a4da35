//! Codex's command lines (facts/agent-clis.md §2 to §4).

use std::ffi::OsString;

use crate::launch::{Access, Launch, LaunchError, LaunchSpec, Permission};

/// Telemetry (which also stalls the exit by 5 s when offline), update check and plugin download off. Codex takes
/// them behind the subcommand.
const QUIET: [&str; 6] =
    ["-c", "analytics.enabled=false", "-c", "check_for_update_on_startup=false", "--disable", "plugins"];

/// The command line for a spec: the app-server, or, in bypass, one `exec` that reads its prompt from stdin.
///
/// The person's arguments come last of the options, so that a `-c` of theirs wins. An output schema is given with
/// each turn of the app-server; `exec` takes one only as a file, so there it must be part of the prompt.
///
/// Who only reads works in Codex's own read-only sandbox. That shape alone asks for a git repository where the flag is
/// left out: `--dangerously-bypass-approvals-and-sandbox` waives it too (measured on 0.169.0).
pub fn launch(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    let args = match &spec.permission {
        Permission::Ask => app_server(spec),
        Permission::Bypass(proven) => {
            let missing = proven.missing_for_bypass();
            if !missing.is_empty() {
                let missing = missing.into_iter().map(mo_core::sandbox::Guarantee::as_str).collect();
                return Err(LaunchError::BypassRefused { missing });
            }
            exec(spec)
        }
    };
    Ok(Launch {
        program: spec.program.clone(),
        args,
        env: Vec::new(),
        stdout_to_file: false,
        files: Vec::new(),
    })
}

/// The model is set by `thread/start`.
fn app_server(spec: &LaunchSpec) -> Vec<OsString> {
    let mut args = vec![OsString::from("app-server")];
    args.extend(QUIET.map(OsString::from));
    args.extend(spec.args.iter().map(OsString::from));
    args
}

fn exec(spec: &LaunchSpec) -> Vec<OsString> {
    let mut args = vec![OsString::from("exec")];
    if spec.resume.is_some() {
        args.push("resume".into());
    }
    args.push("--json".into());
    if spec.access == Access::Write {
        args.push("--dangerously-bypass-approvals-and-sandbox".into());
    }
    if spec.skip_git_repo_check {
        args.push("--skip-git-repo-check".into());
    }
    // `exec resume` has no `-C`: it works in the folder that it is started in.
    if spec.resume.is_none() {
        args.extend(["-C".into(), spec.cwd.clone().into_os_string()]);
    }
    args.extend(QUIET.map(OsString::from));
    if let Some(model) = &spec.model {
        args.extend(["-c".into(), format!("model={}", toml_string(model)).into()]);
    }
    args.extend(spec.args.iter().map(OsString::from));
    if spec.access == Access::ReadOnly {
        // After the person's own: the last one counts. `exec` asks nobody in any mode.
        args.extend(["-c", "sandbox_mode=\"read-only\""].map(OsString::from));
    }
    args.extend(spec.resume.iter().map(OsString::from));
    // `-` reads the prompt from stdin; a prompt such as `review` would be taken for a subcommand.
    args.push("-".into());
    args
}

/// A TOML basic string; JSON's escapes are a subset of its.
fn toml_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
