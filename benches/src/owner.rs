//! A headless owner: how soon it answers, and what it costs while nothing happens.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mo_api::client::Client;
use mo_journal::DataDir;

use crate::figures::{median, megabytes, quantile, whole};
use crate::memory::Memory;
use crate::options::Options;
use crate::program::Owner;
use crate::report::Claim;
use crate::{goals, rig};

const STARTS: usize = 15;
/// How long it is watched while it idles, with a follower attached.
const IDLE: Duration = Duration::from_secs(30);
/// Clock ticks a second in `/proc`, on every architecture that this builds for.
const USER_HZ: f64 = 100.0;

/// Answer, memory, processor.
pub(crate) fn owner(options: &Options) -> Result<Vec<Claim>> {
    let folder = options.folder()?;
    let data = DataDir::create(folder.path().join("data"))?;
    let runtime = rig::runtime()?;
    let (mut answers, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let owner = Owner::start(folder.path())?;
        runtime
            .block_on(async { Client::attach(&data).await?.health().await.map_err(anyhow::Error::from) })?;
        answers.push(owner.age());
        owner.end()?;
        bare.push(crate::program::time(folder.path(), &["--version"], 1)?);
    }
    let owner = Owner::start(folder.path())?;
    let (memory, percent, used) = runtime.block_on(async {
        let client = Client::attach(&data).await?;
        let mut stream = client.all_events(0).await?;
        let before = (cpu(owner.pid())?, Instant::now());
        // A heartbeat is no event, so this is the whole time.
        let nothing = tokio::time::timeout(IDLE, stream.next()).await;
        anyhow::ensure!(nothing.is_err(), "an owner without a session told of {nothing:?}");
        let used = cpu(owner.pid())? - before.0;
        let percent = used / before.1.elapsed().as_secs_f64() * 100.0;
        Ok((Memory::of(owner.pid())?, percent, used))
    })?;
    owner.end()?;
    let claim = |what, value, unit, bound, baseline: String, detail: String| Claim {
        name: "owner",
        what,
        value,
        unit,
        bound,
        at_least: false,
        baseline,
        detail,
    };
    Ok(vec![
        claim(
            "a headless owner's answer after its start",
            median(&answers)?,
            " ms",
            goals::OWNER_MS,
            format!("`orchestrate --version`: {:.1} ms", median(&bare)?),
            format!("the slowest of {STARTS}: {:.1} ms", quantile(&answers, 1.0)?),
        ),
        claim(
            "its memory while it idles",
            megabytes(memory.now),
            " MB",
            goals::IDLE_MB,
            "–".to_owned(),
            format!("at most {:.1} MB; with a follower attached", megabytes(memory.peak)),
        ),
        claim(
            "its share of a core while it idles",
            percent,
            " %",
            goals::IDLE_PERCENT,
            "–".to_owned(),
            format!("over {} s, with a follower attached; {used:.2} s in all", IDLE.as_secs()),
        ),
    ])
}

/// Seconds on a core so far, of all threads that it has or had: user and system time of `/proc/PID/stat`.
fn cpu(pid: u32) -> Result<f64> {
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
