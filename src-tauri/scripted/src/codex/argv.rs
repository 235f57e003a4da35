//! Codex's command line (0.169.0; facts/agent-clis.md §4, §6b).

use crate::argv::{self, ArgvError, Flag, Takes};
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
        ["exec", ..] => return Err(crate::entry::only_live("codex exec")),
        _ => {}
    }
    let read = argv::read(FLAGS, argv).map_err(|bad| match bad {
        ArgvError::Unknown(flag) => Early::bad(
            2,
            format!(
                "error: unexpected argument '{flag}' found\n\n  tip: to pass '{flag}' as a value, use '-- {flag}'\n\nUsage: codex app-server [OPTIONS] [COMMAND]\n\nFor more information, try '--help'.\n"
            ),
        ),
        ArgvError::NoValue(flag) => Early::bad(
            2,
            format!(
                "error: a value is required for '{flag}' but none was supplied\n\nFor more information, try '--help'.\n"
            ),
        ),
    })?;
    if read.free.as_slice() != ["app-server"] {
        return Err(crate::entry::only_live("codex without `app-server`"));
    }
    if let Some(listen) = read.value("listen").filter(|listen| *listen != "stdio://") {
        return Err(crate::entry::only_live(&format!("codex app-server --listen {listen}")));
    }
    for setting in read.values("config") {
        if !setting.contains('=') {
            let why = format!("Error: Invalid override (missing '='): {setting}\n");
            return Err(Early::bad(1, why));
        }
    }
    let model = read.values("config").rev().find_map(|setting| setting.strip_prefix("model="));
    Ok(Asked { model: model.map(|name| name.trim_matches('"').to_owned()) })
}
