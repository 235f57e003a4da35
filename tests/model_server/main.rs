//! A model that says what a script says: Anthropic Messages, `OpenAI` Responses and Gemini `generateContent` on
//! one loopback port. It lets the real agent CLIs do a real job with no network, no login and no model.
//!
//! `model-server --script FILE [--log FILE] [--port N] [--bring-up-loopback]` prints
//! `listening on 127.0.0.1:PORT` and serves until its stdin closes.

#![allow(clippy::print_stdout, reason = "the port goes to stdout by contract")]

mod anthropic;
mod conversation;
mod frames;
mod gemini;
mod ids;
mod log;
mod loopback;
mod openai;
mod play;
mod script;
mod server;
mod template;

#[cfg(test)]
mod conversation_tests;
#[cfg(test)]
mod play_tests;
#[cfg(test)]
mod script_tests;
#[cfg(test)]
mod template_tests;

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use crate::ids::Ids;
use crate::log::Log;
use crate::play::Player;
use crate::script::Script;
use crate::server::{Shared, router};

const USAGE: &str = "usage: model-server --script FILE [--log FILE] [--port N] [--bring-up-loopback]";

#[derive(Debug, Default)]
struct Options {
    script: Option<PathBuf>,
    log: Option<PathBuf>,
    port: u16,
    bring_up_loopback: bool,
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--script" => options.script = Some(value()?.into()),
            "--log" => options.log = Some(value()?.into()),
            "--port" => {
                let text = value()?;
                options.port = text.parse().map_err(|_| format!("--port: `{text}` is not a port"))?;
            }
            "--bring-up-loopback" => options.bring_up_loopback = true,
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("model-server: {why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("model-server: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: &Options) -> Result<(), String> {
    let path = options.script.as_ref().ok_or_else(|| format!("--script is missing\n{USAGE}"))?;
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let script = Script::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let log =
        Log::open(options.log.as_deref()).map_err(|error| format!("the log cannot be opened: {error}"))?;
    if options.bring_up_loopback {
        loopback::bring_up()
            .map_err(|error| format!("the loopback interface cannot be brought up: {error}"))?;
    }
    let shared = Arc::new(Shared { player: Mutex::new(Player::new(script)), log, ids: Ids::new() });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port))
            .await
            .map_err(|error| format!("127.0.0.1:{} cannot be bound: {error}", options.port))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("listening on {address}");
        tokio::select! {
            served = async { axum::serve(listener, router(shared)).await } => served.map_err(|error| error.to_string()),
            () = stdin_closed() => Ok(()),
        }
    })
}

/// Ends when whoever started the server closes its stdin or dies.
async fn stdin_closed() {
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    // A plain thread: a runtime waits for its own blocking threads at the end, and this one may read for ever.
    std::thread::spawn(move || {
        let mut sink = [0u8; 512];
        while matches!(std::io::stdin().read(&mut sink), Ok(count) if count > 0) {}
        drop(sender);
    });
    let _ = receiver.await;
}
