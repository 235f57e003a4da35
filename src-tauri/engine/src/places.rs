//! Whether the places that findings name exist, and whether a reviewer wrote to its checkout.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_checkpoint::{Place, RelPath};
use mo_core::event::ReviewRequested;
use mo_core::ids::{Digest, Role};
use mo_core::review::verdict::Finding;
use mo_core::state::State;

use crate::ports::Ports;

/// What is known of a review's subject.
pub(crate) struct Known {
    /// The reviewer's checkout.
    pub(crate) folder: PathBuf,
    /// The checkpoint.
    pub(crate) digest: Digest,
    /// Earlier checkpoints, newest first: a deleted file exists at its last one.
    pub(crate) earlier: Vec<Digest>,
    /// The plan, in a review of the plan.
    pub(crate) plan: Option<Arc<str>>,
}

/// Whether the review is about the plan.
pub(crate) fn reviews_the_plan(state: &State, request: &ReviewRequested) -> bool {
    state.workers.get(&request.subject).is_some_and(|w| w.member.role == Role::Architect)
}

/// The first place that does not exist, as `file:line`.
pub(crate) fn missing(ports: &Ports, known: &Known, findings: &[Finding]) -> Option<String> {
    findings.iter().find_map(|finding| {
        let file = finding.file.as_deref()?;
        if exists(ports, known, file, finding.line) {
            return None;
        }
        Some(finding.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}")))
    })
}

fn exists(ports: &Ports, known: &Known, file: &str, line: Option<u32>) -> bool {
    if line == Some(0) {
        return false;
    }
    if let (Some(plan), "plan.md") = (&known.plan, file.trim_start_matches("./")) {
        let lines = u32::try_from(plan.lines().count()).unwrap_or(u32::MAX);
        return line.is_none_or(|line| line <= lines);
    }
    let relative = Path::new(file).strip_prefix(&known.folder).unwrap_or(Path::new(file));
    let relative = relative.strip_prefix(".").unwrap_or(relative);
    let Ok(path) = RelPath::from_bytes(std::os::unix::ffi::OsStrExt::as_bytes(relative.as_os_str())) else {
        return false;
    };
    for digest in std::iter::once(&known.digest).chain(&known.earlier) {
        match ports.checkpoints.place(&from_core(digest), &path, line) {
            Ok(Place::Exists) => return true,
            Ok(Place::NoSuchLine { .. }) => return false,
            Ok(Place::NoSuchPath) => {}
            Err(error) => {
                // Fails closed: what cannot be looked up does not exist.
                tracing::error!(%error, "a finding's place could not be looked up");
                return false;
            }
        }
    }
    false
}

/// What was changed in the checkout, if anything was.
pub(crate) fn tampered(ports: &Ports, known: &Known) -> Option<String> {
    match ports.checkpoints.verify(&from_core(&known.digest), &known.folder) {
        Ok(differences) => differences.first().map(|d| {
            d.path.as_ref().map_or_else(|| ".".to_owned(), |path| path.as_path().display().to_string())
        }),
        Err(error) => Some(format!("it could not be verified: {error}")),
    }
}

/// The store's form of a digest. The two crates keep a type each; both are `sha256:` and 64 hex digits.
pub(crate) fn from_core(digest: &Digest) -> mo_checkpoint::Digest {
    digest.as_str().parse().unwrap_or_else(|_| mo_checkpoint::Digest::of(b"not a checkpoint"))
}

/// The core's form of a digest.
pub(crate) fn to_core(digest: &mo_checkpoint::Digest) -> Option<Digest> {
    Digest::parse(&digest.to_string())
}
