//! `orchestrate demo`: the real thing with a scripted team, on a sample project.

use std::path::{Path, PathBuf};

use mo_core::approval::{AllowFor, AnsweredBy, Choice};
use mo_core::event::{Envelope, Event};
use mo_core::ids::SessionId;
use mo_core::team::Team;
use mo_engine::config::{AgentConfig, Config};
use mo_engine::handle::EngineHandle;
use mo_engine::hub::Update;
use mo_engine::start::{StartRequest, check};
use mo_scripted::demo::{self, DemoError};

use super::following::live;
use super::run::{finish, followed};
use crate::args::Demo;
use crate::context::Context;
use crate::drive::Signals;
use crate::errors::{Failure, exit};
use crate::host::{self, Host, Serves};
use crate::keys;

/// What the demo puts into its folder.
const PARTS: [&str; 3] = ["pocket-todo", "team", "bin"];

/// Sets the sample up and runs the session. The person's configuration plays no part in it.
pub(super) fn demo(context: &mut Context, args: &Demo) -> Result<u8, Failure> {
    let places = context.places()?;
    let folder = folder(args.dir.as_deref())?;
    // The way by which the scripts start us again must hold outside of this process.
    let exe = std::env::current_exe()
        .map_err(|error| Failure::system("this program cannot find itself", &error))?;
    let ready = demo::set_up(folder.path(), &exe, args.fast).map_err(|error| refused(&error))?;
    let mut config = Config::default();
    for (agent, program) in &ready.programs {
        config
            .agents
            .insert(agent.clone(), AgentConfig { path: Some(program.clone()), ..AgentConfig::default() });
    }
    let environment = context.environment(&config)?;
    let request = StartRequest {
        goal: demo::GOAL.to_owned(),
        target: ready.target,
        team: Team::default_trio(),
        settings: demo::settings(args.fast),
        yes_really: false,
    };
    check(&request, &config, &environment, &places.data)?;
    let runtime = host::runtime()?;
    let done = runtime.block_on(async {
        let mut signals = Signals::take()?;
        // Nobody else's work may be given to scripted agents.
        let taken = host::take(&places.data, Serves::Never)?;
        let host = Host::open(taken, config, environment, context.global.verbose).await?;
        // From here on it belongs to a session, which a person may want to look at.
        folder.keep();
        let session = host.engine.start(request).await?;
        // With nobody at the keys, or nobody who wants to be kept, the demo says yes itself.
        let by_itself = args.fast || !(live(context) && keys::can_be_pressed());
        let says_yes = by_itself.then(|| tokio::spawn(say_yes(host.engine.clone(), session.clone())));
        let ended = followed(context, &host, &session, &mut signals).await;
        if let Some(task) = says_yes {
            task.abort();
        }
        finish(context, host, ended, &places, &mut signals).await
    });
    // Waits for what is still being written, such as summary.md.
    drop(runtime);
    done
}

/// Allows once whatever the session asks.
async fn say_yes(engine: EngineHandle, session: SessionId) {
    let mut news = engine.subscribe(&session, 0);
    while let Some(Ok(update)) = news.next().await {
        let Update::Events(records) = update else { continue };
        for record in records.iter() {
            let Ok(Event::ApprovalRequested(asked)) = Envelope::from_record(record).map(|e| e.event) else {
                continue;
            };
            let yes = Choice::Allow { allowed: AllowFor::Once };
            if let Err(error) = engine.answer(&asked.approval, yes, AnsweredBy::Demo).await {
                tracing::info!(%error, "the demo's answer was not taken");
            }
        }
    }
}

fn refused(error: &DemoError) -> Failure {
    let (exit, hint) = match error {
        DemoError::NotEmpty(_) => (exit::REFUSED, "name another folder, or leave it out for a new one"),
        _ => (exit::FAILURE, "look at the folder's permissions and free space"),
    };
    Failure::new(exit, error.code(), error.to_string(), hint)
}

/// The demo's folder; what it holds goes again unless it is kept.
struct Folder {
    path: PathBuf,
    /// Removed whole, or only what the demo put into it.
    ours: bool,
    kept: bool,
}

fn folder(named: Option<&Path>) -> Result<Folder, Failure> {
    if let Some(path) = named {
        let path = std::path::absolute(path).map_err(|error| Failure::file(path, &error))?;
        if let Some(part) = PARTS.iter().map(|part| path.join(part)).find(|part| !is_free(part)) {
            return Err(refused(&DemoError::NotEmpty(part)));
        }
        return Ok(Folder { ours: !path.exists(), path, kept: false });
    }
    let made = tempfile::Builder::new().prefix("orchestrate-demo-").tempdir();
    let made = made.map_err(|error| Failure::system("no folder can be made for the demo", &error))?;
    Ok(Folder { path: made.keep(), ours: true, kept: false })
}

/// Whether there is nothing that the demo would write over.
fn is_free(path: &Path) -> bool {
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

impl Folder {
    fn path(&self) -> &Path {
        &self.path
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Nothing started, so nothing of it is of use; what cannot be removed harms nobody.
        if self.ours {
            let _left = std::fs::remove_dir_all(&self.path);
        } else {
            for part in PARTS {
                let _left = std::fs::remove_dir_all(self.path.join(part));
            }
        }
    }
}
