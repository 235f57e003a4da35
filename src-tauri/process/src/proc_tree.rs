//! What `/proc` tells about processes and who started whom.

use std::fs;
use std::io;

use rustix::process::Pid;

use crate::identity::ProcessIdentity;

/// The number as the system calls take it; `None` for what is the number of no process.
pub(crate) fn number(pid: i32) -> Option<Pid> {
    if pid > 0 { Pid::from_raw(pid) } else { None }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stat {
    pub(crate) parent: i32,
    /// Clock ticks that it was at work, in user and in kernel mode.
    pub(crate) worked: u64,
    /// The same of its children that have ended and that it has waited for, with theirs.
    pub(crate) waited_for: u64,
    /// In clock ticks since boot.
    pub(crate) start_time: u64,
}

/// Parent and start time of a process.
pub(crate) fn stat(pid: i32) -> io::Result<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat"))?;
    parse_stat(&text).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat is not understood"))
    })
}

pub(crate) fn identity(pid: i32) -> io::Result<ProcessIdentity> {
    Ok(ProcessIdentity { pid, start_time: stat(pid)?.start_time })
}

/// The program's name stands in brackets and may itself hold brackets and blanks: what counts is behind the last.
fn parse_stat(text: &[u8]) -> Option<Stat> {
    let behind_name = text.get(memchr::memrchr(b')', text)? + 2..)?;
    let behind_name = std::str::from_utf8(behind_name).ok()?;
    let mut fields = behind_name.split_ascii_whitespace();
    // Field 3 is the state, 4 the parent, 14 to 17 are the times of work, 22 the start time.
    let parent = fields.nth(1)?.parse().ok()?;
    let (user, system): (u64, u64) = (fields.nth(9)?.parse().ok()?, fields.next()?.parse().ok()?);
    // Of waited-for children: signed in the kernel's text, never negative.
    let (of_user, of_system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let start_time = fields.nth(4)?.parse().ok()?;
    Some(Stat {
        parent,
        worked: user.saturating_add(system),
        waited_for: of_user.saturating_add(of_system),
        start_time,
    })
}

/// Adds the children of all threads of a process. Of one that ends meanwhile, none or some.
pub(crate) fn children(pid: i32, into: &mut Vec<i32>) {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for task in tasks.flatten() {
        let Ok(list) = fs::read(task.path().join("children")) else { continue };
        let list = list.split(|byte| *byte == b' ');
        into.extend(list.filter_map(|word| std::str::from_utf8(word).ok()?.parse::<i32>().ok()));
    }
}

#[cfg(test)]
#[path = "proc_tree_tests.rs"]
mod proc_tree_tests;
