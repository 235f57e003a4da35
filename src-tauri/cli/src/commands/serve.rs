//! `orchestrate serve`: owns the data folder without a session of its own, for those of others.

use mo_core::event::StopCause;
use serde_json::json;

use crate::context::{Context, read_config};
use crate::drive::Signals;
use crate::errors::{Failure, exit};
use crate::host::{self, Host};
use crate::output::aside;
use crate::owner::{self, Owned};

/// Serves until a signal. Its sessions are stopped then: by the ladder the first time, at once the second time.
pub(super) fn serve(context: &mut Context) -> Result<u8, Failure> {
    let places = context.places()?;
    let config = read_config(&places)?;
    let environment = context.environment(&config)?;
    let runtime = host::runtime()?;
    let done = runtime.block_on(async {
        let mut signals = Signals::take()?;
        let taken = match owner::find_or_take(&places.data).await? {
            Owned::Here(taken) => taken,
            Owned::ByAnother(client) => return Err(owned(client.owner().pid, client.socket())),
        };
        let mut host = Host::open(taken, config, environment, context.global.verbose).await?;
        host.serve().await;
        let Some(socket) = host.socket() else {
            host.end().await;
            return Err(Failure::new(exit::FAILURE, "not_served", "nobody can be served", "see above"));
        };
        tell(context, socket)?;
        let (mut cause, mut count) = tokio::select! {
            signal = signals.next() => signal,
            reason = host.engine.broken() => {
                host.end().await;
                return Err(engine_gone(&reason));
            }
        };
        if !host.engine.running().is_empty() {
            aside("stopping the sessions; Ctrl+C again stops them at once");
        }
        loop {
            if !host.stop_all(cause, count).await {
                break;
            }
            tokio::select! {
                () = host.engine.idle() => break,
                next = signals.next() => (cause, count) = next,
            }
        }
        host.end().await;
        Ok(if cause == StopCause::Sigterm { 143 } else { 130 })
    });
    // Waits for what is still being written, such as summary.md.
    drop(runtime);
    done
}

fn tell(context: &mut Context, socket: &std::path::Path) -> Result<(), Failure> {
    let pid = std::process::id();
    if context.out.json {
        context.out.json(&json!({ "serving": { "pid": pid, "socket": socket } }))?;
    } else {
        context.out.line(&format!("serving on {} (pid {pid}); Ctrl+C ends it", socket.display()))?;
    }
    context.out.flush()
}

fn engine_gone(reason: &str) -> Failure {
    let hint = "the log in the data folder's logs/ says more; `orchestrate resume` goes on with what ran";
    let message = format!("the engine broke off, and what it ran was ended: {reason}");
    Failure::new(exit::FAILURE, "engine_gone", message, hint)
}

fn owned(pid: u32, socket: &std::path::Path) -> Failure {
    Failure::new(
        exit::REFUSED,
        "data_folder_locked",
        format!("pid {pid} serves this data folder already, on {}", socket.display()),
        "other commands find it by themselves; name another folder with --data-dir for a second one",
    )
}
