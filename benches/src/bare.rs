//! The bare loop: one writer that inserts the same rows in commits of the same sizes, durably, and does nothing else.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use mo_core::record::Record;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

const FILE: &str = "rows.json";
/// The number in the sample's text, and its width in [`crate::flood`].
const FIRST: &str = "msg_";
const DIGITS: usize = 9;

/// What the engine wrote: the sizes of its commits and one of its rows.
pub(crate) struct Rows {
    pub(crate) sizes: Vec<u32>,
    pub(crate) sample: Record,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    sizes: Vec<u32>,
    worker: Option<String>,
    kind: String,
    data: String,
}

impl Rows {
    /// Leaves them for the bare loop's own process.
    pub(crate) fn write(self, folder: &Path) -> Result<()> {
        let stored = Stored {
            sizes: self.sizes,
            worker: self.sample.worker.as_ref().map(ToString::to_string),
            kind: self.sample.kind.into_owned(),
            data: self.sample.data,
        };
        Ok(fs::write(folder.join(FILE), serde_json::to_vec(&stored)?)?)
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Bare {
    pub(crate) seconds: f64,
    pub(crate) rows: u64,
}

/// Inserts the rows that the engine's run in the folder left.
pub(crate) fn measure(folder: &Path) -> Result<Bare> {
    let stored: Stored = serde_json::from_slice(&fs::read(folder.join(FILE))?)?;
    let number_at = stored.data.find(FIRST).context("the sample has no number")? + FIRST.len();
    let connection = Connection::open(folder.join("bare.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE event (row INTEGER PRIMARY KEY, session INTEGER NOT NULL, seq INTEGER NOT NULL,
            at INTEGER NOT NULL, worker TEXT, kind TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (session, seq)) STRICT",
    )?;
    let mut insert = connection.prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut data = stored.data;
    let mut seq = 0_i64;
    let started = Instant::now();
    for size in &stored.sizes {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..*size {
            seq += 1;
            data.replace_range(number_at..number_at + DIGITS, &format!("{seq:0DIGITS$}"));
            insert.execute(params![
                seq,
                1,
                seq,
                1_800_000_000_000 + seq,
                stored.worker,
                stored.kind,
                data
            ])?;
        }
        connection.execute_batch("COMMIT")?;
    }
    let seconds = started.elapsed().as_secs_f64();
    let rows: i64 = connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    ensure!(rows == seq, "{rows} of {seq} rows are there");
    Ok(Bare { seconds, rows: rows.unsigned_abs() })
}
