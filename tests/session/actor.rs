//! The shim and the scripted agents for suites that run the engine in their own process.

fn main() {
    let code = mo_process::reexec_entry().or_else(mo_scripted::reexec_entry);
    std::process::exit(code.unwrap_or(2));
}
