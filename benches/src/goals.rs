//! The goals, and whether they are met.

use std::fmt::Write as _;

use serde_json::json;

use crate::bare::Bare;
use crate::original::Original;
use crate::through_engine::Measured;

/// Durable lines against the bare insert loop.
const DURABLE_RATIO: f64 = 0.6;
/// One line in 20 durable, against the original's loop.
const MIXED_RATIO: f64 = 5.0;
/// Resident at the end of a flood, in MB.
const RESIDENT_MB: f64 = 60.0;
/// The most that was resident while a line without a newline came, in MB.
const LONG_LINE_MB: f64 = 20.0;

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Report {
    durable: Vec<Round>,
    mixed: Vec<Round>,
    resident_mb: Vec<f64>,
    long_line_mb: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Round {
    ours: f64,
    other: f64,
    /// Records a commit, on average.
    per_commit: f64,
    /// How much of the pieces' text reached the subscriber live.
    delivered: f64,
}

/// One line of the report.
struct Goal {
    name: &'static str,
    what: &'static str,
    value: f64,
    unit: &'static str,
    bound: f64,
    at_least: bool,
    detail: String,
}

impl Goal {
    fn met(&self) -> bool {
        if self.at_least { self.value >= self.bound } else { self.value < self.bound }
    }
}

impl Report {
    pub(crate) fn durable(&mut self, ours: &Measured, bare: &Bare) {
        self.resident_mb.push(megabytes(ours.memory.now));
        self.durable.push(Round {
            ours: rate(ours.messages, ours.seconds),
            other: rate(bare.rows, bare.seconds),
            per_commit: rate(ours.messages, whole(ours.commits)),
            delivered: 1.0,
        });
    }

    pub(crate) fn mixed(&mut self, ours: &Measured, original: &Original, piece_bytes: u64) {
        self.resident_mb.push(megabytes(ours.memory.now));
        self.mixed.push(Round {
            ours: rate(original.lines, ours.seconds),
            other: rate(original.lines, original.seconds),
            per_commit: rate(ours.messages, whole(ours.commits)),
            delivered: whole(ours.piece_bytes) / whole(piece_bytes.max(1)),
        });
    }

    pub(crate) fn long_line(&mut self, ours: &Measured) {
        self.long_line_mb = Some(megabytes(ours.memory.peak));
    }

    fn goals(&self) -> Vec<Goal> {
        let mut goals = Vec::new();
        if let Some(round) = median(&self.durable) {
            goals.push(Goal {
                name: "durable",
                what: "durable lines, against a bare insert loop",
                value: round.ours / round.other,
                unit: "×",
                bound: DURABLE_RATIO,
                at_least: true,
                detail: format!(
                    "{:.0} lines/s, bare {:.0} rows/s, {:.0} records a commit",
                    round.ours, round.other, round.per_commit
                ),
            });
        }
        if let Some(round) = median(&self.mixed) {
            goals.push(Goal {
                name: "mixed",
                what: "1 in 20 durable, against the original's loop",
                value: round.ours / round.other,
                unit: "×",
                bound: MIXED_RATIO,
                at_least: true,
                detail: format!(
                    "{:.0} lines/s, original {:.0} lines/s, {:.1} % of the pieces' text reached the subscriber live",
                    round.ours,
                    round.other,
                    round.delivered * 100.0
                ),
            });
        }
        if let Some(most) = self.resident_mb.iter().copied().reduce(f64::max) {
            goals.push(Goal {
                name: "resident",
                what: "resident memory at the end of a flood",
                value: most,
                unit: " MB",
                bound: RESIDENT_MB,
                at_least: false,
                detail: format!("the most of {} runs", self.resident_mb.len()),
            });
        }
        if let Some(value) = self.long_line_mb {
            goals.push(Goal {
                name: "long_line",
                what: "peak memory under a line without a newline",
                value,
                unit: " MB",
                bound: LONG_LINE_MB,
                at_least: false,
                detail: "the engine's whole process".to_owned(),
            });
        }
        goals
    }

    pub(crate) fn all_met(&self) -> bool {
        self.goals().iter().all(Goal::met)
    }

    pub(crate) fn json(&self) -> String {
        let rounds = |rounds: &[Round]| -> Vec<serde_json::Value> {
            let one = |r: &Round| json!({"ours_per_s": r.ours, "other_per_s": r.other, "records_per_commit": r.per_commit});
            rounds.iter().map(one).collect()
        };
        let goals: Vec<serde_json::Value> = self
            .goals()
            .iter()
            .map(|g| json!({"name": g.name, "value": g.value, "goal": g.bound, "at_least": g.at_least, "met": g.met()}))
            .collect();
        json!({"met": self.all_met(), "goals": goals, "rounds": {"durable": rounds(&self.durable), "mixed": rounds(&self.mixed)}})
            .to_string()
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for goal in self.goals() {
            let (word, sign) =
                (if goal.met() { "pass" } else { "FAIL" }, if goal.at_least { "≥" } else { "<" });
            // Writing into a string cannot fail.
            let _ = writeln!(
                text,
                "{word}  {:<46} {:>7.2}{} ({sign} {}{})\n      {}",
                goal.what, goal.value, goal.unit, goal.bound, goal.unit, goal.detail
            );
        }
        text
    }
}

/// The round whose ratio is in the middle.
fn median(rounds: &[Round]) -> Option<Round> {
    let mut rounds = rounds.to_vec();
    rounds.sort_by(|a, b| (a.ours / a.other).total_cmp(&(b.ours / b.other)));
    rounds.get(rounds.len() / 2).copied()
}

fn rate(amount: u64, seconds: f64) -> f64 {
    whole(amount) / seconds
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn whole(amount: u64) -> f64 {
    amount as f64
}

/// From KiB.
fn megabytes(kib: u64) -> f64 {
    whole(kib) * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;

    fn measured(seconds: f64, now: u64, peak: u64) -> Measured {
        Measured { seconds, messages: 1_000, piece_bytes: 0, commits: 10, memory: Memory { now, peak } }
    }

    #[test]
    fn the_median_round_is_held_against_the_goal() {
        let mut report = Report::default();
        let bare = Bare { seconds: 1.0, rows: 1_000 };
        for seconds in [10.0, 1.5, 1.6] {
            report.durable(&measured(seconds, 10_000, 20_000), &bare);
        }
        assert!(report.all_met(), "{}", report.text());
        report.durable(&measured(3.0, 10_000, 20_000), &bare);
        report.durable(&measured(3.0, 10_000, 20_000), &bare);
        assert!(!report.all_met(), "{}", report.text());
        assert!(report.text().starts_with("FAIL  durable lines"), "{}", report.text());
        assert!(report.json().contains(r#""met":false"#), "{}", report.json());
    }

    #[test]
    fn memory_is_in_decimal_megabytes_and_the_worst_counts() {
        let mut report = Report::default();
        let original = Original { lines: 1_000, seconds: 10.0 };
        report.mixed(&measured(1.0, 50_000, 0), &original, 1_000);
        report.mixed(&measured(1.0, 60_000, 0), &original, 1_000);
        let resident = report.goals().into_iter().find(|goal| goal.name == "resident").unwrap();
        assert!((resident.value - 61.44).abs() < 0.001 && !resident.met());
        report.long_line(&measured(1.0, 0, 19_000));
        let long = report.goals().into_iter().find(|goal| goal.name == "long_line").unwrap();
        assert!(long.met(), "{}", long.value);
    }
}
