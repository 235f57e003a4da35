//! Whether a worker that floods holds up the events of others. Latency is from the moment in which the quiet agent has
//! the processor and writes its line to the moment in which a subscriber has the event, which is durable by then: pipe,
//! decoder, queue, commit and hub, and whatever the flood takes of two cores meanwhile. Only how late the agent itself
//! is woken for its next line is not counted.

use std::path::Path;
use std::time::{Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use mo_core::event::StopCause;
use mo_core::ids::SessionId;
use mo_engine::hub::{Subscription, Update};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::figures::{median, quantile, rate, whole};
use crate::flood::{self, Flood, LINE, PROMPT, TICK_TEXT};
use crate::options::Options;
use crate::report::Claim;
use crate::rig::{self, Rig};
use crate::{children, goals};

/// How much floods, in bytes.
const NOISE: u64 = 1_000_000_000;
/// Messages of the quiet worker.
const TICKS: u64 = 600;

/// From a message's writing to its delivery, in ms.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Latencies {
    alone: Vec<f64>,
    beside: Vec<f64>,
    /// Lines of the flood that were delivered while the quiet worker was at work.
    noise: u64,
    /// How long that was, in seconds.
    seconds: f64,
}

/// The median latency of a quiet worker beside a flood of 1 GB, held against the same without it.
pub(crate) fn noisy(options: &Options) -> Result<Vec<Claim>> {
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let folder = options.folder()?;
        rounds.push(children::latencies(folder.path())?);
    }
    let of = |times: &[f64], share: f64| quantile(times, share).unwrap_or(f64::NAN);
    let ratio = |round: &Latencies| of(&round.beside, 0.5) / of(&round.alone, 0.5);
    let middle = median(&rounds.iter().map(ratio).collect::<Vec<_>>())?;
    let round = rounds.iter().find(|round| ratio(round).to_bits() == middle.to_bits());
    let round = round.context("no round was measured")?;
    Ok(vec![Claim {
        name: "noisy",
        what: "latency of a worker's events beside a 1 GB flood",
        value: middle,
        unit: "×",
        bound: goals::NOISY_RATIO,
        at_least: false,
        baseline: format!(
            "alone: {:.2} ms, 95 % under {:.2} ms",
            of(&round.alone, 0.5),
            of(&round.alone, 0.95)
        ),
        detail: format!(
            "{:.2} ms, 95 % under {:.2} ms, while {:.0} MB/s of the flood were stored",
            of(&round.beside, 0.5),
            of(&round.beside, 0.95),
            rate(round.noise * LINE as u64, round.seconds) / 1e6
        ),
    }])
}

/// Both in one engine, one after the other.
pub(crate) fn measure(folder: &Path) -> Result<Latencies> {
    rig::runtime()?.block_on(async {
        let rig = Rig::open(folder, flood::agent(&Flood::ticks(1))?).await?;
        let alone = ticks(&rig).await?;
        let flood = start(&rig, "noise", &Flood::durable(NOISE / LINE as u64)).await?;
        let (seen, mut lines) = watch::channel(0);
        let noise = tokio::spawn(count(rig.engine.subscribe(&flood, 0), seen));
        // It floods from the first line on.
        lines.wait_for(|lines| *lines > 0).await?;
        let before = *lines.borrow();
        let began = Instant::now();
        let beside = ticks(&rig).await?;
        let seconds = began.elapsed().as_secs_f64();
        let stored = *lines.borrow() - before;
        ensure!(lines.has_changed().is_ok(), "the flood was over too early");
        rig.engine.stop(&flood, StopCause::Person, true).await?;
        noise.await??;
        rig.engine.shut_down().await;
        Ok(Latencies { alone, beside, noise: stored, seconds })
    })
}

async fn start(rig: &Rig, name: &str, flood: &Flood) -> Result<SessionId> {
    let target = rig.folder.join(name);
    std::fs::create_dir_all(&target)?;
    Ok(rig.engine.start(rig::request(&format!("{PROMPT}{flood}|"), target)).await?)
}

/// The latencies of a quiet worker in a session of its own, in ms.
async fn ticks(rig: &Rig) -> Result<Vec<f64>> {
    let id = start(rig, "quiet", &Flood::ticks(TICKS)).await?;
    let mut live = rig.engine.subscribe(&id, 0);
    let mut latencies = Vec::new();
    loop {
        let Update::Events(records) = live.next().await.context("the engine ended")?? else { continue };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_micros();
        for record in records.iter() {
            if record.kind == "session_ended" {
                // The next one works in the same folder.
                rig.engine.at_rest(&id).await;
                ensure!(latencies.len() as u64 == TICKS, "{} of {TICKS} ticks came", latencies.len());
                return Ok(latencies);
            }
            let Some((_, tick)) = record.data.split_once(TICK_TEXT) else { continue };
            let digits = tick.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            let Ok(written) = digits.parse::<u128>() else { continue };
            latencies.push(whole(u64::try_from(now.saturating_sub(written))?) / 1e3);
        }
    }
}

/// Tells how many lines were delivered, until the session's end.
async fn count(mut live: Subscription, seen: watch::Sender<u64>) -> Result<()> {
    loop {
        let Update::Events(records) = live.next().await.context("the engine ended")?? else { continue };
        let lines = records.iter().filter(|record| record.kind == "agent_item").count() as u64;
        seen.send_modify(|seen| *seen += lines);
        if records.iter().any(|record| record.kind == "session_ended") {
            return Ok(());
        }
    }
}
