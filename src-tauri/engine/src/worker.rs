//! One task for each process of a worker: starts it, speaks its protocol, watches it, buries it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mo_agents::kinds;
use mo_agents::launch::{Access, LaunchSpec, Permission};
use mo_agents::protocol::{Exchange, Exit, Line, Protocol, TurnPrompt};
use mo_core::agent_event::{AgentEvent, Decoded};
use mo_core::event::Fault;
use mo_core::ids::{AgentKind, AttemptNo, RequestId, TurnNo, WorkerName};
use mo_core::input::Input;
use mo_core::policy::Bounds;
use mo_core::recovery::Launched;
use mo_core::settings::PermissionMode;
use mo_journal::{JournalError, Stream};
use mo_process::{Child, LaunchCommand, LineBatch, RawSink, StdinMode, StdoutMode, StopLadder, StopReport};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::config::show_size;
use crate::dispatcher::Message;
use crate::environment::Environment;
use crate::folders::Folders;
use crate::hub::Hub;
use crate::launch_files::{OutputFile, write_files};
use crate::outlet::{Crowd, FLOOD, InTurn, Outlet, Pace};
use crate::pieces::{Held, Piece};
use crate::ports::Ports;
use crate::session_desk::{SessionDesk, WorkerCommand};
use crate::transcripts::{Room, Tee};
use crate::{evidence, fault, paths, survey};

/// How long an agent has for its protocol's own cancel before it gets a signal.
const CANCEL_GRACE: Duration = Duration::from_millis(700);
/// How long a process that has closed its stdout in a turn has to end: nothing more can come of it.
const CLOSED: Duration = Duration::from_secs(5);
/// How long the end of the pipes is waited for once the tree is over: only who does not belong to it holds them then,
/// or who could not be killed.
const HELD: Duration = Duration::from_secs(2);
/// How long an agent may take nothing of what is written to it, with a queue that is full, before it is killed.
const DEAF: Duration = Duration::from_secs(5);
/// Far enough away to mean never.
const NEVER: Duration = Duration::from_hours(24 * 365);

/// What is to be run.
pub(crate) struct WorkerRun {
    pub(crate) worker: WorkerName,
    pub(crate) attempt: AttemptNo,
    pub(crate) agent: Option<AgentKind>,
    pub(crate) cwd: PathBuf,
    pub(crate) access: Access,
    pub(crate) schema: Option<serde_json::Value>,
    pub(crate) resume: Option<String>,
    pub(crate) launched: Launched,
    pub(crate) commands: Option<mpsc::UnboundedReceiver<WorkerCommand>>,
}

/// Runs the process from its launch to its burial, and reports all of it.
pub(crate) async fn run_worker(
    ports: Ports,
    hub: Arc<Hub>,
    crowd: Arc<Crowd>,
    environment: Arc<Environment>,
    desk: Arc<SessionDesk>,
    mut run: WorkerRun,
    queue: mpsc::Sender<Message>,
) {
    let Some(commands) = run.commands.take() else { return };
    let (worker, attempt) = (run.worker.clone(), run.attempt);
    let pace = Pace::new(crowd);
    let outlet = Outlet { queue, hub, desk: Arc::clone(&desk), worker, attempt, pace };
    match launch(&ports, &environment, &outlet, &run).await {
        Ok((child, protocol)) => {
            let identity = child.identity;
            let spawned = Input::Spawned {
                worker: run.worker.clone(),
                attempt: run.attempt,
                result: Ok((identity.pid, identity.start_time)),
            };
            outlet.send(vec![spawned]).await;
            desk.set_control(&run.worker, run.attempt, child.control.clone(), child.shim);
            let bounds = bounds(&run.cwd, &desk.data, environment.home().as_deref());
            let mut talk =
                Conversation::new(outlet, protocol, child, commands, bounds, desk.stall_timeout_ms);
            talk.folders = Folders::of(run.agent.as_ref(), &run.cwd);
            talk.run().await;
        }
        Err(fault) => {
            let result = Err(fault);
            outlet
                .send(vec![Input::Spawned { worker: run.worker.clone(), attempt: run.attempt, result }])
                .await;
        }
    }
    desk.remove_worker(&run.worker, run.attempt);
}

async fn launch(
    ports: &Ports,
    environment: &Environment,
    outlet: &Outlet,
    run: &WorkerRun,
) -> Result<(Child, Box<dyn Protocol>), Fault> {
    let desk = outlet.desk.as_ref();
    fault::check_folder(&run.cwd)?;
    let unknown =
        || fault::new("agent_unknown", format!("{} has no program", run.worker), "see `orchestrate doctor`");
    let agent = run.agent.clone().ok_or_else(unknown)?;
    let program = desk.programs.get(&agent).ok_or_else(unknown)?;
    let spec = LaunchSpec {
        agent: agent.clone(),
        program: program.path.clone(),
        cwd: run.cwd.clone(),
        add_dirs: Vec::new(),
        access: run.access,
        permission: match run.launched.permission {
            PermissionMode::Ask => Permission::Ask,
            PermissionMode::Bypass => Permission::Bypass(desk.premises.proven.clone()),
        },
        model: program.model.clone(),
        args: program.args.clone(),
        resume: run.resume.clone(),
        skip_git_repo_check: run.launched.skip_git_repo_check,
        skip_trust: run.launched.skip_trust,
        schema: run.schema.clone(),
        // One a process, so that nothing is rewritten under one that reads it.
        files_dir: desk.folder.join("launch").join(format!("{}.{}", run.worker, run.attempt)),
    };
    let shape =
        kinds::launch(&spec).map_err(|e| fault::new(e.code(), e.to_string(), "see the configuration"))?;
    write_files(&spec.files_dir, &shape.files)?;
    let output = shape.stdout_to_file.then(|| OutputFile::new(&spec.files_dir)).transpose()?;
    let mut command = LaunchCommand::new(&shape.program, &run.cwd).args(shape.args);
    command.env = environment.of_worker(&agent, &program.path, &program.env, &shape.env);
    command.stdin = StdinMode::Piped;
    command.stdout =
        output.as_ref().map_or(StdoutMode::Pipe, |output| StdoutMode::File(output.path().to_owned()));
    command.stdout_sink = Some(sink(ports, environment, outlet, Stream::Stdout)?);
    command.stderr_sink = Some(sink(ports, environment, outlet, Stream::Stderr)?);
    let child = ports.spawner.spawn(command).await.map_err(|error| {
        fault::new(error.code(), error.to_string(), "`orchestrate doctor` shows which agents are found")
    })?;
    Ok((child, kinds::protocol(&spec)))
}

fn sink(
    ports: &Ports,
    environment: &Environment,
    outlet: &Outlet,
    stream: Stream,
) -> Result<Box<dyn RawSink>, Fault> {
    let (desk, worker) = (&outlet.desk, &outlet.worker);
    let refused = |error: JournalError| {
        fault::new(error.code(), error.to_string(), "look at the data folder's permissions and free space")
    };
    let there = ports.journal.transcripts(&desk.id).map_err(refused)?;
    let used = there.iter().filter(|found| found.worker == *worker).map(|found| found.bytes).sum();
    let room = desk.rooms.of(worker, || Room::new(desk.transcript_max_bytes, used));
    let transcript = ports.journal.transcript(&desk.id, worker, outlet.attempt, stream).map_err(refused)?;
    let text = format!(
        "the transcript of {worker} was cut at {}: what it says from there on is shown, but not kept as raw bytes; \
         [storage] transcript_max_size sets the limit",
        show_size(desk.transcript_max_bytes)
    );
    // Said by a task of its own: whoever reads the pipe does not wait for it.
    let (queue, session, runtime) =
        (outlet.queue.downgrade(), desk.id.clone(), tokio::runtime::Handle::current());
    let cut = move || {
        runtime.spawn(async move {
            let Some(queue) = queue.upgrade() else { return };
            let message = Message::Inputs { session, inputs: vec![Input::Warn { text }] };
            // Fails only when the engine is going away.
            let _ = queue.send(message).await;
        });
    };
    Ok(Box::new(Tee::bounded(transcript, Arc::clone(&environment.redactor), room, cut)))
}

/// The process and its protocol, as they go on.
struct Conversation {
    outlet: Outlet,
    protocol: Box<dyn Protocol>,
    child: Child,
    commands: mpsc::UnboundedReceiver<WorkerCommand>,
    /// Where the worker may work.
    bounds: Bounds,
    folders: Folders,
    /// Requests that wait for an answer of ours.
    unanswered: BTreeSet<RequestId>,
    exchange: Exchange,
    turn: Option<(TurnNo, InTurn)>,
    last_sign: Instant,
    stall: Option<Duration>,
    stop: Option<JoinHandle<StopReport>>,
}

impl Conversation {
    fn new(
        outlet: Outlet,
        protocol: Box<dyn Protocol>,
        child: Child,
        commands: mpsc::UnboundedReceiver<WorkerCommand>,
        bounds: Bounds,
        stall_timeout_ms: u64,
    ) -> Self {
        let stall = (stall_timeout_ms > 0).then(|| Duration::from_millis(stall_timeout_ms));
        Self {
            outlet,
            protocol,
            child,
            commands,
            bounds,
            folders: Folders::default(),
            unanswered: BTreeSet::new(),
            exchange: Exchange::default(),
            turn: None,
            last_sign: Instant::now(),
            stall,
            stop: None,
        }
    }

    async fn run(mut self) {
        self.protocol.open(&mut self.exchange);
        self.pass_on().await;
        let mut batch = LineBatch::new();
        let mut reading = true;
        let control = self.child.control.clone();
        let mut over = None;
        let end = loop {
            let waits = reading && !self.unanswered.is_empty();
            let patience = if reading { self.stall } else { Some(self.stall.unwrap_or(CLOSED).min(CLOSED)) };
            let quiet_until = match (&self.turn, patience) {
                // Who waits for our answer is not stalled, however long a person takes.
                (Some(_), Some(patience)) if !waits => self.last_sign + patience,
                _ => Instant::now() + NEVER,
            };
            // Looked at first, since who always has something to read never waits below.
            if quiet_until <= Instant::now() {
                self.stalled().await;
            }
            if let (Some(exit), false) = (over, reading) {
                break exit;
            }
            let mut flood = None;
            tokio::select! {
                biased;
                Some(command) = self.commands.recv() => self.command(command),
                more = self.child.stdout.next_batch(&mut batch), if reading => {
                    match more {
                        Ok(true) => {
                            flood = (batch.size() >= FLOOD).then(Instant::now);
                            self.lines(&batch);
                        }
                        Ok(false) => {
                            reading = false;
                            self.last_sign = Instant::now();
                        }
                        Err(error) => {
                            tracing::warn!(worker = %self.outlet.worker, %error, "reading broke off");
                            reading = false;
                        }
                    }
                }
                // EOF is not the end, and the end is not EOF: what was written before it is read first.
                exit = control.wait(), if over.is_none() => over = Some(exit),
                () = tokio::time::sleep(HELD), if over.is_some() => {
                    tracing::warn!(worker = %self.outlet.worker, "somebody outside holds its stdout");
                    reading = false;
                }
                () = tokio::time::sleep_until(quiet_until) => {}
            }
            self.pass_on().await;
            if let Some(began) = flood {
                self.outlet.pace.give_way(began).await;
            }
        };
        if tokio::time::timeout(HELD, self.child.stderr.ended()).await.is_err() {
            tracing::warn!(worker = %self.outlet.worker, "somebody outside holds its stderr");
        }
        let exit = Exit { code: end.code, signal: end.signal, by_us: self.stop.is_some() };
        let stderr = self.child.stderr.tail();
        self.protocol.close(exit, &stderr, &mut self.exchange);
        // Told with the end itself: until then the core would take the process for one that can be asked again.
        let mut turn = None;
        for decoded in std::mem::take(&mut self.exchange.events) {
            match decoded.event {
                AgentEvent::TurnEnded { mut end } => {
                    evidence::give(&mut end, exit, &stderr);
                    turn = Some(Box::new(end));
                }
                event => self.exchange.events.push(Decoded { at: decoded.at, event }),
            }
        }
        self.pass_on().await;
        self.outlet
            .send(vec![Input::Exited {
                worker: self.outlet.worker.clone(),
                attempt: self.outlet.attempt,
                code: end.code,
                signal: end.signal,
                tree_empty: end.tree_empty,
                turn,
            }])
            .await;
    }

    fn lines(&mut self, batch: &LineBatch) {
        for line in batch.lines() {
            let line = match line {
                mo_process::Line::Whole(bytes) => Line::Whole(bytes),
                mo_process::Line::TooLong { excerpt, total_bytes } => {
                    Line::TooLong { excerpt, bytes: total_bytes }
                }
            };
            self.protocol.line(line, &mut self.exchange);
        }
    }

    fn command(&mut self, command: WorkerCommand) {
        match command {
            WorkerCommand::Prompt { turn, text, schema } => {
                self.turn = Some((turn, self.outlet.pace.crowd.join()));
                self.last_sign = Instant::now();
                self.protocol.prompt(TurnPrompt { text, schema }, &mut self.exchange);
            }
            WorkerCommand::Answer { request, answer } => {
                self.unanswered.remove(&request);
                self.last_sign = Instant::now();
                self.folders.answered(&request, &answer);
                self.protocol.answer(&request, &answer, &mut self.exchange);
            }
            WorkerCommand::Stop { urgent } => self.stop(urgent),
        }
    }

    /// Begins the ladder, or cuts a running one short.
    fn stop(&mut self, urgent: bool) {
        if urgent {
            self.child.control.kill_tree();
        }
        if self.stop.is_some() {
            return;
        }
        if self.turn.is_some() {
            self.protocol.cancel(&mut self.exchange);
        }
        let ladder =
            if urgent { StopLadder::at_once() } else { StopLadder::default().with_cancel(CANCEL_GRACE) };
        let control = self.child.control.clone();
        self.stop = Some(tokio::spawn(async move { control.stop(ladder).await }));
    }

    /// Paths inside the worker's folder are told from there. The transcript has them as they came.
    fn shorten(&self, event: &mut AgentEvent) {
        let folder = format!("{}/", self.bounds.root.trim_end_matches('/'));
        match event {
            AgentEvent::ToolStarted { title, .. } => relative(title, &folder),
            AgentEvent::FilesChanged { changes, .. } => {
                for change in changes {
                    relative(&mut change.path, &folder);
                }
            }
            _ => {}
        }
    }

    async fn stalled(&mut self) {
        let Some((turn, _)) = self.turn.take() else { return };
        let silent_ms = u64::try_from(self.last_sign.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (worker, attempt) = (self.outlet.worker.clone(), self.outlet.attempt);
        let retrying = self.protocol.retrying();
        self.outlet.send(vec![Input::Stalled { worker, attempt, turn, silent_ms, retrying }]).await;
    }

    /// Passes on what the last step gave: bytes to the agent, deltas to the hub, the rest to the core.
    async fn pass_on(&mut self) {
        if !self.exchange.send.is_empty() {
            let bytes = std::mem::take(&mut self.exchange.send);
            match tokio::time::timeout(DEAF, self.child.stdin.write(bytes)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::debug!(worker = %self.outlet.worker, %error, "the agent takes no more input");
                }
                // It asks and asks and reads no answer: waiting on would keep a stop from it.
                Err(_) => {
                    tracing::warn!(worker = %self.outlet.worker, "the agent reads nothing; it is killed");
                    self.child.control.kill_tree();
                }
            }
        }
        if std::mem::take(&mut self.exchange.end_input) {
            self.child.stdin.close();
        }
        let mut inputs = Vec::new();
        // A fast agent's pieces come hundreds to a read: what follows each other of one item is told at once, else the
        // hub would be overrun and a listener lose most of it.
        let mut held = Held::default();
        for decoded in std::mem::take(&mut self.exchange.events) {
            if shows_work(&decoded.event) {
                self.last_sign = Instant::now();
            }
            match decoded.event {
                AgentEvent::Delta { item, of, text } => {
                    self.outlet.delta(held.add(Piece { item, of, text }));
                }
                event => {
                    self.outlet.delta(held.take());
                    if matches!(event, AgentEvent::TurnEnded { .. }) {
                        self.unanswered.clear();
                        self.turn = None;
                    }
                    inputs.push(self.input(Decoded { at: decoded.at, event }));
                }
            }
        }
        self.outlet.delta(held.take());
        // Once the ladder has begun an idle agent needs no more input: its end asks it to go. After the events, since
        // the last of them may be the end of the cancelled turn.
        if self.stop.is_some() && self.turn.is_none() {
            self.child.stdin.close();
        }
        self.outlet.send(inputs).await;
    }

    fn input(&mut self, mut decoded: Decoded) -> Input {
        self.shorten(&mut decoded.event);
        let survey = if let AgentEvent::ApprovalRequested { request } = &mut decoded.event {
            paths::resolve_action(&mut request.action, Path::new(&self.bounds.root));
            self.folders.asked(request);
            self.unanswered.insert(request.request.clone());
            Some(Box::new(survey::survey(&request.action, &self.bounds, &self.outlet.desk.rules.now())))
        } else {
            if let AgentEvent::ApprovalWithdrawn { request } = &decoded.event {
                self.unanswered.remove(request);
                self.folders.withdrawn(request);
            }
            None
        };
        Input::Agent { worker: self.outlet.worker.clone(), attempt: self.outlet.attempt, decoded, survey }
    }
}

/// Where a worker that works in this folder may work.
pub(crate) fn bounds(folder: &Path, data: &Path, home: Option<&Path>) -> Bounds {
    let text = |path: &Path| paths::resolve(path).to_string_lossy().into_owned();
    Bounds { root: text(folder), keep_out: text(data), home: home.map(text).unwrap_or_default() }
}

/// The text without the folder in front of paths inside it.
fn relative(text: &mut String, folder: &str) {
    if text.contains(folder) {
        *text = text.replace(folder, "");
    }
}

/// Retries and notices are no sign of work: an agent that reconnects for ever is stalled.
fn shows_work(event: &AgentEvent) -> bool {
    !matches!(
        event,
        AgentEvent::Notice { .. } | AgentEvent::Malformed { .. } | AgentEvent::Unrecognized { .. }
    )
}
