//! What is found out about a request before it is judged: where its paths lead, and what git would do in its folders.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use mo_core::approval::Action;
use mo_core::ceiling::Ceiling;
use mo_core::ids::{ApprovalId, Role};
use mo_core::policy::{Bounds, Ground, KnownPlaces, Places, Rule, Ruling, Survey, judge};

use crate::{git_settings, paths, patterns};

/// Looks up everything that judging this action asks for. Its own paths must be resolved already.
pub(crate) fn survey(action: &Action, bounds: &Bounds, rules: &Arc<[Rule]>) -> Survey {
    let noting = Noting::default();
    // Judged as one that may write and under no ceiling, whatever is so: that looks at no fewer places.
    let ground = Ground {
        bounds,
        role: Role::Implementer,
        may_write: true,
        places: &noting,
        rules,
        ceiling: Ceiling::ALL,
    };
    judge(action, &ground);
    let approval = ApprovalId::new(uuid::Uuid::now_v7().to_string());
    Survey { approval, bounds: bounds.clone(), known: noting.known.into_inner(), rules: Arc::clone(rules) }
}

/// What the policy says of a shell line in a folder, without a session: the target is that folder.
pub fn explain(
    line: &str,
    role: Role,
    folder: &Path,
    home: Option<&Path>,
    data: &Path,
    rules: &[Rule],
    ceiling: Ceiling,
) -> Ruling {
    let text = |path: &Path| paths::resolve(path).to_string_lossy().into_owned();
    let bounds =
        Bounds { root: text(folder), keep_out: text(data), home: home.map(text).unwrap_or_default() };
    let may_write = role == Role::Implementer;
    let ground = Ground { bounds: &bounds, role, may_write, places: &FileSystem, rules, ceiling };
    judge(&Action::Command { command: line.to_owned(), cwd: None }, &ground)
}

/// The file system as it is.
struct FileSystem;

impl Places for FileSystem {
    fn resolve(&self, path: &str) -> Option<Vec<String>> {
        let found = patterns::expand(path)?;
        Some(found.iter().map(|path| paths::resolve_one(path, Path::new("/"))).collect())
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).symlink_metadata().is_ok()
    }

    fn git_is_plain(&self, folder: &str) -> bool {
        git_settings::are_plain(Path::new(&paths::resolve_one(folder, Path::new("/"))))
    }
}

/// The file system, with a note of every answer.
#[derive(Default)]
struct Noting {
    known: RefCell<KnownPlaces>,
}

impl Places for Noting {
    fn resolve(&self, path: &str) -> Option<Vec<String>> {
        if let Some(known) = self.known.borrow().resolved.get(path) {
            return Some(known.clone());
        }
        let places = FileSystem.resolve(path)?;
        self.known.borrow_mut().resolved.insert(path.to_owned(), places.clone());
        Some(places)
    }

    fn exists(&self, path: &str) -> bool {
        let exists = FileSystem.exists(path);
        if exists {
            self.known.borrow_mut().existing.insert(path.to_owned());
        }
        exists
    }

    fn git_is_plain(&self, folder: &str) -> bool {
        let plain = FileSystem.git_is_plain(folder);
        if plain {
            self.known.borrow_mut().plain_git.insert(folder.to_owned());
        }
        plain
    }
}

#[cfg(test)]
#[path = "survey_tests.rs"]
mod tests;
