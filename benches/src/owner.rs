//! A headless owner: how soon it answers, and what it costs while nothing happens.

use std::time::{Duration, Instant};

use anyhow::Result;
use mo_api::client::Client;
use mo_journal::DataDir;

use crate::figures::{median, megabytes, quantile};
use crate::memory::Memory;
use crate::options::Options;
use crate::processor::cpu;
use crate::program::Owner;
use crate::report::Claim;
use crate::{goals, rig};

const STARTS: usize = 15;
/// How long it is watched while it idles, with a follower attached.
const IDLE: Duration = Duration::from_secs(30);

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
