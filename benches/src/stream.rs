//! A flood at a client on the socket.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use mo_api::client::Client;
use mo_api::{Folders, Limits};
use mo_journal::DataDir;
use serde::{Deserialize, Serialize};

use crate::figures::{rate, whole};
use crate::flood::{self, Flood};
use crate::options::Options;
use crate::report::Claim;
use crate::rig::{self, Rig};
use crate::{children, goals};

const LINES: u64 = 100_000;

/// What reached the client.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Streamed {
    /// From the request of the turn to its end, as the client heard of them.
    pub(crate) seconds: f64,
    pub(crate) messages: u64,
}

/// Whole and in order, at a rate held against a subscriber in the engine's own process.
pub(crate) fn stream(options: &Options) -> Result<Vec<Claim>> {
    let flood = Flood::durable(LINES);
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let (here, there) = (options.folder()?, options.folder()?);
        let bare = children::through_engine(&flood, here.path())?;
        let ours = children::streamed(&flood, there.path())?;
        ensure!(ours.messages == LINES, "{} of {LINES} lines reached the client", ours.messages);
        rounds.push((rate(LINES, ours.seconds), rate(LINES, bare.seconds)));
    }
    rounds.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (ours, bare) = rounds[rounds.len() / 2];
    Ok(vec![Claim {
        name: "stream",
        what: "a flood of 100,000 lines at a client of the socket",
        value: ours / bare,
        unit: "×",
        bound: goals::STREAM_RATIO,
        at_least: true,
        baseline: format!("a subscriber in the process: {bare:.0} lines/s"),
        detail: format!("{ours:.0} lines/s, the last after {:.2} s; whole and in order", whole(LINES) / ours),
    }])
}

/// One session that floods, its events followed over the socket.
pub(crate) fn measure(flood: &Flood, folder: &Path) -> Result<Streamed> {
    rig::runtime()?.block_on(async {
        let rig = Rig::open(folder, flood::agent(flood)?).await?;
        let server = mo_api::serve(rig.engine.clone(), Folders::of_this_process(), Limits::default()).await?;
        let client = Client::attach(&DataDir::existing(rig.folder.join("data"))?).await?;
        let mut events = client.all_events(0).await?;
        let id = rig.engine.start(rig::request("Talk.", rig.folder.join("target"))).await?;
        let (mut started, mut ended, mut messages, mut last) = (None, None, 0, 0);
        loop {
            let event = events.next().await?;
            let line = event.line.as_str();
            let seq: u64 = between(line, "\"seq\":", ",").context("an event without seq")?.parse()?;
            ensure!(seq == last + 1, "after {last} came {seq}");
            last = seq;
            match between(line, "\"kind\":\"", "\"").context("an event without kind")? {
                "turn_requested" => started = Some(Instant::now()),
                "turn_ended" => ended = Some(Instant::now()),
                "session_ended" => break,
                "agent_item" if line.contains(r#""type":"message""#) => messages += 1,
                _ => {}
            }
        }
        rig.engine.at_rest(&id).await;
        server.close().await;
        rig.engine.shut_down().await;
        let seconds = (ended.context("no turn ended")? - started.context("no turn began")?).as_secs_f64();
        Ok(Streamed { seconds, messages })
    })
}

fn between<'a>(text: &'a str, before: &str, behind: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(behind).map(|(word, _)| word)
}
