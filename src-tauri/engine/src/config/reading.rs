//! Reading a file that a person wrote, and what helps where it cannot be read.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _};
use std::path::Path;

use super::ConfigError;

/// The most bytes of a configuration file.
const MAX_FILE: u64 = 1 << 20;

/// The text of a file that a person wrote: an ordinary one, of a size that makes sense.
///
/// # Errors
/// What the system says, or that it is no such file: a pipe or a device may never end.
pub fn read_bounded(file: &Path) -> std::io::Result<String> {
    let kind = std::fs::metadata(file)?.file_type();
    if kind.is_dir() {
        return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
    }
    if !kind.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is no ordinary file"));
    }
    let mut text = Vec::new();
    File::open(file)?.take(MAX_FILE + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    String::from_utf8(text).map_err(|_| Error::new(ErrorKind::InvalidData, "it is no UTF-8 text"))
}

/// What helps where a file cannot be read.
pub fn unread_hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::IsADirectory => "move the folder away, so that the file can stand there",
        ErrorKind::InvalidInput => "put an ordinary file there",
        ErrorKind::InvalidData => "save it as UTF-8 text",
        ErrorKind::FileTooLarge => "look whether it is the file that you meant",
        ErrorKind::PermissionDenied => "look at the permissions of the file and of the folders above it",
        ErrorKind::NotADirectory => "one of the folders above it is a file; move that away",
        _ => "look at the file and at its disk",
    }
}

/// What the configuration or the rules say when they cannot be read.
pub(super) fn unreadable(file: &Path, error: &Error) -> ConfigError {
    let (reason, hint) = (error.to_string(), unread_hint(error.kind()));
    ConfigError::Unreadable { file: file.to_owned(), reason, hint }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use crate::config::{Config, EditError, change};

    #[test]
    fn what_cannot_be_read_says_what_helps_and_a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("latin1"), b"# gr\xfc\xdfe\n").unwrap();
        // A character that the limit cuts in two is not what is wrong.
        fs::write(at("large"), "ü".repeat(1 << 20)).unwrap();
        let pipe = at("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
            .unwrap();
        for (name, reason, hint) in [
            ("folder", "it is a folder", "move the folder away"),
            ("latin1", "it is no UTF-8 text", "save it as UTF-8"),
            ("large", "it is larger than 1 MiB", "the file that you meant"),
            ("pipe", "it is no ordinary file", "put an ordinary file there"),
            ("latin1/config.toml", "ot a directory", "is a file; move that away"),
        ] {
            let read = [false, true].map(|named| Config::read(&at(name), named).unwrap_err());
            let changed = match change(&at(name), "session.fix_rounds", Some("2")).unwrap_err() {
                EditError::Config(error) => Some(error),
                // Where there is no folder, no file can be written.
                EditError::Unwritable(_) if name.contains('/') => None,
                other => panic!("{other}"),
            };
            for error in read.into_iter().chain(changed) {
                assert_eq!(error.code(), "config_unreadable", "{name}: {error}");
                assert!(error.to_string().contains(reason), "{name}: {error}");
                assert!(error.hint().contains(hint), "{name}: {}", error.hint());
            }
        }
    }
}
