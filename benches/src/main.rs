//! `./bench`: what the program costs, against baselines of the same run, so that the answer is a ratio and not a number
//! of this machine.
//!
//! One program in several roles: it drives, and it starts itself as the one who measures (a process of its own, so
//! that its memory is its own), as the shim, and as the worker that floods.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bare;
mod big_journal;
mod children;
mod decode;
mod figures;
mod flood;
mod flooding;
mod goals;
mod launch;
mod memory;
mod noisy;
mod options;
mod original;
mod owner;
mod processor;
mod program;
mod report;
mod rig;
mod session;
mod stream;
mod through_engine;
mod tree;
mod window;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::flood::Flood;
use crate::options::Options;
use crate::report::{Claim, Report};

/// Measures something and holds it against its goals.
type Measure = fn(&Options) -> Result<Vec<Claim>>;

/// By name, in the order in which they are taken.
const MEASURES: [(&str, Measure); 14] = [
    ("decode", decode::decode),
    ("launch", launch::launch),
    ("owner", owner::owner),
    ("session", session::session),
    ("stream", stream::stream),
    ("noisy", noisy::noisy),
    ("journal", big_journal::journal),
    ("durable", flooding::durable),
    ("mixed", flooding::mixed),
    ("long-line", flooding::long_line),
    ("window-paint", window::paint),
    ("window-million", window::million),
    ("window-flood", window::flood),
    ("window-idle", window::idle),
];

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
        [children::SESSIONS, folder] => children::answer(&session::measure(folder.as_ref())?),
        [children::STREAMED, flood, folder] => {
            children::answer(&stream::measure(&flood.parse()?, folder.as_ref())?)
        }
        [children::LATENCIES, folder] => children::answer(&noisy::measure(folder.as_ref())?),
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
    for (name, measure) in MEASURES.into_iter().filter(|(name, _)| options.wants(name)) {
        eprintln!("{name} …");
        report.claims.extend(measure(&options).with_context(|| name.to_owned())?);
    }
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.text());
    }
    Ok(if report.all_met() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
