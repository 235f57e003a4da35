//! How a caller stops a long operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::CheckpointError;

/// Set by whoever no longer wants the result; looked at between files and inside large ones.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// A flag that is not set. Clones share it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the operations that were given this flag to end with [`CheckpointError::Cancelled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`Self::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn check(&self) -> Result<(), CheckpointError> {
        if self.is_cancelled() { Err(CheckpointError::Cancelled) } else { Ok(()) }
    }
}
