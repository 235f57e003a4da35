//! The data folder and what lies where in it (design.md §9).
//!
//! `journal.db`, `owner.lock`, `owner.json`, `checkpoints/`, `logs/`, `run/`, and for each session
//! `sessions/<id>/{plan.md, summary.md, receipts/, transcripts/}`.

use std::path::{Path, PathBuf};
use std::{fs, io};

use mo_core::ids::SessionId;

use crate::document::Document;
use crate::error::JournalError;
use crate::private;

/// A data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Takes this folder, making it and its parts (0700) where absent. A folder that exists keeps its own mode.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let dir = Self::at(path.as_ref())?;
        for folder in [dir.root.clone(), dir.sessions(), dir.checkpoints(), dir.logs(), dir.run()] {
            private::create_dir(&folder)
                .map_err(|error| JournalError::unusable(&dir.root, &folder, &error))?;
        }
        Ok(dir)
    }

    /// Takes this folder if it exists; makes nothing.
    pub fn existing(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let dir = Self::at(path.as_ref())?;
        match fs::metadata(&dir.root) {
            Ok(found) if found.is_dir() => Ok(dir),
            Ok(_) => Err(JournalError::unusable(&dir.root, &dir.root, &io::ErrorKind::NotADirectory.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(JournalError::Missing { folder: dir.root })
            }
            Err(error) => Err(JournalError::unusable(&dir.root, &dir.root, &error)),
        }
    }

    fn at(path: &Path) -> Result<Self, JournalError> {
        let root = std::path::absolute(path)
            .map_err(|error| JournalError::io("cannot use as data folder", path, &error))?;
        Ok(Self { root })
    }

    /// The folder itself, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The journal's database.
    pub fn journal_file(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// Who owns the folder: pid, start time, socket, port.
    pub fn owner_file(&self) -> PathBuf {
        self.root.join("owner.json")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.root.join("owner.lock")
    }

    /// The folder of all sessions' folders.
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// The sessions that have a folder here, whether or not the journal knows them.
    ///
    /// # Errors
    /// When the folder of their folders cannot be read.
    pub fn sessions_with_folder(&self) -> Result<Vec<SessionId>, JournalError> {
        let folder = self.sessions();
        let unreadable = |error| JournalError::io("cannot read", &folder, &error);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut sessions = Vec::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name().into_string();
            let session = name.ok().filter(|name| SessionId::is_well_formed(name)).map(SessionId::new);
            sessions.extend(session);
        }
        Ok(sessions)
    }

    /// Snapshots of targets.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// The program's own logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Sockets and what else lives only as long as the owner.
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    /// A session's folder, which may not exist. The id is checked, so that it cannot lead elsewhere.
    pub fn session(&self, session: &SessionId) -> Result<PathBuf, JournalError> {
        check_session(session)?;
        Ok(self.sessions().join(session.as_str()))
    }

    pub(crate) fn put_document(
        &self,
        session: &SessionId,
        document: &Document,
        text: &str,
    ) -> Result<(), JournalError> {
        let file = self.session(session)?.join(document.relative_path()?);
        let made = file.parent().map_or(Ok(()), private::create_dir);
        made.and_then(|()| private::replace(&file, text))
            .map_err(|error| JournalError::io("cannot write", &file, &error))
    }

    pub(crate) fn document(
        &self,
        session: &SessionId,
        document: &Document,
    ) -> Result<Option<String>, JournalError> {
        let file = self.session(session)?.join(document.relative_path()?);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(JournalError::io("cannot read", &file, &error)),
        }
    }

    /// Removes a session's folder with all that is in it; whether there was one.
    pub(crate) fn remove_session(&self, session: &SessionId) -> Result<bool, JournalError> {
        let folder = self.session(session)?;
        match fs::remove_dir_all(&folder) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(JournalError::io("cannot delete", &folder, &error)),
        }
    }
}

pub(crate) fn check_session(session: &SessionId) -> Result<(), JournalError> {
    if SessionId::is_well_formed(session.as_str()) {
        return Ok(());
    }
    Err(JournalError::BadName { what: "session", name: session.as_str().to_owned() })
}
