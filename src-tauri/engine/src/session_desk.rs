//! What the engine holds of a running session outside the core: its folders, its lock, its processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use mo_core::approval::Answer;
use mo_core::ids::{AgentKind, ApprovalId, AttemptNo, CheckNo, RequestId, ReviewId, SessionId, WorkerName};
use mo_core::review::receipt::Receipt;
use mo_process::{Control, ProcessIdentity};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::environment::Environment;
use crate::ports::Ports;
use crate::premises::Premises;
use crate::receipts;
use crate::roster::FoundProgram;
use crate::rules::Rules;
use crate::start::WorkPlace;
use crate::target_lock::TargetLock;
use crate::transcripts::Rooms;

/// A command to the task of one process.
#[derive(Debug)]
pub(crate) enum WorkerCommand {
    /// Give it a prompt.
    Prompt { turn: u32, text: String, schema: Option<serde_json::Value> },
    /// Tell it an answer.
    Answer { request: RequestId, answer: Answer },
    /// End it.
    Stop { urgent: bool },
}

/// The sessions that run here.
pub(crate) type Desks = Arc<Mutex<BTreeMap<SessionId, Arc<SessionDesk>>>>;

/// Why a session that rests is somebody's for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It is restored, deleted or taken up: who asks meanwhile is refused.
    Work,
    /// What a person said is written down: who asks meanwhile waits for that moment.
    Note,
    /// Nobody waits for what is done.
    Background,
}

/// One running session.
pub(crate) struct SessionDesk {
    /// Its id.
    pub(crate) id: SessionId,
    /// The target, absolute and without symlinks.
    pub(crate) target: PathBuf,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Its folder in the data folder.
    pub(crate) folder: PathBuf,
    /// The programs of its agents.
    pub(crate) programs: BTreeMap<AgentKind, FoundProgram>,
    /// What is known of this machine.
    pub(crate) premises: Premises,
    /// Milliseconds without a sign of work before a turn counts as stalled; 0 = never.
    pub(crate) stall_timeout_ms: u64,
    /// The most bytes of one worker's transcripts; 0 = any number.
    pub(crate) transcript_max_bytes: u64,
    /// What is left of that.
    pub(crate) rooms: Rooms,
    /// Whether its team works, rather than somebody with it at rest.
    pub(crate) is_at_work: bool,
    /// What somebody does with it at rest.
    pub(crate) purpose: Purpose,
    /// The person's rules for what workers ask.
    pub(crate) rules: Arc<Rules>,
    held: Mutex<Held>,
    /// Taken while receipts are written, so that each is written once.
    receipts: Mutex<()>,
}

#[derive(Default)]
struct Held {
    workers: BTreeMap<(WorkerName, AttemptNo), mpsc::UnboundedSender<WorkerCommand>>,
    controls: BTreeMap<(WorkerName, AttemptNo), (Control, ProcessIdentity)>,
    checks: BTreeMap<CheckNo, oneshot::Sender<()>>,
    timers: BTreeMap<Timer, AbortHandle>,
    locks: TargetLock,
}

/// What a timer is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A review's timeout.
    Review(ReviewId),
    /// The time that a question has.
    Approval(ApprovalId),
    /// The wait of a worker's recovery.
    Recovery(WorkerName),
    /// An agent's usage limit.
    Quota(AgentKind),
    /// The session's time limit.
    TimeLimit,
}

impl SessionDesk {
    /// A session that runs in that place.
    pub(crate) fn at_work(
        id: SessionId,
        data: PathBuf,
        folder: PathBuf,
        place: WorkPlace,
        stall_timeout_ms: u64,
        transcript_max_bytes: u64,
        rules: Arc<Rules>,
    ) -> Arc<Self> {
        let WorkPlace { target, programs, premises, locks } = place;
        let held = Mutex::new(Held { locks, ..Held::default() });
        let (rooms, is_at_work, purpose) = (Rooms::default(), true, Purpose::Work);
        Arc::new(Self {
            id,
            target,
            data,
            folder,
            programs,
            premises,
            stall_timeout_ms,
            transcript_max_bytes,
            rooms,
            is_at_work,
            purpose,
            rules,
            held,
            receipts: Mutex::default(),
        })
    }

    /// A session of which nothing will run: it is settled, restored or deleted.
    pub(crate) fn at_rest(
        id: SessionId,
        data: PathBuf,
        folder: PathBuf,
        target: PathBuf,
        purpose: Purpose,
    ) -> Arc<Self> {
        let (programs, premises, locks) = (BTreeMap::new(), Premises::default(), TargetLock::default());
        let place = WorkPlace { target, programs, premises, locks };
        let mut desk = Self::at_work(id, data, folder, place, 0, 0, Arc::default());
        if let Some(desk) = Arc::get_mut(&mut desk) {
            (desk.is_at_work, desk.purpose) = (false, purpose);
        }
        desk
    }

    /// The folder of the checkouts of a reviewer's reviews of a subject: always the same path in a session, since
    /// an agent may bind its sessions to it.
    pub(crate) fn checkout(&self, reviewer: &WorkerName, subject: &WorkerName) -> PathBuf {
        self.folder.join("checkouts").join(format!("{reviewer}-on-{subject}"))
    }

    pub(crate) fn add_worker(
        &self,
        worker: &WorkerName,
        attempt: AttemptNo,
    ) -> mpsc::UnboundedReceiver<WorkerCommand> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.with(|held| held.workers.insert((worker.clone(), attempt), sender));
        receiver
    }

    /// Forgets a process: the handle on it, where it had started.
    pub(crate) fn remove_worker(&self, worker: &WorkerName, attempt: AttemptNo) -> Option<Control> {
        self.with(|held| {
            let process = (worker.clone(), attempt);
            held.workers.remove(&process);
            held.controls.remove(&process).map(|(control, _)| control)
        })
    }

    /// The process itself, for when its task cannot be told anything, and its shim.
    pub(crate) fn set_control(
        &self,
        worker: &WorkerName,
        attempt: AttemptNo,
        control: Control,
        shim: ProcessIdentity,
    ) {
        self.with(|held| held.controls.insert((worker.clone(), attempt), (control, shim)));
    }

    /// The shims of the processes that run; `None` when none runs or is about to.
    pub(crate) fn shims(&self) -> Option<Vec<(WorkerName, ProcessIdentity)>> {
        self.with(|held| {
            let running = held.controls.iter().map(|((worker, _), (_, shim))| (worker.clone(), *shim));
            (!held.workers.is_empty()).then(|| running.collect())
        })
    }

    /// Tells a process's task something; a task that is over needs nothing more.
    pub(crate) fn tell(&self, worker: &WorkerName, attempt: AttemptNo, command: WorkerCommand) {
        let sender = self.with(|held| held.workers.get(&(worker.clone(), attempt)).cloned());
        if sender.is_none_or(|sender| sender.send(command).is_err()) {
            tracing::debug!(session = %self.id, %worker, attempt, "the process is over already");
        }
    }

    /// A check that begins; what comes out ends it.
    pub(crate) fn add_check(&self, check: CheckNo) -> oneshot::Receiver<()> {
        let (stop, stopped) = oneshot::channel();
        self.with(|held| held.checks.insert(check, stop));
        stopped
    }

    pub(crate) fn remove_check(&self, check: CheckNo) {
        self.with(|held| held.checks.remove(&check));
    }

    /// Ends a check; one that is over needs nothing more.
    pub(crate) fn stop_check(&self, check: CheckNo) {
        if let Some(stop) = self.with(|held| held.checks.remove(&check)) {
            let _ = stop.send(());
        }
    }

    /// Kills all processes without asking anybody: for when nothing can be decided any more.
    pub(crate) fn kill_all(&self) {
        let (workers, controls): (Vec<_>, Vec<_>) = self.with(|held| {
            // A check ends with the sender of its stop.
            held.checks.clear();
            (
                held.workers.values().cloned().collect(),
                held.controls.values().map(|(c, _)| c.clone()).collect(),
            )
        });
        // A task may stand before a queue that takes nothing.
        for control in controls {
            control.kill_tree();
        }
        for worker in workers {
            // A task that is over needs nothing more.
            let _ = worker.send(WorkerCommand::Stop { urgent: true });
        }
    }

    pub(crate) fn set_timer(&self, timer: Timer, handle: AbortHandle) {
        if let Some(old) = self.with(|held| held.timers.insert(timer, handle)) {
            old.abort();
        }
    }

    pub(crate) fn stop_timer(&self, timer: &Timer) {
        if let Some(handle) = self.with(|held| held.timers.remove(timer)) {
            handle.abort();
        }
    }

    /// Writes the receipts that are not there yet.
    pub(crate) fn write_receipts(&self, ports: &Ports, environment: &Environment, receipts: Vec<Receipt>) {
        let _alone = self.receipts.lock().unwrap_or_else(PoisonError::into_inner);
        receipts::write(ports.journal.as_ref(), &environment.redactor, receipts);
    }

    /// Lets go of the target and of everything that still waits.
    pub(crate) fn close(&self) {
        let timers = self.with(|held| {
            held.locks = TargetLock::default();
            held.workers.clear();
            held.controls.clear();
            std::mem::take(&mut held.timers)
        });
        for timer in timers.into_values() {
            timer.abort();
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Held) -> T) -> T {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
