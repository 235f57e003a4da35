//! The one thread that starts shims.
//!
//! It never ends, because a child that asked to die with its parent dies with the *thread* that started it:
//! children started from a pool's or a short-lived thread were killed at random (measured). And it keeps the
//! blocking part of starting away from the async threads.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::oneshot;

use crate::error::SpawnError;
use crate::shim::SHIM_WORD;

/// A shim reads its request at once; one that does not is not a shim.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct Job {
    pub(crate) shim: PathBuf,
    /// What the process list shows of this launch.
    pub(crate) label: std::ffi::OsString,
    pub(crate) request: Vec<u8>,
    pub(crate) piped_stdin: bool,
    /// In place of a pipe.
    pub(crate) stdout: Option<File>,
    pub(crate) reply: oneshot::Sender<Result<Started, SpawnError>>,
}

/// A shim that has its request, and our ends of everything.
pub(crate) struct Started {
    pub(crate) shim: std::process::Child,
    pub(crate) socket: UnixStream,
    pub(crate) stdin: Option<OwnedFd>,
    pub(crate) stdout: Option<OwnedFd>,
    pub(crate) stderr: OwnedFd,
}

/// Hands the job to the thread, which is started with the first one and stays for the life of the process.
pub(crate) fn submit(job: Job) -> Result<(), SpawnError> {
    static QUEUE: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let queue = if let Some(queue) = QUEUE.get() {
        queue
    } else {
        let (queue, jobs) = mpsc::channel();
        std::thread::Builder::new()
            .name("process-spawner".to_owned())
            .spawn(move || work(&jobs))
            .map_err(|source| SpawnError::Resources { source })?;
        // Two may race here; then one thread ends again, before it has started anything.
        QUEUE.get_or_init(|| queue)
    };
    queue
        .send(job)
        .map_err(|_| SpawnError::Resources { source: io::Error::other("the spawning thread is gone") })
}

fn work(jobs: &mpsc::Receiver<Job>) {
    // Shims of launches that nobody waits for any more: they end by themselves and are reaped here.
    let mut unwanted: Vec<std::process::Child> = Vec::new();
    while let Ok(mut job) = jobs.recv() {
        unwanted.retain_mut(|shim| matches!(shim.try_wait(), Ok(None)));
        let result = start(&mut job);
        if let Err(Ok(Started { shim, .. })) = job.reply.send(result) {
            unwanted.push(shim);
        }
    }
}

fn start(job: &mut Job) -> Result<Started, SpawnError> {
    let resources = |source: io::Error| SpawnError::Resources { source };
    let (socket, its_socket) = UnixStream::pair().map_err(resources)?;
    socket.set_write_timeout(Some(WRITE_LIMIT)).map_err(resources)?;
    let pipe = || pipe_with(PipeFlags::CLOEXEC).map_err(|errno| resources(errno.into()));
    let (its_stdin, stdin) = if job.piped_stdin {
        let (reads, writes) = pipe()?;
        (reads, Some(writes))
    } else {
        (File::open("/dev/null").map_err(resources)?.into(), None)
    };
    let (stdout, its_stdout) = match job.stdout.take() {
        Some(file) => (None, file.into()),
        None => pipe().map(|(reads, writes)| (Some(reads), writes))?,
    };
    let (stderr, its_stderr) = pipe()?;

    let mut command = Command::new(&job.shim);
    command.arg(SHIM_WORD).arg(&job.label).env_clear();
    // A bundle may carry the libraries that its binary needs; it says where by this variable.
    if let Some(libraries) = std::env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", libraries);
    }
    // No closure and no directory for the child: so the standard library can start it without copying this
    // process first.
    command.stdin(Stdio::from(OwnedFd::from(its_socket))).stdout(Stdio::null()).stderr(Stdio::null());
    let mut shim =
        command.spawn().map_err(|error| failed(&job.shim, &format!("it does not start: {error}")))?;
    drop(command);
    let files = [its_stdin.as_fd(), its_stdout.as_fd(), its_stderr.as_fd()];
    match send_request(&socket, &job.request, files) {
        Ok(()) => Ok(Started { shim, socket, stdin, stdout, stderr }),
        Err(error) => {
            let _ = shim.kill();
            let end = shim.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            Err(failed(&job.shim, &format!("it did not take its request: {error}; {end}")))
        }
    }
}

fn failed(shim: &Path, reason: &str) -> SpawnError {
    SpawnError::Shim { shim: shim.to_owned(), reason: reason.to_owned() }
}

fn send_request(
    socket: &UnixStream,
    request: &[u8],
    files: [std::os::fd::BorrowedFd<'_>; 3],
) -> io::Result<()> {
    let header = (request.len() as u64).to_le_bytes();
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = SendAncillaryBuffer::new(&mut room);
    ancillary.push(SendAncillaryMessage::ScmRights(&files));
    // Eight bytes into an empty socket go in one piece.
    sendmsg(socket, &[io::IoSlice::new(&header)], &mut ancillary, SendFlags::NOSIGNAL)?;
    let mut rest = request;
    while !rest.is_empty() {
        match rustix::net::send(socket.as_fd(), rest, SendFlags::NOSIGNAL) {
            Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
