//! A small file system in memory, for the policy's tests.

use std::collections::BTreeMap;

use super::{Bounds, Ground, Places, Rule};
use crate::ceiling::Ceiling;
use crate::ids::Role;

/// Links by their absolute path; everything else is where its text says, and patterns match the files listed.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub links: BTreeMap<&'static str, &'static str>,
    pub files: Vec<&'static str>,
    pub untrusted_git: Vec<&'static str>,
}

impl Places for Tree {
    fn resolve(&self, path: &str) -> Option<Vec<String>> {
        if !path.contains(['*', '?', '[']) {
            return Some(vec![self.walk(path)]);
        }
        // Only what the tests need: one `*` in the last part.
        let (folder, name) = path.rsplit_once('/')?;
        let (head, tail) = name.split_once('*')?;
        let found = self.files.iter().filter(|file| {
            file.rsplit_once('/').is_some_and(|(at, name)| {
                at == self.walk(folder)
                    && name.starts_with(head)
                    && name.ends_with(tail)
                    && !name.starts_with('.')
            })
        });
        let found: Vec<String> = found.map(|file| self.walk(file)).collect();
        Some(if found.is_empty() { vec![self.walk(folder)] } else { found })
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains(&path)
    }

    fn git_is_plain(&self, folder: &str) -> bool {
        let at = self.walk(folder);
        (at == "/p" || at.starts_with("/p/")) && !self.untrusted_git.contains(&at.as_str())
    }
}

impl Tree {
    fn walk(&self, path: &str) -> String {
        let mut at = String::new();
        for part in path.split('/') {
            match part {
                "" | "." => continue,
                ".." => {
                    let parent = at.rfind('/').unwrap_or(0);
                    at.truncate(parent);
                    continue;
                }
                name => {
                    at.push('/');
                    at.push_str(name);
                }
            }
            if let Some(to) = self.links.get(at.as_str()) {
                at = self.walk(to);
            }
        }
        if at.is_empty() { "/".to_owned() } else { at }
    }
}

/// The implementer's ground.
pub(super) fn ground<'a>(bounds: &'a Bounds, tree: &'a Tree, rules: &'a [Rule]) -> Ground<'a> {
    Ground { bounds, role: Role::Implementer, may_write: true, places: tree, rules, ceiling: Ceiling::ALL }
}
