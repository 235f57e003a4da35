//! From a command to a running child.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::{Notify, oneshot, watch};

use crate::control::Control;
use crate::error::SpawnError;
use crate::exit::Phase;
use crate::file_tail::Output;
use crate::find::find_program;
use crate::handshake::Statuses;
use crate::identity::ProcessIdentity;
use crate::launch::{Child, LaunchCommand, StdinMode, StdoutMode};
use crate::marked;
use crate::reader::LineReader;
use crate::spawn_thread::{Job, Started, submit};
use crate::stderr::StderrTail;
use crate::stdin::ChildStdin;
use crate::supervise::{ShimProcess, WAKE, hunt, supervise};
use crate::wire::{MAX_REQUEST, Stage, Status, encode, malformed};

/// A shim says within milliseconds how its launch went; on a machine in trouble, in seconds.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(30);
const NO_SHIM: &str = "it ended without a word; does its main call reexec_entry first?";

pub(crate) async fn start(shim: PathBuf, mut command: LaunchCommand) -> Result<Child, SpawnError> {
    let program = resolve(&command)?;
    if !command.cwd.is_absolute() {
        return Err(malformed("the working directory is not absolute"));
    }
    let resources = |source| SpawnError::Resources { source };
    let mark = marked::fresh().map_err(resources)?;
    command.env.retain(|(name, _)| name != marked::MARK);
    command.env.push((marked::MARK.into(), mark.value.clone().into()));
    let request = encode(program.as_os_str(), &command)?;
    if request.len() as u64 > MAX_REQUEST {
        return Err(malformed("arguments and environment are too long"));
    }
    let (stdout_file, follow) = match &command.stdout {
        StdoutMode::Pipe => (None, None),
        StdoutMode::File(path) => {
            let output =
                Output::open(path).map_err(|source| SpawnError::StdoutFile { path: path.clone(), source })?;
            let (file, follow) = output.split();
            (Some(file), Some(follow))
        }
    };
    let (reply, started) = oneshot::channel();
    submit(Job {
        shim: shim.clone(),
        label: program.file_name().unwrap_or_default().to_owned(),
        request,
        piped_stdin: command.stdin == StdinMode::Piped,
        stdout: stdout_file,
        reply,
    })?;
    let started =
        started.await.map_err(|_| shim_failed(&shim, "the spawning thread is gone".to_owned()))??;
    let Started { shim: child, socket, stdin, stdout, stderr } = started;
    socket.set_nonblocking(true).map_err(resources)?;
    let socket = UnixStream::from_std(socket).map_err(resources)?;
    let mut shim_process = ShimProcess::new(child).map_err(resources)?;
    let agreed = match agree(&socket, &mut shim_process, &shim, &program, &command.cwd).await {
        Ok(agreed) => agreed,
        Err(error) => {
            if matches!(error, SpawnError::Shim { .. }) {
                // Perhaps killed by what it had started.
                hunt(mark).await;
            }
            return Err(error);
        }
    };

    let (progress, phase) = watch::channel(Phase::default());
    let cut = Arc::new(Notify::new());
    let socket = Arc::new(socket);
    let handle = Arc::new(agreed.handle);
    tokio::spawn(supervise(
        Arc::clone(&socket),
        agreed.statuses,
        shim_process,
        Arc::clone(&handle),
        Arc::clone(&cut),
        mark,
        progress,
    ));
    // From here on dropping it kills the tree.
    let control = Control::new(socket, cut, handle, agreed.agent, phase.clone());

    let sink = command.stdout_sink.take();
    let stdout = match (stdout, follow) {
        (Some(pipe), _) => {
            LineReader::new(pipe::Receiver::from_owned_fd(pipe).map_err(resources)?, command.max_line, sink)
        }
        (None, Some(follow)) => LineReader::of_file(follow(phase), command.max_line, sink),
        (None, None) => return Err(shim_failed(&shim, "it has no standard output".to_owned())),
    };
    let stderr = pipe::Receiver::from_owned_fd(stderr).map_err(resources)?;
    let stdin = match stdin {
        Some(pipe) => ChildStdin::new(pipe::Sender::from_owned_fd(pipe).map_err(resources)?),
        None => ChildStdin::closed(),
    };
    Ok(Child {
        identity: agreed.agent,
        shim: agreed.shim,
        stdin,
        stdout,
        stderr: StderrTail::new(stderr, command.stderr_sink.take()),
        control,
    })
}

fn shim_failed(shim: &Path, reason: String) -> SpawnError {
    SpawnError::Shim { shim: shim.to_owned(), reason }
}

/// The absolute path of the program.
fn resolve(command: &LaunchCommand) -> Result<PathBuf, SpawnError> {
    if command.program.is_absolute() {
        return Ok(command.program.clone());
    }
    if command.program.components().count() > 1 {
        return Err(malformed("the program is neither an absolute path nor a plain name"));
    }
    let path = command.env.iter().find(|(name, _)| name == "PATH");
    let path = path.map_or_else(OsString::new, |(_, value)| value.clone());
    find_program(command.program.as_os_str(), &path)
        .ok_or_else(|| SpawnError::ProgramNotFound { program: command.program.clone() })
}

struct Agreed {
    agent: ProcessIdentity,
    shim: ProcessIdentity,
    handle: OwnedFd,
    statuses: Statuses,
}

/// Waits for the shim's word on how the launch went. A shim that failed is reaped here.
async fn agree(
    socket: &UnixStream,
    shim: &mut ShimProcess,
    shim_program: &Path,
    program: &Path,
    cwd: &Path,
) -> Result<Agreed, SpawnError> {
    let mut statuses = Statuses::default();
    let word = async {
        loop {
            match tokio::time::timeout(WAKE, statuses.next(socket)).await {
                Ok(word) => return word,
                // What it has started may have stopped it before it could say so.
                Err(_) => shim.wake(),
            }
        }
    };
    let first = tokio::time::timeout(HANDSHAKE_LIMIT, word).await;
    let reason = match first {
        Ok(Ok(Some(Status::Started { agent, shim }))) => match statuses.agent.take() {
            Some(handle) => return Ok(Agreed { agent, shim, handle, statuses }),
            None => "it gave no handle on the agent".to_owned(),
        },
        Ok(Ok(Some(Status::Failed { stage, errno }))) => {
            // It ends by itself now.
            let _ = shim.reap().await;
            let source = io::Error::from_raw_os_error(errno);
            return Err(match stage {
                Stage::Program => explain(program, source),
                Stage::Cwd => SpawnError::WorkingDirectory { cwd: cwd.to_owned(), source },
                Stage::Shim => shim_failed(shim_program, source.to_string()),
            });
        }
        Ok(Ok(Some(other))) => format!("it said {other:?} first"),
        Ok(Ok(None)) => NO_SHIM.to_owned(),
        // It has ended with the request unread.
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionReset => NO_SHIM.to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("it gave no word within {HANDSHAKE_LIMIT:?}"),
    };
    let end = shim.end(socket).await;
    let end = end.map_or_else(|error| error.to_string(), |status| status.to_string());
    Err(shim_failed(shim_program, format!("{reason} ({end})")))
}

/// The system's error number in words about this program.
fn explain(program: &Path, source: io::Error) -> SpawnError {
    let program = program.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound if program.exists() => {
            let interpreter = interpreter(&program).unwrap_or_else(|| "(its loader)".to_owned());
            SpawnError::InterpreterMissing { program, interpreter }
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SpawnError::ProgramNotFound { program },
        io::ErrorKind::PermissionDenied => SpawnError::ProgramNotExecutable { program },
        _ => SpawnError::ProgramRefused { program, source },
    }
}

/// What the first line of a script asks for.
fn interpreter(program: &Path) -> Option<String> {
    let mut head = Vec::new();
    File::open(program).ok()?.take(256).read_to_end(&mut head).ok()?;
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let word = String::from_utf8_lossy(line).split_ascii_whitespace().next()?.to_owned();
    Some(word)
}
