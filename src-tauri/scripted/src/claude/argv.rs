//! Claude Code's command line (2.1.330, `--help` in the captures; facts/agent-clis.md §3–§8).

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::argv::{self, Argv, ArgvError, Flag, Takes};
use crate::entry::Early;
use crate::script::Script;

use Takes::{Many, Maybe, Nothing, Value as One};

const FLAGS: &[Flag] = &[
    (&["add-dir"], None, Many),
    (&["agent"], None, One),
    (&["agents"], None, One),
    (&["allow-dangerously-skip-permissions"], None, Nothing),
    (&["allowedTools", "allowed-tools"], None, Many),
    (&["append-system-prompt"], None, One),
    (&["bare"], None, Nothing),
    (&["betas"], None, Many),
    (&["continue"], Some('c'), Nothing),
    (&["dangerously-skip-permissions"], None, Nothing),
    (&["debug"], Some('d'), Maybe),
    (&["debug-file"], None, One),
    (&["disable-slash-commands"], None, Nothing),
    (&["disallowedTools", "disallowed-tools"], None, Many),
    (&["effort"], None, One),
    (&["fallback-model"], None, One),
    (&["fork-session"], None, Nothing),
    (&["include-hook-events"], None, Nothing),
    (&["include-partial-messages"], None, Nothing),
    (&["input-format"], None, One),
    (&["json-schema"], None, One),
    (&["max-budget-usd"], None, One),
    (&["max-turns"], None, One),
    (&["mcp-config"], None, Many),
    (&["model"], None, One),
    (&["name"], Some('n'), One),
    (&["no-chrome"], None, Nothing),
    (&["no-session-persistence"], None, Nothing),
    (&["output-format"], None, One),
    (&["permission-mode"], None, One),
    (&["permission-prompt-tool"], None, One),
    (&["permission-prompts"], None, One),
    (&["plugin-dir"], None, One),
    (&["print"], Some('p'), Nothing),
    (&["replay-user-messages"], None, Nothing),
    (&["restricted"], None, Nothing),
    (&["resume"], Some('r'), Maybe),
    (&["safe-mode"], None, Nothing),
    (&["session-id"], None, One),
    (&["setting-sources"], None, One),
    (&["settings"], None, One),
    (&["strict-mcp-config"], None, Nothing),
    (&["system-prompt"], None, One),
    (&["tools"], None, Many),
    (&["verbose"], None, Nothing),
    (&["version"], Some('v'), Nothing),
];

/// The version of the captures.
pub(super) const VERSION: &str = "2.1.330";

/// How the answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printed {
    Text,
    Json,
    Stream,
}

/// What a command line asks for.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Asked {
    pub(super) printed: Printed,
    /// Prompts come as JSON lines on stdin; else stdin and `prompt` are one prompt.
    pub(super) stream_in: bool,
    pub(super) prompt: Option<String>,
    pub(super) partial: bool,
    pub(super) asks_host: bool,
    pub(super) mode: String,
    pub(super) schema: bool,
    pub(super) tools: Option<Vec<String>>,
    pub(super) add_dirs: Vec<PathBuf>,
    pub(super) resume: Option<String>,
    pub(super) session_id: Option<String>,
    pub(super) model: Option<String>,
}

/// Reads the command line as Claude Code does.
pub(super) fn read(argv: &[String], script: &Script) -> Result<Asked, Early> {
    let version = script.version.as_deref().unwrap_or(VERSION);
    if argv.first().is_some_and(|first| first == "auth") {
        return Err(auth_status(argv, script));
    }
    let read = argv::read(FLAGS, argv).map_err(|bad| match bad {
        ArgvError::Unknown(flag) => Early::bad(1, format!("error: unknown option '{flag}'\n")),
        ArgvError::NoValue(flag) => Early::bad(1, format!("error: option '{flag}' argument missing\n")),
    })?;
    if read.has("version") {
        return Err(Early::fine(format!("{version} (Claude Code)\n")));
    }
    if !read.has("print") {
        return Err(crate::entry::unknown_shape("claude without -p"));
    }
    let printed = match read.value("output-format") {
        None | Some("text") => Printed::Text,
        Some("json") => Printed::Json,
        Some("stream-json") => Printed::Stream,
        Some(other) => return Err(choices("--output-format <format>", other, "text, json, stream-json")),
    };
    if printed == Printed::Stream && !read.has("verbose") {
        let why = "Error: When using --print, --output-format=stream-json requires --verbose\n";
        return Err(Early::bad(1, why));
    }
    let stream_in = match read.value("input-format") {
        None | Some("text") => false,
        Some("stream-json") => true,
        Some(other) => return Err(choices("--input-format <format>", other, "text, stream-json")),
    };
    if stream_in && printed != Printed::Stream {
        let why = "Error: --input-format=stream-json requires output-format=stream-json.\n";
        return Err(Early::bad(1, why));
    }
    if read.has("dangerously-skip-permissions")
        && script.root.unwrap_or_else(|| rustix::process::geteuid().is_root())
        && std::env::var_os("IS_SANDBOX").is_none_or(|value| value != "1")
    {
        let why =
            "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons\n";
        return Err(Early::bad(1, why));
    }
    let schema = match read.value("json-schema").map(serde_json::from_str::<Value>) {
        None => false,
        Some(Ok(_)) => true,
        Some(Err(_)) => {
            return Err(Early::bad(1, "Error: --json-schema is not valid JSON: JSON Parse error\n"));
        }
    };
    let session_id = read.value("session-id").map(str::to_owned);
    if session_id.as_deref().is_some_and(|id| uuid::Uuid::parse_str(id).is_err()) {
        return Err(Early::bad(1, "Error: Invalid session ID. Must be a valid UUID.\n"));
    }
    Ok(Asked {
        printed,
        stream_in,
        prompt: (!read.free.is_empty()).then(|| read.free.join(" ")),
        partial: read.has("include-partial-messages"),
        asks_host: stream_in
            && read.value("permission-prompt-tool") == Some("stdio")
            && read.value("permission-prompts") != Some("none"),
        mode: mode(&read)?,
        schema,
        tools: read.has("tools").then(|| tools(&read)),
        add_dirs: read.values("add-dir").map(PathBuf::from).collect(),
        resume: read.value("resume").map(str::to_owned),
        session_id,
        model: read.value("model").map(str::to_owned),
    })
}

fn tools(read: &Argv) -> Vec<String> {
    let names = read.values("tools").flat_map(|value| value.split([',', ' ']));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn mode(read: &Argv) -> Result<String, Early> {
    if read.has("dangerously-skip-permissions") {
        return Ok("bypassPermissions".to_owned());
    }
    match read.value("permission-mode") {
        None | Some("manual" | "default") => Ok("default".to_owned()),
        Some(known @ ("acceptEdits" | "auto" | "bypassPermissions" | "dontAsk" | "plan")) => {
            Ok(known.to_owned())
        }
        Some(other) => Err(choices(
            "--permission-mode <mode>",
            other,
            "acceptEdits, auto, bypassPermissions, manual, dontAsk, plan",
        )),
    }
}

fn choices(option: &str, given: &str, allowed: &str) -> Early {
    let why = "is invalid. Allowed choices are";
    Early::bad(1, format!("error: option '{option}' argument '{given}' {why} {allowed}.\n"))
}

fn auth_status(argv: &[String], script: &Script) -> Early {
    if argv.get(1).is_none_or(|second| second != "status") {
        return crate::entry::unknown_shape("claude auth but for `auth status`");
    }
    let home = std::env::var("HOME").unwrap_or_default();
    let status = json!({
        "loggedIn": script.logged_in,
        "authMethod": if script.logged_in { "api_key" } else { "none" },
        "apiProvider": "firstParty",
        "analyticsDisabled": true,
        "projectsDirectory": format!("{home}/.claude/projects"),
        "configDirectory": format!("{home}/.claude"),
        "loginExpiresAt": null,
        "consoleProfileSignInOffered": true,
        "apiKeySource": if script.logged_in { "ANTHROPIC_API_KEY" } else { "none" },
    });
    Early { stdout: format!("{status:#}\n"), stderr: String::new(), code: i32::from(!script.logged_in) }
}
