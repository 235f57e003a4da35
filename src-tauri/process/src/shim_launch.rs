//! The shim's first act: to be told what to start, and to start it.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
};
use rustix::net::{SendFlags, recvmsg, sendmsg};
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open};

use crate::os;
use crate::proc_tree;
use crate::wire::{self, MAX_REQUEST, Request, Stage, Status};

/// The child's standard input, output and error.
pub(crate) type Files = [OwnedFd; 3];

/// Why nothing was started: where, and the system's reason.
pub(crate) type Failure = (Stage, io::Error);

/// Reads what the owner wants.
pub(crate) fn receive(socket: &OwnedFd) -> io::Result<(Request, Files)> {
    let mut header = [0; 8];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut room);
    let received =
        recvmsg(socket, &mut [IoSliceMut::new(&mut header)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let files: Vec<OwnedFd> = ancillary
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(files) => Some(files),
            _ => None,
        })
        .flatten()
        .collect();
    let files = Files::try_from(files).map_err(|_| invalid("three files expected"))?;
    read_exact(socket, &mut header[received.bytes..])?;
    let length = u64::from_le_bytes(header);
    if length > MAX_REQUEST {
        return Err(invalid("the request is too long"));
    }
    let mut body = vec![0; usize::try_from(length).map_err(|_| invalid("the request is too long"))?];
    read_exact(socket, &mut body)?;
    Ok((wire::decode(&body).ok_or_else(|| invalid("the request is malformed"))?, files))
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn read_exact(socket: &OwnedFd, mut into: &mut [u8]) -> io::Result<()> {
    while !into.is_empty() {
        match rustix::io::read(socket, &mut *into) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => into = into.split_at_mut(read).1,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Starts the agent. An error means that it has not run.
pub(crate) fn launch(request: &Request, files: Files) -> Result<Child, Failure> {
    let failed = |stage| move |error| (stage, error);
    std::env::set_current_dir(&request.cwd).map_err(failed(Stage::Cwd))?;
    let [stdin, stdout, stderr] = files;
    let mut command = Command::new(&request.program);
    command
        .args(&request.args)
        .env_clear()
        .envs(request.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr));
    os::isolate(&mut command, getpid());
    let child = command.spawn().map_err(failed(Stage::Program));
    // The shim must not keep a folder from being unmounted or removed.
    let _ = std::env::set_current_dir("/");
    // Our own copies of the child's files go with the command, or its output would never end.
    child
}

/// Says to the owner that the agent runs, with a handle on it that stays right even after its end.
pub(crate) fn announce(socket: &OwnedFd, agent: Pid) -> io::Result<()> {
    let status = Status::Started {
        agent: proc_tree::identity(agent.as_raw_nonzero().get())?,
        shim: proc_tree::identity(getpid().as_raw_nonzero().get())?,
    };
    // Nobody but us reaps it, so the number still means it here.
    let handle = pidfd_open(agent, PidfdFlags::empty())?;
    let line = status.to_string();
    let handles = [handle.as_fd()];
    let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut room);
    ancillary.push(SendAncillaryMessage::ScmRights(&handles));
    let line = [io::IoSlice::new(line.as_bytes())];
    sendmsg(socket, &line, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Tells the owner. It may be gone: then nobody is left to be told, and the kill follows anyway.
pub(crate) fn tell(socket: &OwnedFd, status: Status) {
    let line = status.to_string();
    let _ = rustix::net::send(socket, line.as_bytes(), SendFlags::NOSIGNAL);
}
