//! Finding the owner of a data folder.

use std::io;
use std::path::PathBuf;

use mo_journal::DataDir;
use tokio::net::UnixStream;

use super::{Client, ClientError};
use crate::owner::{Owner, VERSION};

/// Why there is nobody to attach to.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// Nobody owns the data folder.
    #[error("nothing runs on this data folder")]
    NoOwner,
    /// An owner was killed and left its `owner.json`, perhaps its socket too. The next owner removes them.
    #[error("the owner with pid {pid} is gone")]
    Stale {
        /// Its process id.
        pid: u32,
    },
    /// The owner lives and does not serve: it is just starting or ending, or it cannot.
    #[error("the owner with pid {pid} cannot be reached")]
    NotServing {
        /// Its process id.
        pid: u32,
    },
    /// The owner is of another version.
    #[error("the owner with pid {pid} is version {theirs}, this is version {VERSION}")]
    OtherVersion {
        /// Its process id.
        pid: u32,
        /// Its version.
        theirs: String,
    },
    /// Somebody has the lock, and `owner.json` does not say who.
    #[error("the data folder is in use, and {} does not say by whom: {detail}", .file.display())]
    Unclear {
        /// The whole path of `owner.json`.
        file: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The owner was reached and did not answer as it should.
    #[error(transparent)]
    Unanswered(ClientError),
}

impl AttachError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NoOwner => "no_owner",
            Self::Stale { .. } => "owner_stale",
            Self::NotServing { .. } => "owner_not_serving",
            Self::OtherVersion { .. } => "owner_other_version",
            Self::Unclear { .. } => "owner_unclear",
            Self::Unanswered(error) => error.code(),
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotServing { .. } => Some("wait a moment; if it stays so, end it"),
            Self::OtherVersion { .. } => Some("end it, or use the command that came with it"),
            Self::Unclear { .. } => {
                Some("end the program that runs on this data folder; the next one writes that file anew")
            }
            _ => None,
        }
    }

    /// Whether the data folder is free for a new owner, as far as one can see: only its lock is proof.
    pub fn is_free(&self) -> bool {
        matches!(self, Self::NoOwner | Self::Stale { .. })
    }
}

impl Client {
    /// Finds the owner of a data folder and makes sure that it answers.
    ///
    /// # Errors
    /// When there is none, none that lives, or none of this version.
    pub async fn attach(data: &DataDir) -> Result<Self, AttachError> {
        let text = data.owner().map_err(|error| unclear(data, &error))?;
        let Some(text) = text else { return Err(AttachError::NoOwner) };
        let owner: Owner = serde_json::from_str(&text).map_err(|error| unclear(data, &error))?;
        let Some(socket) = owner.socket.clone() else { return Err(absent(&owner)) };
        let stream = connect(&socket, &owner).await?;
        let client = Self { socket, owner };
        client.compare_versions(stream).await?;
        Ok(client)
    }

    async fn compare_versions(&self, stream: UnixStream) -> Result<(), AttachError> {
        // Of an owner of any version; later ones may say more or other things.
        #[derive(serde::Deserialize)]
        struct Answer {
            version: String,
        }
        let answer = self.get_over(stream, "/api/v1/health").await;
        let Answer { version } = answer.map_err(AttachError::Unanswered)?;
        if version == VERSION {
            return Ok(());
        }
        Err(AttachError::OtherVersion { pid: self.owner.pid, theirs: version })
    }
}

/// Only the lock is proof: where nobody has it, what stands there is left over.
fn unclear(data: &DataDir, error: &dyn std::error::Error) -> AttachError {
    match data.is_owned() {
        Ok(false) => AttachError::NoOwner,
        Ok(true) | Err(_) => AttachError::Unclear { file: data.owner_file(), detail: error.to_string() },
    }
}

async fn connect(socket: &PathBuf, owner: &Owner) -> Result<UnixStream, AttachError> {
    UnixStream::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => absent(owner),
        _ => AttachError::Unanswered(error.into()),
    })
}

fn absent(owner: &Owner) -> AttachError {
    let pid = owner.pid;
    if owner.is_alive() { AttachError::NotServing { pid } } else { AttachError::Stale { pid } }
}
