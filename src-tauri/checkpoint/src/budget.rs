//! How many bytes the store may hold. Only its owner writes into it, so that one count in memory is enough.

use std::sync::{Mutex, PoisonError};

use crate::store::Store;
use crate::{CheckpointError, prune};

/// The limit, and what is there.
pub(crate) struct Budget {
    /// In bytes; 0 for none.
    limit: u64,
    /// Counted when it is first needed.
    used: Mutex<Option<u64>>,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: Mutex::new(None) }
    }

    /// Takes room for so many bytes before they are written.
    pub(crate) fn take(&self, store: &Store, bytes: u64) -> Result<(), CheckpointError> {
        if self.limit == 0 {
            return Ok(());
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match *used {
            Some(before) => before,
            None => *used.insert(prune::count(store)?.bytes),
        };
        let after = before.saturating_add(bytes);
        if after > self.limit {
            return Err(CheckpointError::StoreFull {
                path: store.folder(""),
                limit: self.limit,
                used: before,
            });
        }
        *used = Some(after);
        Ok(())
    }

    /// Gives back room that was not needed after all.
    pub(crate) fn give_back(&self, bytes: u64) {
        if let Some(used) = self.used.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *used = used.saturating_sub(bytes);
        }
    }

    /// What is there has been counted anew while nobody wrote.
    pub(crate) fn counted(&self, used: u64) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(used);
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod budget_tests;
