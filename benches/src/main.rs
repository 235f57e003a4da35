//! `./bench`: measures the whole real way of a worker's line, from the pipe to a subscriber, against bare loops in the
//! same run, so that the answer is a ratio and not a number of this machine.
//!
//! One program in several roles: it drives, and it starts itself as the one who measures (a process of its own, so
//! that its memory is its own), as the shim, and as the worker that floods.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bare;
mod children;
mod counting;
mod flood;
mod goals;
mod memory;
mod options;
mod original;
mod through_engine;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::flood::Flood;
use crate::goals::Report;
use crate::options::Options;

fn main() -> ExitCode {
    if let Some(code) = mo_process::reexec_entry() {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // A worker is told by its environment; the engine also asks every agent for its version.
    if let Ok(what) = std::env::var(flood::VARIABLE) {
        if words == ["--version"] {
            println!("{} (flood)", env!("CARGO_PKG_VERSION"));
            return Ok(ExitCode::SUCCESS);
        }
        return what.parse::<Flood>()?.play().map(|()| ExitCode::SUCCESS);
    }
    match words.as_slice() {
        [children::ENGINE, flood, folder] => {
            children::answer(&through_engine::measure(&flood.parse()?, folder.as_ref())?)
        }
        [children::BARE, folder] => children::answer(&bare::measure(folder.as_ref())?),
        [word, ..] if word.starts_with("__") => bail!("{word} with other arguments than it takes"),
        _ => drive(&words),
    }
}

fn drive(words: &[&str]) -> Result<ExitCode> {
    let Some(options) = Options::read(words)? else {
        println!("{}", options::USAGE);
        return Ok(ExitCode::SUCCESS);
    };
    let mut report = Report::default();
    for round in 1..=options.rounds {
        if options.wants("durable") {
            eprintln!(
                "round {round}: {} durable lines through the engine, then a bare insert loop",
                options.lines
            );
            let folder = options.folder()?;
            let flood = Flood::durable(options.lines);
            let ours = children::through_engine(&flood, folder.path())?;
            let bare = children::bare(folder.path())?;
            report.durable(&ours, &bare);
        }
        if options.wants("mixed") {
            eprintln!(
                "round {round}: {} lines, 1 in 20 durable, then the original's loop in Python",
                options.lines
            );
            let folder = options.folder()?;
            let flood = Flood::mixed(options.lines);
            let ours = children::through_engine(&flood, folder.path())?;
            let original = original::measure(&flood, folder.path())?;
            report.mixed(&ours, &original, flood.piece_bytes());
        }
    }
    if options.wants("long-line") {
        eprintln!("a line of {} bytes without a newline", options.long_line);
        let folder = options.folder()?;
        report.long_line(&children::through_engine(&Flood::long_line(options.long_line), folder.path())?);
    }
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.text());
    }
    Ok(if report.all_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
