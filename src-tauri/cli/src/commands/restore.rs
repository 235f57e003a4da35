//! `orchestrate restore SESSION N [PATH…]`: files of the target as they were at a checkpoint.

use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use mo_api::dto::RestoreForm;
use mo_checkpoint::RelPath;
use mo_core::event::CheckpointRestored;
use mo_core::ids::SessionId;
use mo_engine::history;
use mo_engine::restoring::RestoreError;
use serde_json::json;

use crate::args::Restore;
use crate::context::{Context, read_config};
use crate::errors::{Failure, exit};
use crate::host::{self, Host};
use crate::output::words;
use crate::owner::{self, Owned};
use crate::reading::Reading;

/// Brings the files back, through the owner or as the owner.
pub(super) fn restore(context: &mut Context, args: &Restore) -> Result<u8, Failure> {
    let places = context.places()?;
    let (reading, session) = Reading::session(&places, Some(&args.session))?;
    let target = history::view(&reading.journal, &session)?.map(|view| PathBuf::from(view.target));
    drop(reading);
    let target = target.unwrap_or_default();
    let paths = args.paths.iter().map(|path| relative(path, &target)).collect::<Result<Vec<_>, _>>()?;
    let runtime = host::runtime()?;
    let restored = runtime.block_on(async {
        let taken = match owner::find_or_take(&places.data).await? {
            Owned::ByAnother(client) => {
                let form = RestoreForm { checkpoint: args.checkpoint, paths };
                return Ok(client.restore(session.as_str(), &form).await?.restored);
            }
            Owned::Here(taken) => taken,
        };
        let config = read_config(&places)?;
        let environment = context.environment(&config)?;
        let host = Host::open(taken, config, environment, context.global.verbose).await?;
        let restored = host.engine.restore(&session, args.checkpoint, paths).await;
        host.end().await;
        restored.map_err(Failure::from)
    })?;
    drop(runtime);
    tell(context, &session, &restored)?;
    Ok(exit::DONE)
}

/// A path of the command line, seen from the target on.
fn relative(path: &Path, target: &Path) -> Result<RelPath, Failure> {
    let inside = path.strip_prefix(target).unwrap_or(path);
    let plain: PathBuf = inside.components().filter(|part| !matches!(part, Component::CurDir)).collect();
    RelPath::from_bytes(plain.as_os_str().as_bytes()).map_err(|error| {
        let hint = format!("write it from {} on", target.display());
        Failure::new(exit::USAGE, "bad_path", error.to_string(), hint)
    })
}

fn tell(context: &mut Context, session: &SessionId, restored: &CheckpointRestored) -> Result<(), Failure> {
    let out = &mut context.out;
    if out.json {
        return out.json(&json!({ "restored": { "session": session, "report": restored } }));
    }
    let CheckpointRestored { checkpoint, saved, written, deleted, left, .. } = restored;
    out.line(&format!("restored checkpoint {checkpoint}: {written} written, {deleted} deleted"))?;
    for line in left {
        out.line(&format!("left as it is: {}", words::one_line(line)))?;
    }
    out.line(&format!(
        "what was there before is checkpoint {saved}: `orchestrate restore {session} {saved}` brings it back"
    ))
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        let exit = match &error {
            RestoreError::Running | RestoreError::Busy(_) => exit::REFUSED,
            RestoreError::Unknown | RestoreError::NoSuchCheckpoint { .. } | RestoreError::NoSuchPath(_) => {
                exit::NOT_FOUND
            }
            RestoreError::Target(error) => error.exit_code(),
            RestoreError::Command(_) | RestoreError::Journal(_) => exit::FAILURE,
            RestoreError::Checkpoint { error, .. } => match error.code() {
                "target_missing" => exit::NOT_FOUND,
                "target_not_a_folder" | "target_unreadable" => exit::REFUSED,
                _ => exit::FAILURE,
            },
        };
        Self::new(exit, error.code(), error.to_string(), error.hint())
    }
}
