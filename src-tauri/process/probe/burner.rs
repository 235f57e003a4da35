//! A tree that takes memory and time, one step a line of its input; each step says so on its output when it is done.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use rustix::process::{WaitOptions, wait};
use rustix::time::{ClockId, clock_gettime};

use crate::Outcome;
use crate::runaway::forked;

/// What a burner works.
const WORK: Duration = Duration::from_millis(300);
/// A test that fails must not leave a process on somebody's machine.
const LIFE: Duration = Duration::from_secs(30);

pub(crate) fn burn(megabytes: &str) -> Outcome {
    // Written to, since memory that is only asked for is nobody's yet.
    let held = vec![1_u8; megabytes.parse::<usize>()? << 20];
    let mut out = std::io::stdout().lock();
    writeln!(out, "holds")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            // One that belongs to nobody but the shim, and stays.
            "orphan" => {
                if forked()? {
                    rustix::process::setsid()?;
                    if forked()? {
                        work();
                        writeln!(out, "orphaned")?;
                        out.flush()?;
                        std::thread::sleep(LIFE);
                    }
                    std::process::exit(0);
                }
                wait(WaitOptions::empty())?;
            }
            // One that has come and gone.
            "passing" => {
                if forked()? {
                    work();
                    std::process::exit(0);
                }
                wait(WaitOptions::empty())?;
                writeln!(out, "passed")?;
                out.flush()?;
            }
            other => return Err(format!("no step {other}").into()),
        }
    }
    drop(held);
    Ok(())
}

/// Counts in time of this process alone, however busy the machine is.
fn work() {
    let spent = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or_default(),
            u32::try_from(time.tv_nsec).unwrap_or_default(),
        )
    };
    let until = spent() + WORK;
    while spent() < until {}
}
