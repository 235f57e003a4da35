//! How fast records become durable, against a bare insert loop over the same rows in the same batch sizes on the same
//! disk. Arguments: records (default 1,000,000), records a batch (256), commits in flight (8), folder (the temporary
//! one). Build with `--release`; a debug build measures nothing.
#![allow(clippy::print_stdout)]

use std::borrow::Cow;
use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use mo_core::ids::{SessionId, WorkerName};
use mo_core::record::Record;
use mo_core::time::Timestamp;
use mo_journal::{DataDir, Journal, SqliteJournal};
use rusqlite::{Connection, params};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| -> Outcome<u64> {
        Ok(arguments.next().map(|text| text.parse()).transpose()?.unwrap_or(default))
    };
    let (total, batch, in_flight) = (number(1_000_000)?, number(256)?, number(8)?);
    let folder = std::env::args().nth(4).map_or_else(std::env::temp_dir, Into::into);
    println!("{total} records of 300 B, {batch} a batch, {in_flight} commits in flight");
    let mut ratios = Vec::new();
    for round in 1..=3 {
        // Alternately, so that a slow moment of the disk does not hit one side alone.
        let bare = bare_loop(&folder, total, batch)?;
        let ours = journal(&folder, total, batch, usize::try_from(in_flight)?)?;
        ratios.push(bare.as_secs_f64() / ours.as_secs_f64());
        println!(
            "round {round}: bare loop {:>9.0}/s   journal {:>9.0}/s",
            rate(total, bare),
            rate(total, ours)
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio, median of {}: {:.2}", ratios.len(), ratios.get(ratios.len() / 2).unwrap_or(&0.0));
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        let memory: Vec<_> = status.lines().filter(|line| line.starts_with("VmHWM")).collect();
        println!("{}", memory.join(" "));
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)]
fn rate(total: u64, time: Duration) -> f64 {
    total as f64 / time.as_secs_f64()
}

fn record(session: &SessionId, worker: &WorkerName, seq: u64) -> Record {
    let text = "x".repeat(258);
    Record {
        seq,
        at: Timestamp(1_800_000_000_000 + seq.cast_signed()),
        session: session.clone(),
        worker: Some(worker.clone()),
        kind: Cow::Borrowed("item_updated"),
        data: format!(r#"{{"number":{seq:>10},"text":"{text}"}}"#),
    }
}

fn names() -> (SessionId, WorkerName) {
    (SessionId::new("orch_20261122_104207_00ff"), WorkerName::new("claude-implementer"))
}

fn bare_loop(folder: &Path, total: u64, batch: u64) -> Outcome<Duration> {
    let folder = tempfile::tempdir_in(folder)?;
    let connection = Connection::open(folder.path().join("bare.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE event (row INTEGER PRIMARY KEY, session INTEGER NOT NULL, seq INTEGER NOT NULL,
            at INTEGER NOT NULL, worker TEXT, kind TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (session, seq)) STRICT",
    )?;
    let mut insert = connection.prepare("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let (session, worker) = names();
    let started = Instant::now();
    for first in (1..=total).step_by(usize::try_from(batch)?) {
        connection.execute_batch("BEGIN")?;
        for seq in first..(first + batch).min(total + 1) {
            let record = record(&session, &worker, seq);
            let seq = seq.cast_signed();
            insert.execute(params![seq, 1, seq, record.at.0, worker.as_str(), record.kind, record.data])?;
        }
        connection.execute_batch("COMMIT")?;
    }
    Ok(started.elapsed())
}

fn journal(folder: &Path, total: u64, batch: u64, in_flight: usize) -> Outcome<Duration> {
    let folder = tempfile::tempdir_in(folder)?;
    let journal = SqliteJournal::open(&DataDir::create(folder.path())?)?;
    let (session, worker) = names();
    let mut waiting = VecDeque::new();
    let started = Instant::now();
    for first in (1..=total).step_by(usize::try_from(batch)?) {
        let last = (first + batch - 1).min(total);
        waiting.push_back(journal.commit((first..=last).map(|seq| record(&session, &worker, seq)).collect()));
        if waiting.len() >= in_flight
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.wait()?;
        }
    }
    for commit in waiting {
        commit.wait()?;
    }
    let time = started.elapsed();
    if journal.last_seq(&session)? != total {
        return Err("records are missing".into());
    }
    Ok(time)
}
