//! A review's part of the state.

use std::sync::Arc;

use crate::event::ReviewRequested;
use crate::ids::{AttemptNo, Nonce};
use crate::review::verdict::Judgement;

/// One review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewState {
    /// What it is about.
    pub request: Arc<ReviewRequested>,
    /// How far it is.
    pub progress: ReviewProgress,
    /// The folder that the reviewer sees, once it is made.
    pub checkout: Option<Arc<str>>,
    /// The process that the reviewer works in.
    pub attempt: Option<AttemptNo>,
    /// Why its first answer could not be used.
    pub unusable: Option<Arc<str>>,
}

/// How far a review is.
#[derive(Debug, Clone, PartialEq)]
pub enum ReviewProgress {
    /// The checkout and nonce of a try are being made.
    Preparing {
        /// Which try.
        try_no: u32,
    },
    /// They stand; the turn is to be asked for.
    Ready {
        /// Which try.
        try_no: u32,
        /// The nonce of this try.
        nonce: Nonce,
    },
    /// The reviewer works.
    Running {
        /// Which try.
        try_no: u32,
        /// The nonce of this try.
        nonce: Nonce,
    },
    /// An answer of the right form waits for its places to be checked.
    Checking {
        /// Which try.
        try_no: u32,
        /// What it says.
        judgement: Arc<Judgement>,
    },
    /// Over.
    Settled {
        /// With what.
        judgement: Arc<Judgement>,
    },
}

impl ReviewState {
    /// The verdict, once it is over.
    pub fn judgement(&self) -> Option<&Judgement> {
        match &self.progress {
            ReviewProgress::Settled { judgement } => Some(judgement),
            _ => None,
        }
    }
}
