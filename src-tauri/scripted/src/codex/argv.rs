//! Codex's command line (0.169.0; facts/agent-clis.md §4, §6b).

use crate::argv::{self, Argv, ArgvError, Flag, Takes};
use crate::entry::Early;
use crate::script::Script;

use Takes::{Nothing, Value};

const FLAGS: &[Flag] = &[
    (&["config"], Some('c'), Value),
    (&["enable"], None, Value),
    (&["disable"], None, Value),
    (&["listen"], None, Value),
    (&["analytics-default-enabled"], None, Nothing),
    (&["strict-config"], None, Nothing),
    (&["version"], Some('V'), Nothing),
    (&["help"], Some('h'), Nothing),
];

/// The flags of `codex exec`; those of `exec resume` are the same without the folder and the sandbox.
const EXEC_FLAGS: &[Flag] = &[
    (&["json"], None, Nothing),
    (&["dangerously-bypass-approvals-and-sandbox"], None, Nothing),
    (&["skip-git-repo-check"], None, Nothing),
    (&["config"], Some('c'), Value),
    (&["enable"], None, Value),
    (&["disable"], None, Value),
    (&["model"], Some('m'), Value),
    (&["cd"], Some('C'), Value),
    (&["sandbox"], Some('s'), Value),
];

/// The version of the captures.
pub(super) const VERSION: &str = "0.169.0";

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// `-c model="…"`.
    pub(super) model: Option<String>,
}

/// Reads the command line as Codex does.
pub(super) fn read(argv: &[String], script: &Script) -> Result<Asked, Early> {
    match argv.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--version" | "-V"] => {
            let version = script.version.as_deref().unwrap_or(VERSION);
            return Err(Early::fine(format!("codex-cli {version}\n")));
        }
        ["login", "status"] if script.logged_in => {
            return Err(Early::bad(0, "Logged in using an API key - sk-scrip***ted\n"));
        }
        ["login", "status"] => return Err(Early::bad(1, "Not logged in\n")),
        _ => {}
    }
    let read = argv::read(FLAGS, argv).map_err(bad)?;
    if read.free.as_slice() != ["app-server"] {
        return Err(crate::entry::unknown_shape("codex without `app-server`"));
    }
    if let Some(listen) = read.value("listen").filter(|listen| *listen != "stdio://") {
        return Err(crate::entry::unknown_shape(&format!("codex app-server --listen {listen}")));
    }
    Ok(Asked { model: model(&read)? })
}

/// What a command line of `codex exec` asks for.
#[derive(Debug)]
pub(super) struct AskedExec {
    pub(super) model: Option<String>,
    pub(super) bypass: bool,
    pub(super) skip_git_repo_check: bool,
    pub(super) cwd: Option<String>,
    pub(super) resume: Option<String>,
}

/// Reads the command line of `codex exec`, the word itself first.
pub(super) fn read_exec(argv: &[String]) -> Result<AskedExec, Early> {
    let after = argv.get(1..).unwrap_or_default();
    let resumes = after.first().is_some_and(|word| word == "resume");
    let (flags, after) = match after {
        [_, rest @ ..] if resumes => {
            (EXEC_FLAGS.get(..EXEC_FLAGS.len().saturating_sub(2)).unwrap_or_default(), rest)
        }
        all => (EXEC_FLAGS, all),
    };
    let read = argv::read(flags, after).map_err(bad)?;
    let (resume, prompt) = match read.free.as_slice() {
        [id, prompt] if resumes => (Some(id.clone()), prompt),
        [prompt] if !resumes => (None, prompt),
        _ => return Err(crate::entry::unknown_shape("codex exec with more or less than a prompt")),
    };
    if prompt != "-" || !read.has("json") {
        return Err(crate::entry::unknown_shape("codex exec but for `--json … -`"));
    }
    Ok(AskedExec {
        model: model(&read)?,
        bypass: read.has("dangerously-bypass-approvals-and-sandbox"),
        skip_git_repo_check: read.has("skip-git-repo-check"),
        cwd: read.value("cd").map(str::to_owned),
        resume,
    })
}

fn model(read: &Argv) -> Result<Option<String>, Early> {
    for setting in read.values("config") {
        if !setting.contains('=') {
            return Err(Early::bad(1, format!("Error: Invalid override (missing '='): {setting}\n")));
        }
    }
    let model = read.values("config").rev().find_map(|setting| setting.strip_prefix("model="));
    Ok(model.map(|name| name.trim_matches('"').to_owned()))
}

fn bad(bad: ArgvError) -> Early {
    let (what, more) = match bad {
        ArgvError::Unknown(flag) => (
            format!(
                "unexpected argument '{flag}' found\n\n  tip: to pass '{flag}' as a value, use '-- {flag}'"
            ),
            "\n\nUsage: codex app-server [OPTIONS] [COMMAND]",
        ),
        ArgvError::NoValue(flag) => (format!("a value is required for '{flag}' but none was supplied"), ""),
    };
    Early::bad(2, format!("error: {what}{more}\n\nFor more information, try '--help'.\n"))
}
