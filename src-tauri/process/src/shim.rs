//! The shim's entry: the process between the owner and an agent.

use std::ffi::OsString;

/// The first argument of a process that is a shim.
pub(crate) const SHIM_WORD: &str = "__shim";

/// To be called first in `main`. `Some(exit code)` when this process was started as a shim and has done its
/// work: `main` then returns that code and does nothing else. `None` for a normal start.
pub fn reexec_entry() -> Option<i32> {
    let args: Vec<OsString> = std::env::args_os().skip(1).take(1).collect();
    shim_main(&args)
}

/// [`reexec_entry`] over given arguments, without the program itself.
///
/// The process must have started no other thread that starts processes; libraries may have started idle ones.
pub fn shim_main(args: &[OsString]) -> Option<i32> {
    (args.first()? == SHIM_WORD).then(run)
}

#[cfg(target_os = "linux")]
fn run() -> i32 {
    crate::bury::run()
}

#[cfg(not(target_os = "linux"))]
fn run() -> i32 {
    eprintln!("the shim is not supported on this system");
    2
}
