//! One `orchestrate run` in a sandbox, and what it said.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use mo_tests::{Duplex, Finished, Listing, MODEL_PORT, Sandbox, finish, listing};
use serde_json::{Value, json};

use super::play::Play;
use super::project::{self, Kind};

/// How long another command may take.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// A port where nobody listens, and that Node does not refuse by itself.
pub(crate) const NOBODY_PORT: u16 = 8124;
/// The team's file, relative to the sandbox's root.
const TEAM: &str = "config/team.toml";
/// The configuration, relative to the sandbox's root.
const CONFIG: &str = "config/config.toml";

/// A session that is about to run.
pub(crate) struct Job {
    pub(crate) sandbox: Sandbox,
    name: &'static str,
    script: Value,
    before: Listing,
    begun: Instant,
}

/// A session that has run.
pub(crate) struct Ran {
    pub(crate) job: Job,
    /// The events, as `run --json` printed them.
    pub(crate) events: Vec<Value>,
    /// The object of the last line.
    pub(crate) summary: Value,
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// What came on stderr.
    pub(crate) stderr: String,
}

impl Job {
    /// A sandbox with a project and a home that already has the person's own settings.
    pub(crate) fn new(name: &'static str, kind: Kind, folder: &str, play: &Play) -> Self {
        Self::with_script(name, kind, folder, play.script())
    }

    /// The same with a script of the case's own.
    pub(crate) fn with_script(name: &'static str, kind: Kind, folder: &str, script: Value) -> Self {
        let sandbox = Sandbox::with_target(&script, folder).unwrap();
        project::fill(&sandbox, kind);
        fs::create_dir(sandbox.root().join("outside")).unwrap();
        own_settings(&sandbox);
        // Nobody is there to ask: what is asked is a no soon.
        sandbox.write_config("[session]\napproval_timeout = \"1s\"\n").unwrap();
        let before = listing(sandbox.root()).unwrap();
        Self { sandbox, name, script, before, begun: Instant::now() }
    }

    /// The same with a further file, relative to the sandbox's root, which a person wrote beforehand.
    pub(crate) fn with_file(mut self, path: &str, text: &str) -> Self {
        fs::write(self.sandbox.root().join(path), text).unwrap();
        self.before = listing(self.sandbox.root()).unwrap();
        self
    }

    /// The same with a team of its own (TOML), which `run` is then given.
    pub(crate) fn with_team(self, team: &str) -> Self {
        self.with_file(TEAM, team)
    }

    /// The same with further lines in the configuration (TOML).
    pub(crate) fn with_config(mut self, more: &str) -> Self {
        self.sandbox.write_config(more).unwrap();
        self.before = listing(self.sandbox.root()).unwrap();
        self
    }

    /// The same with a program that everything here finds before the system's own.
    pub(crate) fn with_program(self, name: &str, text: &str) -> Self {
        let bin = self.sandbox.root().join("bin");
        fs::create_dir_all(&bin).unwrap();
        let job = self.with_file(&format!("bin/{name}"), text);
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        Self { before: listing(job.sandbox.root()).unwrap(), ..job }
    }

    /// The same with a model service at a port where nobody listens.
    pub(crate) fn without_model(self) -> Self {
        self.with_replaced(&format!("127.0.0.1:{MODEL_PORT}"), &format!("127.0.0.1:{NOBODY_PORT}"))
    }

    /// The same with another text in the configuration.
    pub(crate) fn with_replaced(self, there: &str, by: &str) -> Self {
        let text = fs::read_to_string(self.sandbox.root().join(CONFIG)).unwrap();
        assert!(text.contains(there), "{text}");
        self.with_file(CONFIG, &text.replace(there, by))
    }

    /// The same with further variables in an agent's environment.
    pub(crate) fn with_env(self, agent: &str, more: &[(&str, &str)]) -> Self {
        let head = format!("[agents.{agent}.env]\n");
        let mut lines = head.clone();
        for (name, value) in more {
            lines.extend([name, " = \"", value, "\"\n"]);
        }
        self.with_replaced(&head, &lines)
    }

    /// What was there before, relative to the sandbox's root.
    pub(crate) fn before(&self) -> &Listing {
        &self.before
    }

    /// `orchestrate` with the sandbox's config and data folder.
    pub(crate) fn orchestrate(&self, args: &[&str]) -> Command {
        let mut command = self.in_words(args);
        command.arg("--json");
        command
    }

    /// The same for a person to read.
    pub(crate) fn in_words(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(orchestrate()).unwrap();
        command.args(args);
        command.arg("--config").arg(self.sandbox.root().join("config/config.toml"));
        command.arg("--data-dir").arg(self.sandbox.data());
        command
    }

    /// Starts `run` on the target.
    pub(crate) fn start(&self, more: &[&str]) -> Duplex {
        let outside = self.sandbox.root().join("outside");
        let goal = format!("Let greet take a name.\nThe place outside is {}\n", outside.display());
        let mut command = self.orchestrate(&["run", &goal]);
        command.arg("-C").arg(self.sandbox.target()).args(more);
        let team = self.sandbox.root().join(TEAM);
        if team.exists() {
            command.arg("--team").arg(team);
        }
        Duplex::start(command).unwrap()
    }

    /// Runs it to its end.
    pub(crate) fn run(self, more: &[&str]) -> Ran {
        let cli = self.start(more);
        self.finish(cli)
    }

    /// Waits for the end of a started run.
    pub(crate) fn finish(self, mut cli: Duplex) -> Ran {
        let taken = cli.until(|line| line.get("summary").is_some() || line.get("error").is_some(), |_| None);
        let (status, stderr) = cli.close().unwrap();
        let last = taken.unwrap_or_else(|why| {
            panic!("{}: {status}: {stderr}\n{why:#}\n{}", self.name, transcripts(&self.sandbox.data()))
        });
        let mut events: Vec<Value> = cli.transcript.received().cloned().collect();
        assert_eq!(events.pop(), Some(last.clone()), "the summary is the last line\n{}", cli.transcript);
        Ran { events, summary: last["summary"].clone(), code: status.code(), stderr, job: self }
    }
}

impl Ran {
    /// Checks what every session must keep, prints how long what took, and gives the session's story for messages.
    pub(crate) fn check(&self, decision: Option<&str>, state: &str, code: i32) -> String {
        let story = self.story();
        assert_eq!(self.summary["decision"], json!(decision), "{story}");
        assert_eq!(self.summary["state"], state, "{story}");
        assert_eq!(self.summary["exit_code"], code, "{story}");
        assert_eq!(self.code, Some(code), "{story}");
        assert_eq!(Path::new(self.summary["target"].as_str().unwrap()), self.job.sandbox.target());
        let session = &self.summary["session"];
        for (index, event) in self.events.iter().enumerate() {
            assert_eq!(event["seq"], index + 1, "dense from 1\n{story}");
            assert_eq!(&event["session"], session);
        }
        self.print_times();
        story
    }

    /// Goes on with the session; what it has been is then all of it, from its beginning.
    pub(crate) fn resume(self, more: &[&str]) -> Self {
        let Self { job, mut events, summary, .. } = self;
        let mut command = job.orchestrate(&["resume", summary["session"].as_str().unwrap()]);
        command.args(more);
        let mut ran = job.finish(Duplex::start(command).unwrap());
        events.append(&mut ran.events);
        Self { events, ..ran }
    }

    /// The data of the events of a kind, in order, each with its worker.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<(&str, &Value)> {
        let of_kind = self.events.iter().filter(|event| event["kind"] == kind);
        of_kind.map(|event| (event["worker"].as_str().unwrap_or_default(), &event["data"])).collect()
    }

    /// The session's folder in the data folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.job.sandbox.data().join("sessions").join(self.summary["session"].as_str().unwrap())
    }

    /// Another command about this session; its stdout is JSON.
    pub(crate) fn ask(&self, args: &[&str]) -> Finished {
        let done = finish(self.job.orchestrate(args), LIMIT).unwrap();
        assert_eq!(done.status.code(), Some(0), "{args:?}: {}\n{}", done.stderr, done.stdout);
        done
    }

    /// The turns that the model was asked for, as `api: rule`, in the order of their first request. Every request was
    /// answered by a rule, and every rule was played to its end, no further.
    pub(crate) fn turns_asked(&self) -> Vec<String> {
        let mut turns: Vec<(String, u64, &Value)> = Vec::new();
        let requests = self.job.sandbox.requests().unwrap();
        for request in &requests {
            assert!(request["refused"].is_null(), "the model had no answer: {}", request["refused"]);
            let Some(rule) = request["rule"].as_str() else { continue };
            let turn = format!("{}: {rule}", request["api"].as_str().unwrap());
            let step = request["step"].as_u64().unwrap() + 1;
            match turns.iter_mut().find(|(known, _, _)| *known == turn) {
                Some((_, steps, _)) => *steps = step.max(*steps),
                None => turns.push((turn, step, &request["rule"])),
            }
        }
        for rule in self.job.script["rules"].as_array().unwrap() {
            let steps = rule["steps"].as_array().unwrap().len() as u64;
            for (turn, played, _) in turns.iter().filter(|(_, _, name)| **name == rule["name"]) {
                assert_eq!(*played, steps, "steps of {turn}");
            }
        }
        turns.into_iter().map(|(turn, _, _)| turn).collect()
    }

    fn print_times(&self) {
        let at = |event: &Value| {
            event["at"].as_str().unwrap_or_default().get(11..23).unwrap_or_default().to_owned()
        };
        let mut line = String::new();
        for event in &self.events {
            let data = &event["data"];
            let what = match event["kind"].as_str().unwrap_or_default() {
                "phase_started" => data["step"]["phase"].as_str().unwrap_or_default(),
                "session_created" => "start",
                "session_ended" => "end",
                _ => continue,
            };
            line.extend([" ", what, " ", &at(event)]);
        }
        let session = self.summary["elapsed_ms"].as_u64().unwrap_or_default();
        eprintln!("{}: whole {:.1?}, session {session} ms:{line}", self.job.name, self.job.begun.elapsed());
    }

    /// All that is known, for a failing test.
    pub(crate) fn story(&self) -> String {
        let mut story = format!("exit {:?}\n{}\nstderr: {}\n", self.code, self.summary, self.stderr);
        for event in &self.events {
            let line: String = event.to_string().chars().take(600).collect();
            story.push_str(&line);
            story.push('\n');
        }
        story.push_str(&transcripts(&self.job.sandbox.data()));
        story
    }
}

/// The ends of all stderr transcripts.
fn transcripts(data: &Path) -> String {
    let mut text = String::new();
    let files = listing(data).unwrap_or_default();
    for path in files.keys().filter(|path| path.to_string_lossy().contains("stderr")) {
        let said = fs::read_to_string(data.join(path)).unwrap_or_default();
        let tail: Vec<&str> = said.lines().rev().take(20).collect();
        for line in tail.into_iter().rev() {
            text.extend([&path.to_string_lossy(), ": ", line, "\n"]);
        }
    }
    text
}

/// The person's own settings: as permissive as a person may have them. They must neither be changed nor make a
/// worker freer than the session allows.
fn own_settings(sandbox: &Sandbox) {
    let write = |path: &str, text: String| {
        let path = sandbox.home().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let says_yes =
        r#"echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}'"#;
    let claude = json!({
        "permissions": {"allow": ["Bash", "Write", "Edit", "Read"], "defaultMode": "acceptEdits"},
        "hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": says_yes}]}]},
    });
    write(".claude/settings.json", claude.to_string());
    write(
        ".codex/config.toml",
        "approval_policy = \"never\"\nsandbox_mode = \"danger-full-access\"\n".to_owned(),
    );
    write(".codex/rules/default.rules", "prefix_rule(pattern=[\"touch\"], decision=\"allow\")\n".to_owned());
    let tools = "[\"run_shell_command\", \"write_file\", \"replace\"]";
    let rule = format!("[[rule]]\ntoolName = {tools}\ndecision = \"allow\"\npriority = 950\n");
    write(".gemini/policies/own.toml", rule);
    write(".gemini/trustedFolders.json", "{}\n".to_owned());
}

/// The binary: `MO_ORCHESTRATE`, else built now.
fn orchestrate() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(path) = std::env::var_os("MO_ORCHESTRATE") {
            return path.into();
        }
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--bin", "orchestrate", "--message-format", "json"])
            .current_dir(workspace)
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        // The last artifact with an executable is the one that was asked for, wherever the target folder is.
        let said = String::from_utf8_lossy(&built.stdout);
        let artifacts = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let program =
            artifacts.filter_map(|artifact| artifact["executable"].as_str().map(PathBuf::from)).next_back();
        program.expect("cargo built no `orchestrate`")
    })
}
