//! What is known of this machine before a session looks at it.

use std::path::Path;

use mo_core::sandbox::{Guarantee, Proven};
use mo_core::settings::PermissionMode;

use crate::start::StartError;

/// Given to the engine at its construction. The default, and all that the product gives before there is a sandbox:
/// nothing is proven, and the rest is found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Premises {
    /// What a sandbox has proven. Without all that bypass needs, nothing is launched that asks nobody.
    pub proven: Proven,
    /// Whether targets are in a git repository; `None`: a session looks.
    pub git: Option<bool>,
    /// Whether the agents trust every target. Nobody looks that up: where it is not known they are told to, for that
    /// run alone.
    pub trusted: bool,
}

impl Premises {
    /// Refuses a mode that needs more than is proven.
    ///
    /// # Errors
    /// [`StartError::BypassRefused`] with what is missing.
    pub(crate) fn allow(&self, permission: PermissionMode) -> Result<(), StartError> {
        let missing = self.proven.missing_for_bypass();
        if permission == PermissionMode::Bypass && !missing.is_empty() {
            return Err(StartError::BypassRefused(missing.into_iter().map(Guarantee::as_str).collect()));
        }
        Ok(())
    }

    /// Whether the target is in a git repository.
    pub(crate) fn in_git(&self, target: &Path) -> bool {
        let looked = || target.ancestors().any(|folder| folder.join(".git").exists());
        self.git.unwrap_or_else(looked)
    }

    /// What is proven, as it is told.
    pub(crate) fn guarantees(&self) -> Vec<String> {
        self.proven.held().map(|guarantee| guarantee.as_str().to_owned()).collect()
    }
}
