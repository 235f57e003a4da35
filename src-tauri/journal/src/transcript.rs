//! Raw transcripts: a worker's bytes as they came, one file for each stream of each attempt.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use mo_core::ids::{AttemptNo, SessionId, WorkerName};

use crate::document::is_plain_name;
use crate::error::JournalError;
use crate::folder::DataDir;
use crate::port::MAX_PAGE_BYTES;
use crate::private;

/// Which of a worker's two output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// What it says in its protocol.
    Stdout,
    /// What it says to a terminal.
    Stderr,
}

impl Stream {
    fn suffix(self) -> &'static str {
        match self {
            Self::Stdout => "stdout.jsonl",
            Self::Stderr => "stderr.txt",
        }
    }
}

/// Takes the bytes of one transcript, in order.
pub trait TranscriptSink: Send {
    /// Appends bytes. They are buffered, but complete lines do not stay so for longer than the next call after
    /// 50 ms; memory is bounded by 64 KiB and one call's bytes. On an error none of these bytes were taken, while
    /// those taken before are kept and tried again.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Passes on whatever is buffered; to be called when no more output is waiting, and at the end. Dropping the
    /// sink does the same but cannot report a failure.
    fn flush(&mut self) -> io::Result<()>;
}

/// A transcript that exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TranscriptInfo {
    /// Whose.
    pub worker: WorkerName,
    /// Of which process of the worker.
    pub attempt: AttemptNo,
    /// Which stream.
    pub stream: Stream,
    /// Its length in bytes.
    pub bytes: u64,
}

/// A part of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptPage {
    /// The bytes from the offset asked for.
    pub bytes: Vec<u8>,
    /// Where the next page starts.
    pub next: u64,
    /// The transcript's length when it was read.
    pub total: u64,
}

pub(crate) fn check_worker(worker: &WorkerName) -> Result<(), JournalError> {
    if is_plain_name(worker.as_str()) {
        return Ok(());
    }
    Err(JournalError::BadName { what: "worker", name: worker.as_str().to_owned() })
}

/// The bytes of a page of at most `limit` bytes, never more than [`MAX_PAGE_BYTES`].
pub(crate) fn page_size(limit: usize) -> usize {
    limit.min(MAX_PAGE_BYTES)
}

impl DataDir {
    fn transcript_file(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<PathBuf, JournalError> {
        check_worker(worker)?;
        let folder = self.session(session)?.join("transcripts");
        Ok(folder.join(format!("{worker}.{attempt}.{}", stream.suffix())))
    }

    pub(crate) fn open_transcript(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
    ) -> Result<Box<dyn TranscriptSink>, JournalError> {
        let path = self.transcript_file(session, worker, attempt, stream)?;
        let made = path.parent().map_or(Ok(()), private::create_dir);
        let file = made
            .and_then(|()| private::append(&path))
            .map_err(|error| JournalError::io("cannot write", &path, &error))?;
        Ok(Box::new(BufferedSink::new(file)))
    }

    pub(crate) fn list_transcripts(&self, session: &SessionId) -> Result<Vec<TranscriptInfo>, JournalError> {
        let folder = self.session(session)?.join("transcripts");
        let failed = |error: io::Error| JournalError::io("cannot read", &folder, &error);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            if let Some((worker, attempt, stream)) = name.to_str().and_then(parse_file_name) {
                let bytes = entry.metadata().map_err(failed)?.len();
                found.push(TranscriptInfo { worker, attempt, stream, bytes });
            }
        }
        found.sort();
        Ok(found)
    }

    pub(crate) fn read_transcript_file(
        &self,
        session: &SessionId,
        worker: &WorkerName,
        attempt: AttemptNo,
        stream: Stream,
        offset: u64,
        limit: usize,
    ) -> Result<TranscriptPage, JournalError> {
        let path = self.transcript_file(session, worker, attempt, stream)?;
        let read = || -> io::Result<TranscriptPage> {
            let mut file = File::open(&path)?;
            let total = file.metadata()?.len();
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(page_size(limit) as u64).read_to_end(&mut bytes)?;
            let next = offset + bytes.len() as u64;
            Ok(TranscriptPage { bytes, next, total: total.max(next) })
        };
        match read() {
            Ok(page) => Ok(page),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(TranscriptPage { bytes: Vec::new(), next: offset, total: 0 })
            }
            Err(error) => Err(JournalError::io("cannot read", &path, &error)),
        }
    }
}

fn parse_file_name(name: &str) -> Option<(WorkerName, AttemptNo, Stream)> {
    let (worker, rest) = name.split_once('.')?;
    let (attempt, suffix) = rest.split_once('.')?;
    let stream = [Stream::Stdout, Stream::Stderr].into_iter().find(|stream| stream.suffix() == suffix)?;
    is_plain_name(worker).then_some(())?;
    Some((WorkerName::new(worker), attempt.parse().ok()?, stream))
}

/// The most bytes that wait for a write.
const BUFFER: usize = 64 << 10;
/// How long complete lines may wait while more of them come.
const PATIENCE: Duration = Duration::from_millis(50);

/// Gathers bytes into large writes under load and passes each line on at once otherwise. No fsync: a transcript is
/// the one thing that a power cut may shorten.
pub(crate) struct BufferedSink<W: Write + Send> {
    out: W,
    buffer: Vec<u8>,
    written_at: Option<Instant>,
}

impl<W: Write + Send> BufferedSink<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, buffer: Vec::new(), written_at: None }
    }

    /// Writes the first `count` buffered bytes; those not written stay.
    fn write_out(&mut self, count: usize) -> io::Result<()> {
        let mut done = 0;
        let result = loop {
            let Some(rest) = self.buffer.get(done..count).filter(|rest| !rest.is_empty()) else {
                break Ok(());
            };
            match self.out.write(rest) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        self.buffer.drain(..done);
        if self.buffer.is_empty() {
            self.buffer.shrink_to(BUFFER);
        }
        self.written_at = Some(Instant::now());
        result
    }
}

impl<W: Write + Send> TranscriptSink for BufferedSink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.buffer.is_empty() && self.buffer.len() + bytes.len() > BUFFER {
            self.write_out(self.buffer.len())?;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > BUFFER {
            // Longer than the buffer by itself. If it cannot be written now, it waits as taken, and the next call
            // says so; the buffer's excess is this one call's.
            let _ = self.write_out(self.buffer.len());
        } else if self.written_at.is_none_or(|at| at.elapsed() >= PATIENCE)
            && let Some(end) = memchr::memrchr(b'\n', &self.buffer)
        {
            let _ = self.write_out(end + 1);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out(self.buffer.len())?;
        self.out.flush()
    }
}

impl<W: Write + Send> Drop for BufferedSink<W> {
    fn drop(&mut self) {
        let _ = TranscriptSink::flush(self);
    }
}
