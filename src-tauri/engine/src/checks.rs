//! Runs a check of the person's: in a writable checkout of exactly one checkpoint that nobody else has and that is
//! removed afterwards, under the same supervision as a worker, with a worker's environment but no agent's own
//! variables.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mo_checkpoint::Access;
use mo_core::event::Fault;
use mo_core::ids::Digest;
use mo_core::review::check::{CheckRun, CutShort};
use mo_process::{Child, LaunchCommand, LineBatch, LineReader, RawSink};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::time::Instant;

use crate::checkouts;
use crate::environment::Environment;
use crate::excerpt::Excerpt;
use crate::fault;
use crate::ports::Ports;
use crate::transcripts::Tee;

/// The shell that knows the commands; the command is its `$0`, so that nothing in it needs quoting. The last word of
/// one and the first of the other come in the order in which they were written.
const SHELL: [&str; 3] = ["/bin/sh", "-c", "exec /bin/sh -c \"$0\" 2>&1"];
/// Lines are not looked at; what is kept is kept as it comes.
const MAX_LINE: usize = 64 << 10;
/// How long the rest of the output may take when the whole tree has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// One check to be run.
pub(crate) struct CheckJob {
    pub(crate) command: String,
    pub(crate) digest: Digest,
    /// Where the checkout is to be.
    pub(crate) folder: PathBuf,
    /// 0 = without end.
    pub(crate) timeout_ms: u64,
    pub(crate) output_bytes: u32,
}

/// Runs it from its checkout to the checkout's removal. A word on `stop`, or its end, ends the check at once.
pub(crate) async fn run(
    ports: Ports,
    environment: Arc<Environment>,
    job: CheckJob,
    stop: oneshot::Receiver<()>,
) -> Result<CheckRun, Fault> {
    let (for_checkout, digest, folder) = (ports.clone(), job.digest.clone(), job.folder.clone());
    let made = tokio::task::spawn_blocking(move || {
        checkouts::make(&for_checkout, &digest, &folder, Access::Writable)
    });
    let made = made.await.unwrap_or_else(|error| Err(broke_off(&error)));
    let ran = match made {
        Ok(()) => supervised(&ports, &environment, &job, stop).await,
        Err(fault) => Err(fault),
    };
    let removed = tokio::task::spawn_blocking(move || checkouts::remove(&ports, &job.folder)).await;
    if let Err(error) = removed {
        tracing::error!(%error, "the removal of a check's folder broke off");
    }
    ran
}

/// A task that panicked; what it had started is ended with it.
pub(crate) fn broke_off(error: &tokio::task::JoinError) -> Fault {
    fault::new("check_broke_off", format!("the check broke off: {error}"), "start the session again")
}

async fn supervised(
    ports: &Ports,
    environment: &Arc<Environment>,
    job: &CheckJob,
    mut stop: oneshot::Receiver<()>,
) -> Result<CheckRun, Fault> {
    if !matches!(stop.try_recv(), Err(TryRecvError::Empty)) {
        return Ok(CheckRun {
            exit_code: None,
            signal: None,
            cut_short: Some(CutShort::ByStop),
            duration_ms: 0,
            output: String::new(),
            output_bytes: 0,
        });
    }
    let excerpt = Excerpt::new(job.output_bytes as usize);
    let total = Arc::new(AtomicU64::new(0));
    let tee = Tee::new(Box::new(excerpt.clone()), Arc::clone(&environment.redactor));
    let [shell, option, script] = SHELL;
    let mut command = LaunchCommand::new(shell, &job.folder).args([option, script, job.command.as_str()]);
    command.env = environment.of_check();
    command.max_line = MAX_LINE;
    command.stdout_sink = Some(Box::new(Counted { tee, total: Arc::clone(&total) }));
    let begun = Instant::now();
    let child = ports.spawner.spawn(command).await.map_err(|error| {
        fault::new(error.code(), error.to_string(), "checks are run by /bin/sh in a folder of their own")
    })?;
    let Child { mut stdout, control, .. } = child;
    let mut cut_short = None;
    let ends_at = begun + Duration::from_millis(job.timeout_ms);
    let exit = {
        let drained = drain(&mut stdout);
        tokio::pin!(drained);
        let mut reading = true;
        let exit = loop {
            let (may_cut, has_end) = (cut_short.is_none(), job.timeout_ms > 0);
            tokio::select! {
                biased;
                _ = &mut stop, if may_cut => cut_short = Some(CutShort::ByStop),
                () = tokio::time::sleep_until(ends_at), if may_cut && has_end => {
                    cut_short = Some(CutShort::ByTime);
                }
                exit = control.wait() => break exit,
                () = &mut drained, if reading => reading = false,
            }
            if cut_short.is_some() {
                control.kill_tree();
            }
        };
        if reading && tokio::time::timeout(LAST_WORDS, drained).await.is_err() {
            tracing::warn!("somebody outside of a check's processes holds its output open");
        }
        exit
    };
    // Its sink passes on what it holds back.
    drop(stdout);
    if !exit.tree_empty {
        tracing::warn!(command = %job.command, "something of a check is left that could not be killed");
    }
    Ok(CheckRun {
        exit_code: exit.code,
        signal: exit.signal,
        cut_short,
        duration_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        output: excerpt.text(),
        output_bytes: total.load(Ordering::Relaxed),
    })
}

async fn drain(stdout: &mut LineReader) {
    let mut batch = LineBatch::new();
    loop {
        match stdout.next_batch(&mut batch).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(%error, "the output of a check cannot be read any more");
                return;
            }
        }
    }
}

/// Counts what passes.
struct Counted {
    tee: Tee,
    total: Arc<AtomicU64>,
}

impl RawSink for Counted {
    fn write(&mut self, bytes: &[u8]) {
        self.total.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.tee.write(bytes);
    }

    fn idle(&mut self) {
        self.tee.idle();
    }
}
