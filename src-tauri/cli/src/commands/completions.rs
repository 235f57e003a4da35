//! `orchestrate completions SHELL`.

use clap::CommandFactory;

use crate::args::{Cli, Completions};
use crate::context::Context;
use crate::errors::{Failure, exit};

/// Prints the script.
pub(super) fn completions(context: &mut Context, args: &Completions) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "orchestrate", &mut script);
    if context.out.json {
        let script = String::from_utf8_lossy(&script);
        context.out.json(&serde_json::json!({ "shell": args.shell.to_string(), "script": script }))?;
    } else {
        context.out.bytes(&script)?;
    }
    Ok(exit::DONE)
}
