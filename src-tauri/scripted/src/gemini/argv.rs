//! Gemini CLI's command line (0.61.0; the help text in the capture gemini-bad-flag).

use crate::argv::{self, ArgvError, Flag, Takes};
use crate::entry::Early;
use crate::script::Script;

use Takes::{Many, Maybe, Nothing, Value};

const FLAGS: &[Flag] = &[
    (&["debug"], Some('d'), Nothing),
    (&["model"], Some('m'), Value),
    (&["prompt"], Some('p'), Value),
    (&["prompt-interactive"], Some('i'), Value),
    (&["skip-trust"], None, Nothing),
    (&["worktree"], Some('w'), Maybe),
    (&["sandbox"], Some('s'), Nothing),
    (&["yolo"], Some('y'), Nothing),
    (&["approval-mode"], None, Value),
    (&["policy"], None, Many),
    (&["admin-policy"], None, Many),
    (&["acp", "experimental-acp"], None, Nothing),
    (&["allowed-mcp-server-names"], None, Many),
    (&["allowed-tools"], None, Many),
    (&["extensions"], Some('e'), Many),
    (&["list-extensions"], Some('l'), Nothing),
    (&["resume"], Some('r'), Maybe),
    (&["session-file"], None, Value),
    (&["session-id"], None, Value),
    (&["list-sessions"], None, Nothing),
    (&["delete-session"], None, Value),
    (&["include-directories"], None, Many),
    (&["screen-reader"], None, Nothing),
    (&["output-format"], Some('o'), Value),
    (&["raw-output"], None, Nothing),
    (&["accept-raw-output-risk"], None, Nothing),
    (&["version"], Some('v'), Nothing),
    (&["help"], Some('h'), Nothing),
];

const USAGE: &str = "Usage: gemini [options] [command]

Gemini CLI - Defaults to interactive mode. Use -p/--prompt for non-interactive (headless) mode.
";

/// The version of the captures.
pub(super) const VERSION: &str = "0.61.0";

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) model: Option<String>,
    /// ACP's word for the approval mode.
    pub(super) mode: &'static str,
    pub(super) include: Vec<std::path::PathBuf>,
    /// `--output-format stream-json`: a one-shot.
    pub(super) stream: bool,
    /// `--skip-trust`.
    pub(super) trusts: bool,
    /// The session of a one-shot to go on with.
    pub(super) resume: Option<String>,
}

/// Reads the command line as Gemini CLI does.
pub(super) fn read(argv: &[String], script: &Script) -> Result<Asked, Early> {
    let read = argv::read(FLAGS, argv).map_err(|bad| match bad {
        ArgvError::Unknown(flag) => bad_usage(&format!("Unknown argument: {}", flag.trim_start_matches('-'))),
        ArgvError::NoValue(flag) => {
            bad_usage(&format!("Not enough arguments following: {}", flag.trim_start_matches('-')))
        }
    })?;
    if read.has("version") {
        return Err(Early::fine(format!("{}\n", script.version.as_deref().unwrap_or(VERSION))));
    }
    if read.has("yolo") && read.has("approval-mode") {
        return Err(bad_usage(
            "Cannot use both --yolo (-y) and --approval-mode together. Use --approval-mode=yolo instead.",
        ));
    }
    let mode = match read.value("approval-mode") {
        None if read.has("yolo") => "yolo",
        None | Some("default") => "default",
        Some("auto_edit") => "autoEdit",
        Some("yolo") => "yolo",
        Some("plan") => "plan",
        Some(other) => {
            return Err(bad_usage(&format!(
                "Invalid values:\n  Argument: approval-mode, Given: \"{other}\", Choices: \"default\", \"auto_edit\", \"yolo\", \"plan\""
            )));
        }
    };
    let mut include = Vec::new();
    for dir in read.values("include-directories").flat_map(|value| value.split(',')) {
        if !std::path::Path::new(dir).is_dir() {
            return Err(Early::bad(1, format!("Directory does not exist: {dir}\n")));
        }
        include.push(dir.into());
    }
    Ok(Asked {
        model: read.value("model").map(str::to_owned),
        mode,
        include,
        stream: read.value("output-format") == Some("stream-json"),
        trusts: read.has("skip-trust"),
        resume: read.value("resume").map(str::to_owned),
    })
}

fn bad_usage(why: &str) -> Early {
    Early::bad(1, format!("{why}\n{USAGE}"))
}
