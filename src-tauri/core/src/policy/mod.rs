//! The policy for what a worker asks (design.md §7): `Allow < Ask < Deny`, and the strictest rule that matches wins.
//!
//! Built in: reading inside the worker's folder is allowed; writing inside the target is allowed to the implementer;
//! programs that only read are allowed; secrets and our own files are denied; everything else is asked. A person's rule
//! can allow what would be asked for want of a rule, and can ask or deny anything.

mod always;
mod command;
mod dangers;
mod ground;
mod paths;
mod programs;
mod rule;
mod ruling;
pub mod shell;
mod streams;

pub use always::{always, exactly};
pub use ground::{Bounds, Ground, KnownPlaces, Places, Survey};
pub use rule::{About, Rule};
pub use ruling::{Permit, Risk, Ruling};

use crate::approval::Action;
use crate::ceiling::Freedom;

/// Judges an action. Paths of reads and writes are absolute and resolved (no symlink, no `..`).
pub fn judge(action: &Action, ground: &Ground<'_>) -> Ruling {
    match action {
        Action::Internal { .. } => Ruling::allow("own_state", "it changes only the agent's own notes"),
        Action::Read { paths } => all(paths, |path| path_with_rules(path, false, ground))
            .unwrap_or_else(|| Ruling::allow("read_inside", "it reads inside the project folder")),
        Action::Write { paths, .. } => all(paths, |path| path_with_rules(path, true, ground))
            .unwrap_or_else(|| Ruling::ask("write_outside", Risk::High, "it writes, and does not say where")),
        Action::Command { command, cwd } => command::judge(command, cwd.as_deref(), ground),
        Action::Fetch { url } => fetch(url, ground),
        Action::Tool { tool, .. } => {
            let built_in =
                Ruling::ask("other_tools", Risk::Medium, format!("no rule says what the tool `{tool}` does"));
            with_rules(built_in, Some(Freedom::Tools), ground, |rule| rule.matches_tool(tool))
        }
    }
}

fn fetch(url: &str, ground: &Ground<'_>) -> Ruling {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let built_in = Ruling::ask("network", Risk::Medium, format!("it reaches out to {host}"));
    with_rules(built_in, Some(Freedom::Hosts), ground, |rule| rule.matches_host(host))
}

/// The strictest of what is said of each; `None` of none.
fn all(paths: &[String], judge: impl Fn(&str) -> Ruling) -> Option<Ruling> {
    paths.iter().map(|path| judge(path)).reduce(Ruling::strictest)
}

/// What is said of a resolved path by the built-in rules and the person's.
fn path_with_rules(path: &str, writes: bool, ground: &Ground<'_>) -> Ruling {
    let built_in = if writes { paths::write(path, ground) } else { paths::read(path, ground) };
    // Outside is asked for want of a rule; what changes how tools run is asked by one.
    let lifts = match built_in.rule.as_str() {
        "read_outside" => Some(Freedom::ReadOutside),
        "write_outside" => Some(Freedom::WriteOutside),
        _ => None,
    };
    let above = writes && built_in.verdict == Permit::Allow && !ground.ceiling.has(Freedom::Write);
    let built_in =
        if above { above_ceiling("it writes inside the project folder", Freedom::Write) } else { built_in };
    with_rules(built_in, lifts, ground, |rule| rule.matches_path(path, writes, &ground.bounds.root))
}

/// The built-in ruling together with the person's rules that match. One that allows counts only where the built-in one
/// asks for want of a rule, and only within the ceiling: `lifts` is what such a rule lets through, `None` where none can.
fn with_rules(
    built_in: Ruling,
    lifts: Option<Freedom>,
    ground: &Ground<'_>,
    matches: impl Fn(&Rule) -> bool,
) -> Ruling {
    let own = ground
        .rules
        .iter()
        .filter(|rule| rule.holds_for(ground.role, &ground.bounds.root) && matches(rule))
        .map(|rule| {
            let why = rule.why.clone().unwrap_or_else(|| format!("your rule `{}` says so", rule.name));
            let by = if rule.verdict == Permit::Allow { vec![rule.name.clone()] } else { Vec::new() };
            Ruling { verdict: rule.verdict, rule: rule.name.clone(), why, risk: built_in.risk, by }
        })
        .reduce(Ruling::strictest);
    match (own, lifts) {
        (Some(own), Some(freedom)) if built_in.verdict == Permit::Ask => {
            let above = own.verdict == Permit::Allow && !ground.ceiling.has(freedom);
            if above { above_ceiling(&format!("your rule `{}` allows it", own.rule), freedom) } else { own }
        }
        // What is allowed anyway rests on no rule of theirs.
        (Some(own), _) => built_in.strictest(Ruling { by: Vec::new(), ..own }),
        (None, _) => built_in,
    }
}

/// What would be let through, were it not for the ceiling.
fn above_ceiling(what: &str, freedom: Freedom) -> Ruling {
    let why = format!("{what}, and the session's ceiling has no `{}`", freedom.as_str());
    Ruling::ask("above_ceiling", Risk::Medium, why)
}

/// The built-in rules, for a person to read: name, verdict, what it is about.
pub const BUILT_IN: [(&str, Permit, &str); 39] = [
    ("read_inside", Permit::Allow, "reading inside the project folder"),
    ("write_inside", Permit::Allow, "writing inside the project folder, by the implementer"),
    (
        "read_only",
        Permit::Allow,
        "programs that are known to only read, with plain options: ls, cat, grep, rg, find, git log …",
    ),
    ("own_state", Permit::Allow, "the agent's own todo list, plan and structured answer"),
    (
        "above_ceiling",
        Permit::Ask,
        "what is let through without you only where the session's `ceiling` names it",
    ),
    ("read_outside", Permit::Ask, "reading outside the project folder"),
    ("write_outside", Permit::Ask, "writing outside the project folder"),
    ("outside", Permit::Ask, "running in a folder outside the project"),
    (
        "protected",
        Permit::Ask,
        "writing what changes how tools run: .git, .github, .vscode, .claude, .envrc …",
    ),
    ("maybe_secret", Permit::Ask, "reading files that may hold keys: *.pem, *.key, *.p12 …"),
    ("unknown_program", Permit::Ask, "programs that no rule is about"),
    ("not_plain", Permit::Ask, "known programs with options that do more"),
    ("open_name", Permit::Ask, "names that come from a variable, a substitution or too many files"),
    ("rests_on_itself", Permit::Ask, "lines of which one part rests on what another part changes"),
    ("git_settings", Permit::Ask, "git where the project's own settings can start programs"),
    ("shell_assignment", Permit::Ask, "variables that are set before a program"),
    ("shell_background", Permit::Ask, "background jobs"),
    ("shell_function", Permit::Ask, "shell functions"),
    ("fork_bomb", Permit::Ask, "shell functions that start themselves again and again"),
    (
        "shell_unread",
        Permit::Ask,
        "lines that cannot be read as a shell line, or forms that are not looked into",
    ),
    ("fetch_and_run", Permit::Ask, "running what is fetched: curl … | sh"),
    ("privilege", Permit::Ask, "sudo and its like"),
    ("delete", Permit::Ask, "deleting; delete_recursive: whole folders"),
    ("disk_tools", Permit::Ask, "dd, mkfs, mount, shred …"),
    ("permissions", Permit::Ask, "chmod, chown, setfacl …"),
    ("force_push", Permit::Ask, "overwriting the history that others have; push: any push"),
    ("rewrite_history", Permit::Ask, "git rebase, commit --amend, filter-branch …"),
    ("discard_changes", Permit::Ask, "git reset, checkout, clean, stash …"),
    ("git_config", Permit::Ask, "git -c, git config"),
    ("publish", Permit::Ask, "publishing packages, acting for you at a service"),
    ("services", Permit::Ask, "services, processes, the machine"),
    ("containers", Permit::Ask, "docker, podman …"),
    ("network", Permit::Ask, "reaching the network"),
    ("install", Permit::Ask, "installing software"),
    ("inline_code", Permit::Ask, "code in the line: python -c, node -e …"),
    ("runs_others", Permit::Ask, "programs that run what the line does not name: xargs, eval, source …"),
    ("other_tools", Permit::Ask, "tools of the agent's that no rule is about"),
    ("secrets", Permit::Deny, "places where secrets are kept: ~/.ssh, ~/.aws, .env, /proc/*/environ …"),
    ("own_files", Permit::Deny, "the orchestrator's own files"),
];

#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod policy_tests;
#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod testing;
