//! A place of its own for each test, and the command in it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use mo_core::ids::AgentKind;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;
use tempfile::TempDir;

/// How long a command may take before the test gives up: far more than any needs on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program, beside the tests: `cargo build --bin orchestrate` puts it there.
pub(crate) fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("orchestrate");
    assert!(
        program.is_file(),
        "{} is not there: run `cargo build --bin orchestrate` first",
        program.display()
    );
    program
}

/// A home, a PATH with nothing but `bin`, a target, and a data folder that does not exist.
pub(crate) struct Stage {
    dir: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("orchestrate-test-").tempdir().unwrap();
        // Readable for everybody: some tests run the command as somebody else.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for part in ["home", "bin", "target", "tmp"] {
            std::fs::create_dir(dir.path().join(part)).unwrap();
        }
        std::fs::write(dir.path().join("target/a.txt"), "before\n").unwrap();
        Self { dir }
    }

    /// With programs that look installed but are never to be started for work.
    pub(crate) fn with_fakes() -> Self {
        let stage = Self::new();
        for (agent, version) in [("claude", "2.1.330 (Claude Code)"), ("codex", "codex-cli 0.169.0")] {
            stage.program(agent, &format!("#!/bin/sh\necho '{version}'\n"));
        }
        stage.program("gemini", "#!/bin/sh\necho 0.61.0\n");
        stage
    }

    /// With scripted agents; a script is the JSON of `mo_scripted::script::Script`.
    pub(crate) fn with_scripts(scripts: [(AgentKind, Value); 3]) -> Self {
        let stage = Self::new();
        let mut files = Vec::new();
        for (agent, mut script) in scripts {
            let file = stage.path(&format!("{agent}.json"));
            script["state_dir"] = "state".into();
            std::fs::write(&file, script.to_string()).unwrap();
            files.push((agent, file));
        }
        mo_scripted::install::install(&stage.path("bin"), &program(), &files, true).unwrap();
        stage
    }

    /// An executable on the PATH.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path("bin").join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.path("target")
    }

    /// The data folder that counts where none is named.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("home/.local/share/meta-orchestrator")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("home/.config/meta-orchestrator/config.toml")
    }

    /// Writes the default configuration.
    pub(crate) fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.config().parent().unwrap()).unwrap();
        std::fs::write(self.config(), text).unwrap();
    }

    pub(crate) fn command<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Command {
        let mut command = Command::new(program());
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", self.path("bin"))
            .env("TMPDIR", self.path("tmp"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Done {
        Running::start(self.command(args)).finish()
    }

    /// Runs the default team on the target.
    pub(crate) fn run_goal(&self, more: &[&str]) -> Done {
        let target = self.target();
        let mut args = vec!["run", "write a.txt", "-C", target.to_str().unwrap()];
        args.extend(more);
        self.run(args)
    }

    /// Every file and folder below `name` with its content.
    pub(crate) fn listing(&self, name: &str) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let mut found = Vec::new();
        list(&self.path(name), &mut found);
        found.sort();
        found
    }
}

fn list(folder: &Path, found: &mut Vec<(PathBuf, Option<Vec<u8>>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.push((path.clone(), None));
            list(&path, found);
        } else {
            // A socket has none.
            let content = if path.is_file() { Some(std::fs::read(&path).unwrap()) } else { None };
            found.push((path, content));
        }
    }
}

impl Done {
    /// The lines of stdout as JSON; every one must be.
    pub(crate) fn json(&self) -> Vec<Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.out.lines().map(parse).collect()
    }

    /// The last line of stdout as JSON.
    pub(crate) fn last(&self) -> Value {
        self.json().pop().unwrap_or_else(|| panic!("nothing was printed: {self:?}"))
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

/// A command that runs, with its output read as it comes.
pub(crate) struct Running {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
    seen: String,
    err: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        let (tell, err) = mpsc::channel();
        if let Some(mut stderr) = child.stderr.take() {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stderr.read_to_end(&mut text);
                let _ = tell.send(String::from_utf8_lossy(&text).into_owned());
            });
        }
        Self { child, lines, seen: String::new(), err }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// Reads stdout up to a line that holds this.
    pub(crate) fn until(&mut self, part: &str) -> String {
        loop {
            let lines = self.lines.as_mut().unwrap();
            if lines.buffer().is_empty() {
                let patience = Timespec { tv_sec: i64::try_from(PATIENCE.as_secs()).unwrap(), tv_nsec: 0 };
                let ready =
                    poll(&mut [PollFd::new(lines.get_ref(), PollFlags::IN)], Some(&patience)).unwrap();
                assert_eq!(ready, 1, "nothing came after this, and no `{part}`:\n{}", self.seen);
            }
            let mut line = String::new();
            let read = lines.read_line(&mut line).unwrap();
            assert!(read > 0, "stdout ended before `{part}`:\n{}", self.seen);
            self.seen.push_str(&line);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Writes a line to its stdin, which the command was given as a pipe.
    pub(crate) fn tell(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Stops reading stdout: whoever writes there notices.
    pub(crate) fn close_stdout(&mut self) {
        self.lines = None;
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end. One that takes too long is killed, and the test fails.
    pub(crate) fn finish(self) -> Done {
        self.finish_within(PATIENCE)
    }

    /// As [`Self::finish`], for what may take longer than a command otherwise does.
    pub(crate) fn finish_within(mut self, patience: Duration) -> Done {
        let (tell, told) = mpsc::channel();
        let (lines, mut seen) = (self.lines.take(), std::mem::take(&mut self.seen));
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            if let Some(mut lines) = lines {
                let _ = lines.read_to_end(&mut rest);
            }
            seen.push_str(&String::from_utf8_lossy(&rest));
            let _ = tell.send(seen);
        });
        let (Ok(out), Ok(err)) = (told.recv_timeout(patience), self.err.recv_timeout(patience)) else {
            let _ = self.child.kill();
            panic!("it did not end in time");
        };
        let status: ExitStatus = self.child.wait().unwrap();
        Done { code: status.code(), out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed in the middle leaves nothing behind; one that has ended is not touched.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The scripts of a team that does its work in a moment: a plan, a file, three reviews with these verdicts.
pub(crate) fn quick_team(plan: Value, by_gemini: Value, by_codex: Value) -> [(AgentKind, Value); 3] {
    let review = |review: Value| serde_json::json!({ "kind": "review", "times": 1, "steps": [review] });
    let work = |steps: Value| serde_json::json!({ "kind": "work", "times": 0, "steps": steps });
    [
        (
            AgentKind::Gemini,
            serde_json::json!({ "turns": [
                work(serde_json::json!([{ "text": "# Plan\n\nWrite `a.txt`." }])),
                review(by_gemini),
            ]}),
        ),
        (
            AgentKind::Claude,
            serde_json::json!({ "turns": [work(serde_json::json!([
                { "write": { "path": "a.txt", "content": "after\n" } },
                { "text": "Done: `a.txt` is written." },
            ]))]}),
        ),
        (AgentKind::Codex, serde_json::json!({ "turns": [review(plan), review(by_codex)] })),
    ]
}

/// A review step with this verdict.
pub(crate) fn verdict(word: &str) -> Value {
    let findings = match word {
        "approved" => serde_json::json!([]),
        severity => serde_json::json!([{
            "severity": severity, "file": "a.txt", "line": 1, "title": "it says after",
            "evidence": "`after` stands in line 1", "suggestion": "say it better",
        }]),
    };
    serde_json::json!({ "review": { "verdict": word, "summary": format!("{word}, I say"), "findings": findings } })
}

/// The quick team whose three reviews approve.
pub(crate) fn approving_team() -> [(AgentKind, Value); 3] {
    quick_team(verdict("approved"), verdict("approved"), verdict("approved"))
}

/// The kinds of JSON event lines, in order.
pub(crate) fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["kind"].as_str()).collect()
}

/// The names of an object's members, sorted.
pub(crate) fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
