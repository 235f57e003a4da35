//! A conversation between the real protocol clients and a scripted agent in a process of its own.

#![allow(dead_code, unreachable_pub, reason = "each suite uses a part of what they share")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests fails with its test")]
#![allow(clippy::unused_self, reason = "it is a stage that a talk is held on")]
#![allow(clippy::missing_panics_doc, clippy::needless_pass_by_value, reason = "tests read better so")]
#![allow(clippy::unnecessary_wraps, reason = "answers are given as policies are")]

pub mod wire;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::RwLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use mo_agents::launch::{Access, Launch, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use mo_agents::{claude, codex, gemini};
use mo_core::agent_event::AgentEvent;
use mo_core::approval::{Answer, ApprovalRequest};
use mo_core::ids::AgentKind;
use mo_core::outcome::{Outcome, TurnEnd};
use mo_scripted::install::install;
use serde_json::{Value, json};

/// Held for writing while programs are written, for reading while a process is started: a child that is forked in
/// between would hold the program open for writing for a moment, and nobody could execute it ("text file busy").
pub static FORKS: RwLock<()> = RwLock::new(());

/// No test waits longer for one line: a hang must fail, not stall.
const LIMIT: Duration = Duration::from_secs(20);

/// A target folder, a script beside it and the three programs.
pub struct Stage {
    dir: tempfile::TempDir,
    pub agent: AgentKind,
    program: PathBuf,
}

impl Stage {
    /// A stage for an agent with a script; `state_dir` is added.
    pub fn new(agent: AgentKind, script: Value) -> Self {
        Self::with(agent, script, true)
    }

    pub fn with(agent: AgentKind, mut script: Value, fast: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("target")).unwrap();
        script["state_dir"] = json!("state");
        let path = dir.path().join("script.json");
        std::fs::write(&path, script.to_string()).unwrap();
        let exe = Path::new(env!("CARGO_BIN_EXE_scripted-agent"));
        let writing = FORKS.write().unwrap();
        let programs = install(&dir.path().join("bin"), exe, &[(agent.clone(), path)], fast).unwrap();
        drop(writing);
        let program = programs.into_iter().next().unwrap().1;
        Self { dir, agent, program }
    }

    pub fn program(&self) -> &Path {
        &self.program
    }

    pub fn target(&self) -> PathBuf {
        self.dir.path().join("target")
    }

    pub fn file(&self, name: &str) -> String {
        std::fs::read_to_string(self.target().join(name)).unwrap()
    }

    pub fn put(&self, name: &str, text: &str) {
        std::fs::write(self.target().join(name), text).unwrap();
    }

    pub fn spec(&self, access: Access) -> LaunchSpec {
        LaunchSpec {
            agent: self.agent.clone(),
            program: self.program.clone(),
            cwd: self.target(),
            add_dirs: Vec::new(),
            access,
            permission: Permission::Ask,
            model: None,
            args: Vec::new(),
            resume: None,
            skip_git_repo_check: false,
            skip_trust: true,
            schema: None,
            files_dir: "/files".into(),
        }
    }

    /// Starts the agent as the product would.
    pub fn talk(&self, spec: &LaunchSpec) -> Talk {
        Talk::of(spec)
    }

    pub fn talk_with(&self, access: Access) -> Talk {
        self.talk(&self.spec(access))
    }

    /// Runs the program once with these arguments and this stdin.
    pub fn run(&self, args: &[&str], stdin: &str) -> (i32, String, String) {
        let forking = FORKS.read().unwrap();
        let mut child = Command::new(&self.program)
            .args(args)
            .current_dir(self.target())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(forking);
        // A bad command line ends before it reads.
        let _unread = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let out = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
    }
}

/// A conversation.
pub struct Talk {
    pub child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    stderr: Option<JoinHandle<String>>,
    protocol: Box<dyn Protocol>,
    out: Exchange,
    /// Every line that came, for the tests of shapes.
    pub seen: Vec<Value>,
}

impl Talk {
    /// Starts the agent as the product would.
    pub fn of(spec: &LaunchSpec) -> Self {
        let (launch, protocol): (Launch, Box<dyn Protocol>) = match spec.agent {
            AgentKind::Codex => (codex::launch(spec).unwrap(), Box::new(codex::CodexProtocol::new(spec))),
            AgentKind::Gemini => (gemini::launch(spec).unwrap(), Box::new(gemini::protocol(spec))),
            _ => {
                let protocol = claude::ClaudeProtocol::new(spec);
                (claude::launch(spec).unwrap(), Box::new(protocol))
            }
        };
        Self::start(&launch, &spec.cwd, protocol)
    }

    pub fn start(launch: &Launch, cwd: &Path, protocol: Box<dyn Protocol>) -> Self {
        let forking = FORKS.read().unwrap();
        let mut child = Command::new(&launch.program)
            .args(&launch.args)
            .envs(launch.env.iter().copied())
            .current_dir(cwd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(forking);
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = Vec::new();
                if stdout.read_until(b'\n', &mut line).unwrap_or(0) == 0 || sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let stdin = child.stdin.take();
        let mut talk = Self {
            child,
            stdin,
            lines,
            stderr: Some(stderr),
            protocol,
            out: Exchange::default(),
            seen: Vec::new(),
        };
        talk.protocol.open(&mut talk.out);
        talk.send();
        talk
    }

    fn send(&mut self) {
        let bytes = std::mem::take(&mut self.out.send);
        if let Some(stdin) = &mut self.stdin
            && !bytes.is_empty()
        {
            // An agent that crashed has closed its stdin; the test sees it by the missing lines.
            let _gone = stdin.write_all(&bytes);
        }
    }

    /// Asks for a turn; everything up to and with its end. `policy` answers what is asked; `None` leaves it open.
    pub fn turn(
        &mut self,
        prompt: &str,
        schema: Option<Value>,
        mut policy: impl FnMut(&ApprovalRequest) -> Option<Answer>,
    ) -> Vec<AgentEvent> {
        self.prompt(prompt, schema);
        self.until(|event| matches!(event, AgentEvent::TurnEnded { .. }), |request| policy(request))
    }

    pub fn prompt(&mut self, prompt: &str, schema: Option<Value>) {
        self.protocol.prompt(TurnPrompt { text: prompt.to_owned(), schema }, &mut self.out);
        self.send();
    }

    /// Events up to the first that is wanted. At the end of stdout the client is told of the process's end.
    pub fn until(
        &mut self,
        wanted: impl Fn(&AgentEvent) -> bool,
        mut policy: impl FnMut(&ApprovalRequest) -> Option<Answer>,
    ) -> Vec<AgentEvent> {
        let mut events = Vec::new();
        loop {
            for decoded in std::mem::take(&mut self.out.events) {
                if let AgentEvent::ApprovalRequested { request } = &decoded.event
                    && let Some(answer) = policy(request)
                {
                    self.protocol.answer(&request.request, &answer, &mut self.out);
                }
                events.push(decoded.event);
            }
            self.send();
            if events.iter().any(&wanted) {
                return events;
            }
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => {
                    let line = line.strip_suffix(b"\n").unwrap_or(&line);
                    self.seen.extend(serde_json::from_slice::<Value>(line));
                    self.protocol.line(Line::Whole(line), &mut self.out);
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("nothing came; so far {events:?}"),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => {
                    let (exit, stderr) = self.end();
                    self.protocol.close(exit, stderr.as_bytes(), &mut self.out);
                    let rest = std::mem::take(&mut self.out.events);
                    events.extend(rest.into_iter().map(|decoded| decoded.event));
                    assert!(events.iter().any(&wanted), "the agent ended: {exit:?} {stderr} {events:?}");
                    return events;
                }
            }
        }
    }

    pub fn answer(&mut self, request: &mo_core::ids::RequestId, answer: &Answer) {
        self.protocol.answer(request, answer, &mut self.out);
        self.send();
    }

    pub fn cancel(&mut self) {
        self.protocol.cancel(&mut self.out);
        self.send();
    }

    /// All lines to the end of stdout, unheard by the client but for the questions, which are allowed.
    pub fn lines_until_the_end(&mut self) -> Vec<Value> {
        let from = self.seen.len();
        while let Ok(line) = self.lines.recv_timeout(LIMIT) {
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            self.seen.extend(serde_json::from_slice::<Value>(line));
            self.protocol.line(Line::Whole(line), &mut self.out);
            self.out.events.clear();
            self.send();
        }
        self.seen[from..].to_vec()
    }

    /// Waits for an agent that ends by itself.
    pub fn end_without_eof(&mut self) -> (Exit, String) {
        self.lines_until_the_end();
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap()).unwrap_or_default();
        (Exit { code: status.code(), signal: status.signal(), by_us: false }, stderr)
    }

    /// Closes stdin and waits for the end.
    pub fn end(&mut self) -> (Exit, String) {
        drop(self.stdin.take());
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().map(|thread| thread.join().unwrap()).unwrap_or_default();
        (Exit { code: status.code(), signal: status.signal(), by_us: false }, stderr)
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // A test that failed may leave the agent waiting.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

pub fn allow(_: &ApprovalRequest) -> Option<Answer> {
    Some(Answer::Allow)
}

pub fn deny(_: &ApprovalRequest) -> Option<Answer> {
    Some(Answer::Deny { message: "not today".to_owned() })
}

/// Fails when something came that the clients do not know or cannot read.
pub fn all_understood(events: &[AgentEvent]) {
    for event in events {
        let odd = matches!(event, AgentEvent::Malformed { .. } | AgentEvent::Unrecognized { .. });
        assert!(!odd, "{event:?}");
    }
}

pub fn end_of(events: &[AgentEvent]) -> &TurnEnd {
    let ends: Vec<&TurnEnd> = events
        .iter()
        .filter_map(|event| match event {
            AgentEvent::TurnEnded { end } => Some(end),
            _ => None,
        })
        .collect();
    assert_eq!(ends.len(), 1, "{events:?}");
    ends[0]
}

pub fn completed(events: &[AgentEvent]) -> &TurnEnd {
    all_understood(events);
    let end = end_of(events);
    assert_eq!(end.outcome, Outcome::Completed, "{events:?}");
    end
}

/// What was asked, by its action's type and the door.
pub fn asked(events: &[AgentEvent]) -> Vec<String> {
    let mut asked = Vec::new();
    for event in events {
        if let AgentEvent::ApprovalRequested { request } = event {
            let action = serde_json::to_value(&request.action).unwrap();
            let via = serde_json::to_value(request.via).unwrap();
            asked.push(format!("{} {}", via.as_str().unwrap(), action["type"].as_str().unwrap()));
        }
    }
    asked
}

/// The types of all events in order, runs of deltas once.
pub fn kinds(events: &[AgentEvent]) -> Vec<String> {
    let mut kinds: Vec<String> = events
        .iter()
        .map(|event| serde_json::to_value(event).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    kinds.dedup_by(|a, b| a == b && a == "delta");
    kinds
}
