//! A process and all that it started: what they hold and take together.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::processor::cpu;

/// A process and its descendants, as they were when it was looked for.
#[derive(Debug)]
pub(crate) struct Tree(Vec<u32>);

impl Tree {
    /// Of a process.
    pub(crate) fn of(root: u32) -> Result<Self> {
        let parents = parents()?;
        let mut found = vec![root];
        let mut next = 0;
        while let Some(parent) = found.get(next).copied() {
            found.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        Ok(Self(found))
    }

    /// Of that program below a process.
    pub(crate) fn of_program(program: &Path, below: u32) -> Result<Self> {
        let program = program.canonicalize()?;
        let Self(found) = Self::of(below)?;
        let is = |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program);
        let root = found.into_iter().find(is);
        Self::of(root.with_context(|| format!("{} does not run", program.display()))?)
    }

    /// Proportional set size in KiB, of each of them by its name: what they share is shared out.
    pub(crate) fn pss(&self) -> Result<Vec<(String, u64)>> {
        let of = |pid: &u32| {
            // One that has ended meanwhile holds nothing.
            let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
            Some((name(*pid).ok()?, line.trim().trim_end_matches("kB").trim().parse().ok()?))
        };
        let each: Vec<(String, u64)> = self.0.iter().filter_map(of).collect();
        ensure!(!each.is_empty(), "none of the processes is there any more");
        Ok(each)
    }

    /// Seconds on a core so far, of each of them by its name.
    pub(crate) fn cpu(&self) -> Result<Vec<(String, f64)>> {
        self.0.iter().map(|pid| Ok((name(*pid)?, cpu(*pid)?))).collect()
    }
}

fn name(pid: u32) -> Result<String> {
    Ok(std::fs::read_to_string(format!("/proc/{pid}/comm"))?.trim_end().to_owned())
}

/// Each process's parent. One that has ended meanwhile is left out.
fn parents() -> Result<BTreeMap<u32, u32>> {
    let pids =
        std::fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let parent = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Behind the name in brackets, which may have spaces and brackets of its own: state, parent.
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
    };
    Ok(pids.filter_map(|pid| Some((pid, parent(pid)?))).collect())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn children_of_children_are_part_of_it() {
        let mut child = Command::new("sh")
            .args(["-c", "cat; true"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The shell has started cat when cat answers.
        let mut input = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut input, b"x").unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut byte).unwrap();
        let tree = Tree::of(std::process::id()).unwrap();
        let own = Tree::of(child.id()).unwrap();
        assert_eq!((own.0[0], own.0.len()), (child.id(), 2));
        assert!(own.0.iter().all(|pid| tree.0.contains(pid)));
        let held = |tree: &Tree| tree.pss().unwrap().iter().map(|(_, kib)| kib).sum::<u64>();
        assert!(held(&own) > 0 && held(&tree) > held(&own));
        let found = Tree::of_program(Path::new("/bin/cat"), std::process::id()).unwrap();
        assert_eq!(found.0, own.0[1..]);
        drop(input);
        child.wait().unwrap();
    }
}
