//! Errors of the outside, in words for a person.

use std::path::Path;

use mo_checkpoint::CheckpointError;
use mo_core::event::Fault;

pub(crate) fn of_checkpoint(error: &CheckpointError) -> Fault {
    new(error.code(), error.to_string(), hint_for(error))
}

/// How a person mends what the checkpoints refused.
pub(crate) fn hint_for(error: &CheckpointError) -> &'static str {
    match error {
        CheckpointError::StoreFull { .. } => {
            "raise [storage] checkpoints_max_size in the configuration, or delete sessions that are not needed any \
             more with `orchestrate delete`"
        }
        CheckpointError::DiskFull { .. } => "free some space on that disk",
        CheckpointError::TargetMissing { .. } | CheckpointError::TargetNotAFolder { .. } => {
            "put the folder back where it was"
        }
        _ => "mend what the message names",
    }
}

/// The folder that a worker is to work in, if it is there.
pub(crate) fn check_folder(folder: &Path) -> Result<(), Fault> {
    let (code, what) = match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => ("target_not_a_folder", "is not a folder any more".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            ("target_missing", "does not exist any more".to_owned())
        }
        Err(error) => ("target_unreadable", format!("cannot be used: {error}")),
    };
    Err(new(code, format!("the folder {} {what}", folder.display()), "put the folder back where it was"))
}

pub(crate) fn of_io(what: &str, path: &Path, error: &std::io::Error) -> Fault {
    Fault {
        code: "io".to_owned(),
        message: format!("{what} {}: {error}", path.display()),
        hint: "look at the folder's permissions and free space".to_owned(),
    }
}

pub(crate) fn new(code: &str, message: String, hint: &str) -> Fault {
    Fault { code: code.to_owned(), message, hint: hint.to_owned() }
}
