//! `orchestrate logs [SESSION] [WORKER]`: what was said and done, in words, or a worker's own bytes.

use std::path::PathBuf;

use mo_core::ids::{SessionId, WorkerName};
use mo_engine::history;
use mo_journal::{Journal, Stream, TranscriptInfo};

use crate::args::Logs;
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::Out;
use crate::output::plain::{Lines, entry};
use crate::output::words;
use crate::reading::{Reading, names_a_worker};
use mo_api::Watch;

/// How many records are read at once.
const PAGE: usize = 2_000;
/// How many bytes of a transcript are read at once.
const PIECE: usize = 256 * 1024;

/// Prints the log, and with `--follow` what is to come until the session has ended.
pub(super) fn logs(context: &mut Context, args: &Logs) -> Result<u8, Failure> {
    // `logs claude` is a worker of the newest session.
    let (session, worker) = match (&args.session, &args.worker) {
        (Some(only), None) if names_a_worker(only) => (None, Some(only.as_str())),
        (session, worker) => (session.as_deref(), worker.as_deref()),
    };
    let (reading, session) = Reading::session(&context.places()?, session)?;
    let worker = worker.map(|name| reading.worker(&session, name)).transpose()?;
    let mut watch = if args.follow { Some(watch(&reading, &session, args.raw)?) } else { None };
    let mut log: Box<dyn Log> = if args.raw {
        Box::new(raw(context, args, &reading, &session, worker)?)
    } else {
        Box::new(Story { lines: Lines::new(context.out.paint), worker, since: 0 })
    };
    loop {
        // Asked before the last look, so that what was written before the end is printed before we end.
        let goes_on = if args.follow { reading.goes_on(&session) } else { Ok(false) };
        log.print_new(&reading, &session, &mut context.out)?;
        context.out.flush()?;
        match &mut watch {
            Some(watch) if goes_on? => watch.wait().map_err(|error| unwatchable(&error))?,
            _ => return Ok(exit::DONE),
        }
    }
}

fn watch(reading: &Reading, session: &SessionId, raw: bool) -> Result<Watch, Failure> {
    let mut folders: Vec<PathBuf> = vec![reading.data.path().to_owned()];
    if raw {
        let folder = reading.data.session(session)?;
        // The transcripts' own folder is made with the first of them; until then its parent tells.
        folders.extend([folder.join("transcripts"), folder].into_iter().filter(|folder| folder.is_dir()));
    }
    Watch::new(folders.iter().map(PathBuf::as_path)).map_err(|error| unwatchable(&error))
}

fn unwatchable(error: &std::io::Error) -> Failure {
    Failure::system("the data folder cannot be watched", error)
}

/// Something that grows and is printed piece by piece.
trait Log {
    fn print_new(&mut self, reading: &Reading, session: &SessionId, out: &mut Out) -> Result<(), Failure>;
}

/// The events in words.
struct Story {
    lines: Lines,
    worker: Option<WorkerName>,
    since: u64,
}

impl Log for Story {
    fn print_new(&mut self, reading: &Reading, session: &SessionId, out: &mut Out) -> Result<(), Failure> {
        loop {
            let page = reading.journal.read(session, self.since, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            self.since = last.seq;
            let wanted =
                |record: &&mo_core::record::Record| self.worker.is_none() || record.worker == self.worker;
            for entry in page.iter().filter(wanted).filter_map(entry) {
                if out.json {
                    out.json(&entry)?;
                } else {
                    self.lines.in_full(&entry).iter().try_for_each(|line| out.line(line))?;
                }
            }
        }
    }
}

fn raw(
    context: &Context,
    args: &Logs,
    reading: &Reading,
    session: &SessionId,
    worker: Option<WorkerName>,
) -> Result<Raw, Failure> {
    if context.out.json {
        return Err(Failure::new(
            exit::USAGE,
            "raw_is_no_json",
            "--raw prints bytes as they came, which need not be JSON",
            "leave --json or --raw out",
        ));
    }
    let stream = if args.stderr { Stream::Stderr } else { Stream::Stdout };
    let Some(worker) = worker else {
        let workers = history::view(&reading.journal, session)?.map(|view| view.workers).unwrap_or_default();
        let names: Vec<&str> = workers.iter().map(|worker| worker.name.as_str()).collect();
        return Err(Failure::new(
            exit::USAGE,
            "worker_missing",
            "--raw is one worker's output",
            format!("name one of {}", names.join(", ")),
        ));
    };
    Ok(Raw { worker, stream, attempt: 0, offset: 0 })
}

/// A worker's transcripts, one process after the other.
struct Raw {
    worker: WorkerName,
    stream: Stream,
    /// The one that was printed last; 0 before the first.
    attempt: u32,
    offset: u64,
}

impl Log for Raw {
    fn print_new(&mut self, reading: &Reading, session: &SessionId, out: &mut Out) -> Result<(), Failure> {
        let all = reading.journal.transcripts(session)?;
        let ours = |info: &&TranscriptInfo| {
            info.worker == self.worker && info.stream == self.stream && info.attempt >= self.attempt
        };
        let attempts: Vec<u32> = all.iter().filter(ours).map(|info| info.attempt).collect();
        for attempt in attempts {
            if attempt != self.attempt {
                (self.attempt, self.offset) = (attempt, 0);
            }
            loop {
                let page = reading.journal.read_transcript(
                    session,
                    &self.worker,
                    attempt,
                    self.stream,
                    self.offset,
                    PIECE,
                )?;
                if page.bytes.is_empty() {
                    break;
                }
                self.offset = page.next;
                if out.terminal {
                    out.bytes(words::block(&String::from_utf8_lossy(&page.bytes)).as_bytes())?;
                } else {
                    out.bytes(&page.bytes)?;
                }
            }
        }
        Ok(())
    }
}
