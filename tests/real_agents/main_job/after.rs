//! What a session may leave behind, and what it may not.

use std::path::Path;
use std::sync::LazyLock;

use mo_tests::{difference, listing};
use regex::Regex;

use super::job::Ran;

const UUID: &str = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/// The CLIs' own session, history, cache and state files under the private `home`, and what they leave in `TMPDIR`
/// (measured: strace of each CLI alone). Nothing that a person sets is among them.
static OWN_STATE: LazyLock<Regex> = LazyLock::new(|| {
    let patterns = [
        // Claude Code
        r"home/\.claude\.json(\.lock|\.tmp\.\d+\.[0-9a-f]+)?".to_owned(),
        r"home/\.claude/(\.last-cleanup|backups(/\.claude\.json\.backup\.\d+)?)".to_owned(),
        r"home/\.claude/plugins(/store(/cc-plugin-[\w-]+\.json(\.lock|\.tmp\.[0-9a-f]+)?)?)?".to_owned(),
        format!(r"home/\.claude/projects(/[\w-]+(/({UUID}\.jsonl|memory))?)?"),
        r"home/\.claude/sessions(/\d+(\.json|\.[0-9a-f]+\.key(\.tmp\.[0-9a-f]+)?))?".to_owned(),
        format!(r"home/\.claude/(session-env(/{UUID})?|shell-snapshots(/snapshot-(ba|z)sh-[\w-]+\.sh)?)"),
        format!(r"tmp/claude-\d+(/(fswatch-probe-\w+(/probe)?|[\w-]+(/{UUID}(/started|/tasks)?)?))?"),
        r"tmp/(cc-socks(/\d+\.sock)?|claude-[0-9a-f]+-cwd)".to_owned(),
        // Codex
        r"home/\.codex/(\.sandbox_migration|installation_id|\.tmp\w+)".to_owned(),
        r"home/\.codex/\w+_\d\.sqlite(-journal|-shm|-wal)?".to_owned(),
        format!(r"home/\.codex/sessions(/\d{{4}}(/\d\d(/\d\d(/rollout-[\dT-]+-{UUID}\.jsonl)?)?)?)?"),
        r"home/\.codex/skills(/\.system(/.+)?)?".to_owned(),
        format!(r"home/\.codex/shell_snapshots(/{UUID}\.(tmp-\d+|\d+\.sh))?"),
        format!(r"home/\.codex/thread-writer-locks(/(\.coordination|{UUID})\.lock)?"),
        r"home/\.codex/tmp(/arg0-linux(/codex-arg0\w+(/(\.lock|apply_patch|applypatch|codex-linux-sandbox))?)?)?"
            .to_owned(),
        r"tmp/codex-bwrap-synthetic-mount-targets-\d+(/lock|/[0-9a-f]+(/\d+)?)?".to_owned(),
        // Gemini CLI; the folders are named after the folder that it works in.
        format!(r"home/\.gemini/(projects\.json(\.lock|\.{UUID}\.tmp)?|installation_id|history|tmp)"),
        r"home/\.gemini/history/[\w-]+(/\.project_root)?".to_owned(),
        format!(
            r"home/\.gemini/tmp/[\w-]+(/(\.project_root|logs|chats|{UUID}|chats/session-[\dT-]+[0-9a-f]{{8}}\.jsonl))?"
        ),
        r"tmp/gemini-client-error-[\w.-]+\.json".to_owned(),
        r"tmp/gemini-shell-\w+(/bgpids\.tmp)?".to_owned(),
        // The model's record of requests
        r"model-log\.jsonl".to_owned(),
    ];
    Regex::new(&format!("^({})$", patterns.join("|"))).unwrap()
});

impl Ran {
    /// Nothing but `changed` differs in the target, `.git` and what is ignored included; nothing differs outside but
    /// the CLIs' own state; no process is left.
    pub(crate) fn check_what_is_left(&self, changed: &[&str]) {
        let sandbox = &self.job.sandbox;
        assert_eq!(sandbox.processes().unwrap(), [], "still running\n{}", self.story());
        let after = listing(sandbox.root()).unwrap();
        let target = Path::new(sandbox.target().file_name().unwrap());
        let mut in_target = Vec::new();
        let mut others = Vec::new();
        for path in difference(self.job.before(), &after) {
            match path.strip_prefix(target) {
                Ok(inside) => in_target.push(inside),
                Err(_) if path.starts_with("data") => {}
                Err(_) if OWN_STATE.is_match(&path.to_string_lossy()) => {}
                Err(_) => others.push(path),
            }
        }
        assert_eq!(in_target, changed.iter().map(Path::new).collect::<Vec<_>>(), "{}", self.story());
        assert_eq!(others, [] as [&Path; 0], "changed outside\n{}", self.story());
        assert!(!self.folder().join("checkouts").exists(), "a reviewer's checkout was left");
        let left = after.keys().filter_map(|path| path.strip_prefix("tmp").ok());
        let left: Vec<String> = left.map(|path| path.display().to_string()).collect();
        eprintln!("  left in TMPDIR by the CLIs: {}", left.join(" "));
    }
}
