//! Claude Code's command lines (design.md §4; flags checked against 2.1.330).

use std::ffi::OsString;

use mo_core::sandbox::Guarantee;

use crate::launch::{Access, Launch, LaunchError, LaunchSpec, Permission};

/// The tools of a worker that only reads. `--tools` really takes the others away, from subagents too.
const READ_ONLY_TOOLS: &str = "Read,Grep,Glob";

/// Whose settings count while the worker asks: the person's own, not the target's. With `-p` Claude Code trusts every
/// folder, and a `.claude/settings.json` in it runs its hooks and helpers as commands that nobody is asked about
/// (measured on 2.1.330). That leaves out the target's `CLAUDE.md` too, which comes back where the folder is named by
/// `--add-dir`.
const SETTING_SOURCES: &str = "user";

/// Off: telemetry, error reports, updates and everything else that is not the model's own traffic; and background
/// tasks, since with them a turn ends while its subagents still work, and the CLI begins turns that nobody asked for
/// (measured on 2.1.330). On: the target's own `CLAUDE.md`, see [`SETTING_SOURCES`]; and that every command begins in the
/// worker's folder: a `cd` would else last to the next command (measured on 2.1.330), and of two that are begun at once
/// the second would run elsewhere than it was judged.
const ENV: [(&str, &str); 7] = [
    ("CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR", "1"),
    ("CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD", "1"),
    ("CLAUDE_CODE_DISABLE_BACKGROUND_TASKS", "1"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("DISABLE_TELEMETRY", "1"),
];

/// The command line for a worker. `Ask` speaks the control protocol on stdin and stdout ([`super::ClaudeProtocol`]);
/// `Bypass` takes one prompt as plain text on stdin and ends after it.
///
/// # Errors
/// [`LaunchError::BypassRefused`] where bypass is asked for and a guarantee that it needs is not proven.
pub fn launch(spec: &LaunchSpec) -> Result<Launch, LaunchError> {
    let mut args = Args::default();
    match &spec.permission {
        Permission::Ask => {
            args.flag("-p");
            args.pair("--input-format", "stream-json");
            args.pair("--output-format", "stream-json");
            args.flag("--verbose");
            args.flag("--include-partial-messages");
            args.pair("--permission-prompt-tool", "stdio");
            args.flag("--strict-mcp-config");
            args.pair("--setting-sources", SETTING_SOURCES);
        }
        Permission::Bypass(proven) => {
            let missing = proven.missing_for_bypass();
            if !missing.is_empty() {
                let missing = missing.into_iter().map(Guarantee::as_str).collect();
                return Err(LaunchError::BypassRefused { missing });
            }
            args.flag("--print");
            args.flag("--verbose");
            args.flag("--dangerously-skip-permissions");
            args.flag("--strict-mcp-config");
            args.pair("--output-format", "stream-json");
        }
    }
    if spec.access == Access::ReadOnly {
        args.pair("--tools", READ_ONLY_TOOLS);
    }
    if let Some(model) = &spec.model {
        args.pair("--model", model);
    }
    if let Some(session) = &spec.resume {
        args.pair("--resume", session);
    }
    if let Some(schema) = &spec.schema {
        args.pair("--json-schema", &schema.to_string());
    }
    args.0.extend(spec.args.iter().map(OsString::from));
    let cwd = (spec.permission == Permission::Ask).then_some(&spec.cwd);
    let mut dirs = cwd.into_iter().chain(&spec.add_dirs).peekable();
    if dirs.peek().is_some() {
        args.flag("--add-dir");
        args.0.extend(dirs.map(|dir| dir.clone().into_os_string()));
    }
    Ok(Launch {
        program: spec.program.clone(),
        args: args.0,
        env: ENV.to_vec(),
        stdout_to_file: false,
        files: Vec::new(),
    })
}

#[derive(Default)]
struct Args(Vec<OsString>);

impl Args {
    fn flag(&mut self, flag: &str) {
        self.0.push(flag.into());
    }
    fn pair(&mut self, flag: &str, value: &str) {
        self.0.extend([flag.into(), value.into()]);
    }
}
