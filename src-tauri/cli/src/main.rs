//! The command `orchestrate`: the engine without a window.

mod args;
mod asking;
mod commands;
mod context;
mod drive;
mod errors;
mod feed;
mod help;
mod host;
mod keys;
mod logging;
mod output;
mod owner;
mod places;
mod reading;
mod team_file;
mod typing;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ErrorKind};

use crate::args::Cli;
use crate::context::Context;
use crate::errors::{Failure, Told, exit};
use crate::output::paint::{Paint, Tone};
use crate::output::{aside, words};

fn main() -> ExitCode {
    // This program is also the shim of every process that it starts, and the scripted agents of the demo.
    if let Some(code) = mo_process::reexec_entry().or_else(mo_scripted::reexec_entry) {
        return ExitCode::from(u8::try_from(code).unwrap_or(exit::FAILURE));
    }
    let code = match Cli::try_parse() {
        Ok(cli) => execute(cli),
        Err(error) => misused(&error),
    };
    ExitCode::from(code)
}

fn execute(cli: Cli) -> u8 {
    let (json, verbose) = (cli.global.json, cli.global.verbose);
    // What starts something logs to a file too, once the data folder is its own.
    if !cli.command.may_own() {
        logging::start(verbose, None);
    }
    let mut context = Context::new(cli.global);
    let done = commands::execute(&cli.command, &mut context);
    match done.and_then(|code| context.out.flush().map(|()| code)) {
        Ok(code) => code,
        Err(Failure::ReaderGone) => exit::DONE,
        Err(Failure::Said(told)) => {
            // What was printed before stands before the error.
            let _unread = context.out.flush();
            tell(&told, json);
            told.exit
        }
    }
}

/// Tells an error: as a last line of JSON on stdout, else in words on stderr.
fn tell(told: &Told, json: bool) {
    if json {
        let line = serde_json::json!({ "error": told }).to_string();
        let _unread = writeln!(std::io::stdout().lock(), "{line}");
        return;
    }
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let paint = if terminal && !plain { Paint::Colours } else { Paint::Nothing };
    aside(&format!("{} {}", paint.text(Tone::Bad, "error:"), words::block(&told.message)));
    if let Some(hint) = &told.hint {
        aside(&format!("{} {}", paint.text(Tone::Running, "hint:"), words::block(hint)));
    }
}

/// A command line that cannot be read, or one that asks for help.
fn misused(error: &clap::Error) -> u8 {
    let wants_words = matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    let asked_for_json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if wants_words || !asked_for_json {
        let _unread = error.print();
        return if error.use_stderr() { exit::USAGE } else { exit::DONE };
    }
    let text = error.render().to_string();
    // What is missing is named in lines of its own, below the first one.
    let mut lines = text.lines().take_while(|line| !line.starts_with("Usage:")).map(str::trim);
    let first = lines.next().unwrap_or_default().trim_start_matches("error: ");
    let named: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let message = format!("{first} {}", named.join(", ")).trim_end().to_owned();
    let usage = error.get(ContextKind::Usage).map(|usage| usage.to_string().trim().replace('\n', " "));
    let hint = Some(usage.unwrap_or_else(|| "see `orchestrate -h`".to_owned()));
    tell(&Told { code: "usage".into(), message, hint, exit: exit::USAGE }, true);
    exit::USAGE
}
