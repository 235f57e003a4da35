//! Processes that do not want to end. Each of them holds the FIFO open; so the end of the FIFO proves that none
//! is left. Each writes one byte into it once it is set up.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Outcome;

const HEADS: usize = 8;
const STEP: Duration = Duration::from_micros(200);
/// A test that fails must not leave a runaway on somebody's machine.
const LIFE: Duration = Duration::from_secs(30);

pub(crate) fn run(shape: &str, fifo: &Path) -> Outcome {
    let mut fifo = File::options().write(true).open(fifo)?;
    let end = Instant::now() + LIFE;
    match shape {
        "plain" => {}
        _ => ignore_signals(),
    }
    match shape {
        "plain" => {
            if forked()? {
                stay(&mut fifo, end);
            }
        }
        "setsid" => {
            if forked()? {
                rustix::process::setsid()?;
                stay(&mut fifo, end);
            }
        }
        "double" => {
            if forked()? {
                rustix::process::setsid()?;
                if forked()? {
                    stay(&mut fifo, end);
                }
                std::process::exit(0);
            }
        }
        "hydra" => {
            for _ in 0..HEADS {
                if forked()? {
                    fifo.write_all(b"r")?;
                    grow(end);
                }
            }
        }
        _ => return Err(format!("no shape {shape}").into()),
    }
    stay(&mut fifo, end)
}

/// Forks and lets the parent end, again and again.
fn grow(end: Instant) -> ! {
    while Instant::now() < end {
        let _ = rustix::process::setsid();
        std::thread::sleep(STEP);
        if matches!(forked(), Ok(false)) {
            std::process::exit(0);
        }
    }
    std::process::exit(1);
}

fn stay(fifo: &mut File, end: Instant) -> ! {
    let _ = fifo.write_all(b"r");
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::sleep(left);
    }
    std::process::exit(1);
}

/// True in the child.
pub(crate) fn forked() -> std::io::Result<bool> {
    // SAFETY: this program has one thread, so the child may do whatever the parent may.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error()),
        pid => Ok(pid == 0),
    }
}

fn ignore_signals() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGCHLD] {
        // SAFETY: ignoring is always valid.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}
