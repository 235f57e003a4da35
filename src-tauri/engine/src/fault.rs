//! Errors of the outside, in words for a person.

use std::path::Path;

use mo_checkpoint::CheckpointError;
use mo_core::event::Fault;

pub(crate) fn of_checkpoint(error: &CheckpointError) -> Fault {
    Fault {
        code: error.code().to_owned(),
        message: error.to_string(),
        hint: "mend what the message names and start the session again".to_owned(),
    }
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
