//! The whole real way: a worker's process under the shim, its pipe, the decoder, the dispatcher, the journal, a
//! subscriber.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, ensure};
use mo_core::record::Record;
use mo_engine::hub::Update;
use serde::{Deserialize, Serialize};

use crate::bare::Rows;
use crate::flood::{self, Flood};
use crate::memory::Memory;
use crate::rig::{self, Rig};

/// Of the session.
pub(crate) const GOAL: &str = "Talk.";

/// What was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// From the moment in which the prompt was seen requested until the turn's end was delivered.
    pub(crate) seconds: f64,
    /// Durable messages that reached the subscriber, in order and without a gap.
    pub(crate) messages: u64,
    /// Bytes of the pieces of messages that reached the subscriber; pieces are allowed to be lost to a slow one.
    pub(crate) piece_bytes: u64,
    /// Commits to the journal.
    pub(crate) commits: u64,
    /// When the last event had been delivered.
    pub(crate) memory: Memory,
}

/// Runs one session whose only worker floods. The rows and the sizes of the commits stay in the folder.
pub(crate) fn measure(flood: &Flood, folder: &Path) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(session(flood, folder))
}

async fn session(flood: &Flood, folder: &Path) -> Result<Measured> {
    let Rig { engine, sizes, folder } = Rig::open(folder, flood::agent(flood)?).await?;
    let id = engine.start(rig::request(GOAL, folder.join("target"))).await?;

    let mut listener = Listener::default();
    let mut live = engine.subscribe(&id, 0);
    while listener.ended.is_none() {
        match live.next().await.context("the engine ended")?? {
            Update::Events(records) => listener.hear(&records)?,
            Update::Delta(delta) => listener.piece_bytes += delta.text.len() as u64,
        }
    }
    let memory = Memory::of_this_process()?;
    while !listener.over {
        if let Update::Events(records) = live.next().await.context("the engine ended")?? {
            listener.hear(&records)?;
        }
    }
    engine.shut_down().await;

    ensure!(
        listener.messages == flood.messages(),
        "{} of {} messages came",
        listener.messages,
        flood.messages()
    );
    if flood.is_long_line() {
        ensure!(listener.long_line == Some(flood.amount), "the long line came as {:?}", listener.long_line);
    }
    let sizes = sizes.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let commits = sizes.len() as u64;
    if let Some(sample) = listener.sample.take() {
        Rows { sizes, sample }.write(&folder)?;
    }
    let (started, ended) =
        (listener.started.context("no turn began")?, listener.ended.context("no turn ended")?);
    let seconds = (ended - started).as_secs_f64();
    Ok(Measured { seconds, messages: listener.messages, piece_bytes: listener.piece_bytes, commits, memory })
}

/// What the subscriber has heard.
#[derive(Default)]
struct Listener {
    last_seq: u64,
    started: Option<Instant>,
    ended: Option<Instant>,
    over: bool,
    messages: u64,
    piece_bytes: u64,
    /// The length of the line that was too long.
    long_line: Option<u64>,
    /// A durable message, as stored.
    sample: Option<Record>,
}

impl Listener {
    fn hear(&mut self, records: &[Record]) -> Result<()> {
        for record in records {
            ensure!(record.seq == self.last_seq + 1, "after {} came {}", self.last_seq, record.seq);
            self.last_seq = record.seq;
            match record.kind.as_ref() {
                "turn_requested" => self.started = Some(Instant::now()),
                "turn_ended" => self.ended = Some(Instant::now()),
                "session_ended" => self.over = true,
                "agent_item" => self.item(record)?,
                "prepare_failed" | "worker_spawn_failed" | "checkpoint_failed" => {
                    return Err(anyhow!("{}: {}", record.kind, record.data));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn item(&mut self, record: &Record) -> Result<()> {
        if record.data.contains(r#""type":"message""#) {
            self.messages += 1;
            if self.sample.is_none() {
                self.sample = Some(record.clone());
            }
        } else if record.data.contains(r#""type":"malformed""#) {
            let data: serde_json::Value = serde_json::from_str(&record.data)?;
            self.long_line = data.pointer("/item/bytes").and_then(serde_json::Value::as_u64);
        }
        Ok(())
    }
}
