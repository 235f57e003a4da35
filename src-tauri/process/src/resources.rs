//! What running trees of processes take of the machine, look by look, and what is left on a file system.

use std::io;
use std::path::Path;

use crate::identity::ProcessIdentity;

/// What one launch took, with everything that it has started; its shim is not counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TreeUse {
    /// Since the look before, or since the launch: 100 is one core at work all the time. What came and went in between
    /// counts, as long as its parent has waited for it.
    pub cpu_percent: f32,
    /// Resident bytes (RSS) of all its processes. Memory that several of them share counts once for each.
    pub memory_bytes: u64,
    /// How many processes.
    pub processes: u32,
}

/// What is left on a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Which one: the same number for every path on it.
    pub device: u64,
    /// Bytes that this user may still write.
    pub free_bytes: u64,
    /// Bytes in all.
    pub total_bytes: u64,
}

/// What is left where that path is.
///
/// # Errors
/// What the system says, such as that there is no such path.
pub fn room(path: &Path) -> io::Result<Room> {
    let device = rustix::fs::stat(path)?.st_dev;
    let stand = rustix::fs::statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(stand.f_frsize);
    Ok(Room { device, free_bytes: bytes(stand.f_bavail), total_bytes: bytes(stand.f_blocks) })
}

/// Measures trees of processes; keeps of each what it was at the look before.
#[derive(Default)]
pub struct TreeMeter(#[cfg(target_os = "linux")] os::Meter);

impl TreeMeter {
    /// A meter that has looked at nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks at these launches, each named by its [shim](crate::Child::shim): one answer for each, in their order;
    /// `None` for what is gone. What is not asked for any more is forgotten. Reads `/proc`: some hundred microseconds
    /// for each process of theirs.
    #[cfg_attr(not(target_os = "linux"), allow(clippy::unused_self))]
    pub fn look(&mut self, shims: &[ProcessIdentity]) -> Vec<Option<TreeUse>> {
        #[cfg(target_os = "linux")]
        return self.0.look(shims);
        #[cfg(not(target_os = "linux"))]
        return vec![None; shims.len()];
    }
}

#[cfg(target_os = "linux")]
mod os {
    use std::collections::HashMap;

    use rustix::time::{ClockId, clock_gettime};
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

    use super::TreeUse;
    use crate::identity::ProcessIdentity;
    use crate::proc_tree;

    /// More processes of one tree are not looked at: somebody forks without end.
    const MOST: usize = 10_000;

    #[derive(Default)]
    pub(super) struct Meter {
        /// There while trees are.
        system: Option<System>,
        trees: HashMap<ProcessIdentity, Tree>,
    }

    /// A tree at the look before.
    struct Tree {
        /// When that was, in clock ticks since boot.
        at: u64,
        /// Ticks at work of each process, with those of the children that it has waited for.
        worked: HashMap<ProcessIdentity, u64>,
    }

    impl Meter {
        pub(super) fn look(&mut self, shims: &[ProcessIdentity]) -> Vec<Option<TreeUse>> {
            let mut before = std::mem::take(&mut self.trees);
            let mut answers = Vec::with_capacity(shims.len());
            let mut members = Vec::with_capacity(shims.len());
            for shim in shims {
                // First the time: who has started since then is new at the next look.
                let now = ticks_since_boot();
                let worked = if shim.exists() { worked(*shim) } else { HashMap::new() };
                if worked.is_empty() {
                    answers.push(None);
                    members.push(Vec::new());
                    continue;
                }
                let cpu_percent = percent(before.remove(shim).as_ref(), *shim, now, &worked);
                let tree: Vec<Pid> = worked.keys().filter(|one| *one != shim).map(of_system).collect();
                let processes = u32::try_from(tree.len()).unwrap_or(u32::MAX);
                answers.push(Some(TreeUse { cpu_percent, memory_bytes: 0, processes }));
                members.push(tree);
                self.trees.insert(*shim, Tree { at: now, worked });
            }
            let all: Vec<Pid> = members.iter().flatten().copied().collect();
            if all.is_empty() {
                self.system = None;
                return answers;
            }
            if self.system.is_none() {
                self.system =
                    System::new().inspect_err(|error| tracing::warn!(%error, "memory is not measured")).ok();
            }
            let Some(system) = &mut self.system else { return answers };
            let what = ProcessRefreshKind::nothing().with_memory().without_tasks();
            system.refresh_processes_specifics(ProcessesToUpdate::Some(&all), true, what);
            for (answer, tree) in answers.iter_mut().zip(members) {
                if let Some(answer) = answer {
                    let there = tree.iter().filter_map(|pid| system.process(*pid));
                    answer.memory_bytes = there.map(sysinfo::Process::memory).sum();
                }
            }
            answers
        }
    }

    fn of_system(process: &ProcessIdentity) -> Pid {
        Pid::from_u32(process.pid.unsigned_abs())
    }

    /// The shim and everything below it. The shim itself counts with what it has waited for alone.
    fn worked(shim: ProcessIdentity) -> HashMap<ProcessIdentity, u64> {
        let mut found = HashMap::new();
        let mut next = vec![shim.pid];
        while let Some(pid) = next.pop() {
            // Gone meanwhile: what it has worked is its parent's now.
            let Ok(stat) = proc_tree::stat(pid) else { continue };
            let own = if pid == shim.pid { 0 } else { stat.worked };
            let identity = ProcessIdentity { pid, start_time: stat.start_time };
            if found.insert(identity, own.saturating_add(stat.waited_for)).is_none() && found.len() < MOST {
                proc_tree::children(pid, &mut next);
            }
        }
        found
    }

    /// What was worked since the look before. The ticks of a process that has ended are in those of its parent, so what
    /// was counted of it already is taken off; one that was merely missed the last time adds nothing.
    fn percent(
        before: Option<&Tree>,
        shim: ProcessIdentity,
        now: u64,
        worked: &HashMap<ProcessIdentity, u64>,
    ) -> f32 {
        let since = before.map_or(shim.start_time, |tree| tree.at);
        let known = |process: &ProcessIdentity| before.and_then(|tree| tree.worked.get(process)).copied();
        let gained: u64 = worked
            .iter()
            .map(|(process, ticks)| match known(process) {
                Some(counted) => ticks.saturating_sub(counted),
                None if process.start_time >= since => *ticks,
                None => 0,
            })
            .sum();
        let ended = before.into_iter().flat_map(|tree| &tree.worked);
        let counted: u64 =
            ended.filter(|(process, _)| !worked.contains_key(process)).map(|(_, ticks)| *ticks).sum();
        let passed = now.saturating_sub(since).max(1);
        #[allow(clippy::cast_precision_loss, reason = "a few thousand ticks")]
        let share = gained.saturating_sub(counted) as f32 / passed as f32;
        share * 100.0
    }

    /// Now, as the start of a process is told.
    fn ticks_since_boot() -> u64 {
        let now = clock_gettime(ClockId::Boottime);
        let a_second = rustix::param::clock_ticks_per_second();
        let whole = u64::try_from(now.tv_sec).unwrap_or_default().saturating_mul(a_second);
        whole + u64::try_from(now.tv_nsec).unwrap_or_default() * a_second / 1_000_000_000
    }
}
