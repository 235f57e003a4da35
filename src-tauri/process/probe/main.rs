//! What the tests of this crate start: a child that misbehaves on command, an owner that gets killed, and the
//! shim itself. Whatever it leaves running ends by itself within a minute.

mod burner;
mod overhead;
mod owner;
mod runaway;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    // As in a program whose libraries start a thread before `main`: what such a thread takes must not be missed.
    if std::env::args_os().nth(1).is_some_and(|word| word == "__shim") {
        std::thread::spawn(|| {
            loop {
                std::thread::park();
            }
        });
    }
    if let Some(code) = mo_process::reexec_entry() {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let words: Vec<&str> = args.iter().map(|arg| arg.to_str().unwrap_or_default()).collect();
    let outcome = match words.as_slice() {
        ["tree", shape, fifo] => runaway::run(shape, fifo.as_ref()),
        ["burn", megabytes] => burner::burn(megabytes),
        ["own", shape, fifo] => owner::own(shape, fifo),
        ["own-script", script, fifo] => owner::own_script(script, fifo),
        ["swallow", bytes] => owner::swallow(bytes),
        ["lines", count] => owner::count_lines(count),
        ["overhead", rounds] => overhead::measure(rounds),
        _ => {
            Err("usage: process-probe tree SHAPE FIFO | burn MEGABYTES | own SHAPE FIFO | own-script SCRIPT FIFO | swallow BYTES | lines COUNT | overhead ROUNDS"
                .into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("process-probe: {error}");
            ExitCode::FAILURE
        }
    }
}
