//! The person's own programs that show a session's folder: an editor, a terminal. Which are there, how each is told a
//! file and a line, and which files may be shown: those inside the session's target.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use mo_process::{BesideCommand, find_program, start_beside};

use crate::dto::Refusal;

/// How an editor is told a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// `-g FILE:LINE`
    Goto,
    /// `FILE:LINE`
    Behind,
    /// `+LINE FILE`
    Plus,
    /// `--line LINE FILE`
    Option,
}

/// Editors with a window of their own, best first, from the manual of each.
const EDITORS: [(&str, Line); 20] = [
    ("code", Line::Goto),
    ("codium", Line::Goto),
    ("cursor", Line::Goto),
    ("code-insiders", Line::Goto),
    ("windsurf", Line::Goto),
    ("zed", Line::Behind),
    ("zeditor", Line::Behind),
    ("subl", Line::Behind),
    ("idea", Line::Option),
    ("rustrover", Line::Option),
    ("pycharm", Line::Option),
    ("webstorm", Line::Option),
    ("kate", Line::Option),
    ("gvim", Line::Plus),
    ("emacs", Line::Plus),
    ("gnome-text-editor", Line::Plus),
    ("gedit", Line::Plus),
    ("xed", Line::Plus),
    ("pluma", Line::Plus),
    ("mousepad", Line::Option),
];

/// Terminals, the person's choice first, and what tells each its folder where it does not take it from us.
const TERMINALS: [(&str, &[&str]); 14] = [
    ("xdg-terminal-exec", &[]),
    ("x-terminal-emulator", &[]),
    ("gnome-terminal", &["--working-directory"]),
    ("kgx", &["--working-directory"]),
    ("ptyxis", &["--new-window", "--working-directory"]),
    ("konsole", &["--workdir"]),
    ("xfce4-terminal", &["--working-directory"]),
    ("mate-terminal", &["--working-directory"]),
    ("tilix", &["--working-directory"]),
    ("kitty", &["--directory"]),
    ("alacritty", &["--working-directory"]),
    ("wezterm", &["start", "--cwd"]),
    ("foot", &["--working-directory"]),
    ("xterm", &[]),
];

/// Who asks the desktop for the person's file manager, best first. Only folders are opened so: of a file, the desktop may
/// run what an agent wrote into it.
#[cfg(target_os = "linux")]
const OPENERS: [(&str, &[&str]); 2] = [("xdg-open", &[]), ("gio", &["open"])];

/// What the person's environment says of their programs.
#[derive(Debug, Clone, Default)]
pub struct Tastes {
    /// A `PATH`.
    pub path: OsString,
    /// `VISUAL`, else `EDITOR`.
    pub editor: Option<String>,
    /// `TERMINAL`.
    pub terminal: Option<String>,
}

/// A place inside a session's target: the target itself, or a file or folder in it, without links.
///
/// # Errors
/// When it is not there, lies outside, or is neither a file nor a folder.
pub fn inside(target: &Path, path: Option<&str>) -> Result<PathBuf, Refusal> {
    let gone = |what: &str| {
        let message = format!("{what} is not there any more");
        Refusal::new("place_gone", message, "it may have been moved or deleted; look at the changes")
    };
    let target = target.canonicalize().map_err(|_| gone("the session's folder"))?;
    let Some(path) = path else { return Ok(target) };
    let real = target.join(path).canonicalize().map_err(|_| gone(path))?;
    if !real.starts_with(&target) {
        let message = format!("{path} lies outside the session's folder");
        return Err(Refusal::new("place_outside", message, "only what is inside is opened from here"));
    }
    // A pipe or a device would hang whoever opens it.
    if !real.is_file() && !real.is_dir() {
        let message = format!("{path} is neither a file nor a folder");
        return Err(Refusal::new("place_special", message, "look at it in a terminal"));
    }
    Ok(real)
}

/// Opens a place in the person's editor, a file at its line.
///
/// # Errors
/// When none is found, or it does not start.
pub async fn open_editor(tastes: Tastes, place: PathBuf, line: Option<u32>) -> Result<(), Refusal> {
    let found = editor(&tastes, |name| find_program(OsStr::new(name), &tastes.path), &place, line);
    let command = found.ok_or_else(|| {
        let message = "no editor with a window of its own was found";
        let hint = "install one, such as VS Code, Zed, Kate or gedit, or set VISUAL to the one that you have";
        Refusal::new("no_editor", message, hint)
    })?;
    started(command).await
}

/// Opens a terminal in a folder.
///
/// # Errors
/// When none is found, or it does not start.
pub async fn open_terminal(tastes: Tastes, folder: PathBuf) -> Result<(), Refusal> {
    let found = terminal(&tastes, |name| find_program(OsStr::new(name), &tastes.path), &folder);
    let command = found.ok_or_else(|| {
        let hint = format!(
            "install one, or set TERMINAL to the one that you have; the folder is {}",
            folder.display()
        );
        Refusal::new("no_terminal", "no terminal was found", hint)
    })?;
    started(command).await
}

/// Shows a folder in the person's file manager.
///
/// # Errors
/// When nobody can be asked for it, or who was asked fails at once.
#[cfg(target_os = "linux")]
pub async fn open_folder(tastes: Tastes, folder: PathBuf) -> Result<(), Refusal> {
    let find = |name: &str| find_program(OsStr::new(name), &tastes.path);
    let found = OPENERS.into_iter().find_map(|(name, first)| Some((find(name)?, first)));
    let (program, first) = found.ok_or_else(|| {
        let hint = format!("install xdg-utils; the folder is {}", folder.display());
        Refusal::new("no_file_manager", "no file manager can be asked for: there is no xdg-open", hint)
    })?;
    let args = first.iter().map(OsString::from).chain([folder.clone().into_os_string()]).collect();
    start_beside(BesideCommand { program, args, folder: folder.clone() }).await.map_err(|error| {
        let hint = format!(
            "look which file manager your desktop has as its own; the folder is {}",
            folder.display()
        );
        Refusal::new(error.code(), error.to_string(), hint)
    })
}

async fn started(command: BesideCommand) -> Result<(), Refusal> {
    start_beside(command).await.map_err(|error| {
        Refusal::new(error.code(), error.to_string(), "start it by hand to see what it says")
    })
}

/// The editor that `VISUAL` or `EDITOR` names where it is one with a window, else the first that is there.
fn editor(
    tastes: &Tastes,
    find: impl Fn(&str) -> Option<PathBuf>,
    place: &Path,
    line: Option<u32>,
) -> Option<BesideCommand> {
    let wished = tastes.editor.as_deref().and_then(|words| words.split_whitespace().next());
    let wished = wished.and_then(|program| {
        let name = Path::new(program).file_name()?.to_str()?;
        let (_, told) = EDITORS.into_iter().find(|(known, _)| *known == name)?;
        Some((find(program)?, told))
    });
    let first = || EDITORS.into_iter().find_map(|(name, told)| Some((find(name)?, told)));
    let (program, told) = wished.or_else(first)?;
    // Absolute, so that no name can be taken for an option.
    let file = place.as_os_str().to_owned();
    let behind = |line: u32| {
        let mut text = file.clone();
        text.push(format!(":{line}"));
        text
    };
    let args = match (line.filter(|_| place.is_file()), told) {
        (Some(line), Line::Goto) => vec!["-g".into(), behind(line)],
        (Some(line), Line::Behind) => vec![behind(line)],
        (Some(line), Line::Plus) => vec![format!("+{line}").into(), file],
        (Some(line), Line::Option) => vec!["--line".into(), line.to_string().into(), file],
        (None, _) => vec![file],
    };
    let folder = if place.is_dir() { place } else { place.parent()? };
    Some(BesideCommand { program, args, folder: folder.to_owned() })
}

/// The terminal that `TERMINAL` names, else the first that is there.
fn terminal(tastes: &Tastes, find: impl Fn(&str) -> Option<PathBuf>, folder: &Path) -> Option<BesideCommand> {
    let flags = |name: &str| TERMINALS.into_iter().find(|(known, _)| *known == name).map(|(_, flags)| flags);
    let wished = tastes.terminal.as_deref().and_then(|program| {
        let name = Path::new(program).file_name()?.to_str()?;
        Some((find(program)?, flags(name).unwrap_or_default()))
    });
    let first = || TERMINALS.into_iter().find_map(|(name, flags)| Some((find(name)?, flags)));
    let (program, flags) = wished.or_else(first)?;
    let mut args: Vec<OsString> = flags.iter().map(OsString::from).collect();
    if !flags.is_empty() {
        args.push(folder.into());
    }
    Some(BesideCommand { program, args, folder: folder.to_owned() })
}

#[cfg(test)]
#[path = "outside_tests.rs"]
mod tests;
