//! The ground that an action is judged on: where a worker may work, and what is known of the places it names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::ceiling::Ceiling;
use crate::ids::{ApprovalId, Role};

/// Where a worker may work. All absolute, without symlinks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The worker's folder: the target, or its read-only checkout.
    pub root: String,
    /// Our data folder: kept out of even where the root holds it, but for a checkout inside it.
    pub keep_out: String,
    /// The home folder, which `~` stands for; empty where it is not known.
    pub home: String,
}

/// What the file system says of places. The policy has no other way to it.
pub trait Places {
    /// Every place that an absolute path, or a pattern of the shell, may name now: absolute, without symlinks and
    /// `..`. `None` where that cannot be said.
    fn resolve(&self, path: &str) -> Option<Vec<String>>;
    /// Whether something stands at this absolute path.
    fn exists(&self, path: &str) -> bool;
    /// Whether git, run in this folder, uses the repository of the target and no setting there starts a program.
    fn git_is_plain(&self, folder: &str) -> bool;
}

/// Everything that an action is judged on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// Where.
    pub bounds: &'a Bounds,
    /// In which role.
    pub role: Role,
    /// Whether it may write inside the root.
    pub may_write: bool,
    /// What is known of the places.
    pub places: &'a dyn Places,
    /// The person's own rules.
    pub rules: &'a [Rule],
    /// What may be let through without a person.
    pub ceiling: Ceiling,
}

/// What the engine found out about a request before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// What the question is called, should a person be asked.
    pub approval: ApprovalId,
    /// Where the worker may work.
    pub bounds: Bounds,
    /// What the places that it names are.
    pub known: KnownPlaces,
    /// The person's rules.
    pub rules: Arc<[Rule]>,
}

/// Answers of the file system, noted so that the same judgement can be made again without it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KnownPlaces {
    /// What paths and patterns resolve to.
    pub resolved: BTreeMap<String, Vec<String>>,
    /// What stands.
    pub existing: BTreeSet<String>,
    /// Folders in which git is plain.
    pub plain_git: BTreeSet<String>,
}

impl Places for KnownPlaces {
    fn resolve(&self, path: &str) -> Option<Vec<String>> {
        self.resolved.get(path).cloned()
    }

    fn exists(&self, path: &str) -> bool {
        self.existing.contains(path)
    }

    fn git_is_plain(&self, folder: &str) -> bool {
        self.plain_git.contains(folder)
    }
}
