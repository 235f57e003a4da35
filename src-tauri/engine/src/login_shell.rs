//! What the person's login shell has on its PATH: an app that was started by a double-click has little of it.
//!
//! The shell is asked once for each run, as what it is to the person: login and interactive, so that it reads all of its
//! files. It gets nothing to read, a bounded time and a bounded output, and whatever it starts ends with it. Only what
//! stands between two marks is taken, so that files which print something do no harm.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mo_process::{ProbeCommand, ProbeError, Spawner, run_probe};

use crate::environment::Environment;

/// How long the shell has: files that set up version managers take seconds on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How much it may print, with everything that its files print.
const OUTPUT: usize = 1 << 20;
/// The most folders that are taken.
const MOST: usize = 500;
/// By this a person's files can tell that nobody sits before the shell.
const ASKING: &str = "META_ORCHESTRATOR_ASKS_PATH";

/// What a login shell was found to be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoginShell {
    /// Its program, where one is known.
    pub shell: Option<PathBuf>,
    /// The folders of its PATH, each once, absolute.
    pub folders: Vec<PathBuf>,
    /// Why there are none, in one sentence.
    pub problem: Option<String>,
}

impl LoginShell {
    fn without(shell: Option<PathBuf>, problem: impl Into<String>) -> Self {
        Self { shell, folders: Vec::new(), problem: Some(problem.into()) }
    }
}

/// Asks the shell of that environment.
///
/// Nothing of it is left afterwards. What goes wrong is told in [`LoginShell::problem`].
pub async fn ask(spawner: &dyn Spawner, environment: &Environment, limit: Duration) -> LoginShell {
    let Some(home) = environment.home() else {
        return LoginShell::without(None, "HOME is not set, so nobody's shell is asked");
    };
    // Files of somebody else are not run as us, such as by root.
    let ours = rustix::process::geteuid().as_raw();
    match std::fs::metadata(&home) {
        Ok(folder) if folder.uid() == ours => {}
        Ok(_) => return LoginShell::without(None, format!("{} is not your own folder", home.display())),
        Err(error) => return LoginShell::without(None, format!("{}: {error}", home.display())),
    }
    let given = environment.var("SHELL").filter(|shell| !shell.is_empty()).map(PathBuf::from);
    let Some(shell) = given.or_else(|| of_accounts(ours, &home)) else {
        return LoginShell::without(None, "SHELL is not set, and there is no account with this home");
    };
    if !shell.is_absolute() {
        return LoginShell::without(Some(shell), "SHELL is not an absolute path");
    }
    let mark = format!("<{}>", uuid::Uuid::new_v4().simple());
    let begun = Instant::now();
    let mut problem = String::new();
    for options in ways(&shell) {
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break;
        }
        let mut probe = ProbeCommand::new(&shell, &home);
        probe.args = options.iter().map(OsString::from).collect();
        // Through sh, since no two shells write a list of folders alike.
        probe.args.push(format!("/bin/sh -c 'printf \"\\n{mark}%s{mark}\\n\" \"$PATH\"'").into());
        probe.env = environment.of_check();
        probe.env.retain(|(name, _)| name != "TERM");
        let more = [("TERM", "dumb"), (ASKING, "1")];
        probe.env.extend(more.map(|(name, value)| (name.into(), value.into())));
        probe.env.push(("SHELL".into(), shell.clone().into()));
        probe.timeout = left;
        probe.output_limit = OUTPUT;
        let printed = match run_probe(spawner, probe).await {
            Ok(output) if output.truncated && between(&output.stdout, mark.as_bytes()).is_none() => {
                return LoginShell::without(Some(shell), "its files print without end");
            }
            Ok(output) => {
                problem = format!("it did not tell its PATH ({})", ending(&output.stderr));
                output.stdout
            }
            // It may have answered, and something that it started did not end.
            Err(ProbeError::TimedOut { stdout, .. }) => {
                problem = format!("it did not answer within {} s", limit.as_secs_f32().ceil());
                stdout
            }
            Err(error) => return LoginShell::without(Some(shell), error.to_string()),
        };
        if let Some(path) = between(&printed, mark.as_bytes()) {
            return LoginShell { shell: Some(shell), folders: folders(path), problem: None };
        }
    }
    LoginShell::without(Some(shell), problem)
}

/// The options before the command, in the order in which they are tried.
fn ways(shell: &Path) -> &'static [&'static [&'static str]] {
    match shell.file_name().and_then(OsStr::to_str) {
        // Theirs of login stands alone.
        Some("csh" | "tcsh") => &[&["-i", "-c"]],
        Some("nu") => &[&["-l", "-c"]],
        _ => &[&["-l", "-i", "-c"], &["-i", "-c"]],
    }
}

/// What stands between the first two marks.
fn between<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let find = |text: &[u8]| text.windows(mark.len()).position(|at| at == mark);
    let behind = text.get(find(text)? + mark.len()..)?;
    behind.get(..find(behind)?)
}

fn folders(path: &[u8]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in std::env::split_paths(OsStr::from_bytes(path)) {
        if folder.is_absolute() && !folders.contains(&folder) && folders.len() < MOST {
            folders.push(folder);
        }
    }
    folders
}

/// The last line that it said to nobody in particular.
fn ending(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    last.trim().chars().take(120).collect()
}

/// The shell of the account with that number, where that home is its own.
fn of_accounts(uid: u32, home: &Path) -> Option<PathBuf> {
    let accounts = std::fs::read("/etc/passwd").ok()?;
    accounts.split(|byte| *byte == b'\n').find_map(|line| {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
        let [_, _, number, _, _, folder, shell] = fields[..] else { return None };
        let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        let fits = number == uid && Path::new(OsStr::from_bytes(folder)) == home && !shell.is_empty();
        fits.then(|| PathBuf::from(OsString::from_vec(shell.to_vec())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_counts() {
        let noise = b"Welcome!\n<m>/a:/b:rel::/a:/c d<m>\nbye <m>x<m>";
        let found = between(noise, b"<m>").unwrap();
        assert_eq!(folders(found), [Path::new("/a"), Path::new("/b"), Path::new("/c d")]);
        for none in [&b""[..], b"<m>", b"<m>/a", b"no mark at all"] {
            assert_eq!(between(none, b"<m>"), None);
        }
        assert_eq!(between(b"<m><m>", b"<m>"), Some(&b""[..]));
        assert_eq!(folders(b"/x:".repeat(3).as_slice()).len(), 1);
        let many: Vec<String> = (0..2 * MOST).map(|n| format!("/f{n}")).collect();
        assert_eq!(folders(many.join(":").as_bytes()).len(), MOST);
    }

    #[test]
    fn the_account_is_found_by_number_and_home() {
        assert!(of_accounts(0, Path::new("/root")).is_some_and(|shell| shell.is_absolute()));
        assert_eq!(of_accounts(0, Path::new("/somebody/else")), None);
        assert_eq!(of_accounts(4_000_000_000, Path::new("/root")), None);
    }
}
