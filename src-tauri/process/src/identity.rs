//! Who a process is, beyond its number, which the system gives to another one sooner or later.

/// A process, told apart from any later one with the same pid by when it started.
///
/// Both figures are those of one boot: keep [`boot_id`] beside a recorded identity and drop the identity when
/// the machine has been restarted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProcessIdentity {
    /// Process id in the owner's pid namespace.
    pub pid: i32,
    /// Start time in clock ticks since boot: field 22 of `/proc/<pid>/stat`.
    pub start_time: u64,
}

#[cfg(target_os = "linux")]
impl ProcessIdentity {
    /// The process that has this number now.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(pid: i32) -> std::io::Result<Self> {
        crate::proc_tree::identity(pid)
    }

    /// This process.
    ///
    /// # Errors
    /// When `/proc` is not mounted.
    pub fn of_this_process() -> std::io::Result<Self> {
        Self::of(rustix::process::getpid().as_raw_nonzero().get())
    }

    /// Whether exactly this process exists still; one that has ended but was not reaped yet counts as existing.
    pub fn exists(self) -> bool {
        Self::of(self.pid).is_ok_and(|now| now == self)
    }
}

/// The id of the current boot, `/proc/sys/kernel/random/boot_id`.
///
/// # Errors
/// When `/proc` is not mounted.
#[cfg(target_os = "linux")]
pub fn boot_id() -> std::io::Result<String> {
    Ok(std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim_end().to_owned())
}
