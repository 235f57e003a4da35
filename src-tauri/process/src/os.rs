//! The few system calls that have no safe form.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::{Pid, Signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Where [`child_ended`] says that a child has ended.
static ENDED: AtomicI32 = AtomicI32::new(-1);

/// Makes this process deaf to every signal that can be ignored, and gives a file that becomes readable when a child
/// ends.
///
/// By what the whole process does with a signal, not by what its first thread lets through: a library that the program
/// is linked with may have started a thread before `main` (one of the desktop app's does), which lets all through. A
/// signal that such a thread takes never reaches a signalfd, and an end would go unseen (measured: at one of five
/// launches from the desktop app).
pub(crate) fn heed_only_children() -> io::Result<OwnedFd> {
    // SAFETY: each call gets valid pointers; all-zero is a valid action, and `sigemptyset` initialises the set before it
    // is read; the new file is owned by nobody else, and never closed while the handler may run.
    unsafe {
        let file = OwnedFd::from_raw_fd(check(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?);
        ENDED.store(file.as_raw_fd(), Ordering::Relaxed);
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = libc::SIG_IGN;
        for signal in 1..=libc::SIGRTMAX() {
            if signal != libc::SIGCHLD {
                // Refused for SIGKILL, SIGSTOP and the two that the C library keeps to itself.
                libc::sigaction(signal, &raw const action, std::ptr::null_mut());
            }
        }
        let handler: extern "C" fn(libc::c_int) = child_ended;
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART | libc::SA_NOCLDSTOP;
        check(libc::sigaction(libc::SIGCHLD, &raw const action, std::ptr::null_mut()))?;
        let mut none = MaybeUninit::<libc::sigset_t>::uninit();
        check(libc::sigemptyset(none.as_mut_ptr()))?;
        check(libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut()))?;
        Ok(file)
    }
}

extern "C" fn child_ended(_: libc::c_int) {
    let (file, one) = (ENDED.load(Ordering::Relaxed), 1_u64);
    // SAFETY: `write` is allowed in a handler, and gets as much as it is told; whatever was interrupted finds its error
    // number as it was. A full counter refuses more, and is readable.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        libc::write(file, (&raw const one).cast(), size_of::<u64>());
        *errno = before;
    }
}

/// A file to be waited for until it is readable. Needs a running tokio runtime.
pub(crate) fn watch(file: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned file keeps its number and stays open until it is dropped, which the result does only after
    // it has been taken from the runtime's list.
    Ok(unsafe { AsyncFd::register_with_interest(file, Interest::READABLE) }?)
}

/// Takes the notices of a file made by [`heed_only_children`].
pub(crate) fn take_notices(file: &OwnedFd) {
    let mut count = [0; size_of::<u64>()];
    // One read takes them all; none is there when it is refused.
    let _ = rustix::io::read(file, &mut count);
}

/// Peak resident memory in KiB of the largest reaped child, and CPU milliseconds of all of them.
pub(crate) fn reaped_usage() -> (u64, u64) {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid, and all-zero is a valid value should the call fail.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let ms = |time: libc::timeval| {
        u64::try_from(time.tv_sec).unwrap_or(0) * 1000 + u64::try_from(time.tv_usec).unwrap_or(0) / 1000
    };
    (u64::try_from(usage.ru_maxrss).unwrap_or(0), ms(usage.ru_utime) + ms(usage.ru_stime))
}

/// Makes the command start in a session of its own, with all signals as a fresh program expects them, without any
/// file but the standard ones, and to be killed when `shim`, its parent, ends.
pub(crate) fn isolate(command: &mut Command, shim: Pid) {
    // SAFETY: between fork and exec the closure makes system calls only; it does not allocate, lock or panic.
    unsafe { command.pre_exec(move || prepare_agent(shim)) };
}

fn prepare_agent(shim: Pid) -> io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    if rustix::process::getppid() != Some(shim) {
        // It ended before the line above: the signal will not come any more.
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // Not closed but marked: the error of a failed exec goes back over one of them.
    mark_from(3)?;
    default_signals()
}

fn mark_from(first: libc::c_uint) -> io::Result<()> {
    // SAFETY: no pointers; the call only sets the close-on-exec mark of files.
    let done =
        unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn default_signals() -> io::Result<()> {
    // All zero is the default action in the kernel's own form, whose size is below this on every machine. Asked of
    // the kernel itself, because the C library keeps two signals to itself, and those can come ignored as well.
    let default = [0_u64; 8];
    for signal in 1..=64 {
        // SAFETY: the pointer is valid for longer than what is read, and nothing is written. Refused for SIGKILL and
        // SIGSTOP, which is as it should be.
        unsafe {
            let none = std::ptr::null_mut::<libc::c_void>();
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), none, 8_usize);
        }
    }
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: valid pointers; `sigemptyset` initialises the set before it is read.
    unsafe {
        check(libc::sigemptyset(none.as_mut_ptr()))?;
        check(libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut()))?;
    }
    Ok(())
}

/// Standard input as a file of its own, leaving `/dev/null` in its place.
pub(crate) fn take_stdin() -> io::Result<OwnedFd> {
    let socket = rustix::io::fcntl_dupfd_cloexec(std::io::stdin(), 3)?;
    let null = std::fs::File::open("/dev/null")?;
    // SAFETY: both are open files; file 0 belongs to the process as a whole.
    check(unsafe { libc::dup2(null.as_raw_fd(), 0) })?;
    Ok(socket)
}

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
