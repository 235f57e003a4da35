//! Why a call came to nothing.

use std::io;

use crate::error::ErrorBody;

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The owner refused.
    #[error("{}", body.message)]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// What it said.
        body: ErrorBody,
    },
    /// The owner has ended, or broke off.
    #[error("the owner is gone: {0}")]
    Gone(String),
    /// The owner did not answer in time.
    #[error("the owner does not answer")]
    Silent,
    /// The owner answered something that this version does not know.
    #[error("the owner's answer cannot be read: {0}")]
    Unreadable(String),
}

impl ClientError {
    /// The stable code; the owner's own where it refused.
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { body, .. } => &body.code,
            Self::Gone(_) => "owner_gone",
            Self::Silent => "owner_silent",
            Self::Unreadable(_) => "owner_unreadable",
        }
    }

    /// What a person can do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused { body, .. } => body.hint.as_deref(),
            Self::Gone(_) | Self::Silent | Self::Unreadable(_) => None,
        }
    }
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        Self::Gone(error.to_string())
    }
}

impl From<hyper::Error> for ClientError {
    fn from(error: hyper::Error) -> Self {
        Self::Gone(error.to_string())
    }
}
