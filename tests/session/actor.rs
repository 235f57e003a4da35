//! The shim and the scripted agents for suites that run the engine in their own process, and an owner that panics.

#[path = "../faults/owner.rs"]
mod owner;

fn main() {
    let code = mo_process::reexec_entry().or_else(mo_scripted::reexec_entry).or_else(owner::entry);
    std::process::exit(code.unwrap_or(2));
}
