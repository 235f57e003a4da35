//! Single keys of the terminal, for as long as somebody is asked.

use std::io::{self, IsTerminal, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios};
use rustix::termios::{tcflush, tcgetattr, tcgetpgrp, tcsetattr};
use tokio::sync::mpsc;

/// Reads that wait to be looked at; nobody types faster.
const QUEUE: usize = 16;

/// Whether a person can press keys here: our input is a terminal, and it is ours to read from.
pub(crate) fn can_be_pressed() -> bool {
    let stdin = io::stdin();
    stdin.is_terminal() && tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// The terminal, giving keys as they are pressed and not showing them; it is as before once this is dropped.
pub(crate) struct Keys {
    terminal: OwnedFd,
    before: Termios,
    pressed: mpsc::Receiver<Vec<u8>>,
    /// The reading thread ends when this is dropped.
    _reading: PipeWriter,
}

impl Keys {
    /// From now on. What was typed before is thrown away: it was no answer to what is asked now. Only where
    /// [`can_be_pressed`].
    pub(crate) fn take() -> io::Result<Self> {
        let terminal = io::stdin().as_fd().try_clone_to_owned()?;
        let before = tcgetattr(&terminal)?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        // A read never waits. The descriptor is shared with other programs, so it must not be made non-blocking.
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = 0;
        let (end, reading) = io::pipe()?;
        let (sender, pressed) = mpsc::channel(QUEUE);
        let input = terminal.try_clone()?;
        tcsetattr(&terminal, OptionalActions::Flush, &modes)?;
        let keys = Self { terminal, before, pressed, _reading: reading };
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || read(&input, &end, &sender))?;
        Ok(keys)
    }

    /// Throws away what was pressed and not looked at yet.
    pub(crate) fn forget(&mut self) {
        // A terminal that has gone has nothing to be thrown away.
        let _gone = tcflush(&self.terminal, QueueSelector::IFlush);
        while self.pressed.try_recv().is_ok() {}
    }

    /// What was pressed, as it came in one piece; `None` when the terminal has gone. Dropping the future loses none.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        self.pressed.recv().await
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // A terminal that has gone needs no putting back.
        let _gone = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Reads until the other end of `end` is closed, or the terminal has gone.
fn read(input: &OwnedFd, end: &PipeReader, sender: &mpsc::Sender<Vec<u8>>) {
    let mut piece = [0_u8; 256];
    loop {
        let mut ready = [PollFd::new(input, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
        match poll(&mut ready, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        if !ready[1].revents().is_empty() {
            return;
        }
        let gone = ready[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL);
        match rustix::io::read(input, &mut piece) {
            Ok(0) if gone => return,
            Ok(0) | Err(Errno::INTR) => {}
            Ok(count) => {
                if sender.blocking_send(piece[..count].to_vec()).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
