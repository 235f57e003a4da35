//! The floods of one worker: durable, mixed, and a line without an end.

use anyhow::Result;

use crate::bare::Bare;
use crate::children;
use crate::figures::{megabytes, rate, whole};
use crate::flood::Flood;
use crate::goals;
use crate::options::Options;
use crate::original::{self, Original};
use crate::report::Claim;
use crate::through_engine::Measured;

#[derive(Debug, Clone, Copy)]
struct Round {
    ours: f64,
    other: f64,
    /// Records a commit, on average.
    per_commit: f64,
    /// How much of the pieces' text reached the subscriber live.
    delivered: f64,
    resident_mb: f64,
}

/// Durable lines, against a bare loop that inserts the same rows.
pub(crate) fn durable(options: &Options) -> Result<Vec<Claim>> {
    let flood = Flood::durable(options.lines);
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let folder = options.folder()?;
        let ours = children::through_engine(&flood, folder.path())?;
        rounds.push(durable_round(&ours, &children::bare(folder.path())?));
    }
    let round = middle(&rounds);
    let speed = Claim {
        name: "durable",
        what: "durable lines through the engine",
        value: round.ours / round.other,
        unit: "×",
        bound: goals::DURABLE_RATIO,
        at_least: true,
        baseline: format!("a bare insert loop: {:.0} rows/s", round.other),
        detail: format!("{:.0} lines/s, {:.0} records a commit", round.ours, round.per_commit),
    };
    Ok(vec![speed, resident("durable", &rounds)])
}

fn durable_round(ours: &Measured, bare: &Bare) -> Round {
    Round {
        ours: rate(ours.messages, ours.seconds),
        other: rate(bare.rows, bare.seconds),
        per_commit: rate(ours.messages, whole(ours.commits)),
        delivered: 1.0,
        resident_mb: megabytes(ours.memory.now),
    }
}

/// One line in 20 durable, against the loop of the Python prototype.
pub(crate) fn mixed(options: &Options) -> Result<Vec<Claim>> {
    let flood = Flood::mixed(options.lines);
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let folder = options.folder()?;
        let ours = children::through_engine(&flood, folder.path())?;
        rounds.push(mixed_round(&ours, &original::measure(&flood, folder.path())?, flood.piece_bytes()));
    }
    let round = middle(&rounds);
    let speed = Claim {
        name: "mixed",
        what: "lines through the engine, 1 in 20 durable",
        value: round.ours / round.other,
        unit: "×",
        bound: goals::MIXED_RATIO,
        at_least: true,
        baseline: format!("the original's loop in Python: {:.0} lines/s", round.other),
        detail: format!(
            "{:.0} lines/s, {:.1} % of the pieces' text reached the subscriber live",
            round.ours,
            round.delivered * 100.0
        ),
    };
    Ok(vec![speed, resident("mixed", &rounds)])
}

fn mixed_round(ours: &Measured, original: &Original, piece_bytes: u64) -> Round {
    Round {
        ours: rate(original.lines, ours.seconds),
        other: rate(original.lines, original.seconds),
        per_commit: rate(ours.messages, whole(ours.commits)),
        delivered: whole(ours.piece_bytes) / whole(piece_bytes.max(1)),
        resident_mb: megabytes(ours.memory.now),
    }
}

fn resident(name: &'static str, rounds: &[Round]) -> Claim {
    Claim {
        name,
        what: "resident memory at its end",
        value: rounds.iter().map(|round| round.resident_mb).fold(0.0, f64::max),
        unit: " MB",
        bound: goals::RESIDENT_MB,
        at_least: false,
        baseline: "–".to_owned(),
        detail: format!("the most of {} rounds", rounds.len()),
    }
}

/// One line that does not end.
pub(crate) fn long_line(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    let ours = children::through_engine(&Flood::long_line(options.long_line), folder.path())?;
    Ok(vec![Claim {
        name: "long-line",
        what: "peak memory under a line without a newline",
        value: megabytes(ours.memory.peak),
        unit: " MB",
        bound: goals::LONG_LINE_MB,
        at_least: false,
        baseline: format!("the line: {:.0} MB", whole(options.long_line) / 1e6),
        detail: "the engine's whole process".to_owned(),
    }])
}

/// The round whose ratio is in the middle.
fn middle(rounds: &[Round]) -> Round {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(|a, b| (a.ours / a.other).total_cmp(&(b.ours / b.other)));
    rounds[rounds.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    #[test]
    fn the_median_round_counts_and_the_worst_memory() {
        let measured = |seconds: f64, now: u64| Measured {
            seconds,
            messages: 1_000,
            piece_bytes: 0,
            commits: 10,
            memory: Memory { now, peak: now },
        };
        let bare = Bare { seconds: 1.0, rows: 1_000 };
        let rounds: Vec<Round> = [(10.0, 1_000), (2.0, 60_000), (1.6, 1_000)]
            .map(|(seconds, now)| durable_round(&measured(seconds, now), &bare))
            .to_vec();
        assert!((middle(&rounds).ours - 500.0).abs() < 0.001);
        assert!((resident("durable", &rounds).value - 61.44).abs() < 0.001);
    }
}
