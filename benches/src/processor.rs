//! What a process has taken of the processor.

use anyhow::{Context, Result};

use crate::figures::whole;

/// Clock ticks a second in `/proc`, on every architecture that this builds for.
const USER_HZ: f64 = 100.0;

/// Seconds on a core so far, of all threads that it has or had: user and system time of `/proc/PID/stat`.
pub(crate) fn cpu(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    Ok(whole(ticks(&stat)?) / USER_HZ)
}

/// Fields 14 and 15, counted behind the name in brackets, which may have spaces and brackets of its own.
fn ticks(stat: &str) -> Result<u64> {
    let (_, fields) = stat.rsplit_once(')').context("no process's stat")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next().context("a stat that is cut short");
    Ok(next()?.parse::<u64>()? + next()?.parse::<u64>()?)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_time_of_threads_that_are_gone_counts_too() {
        let before = cpu(std::process::id()).unwrap();
        let used = || cpu(std::process::id()).unwrap() - before;
        let busy = || {
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(10) {}
        };
        // Some clock ticks, each by a thread that is over when the next one begins.
        assert!((0..1_000).any(|_| {
            std::thread::spawn(busy).join().unwrap();
            used() >= 0.03
        }));
    }

    #[test]
    fn a_name_with_brackets_moves_no_field() {
        let stat = "7 (a) 1 (b) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 5 6 20 0 3 0 99 1000 200";
        assert_eq!(ticks(stat).unwrap(), 42);
        assert!(ticks("7 (a) S 1 7").is_err() && ticks("").is_err());
    }
}
