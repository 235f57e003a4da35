//! How a binary becomes a scripted agent.

use std::path::PathBuf;

use mo_core::ids::AgentKind;

use crate::perform::Performer;
use crate::script::Script;
use crate::{claude, codex, gemini, grandchild};

/// What a bad own command line ends with, apart from every code of the real CLIs.
const USAGE: i32 = 64;

/// To be called first in `main`: when the binary was started as
/// `<exe> __scripted <claude|codex|gemini> --script FILE [--fast] [--pace X] -- <the CLI's own arguments>`, it is
/// that agent until it ends, and the value is the exit code. Otherwise `None`, and nothing has happened.
///
/// `--pace X` scales every wait (1 is as written); `--fast` is `--pace 0`.
pub fn reexec_entry() -> Option<i32> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != "__scripted" {
        return None;
    }
    let Ok(args) = args.map(std::ffi::OsString::into_string).collect::<Result<Vec<_>, _>>() else {
        return Some(usage("an argument is not UTF-8"));
    };
    if args.first().is_some_and(|first| first == "__grandchild") {
        return Some(grandchild::live(args.get(1..).unwrap_or_default()));
    }
    Some(match Own::read(&args) {
        Ok(own) => own.run(),
        Err(why) => usage(&why),
    })
}

struct Own {
    agent: AgentKind,
    script: PathBuf,
    pace: f64,
    argv: Vec<String>,
}

impl Own {
    fn read(args: &[String]) -> Result<Self, String> {
        let mut args = args.iter();
        let agent = match args.next().map(String::as_str) {
            Some("claude") => AgentKind::Claude,
            Some("codex") => AgentKind::Codex,
            Some("gemini") => AgentKind::Gemini,
            other => return Err(format!("which agent? not `{}`", other.unwrap_or_default())),
        };
        let (mut script, mut pace) = (None, 1.0);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--" => break,
                "--fast" => pace = 0.0,
                "--script" => script = args.next().map(PathBuf::from),
                "--pace" => {
                    let text = args.next().map(String::as_str).unwrap_or_default();
                    pace = text
                        .parse::<f64>()
                        .ok()
                        .filter(|pace| pace.is_finite() && (0.0..=1000.0).contains(pace))
                        .ok_or_else(|| format!("`{text}` is not a pace from 0 to 1000"))?;
                }
                other => return Err(format!("`{other}` is not known")),
            }
        }
        let script = script.ok_or_else(|| "--script FILE is missing".to_owned())?;
        Ok(Self { agent, script, pace, argv: args.cloned().collect() })
    }

    fn run(self) -> i32 {
        let script = match Script::load(&self.script) {
            Ok(script) => script,
            Err(why) => return usage(&why.to_string()),
        };
        match self.agent {
            AgentKind::Codex if self.argv.first().is_some_and(|word| word == "exec") => {
                match codex::exec::start(&self.argv, &script) {
                    Ok(dialect) => perform(Performer::new(dialect, script, self.pace)),
                    Err(early) => early.say(),
                }
            }
            AgentKind::Gemini if !self.argv.iter().any(|flag| gemini::speaks_acp(flag)) => {
                match gemini::stream::start(&self.argv, &script) {
                    Ok(dialect) => perform(Performer::new(dialect, script, self.pace)),
                    Err(early) => early.say(),
                }
            }
            AgentKind::Codex => match codex::start(&self.argv, &script) {
                Ok(dialect) => perform(Performer::new(dialect, script, self.pace)),
                Err(early) => early.say(),
            },
            AgentKind::Gemini => match gemini::start(&self.argv, &script) {
                Ok(dialect) => perform(Performer::new(dialect, script, self.pace)),
                Err(early) => early.say(),
            },
            AgentKind::Claude | AgentKind::Acp(_) => match claude::start(&self.argv, &script) {
                Ok(dialect) => perform(Performer::new(dialect, script, self.pace)),
                Err(early) => early.say(),
            },
        }
    }
}

fn perform<D: crate::dialect::Dialect>(performer: std::io::Result<Performer<D>>) -> i32 {
    match performer {
        Ok(performer) => performer.run(),
        Err(why) => crate::perform::gap(&why.to_string()),
    }
}

fn usage(why: &str) -> i32 {
    eprintln!("scripted agent: {why}");
    USAGE
}

/// A CLI that ends before any conversation: a version, a bad flag, an unknown session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Early {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Early {
    /// Something on stdout and exit code 0.
    pub(crate) fn fine(stdout: String) -> Self {
        Self { stdout, stderr: String::new(), code: 0 }
    }

    /// Something on stderr and an exit code.
    pub(crate) fn bad(code: i32, stderr: impl Into<String>) -> Self {
        Self { stdout: String::new(), stderr: stderr.into(), code }
    }

    fn say(&self) -> i32 {
        use std::io::Write;
        // A reader that has gone away changes nothing about the exit code.
        let _unread = std::io::stdout().write_all(self.stdout.as_bytes());
        let _unread = std::io::stderr().write_all(self.stderr.as_bytes());
        self.code
    }
}

/// What stands for the CLI in a command line of a shape that is not played here.
pub(crate) fn unknown_shape(what: &str) -> Early {
    Early::bad(USAGE, format!("scripted agent: {what} is a shape that scripted agents do not have\n"))
}
