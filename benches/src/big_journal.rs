//! A journal of a million events: an owner that opens it, and `orchestrate status` on it.

use std::path::Path;

use anyhow::{Result, ensure};
use rusqlite::Connection;

use crate::flood::Flood;
use crate::options::Options;
use crate::program::{self, Owner};
use crate::report::Claim;
use crate::{children, goals};

const EVENTS: u64 = 1_000_000;
/// Runs of a command whose median counts.
const RUNS: u32 = 20;
/// Starts of an owner.
const STARTS: usize = 5;

/// An owner over it, and its status, each as a whole process. The events are a real session's that one worker's flood
/// made; in the second journal of as many its owner was killed before it ended it.
pub(crate) fn journal(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    let empty = options.folder()?;
    children::through_engine(&Flood::durable(EVENTS), folder.path())?;
    let status = status(folder.path(), empty.path())?;
    let open = starts(folder.path())?;
    let fresh = starts(empty.path())?;
    unfinished(folder.path())?;
    let crashed_status = program::time(folder.path(), &["status"], 1)?;
    let crashed_open = {
        let owner = Owner::start(folder.path())?;
        let after = owner.serves_after;
        owner.end()?;
        after
    };
    let open = Claim {
        name: "journal",
        what: "an owner over 1,000,000 events, until it serves",
        value: open,
        unit: " ms",
        bound: goals::OPEN_MS,
        at_least: false,
        baseline: format!("over no events: {fresh:.1} ms"),
        detail: format!(
            "{crashed_open:.0} ms where an owner was killed before it ended the session of all of them"
        ),
    };
    let crashed = format!("{crashed_status:.0} ms while nobody has ended the session of all of them");
    Ok(vec![open, Claim { detail: crashed, ..status }])
}

fn status(folder: &Path, empty: &Path) -> Result<Claim> {
    let value = program::time(folder, &["status"], RUNS)?;
    let baseline = program::time(empty, &["--version"], RUNS)?;
    Ok(Claim {
        name: "journal",
        what: "`orchestrate status` on them",
        value,
        unit: " ms",
        bound: goals::STATUS_MS,
        at_least: false,
        baseline: format!("`orchestrate --version`: {baseline:.1} ms"),
        detail: String::new(),
    })
}

/// The median of some starts, in ms.
fn starts(folder: &Path) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let owner = Owner::start(folder)?;
        times.push(owner.serves_after);
        owner.end()?;
    }
    crate::figures::median(&times)
}

/// Takes the session's end back, as if its owner had been killed before.
fn unfinished(folder: &Path) -> Result<()> {
    let connection = Connection::open(folder.join("data/journal.db"))?;
    let events: i64 = connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    ensure!(events.unsigned_abs() >= EVENTS, "the journal has {events} events only");
    let gone = connection.execute("DELETE FROM event WHERE kind = 'session_ended'", [])?;
    ensure!(gone == 1, "{gone} ends of sessions were there");
    Ok(())
}
