//! Reading what a shim says, with the handle that comes along.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::wire::Status;

/// No status is longer.
const LONGEST: usize = 256;

/// Splits what comes over the socket into statuses.
#[derive(Debug, Default)]
pub(crate) struct Statuses {
    pending: Vec<u8>,
    /// The handle on the agent, once it has come.
    pub(crate) agent: Option<OwnedFd>,
}

impl Statuses {
    /// The next status; `None` when the shim has closed its end, that is, has ended.
    pub(crate) async fn next(&mut self, socket: &UnixStream) -> io::Result<Option<Status>> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.pending) {
                let status = Status::parse(&self.pending[..end]);
                self.pending.drain(..=end);
                return status.map(Some).ok_or_else(|| invalid("a status that is not understood"));
            }
            if self.pending.len() > LONGEST {
                return Err(invalid("a status without end"));
            }
            if self.receive(socket).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn receive(&mut self, socket: &UnixStream) -> io::Result<usize> {
        let mut bytes = [0; LONGEST];
        let (length, handle) = socket
            .async_io(Interest::READABLE, || {
                let mut room = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut ancillary = RecvAncillaryBuffer::new(&mut room);
                let mut slices = [IoSliceMut::new(&mut bytes)];
                let received = recvmsg(socket, &mut slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
                let handle = ancillary.drain().find_map(|message| match message {
                    RecvAncillaryMessage::ScmRights(mut files) => files.next(),
                    _ => None,
                });
                Ok((received.bytes, handle))
            })
            .await?;
        self.pending.extend_from_slice(&bytes[..length]);
        self.agent = handle.or(self.agent.take());
        Ok(length)
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the shim sent {what}"))
}
