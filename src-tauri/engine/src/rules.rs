//! The person's rules as they are in effect, and how an answer becomes one of them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use mo_core::policy::Rule;

use crate::config::{ConfigError, append_rule, show_rule};

/// The rules in effect, for all sessions of an engine.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    file: Option<PathBuf>,
    now: RwLock<Arc<[Rule]>>,
    /// Taken while one is added.
    adding: Mutex<()>,
}

/// Why no rule was added.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// There is no configuration that it could be added to.
    #[error("there is no configuration folder that the rule could be written to")]
    NoFile,
    /// The file cannot be used or written.
    #[error(transparent)]
    File(#[from] ConfigError),
}

impl Rules {
    /// Rules that were read from that file, or would be.
    pub(crate) fn new(file: Option<PathBuf>, rules: Arc<[Rule]>) -> Self {
        Self { file, now: RwLock::new(rules), adding: Mutex::default() }
    }

    /// Those in effect.
    pub(crate) fn now(&self) -> Arc<[Rule]> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Others are in effect from now on.
    pub(crate) fn set(&self, rules: Arc<[Rule]>) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// The file, for a rule about that folder: agents must not be able to write it.
    pub(crate) fn file(&self, folder: &Path) -> Result<&Path, RuleError> {
        let file = self.file.as_deref().ok_or(RuleError::NoFile)?;
        let real = file.canonicalize().or_else(|_| file.parent().unwrap_or(file).canonicalize());
        if real.is_ok_and(|real| real.starts_with(folder)) {
            return Err(ConfigError::InsideTarget { file: file.to_owned() }.into());
        }
        Ok(file)
    }

    /// A rule as it stands in the file.
    pub(crate) fn shown(rule: &Rule, why: &str) -> String {
        show_rule(rule, why)
    }

    /// Writes it behind the person's own; from then on the file as it is now holds, in every session. A file that
    /// cannot be read whole, and one that would not say this, is left as it was.
    pub(crate) fn add(&self, folder: &Path, rule: &Rule, why: &str) -> Result<(), RuleError> {
        let file = self.file(folder)?;
        let _alone = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = append_rule(file, rule, why)?;
        self.set(rules);
        Ok(())
    }
}
