//! The shim and the scripted agents of this crate's tests, whose own `main` is the test harness's.

fn main() {
    let code = mo_process::reexec_entry().or_else(mo_scripted::reexec_entry);
    std::process::exit(code.unwrap_or(2));
}
