//! One task owns the state of all sessions and takes inputs from one bounded queue (design.md §3). It never awaits
//! between deciding and applying. What was decided is committed at once, then published, then acted on; while
//! batches are being committed the next one is decided, but nothing of it is shown or done before it is durable.
//! Batches that were queued behind a failed one come back too, and are committed again in their order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use mo_core::decide::decide;
use mo_core::effect::effects;
use mo_core::ids::{AgentKind, SessionId};
use mo_core::input::{Input, Rejection};
use mo_core::record::Record;
use mo_core::state::State;
use mo_core::time::Timestamp;
use mo_core::view::session_view;
use mo_core::view::status::SessionView;
use mo_journal::{CommitError, CommitFuture, Committed, JournalError, Redactor};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use crate::effects::{Act, EffectRunner};
use crate::hub::{Health, Hub};
use crate::naming::Naming;
use crate::ports::Ports;

/// How many messages may wait; a full queue holds back the pipes of the workers.
pub(crate) const QUEUE: usize = 64;
/// How many records one commit may have; a batch ends with the message that takes it past this.
const BATCH_RECORDS: usize = 1_024;
/// How many batches may be on their way to the disk.
const MAX_FLIGHTS: usize = 3;
/// How long to wait before a failed commit is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Where the answer to an asked input goes.
type Reply = oneshot::Sender<Result<(), Rejection>>;

/// What may be put into the queue.
pub(crate) enum Message {
    /// Inputs for one session, in order.
    Inputs { session: SessionId, inputs: Vec<Input> },
    /// What one read of a worker's output gave.
    Heard { session: SessionId, inputs: Vec<Input>, credit: OwnedSemaphorePermit },
    /// One input whose sender wants to know when it is durable or why it was rejected.
    Asked { session: SessionId, input: Box<Input>, reply: Reply },
    /// A session that was replayed from the journal.
    Adopt { session: SessionId, state: Box<State> },
    /// An adopted session that does not go on after all.
    Forget { session: SessionId },
}

struct Held {
    state: State,
    /// It was taken up at rest, to go on. One that has come to rest here is being put away, and takes nothing more.
    taken_up: bool,
}

/// Decided, not yet durable.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    acts: Vec<Act>,
    replies: Vec<(Reply, Result<(), Rejection>)>,
    touched: Vec<SessionId>,
    views: Vec<(SessionId, SessionView)>,
    ended: Vec<SessionId>,
    /// Given back when it has landed.
    credits: Vec<OwnedSemaphorePermit>,
}

struct Flight {
    commit: CommitFuture,
    batch: Batch,
}

/// Batches land in the order in which they took off.
async fn first_landing(flights: &mut VecDeque<Flight>) -> Result<Committed, CommitError> {
    match flights.front_mut() {
        Some(flight) => (&mut flight.commit).await,
        None => std::future::pending().await,
    }
}

pub(crate) struct Dispatcher {
    queue: mpsc::Receiver<Message>,
    sessions: BTreeMap<SessionId, Held>,
    ports: Ports,
    hub: Arc<Hub>,
    redactor: Arc<Redactor>,
    naming: Naming,
    runner: EffectRunner,
    /// Usage limits that some session here was told of, until they are over: they hold for all.
    quotas: BTreeMap<AgentKind, Timestamp>,
}

impl Dispatcher {
    pub(crate) fn new(
        queue: mpsc::Receiver<Message>,
        ports: Ports,
        hub: Arc<Hub>,
        redactor: Arc<Redactor>,
        naming: Naming,
        runner: EffectRunner,
    ) -> Self {
        let (sessions, quotas) = (BTreeMap::new(), BTreeMap::new());
        Self { queue, sessions, ports, hub, redactor, naming, runner, quotas }
    }

    /// Runs until every sender of the queue is gone and everything is durable.
    ///
    /// # Errors
    /// When what was decided can never become durable.
    pub(crate) async fn run(mut self) -> Result<(), JournalError> {
        let mut flights: VecDeque<Flight> = VecDeque::new();
        let mut open = true;
        while open || !flights.is_empty() {
            let may_decide = open && flights.len() < MAX_FLIGHTS;
            tokio::select! {
                biased;
                result = first_landing(&mut flights), if !flights.is_empty() => {
                    if let Some(flight) = flights.pop_front() {
                        self.land(flight.batch, result).await?;
                    }
                }
                message = self.queue.recv(), if may_decide => match message {
                    Some(message) => flights.push_back(self.take_off(message)),
                    None => open = false,
                },
            }
        }
        Ok(())
    }

    /// Decides what has queued and hands it to the journal.
    fn take_off(&mut self, message: Message) -> Flight {
        let mut batch = Batch::default();
        self.decide(message, &mut batch);
        while batch.records.len() < BATCH_RECORDS
            && let Ok(message) = self.queue.try_recv()
        {
            self.decide(message, &mut batch);
        }
        self.share_quotas(&mut batch);
        self.seal(&mut batch);
        let records = std::mem::take(&mut batch.records);
        Flight { commit: self.ports.journal.commit(records), batch }
    }

    fn decide(&mut self, message: Message, batch: &mut Batch) {
        match message {
            Message::Inputs { session, inputs } => self.inputs(&session, inputs, batch),
            Message::Heard { session, inputs, credit } => {
                self.inputs(&session, inputs, batch);
                batch.credits.push(credit);
            }
            Message::Asked { session, input, reply } => {
                let lifted = match &*input {
                    Input::QuotaLifted { agent } => Some(agent.clone()),
                    _ => None,
                };
                let result = self.input(&session, *input, batch);
                if let (Some(agent), Ok(())) = (lifted, &result) {
                    self.lift(&agent, batch);
                }
                batch.replies.push((reply, result));
            }
            Message::Adopt { session, state } => {
                // One that rests is held for what is asked of it next; it is let go of by that or by `Forget`.
                if !state.is_over() {
                    batch.touched.push(session.clone());
                }
                self.sessions.insert(session, Held { taken_up: state.is_over(), state: *state });
            }
            Message::Forget { session } => {
                self.sessions.remove(&session);
            }
        }
    }

    /// A usage limit is no session's own: who lifts it in one, lifts it in all that run.
    fn lift(&mut self, agent: &AgentKind, batch: &mut Batch) {
        self.quotas.remove(agent);
        let held = self.sessions.iter().filter(|(_, held)| held.state.quotas.contains_key(agent));
        let held: Vec<SessionId> = held.map(|(session, _)| session.clone()).collect();
        for session in held {
            // One that ends has nothing to go on with.
            let _ = self.input(&session, Input::QuotaLifted { agent: agent.clone() }, batch);
        }
    }

    /// What a session of this batch knows of an agent's usage limit, the others that run learn; and one that has just
    /// begun or goes on learns what is known.
    fn share_quotas(&mut self, batch: &mut Batch) {
        let now = self.ports.clock.now();
        for session in &batch.touched {
            let Some(held) = self.sessions.get(session) else { continue };
            for (agent, until) in held.state.quotas.iter().filter(|(_, until)| **until > now) {
                let known = self.quotas.entry(agent.clone()).or_insert(*until);
                *known = (*known).max(*until);
            }
        }
        self.quotas.retain(|_, until| *until > now);
        if self.quotas.is_empty() {
            return;
        }
        let unaware = |held: &Held, agent: &AgentKind, until: Timestamp| {
            !held.state.is_over() && held.state.quotas.get(agent).is_none_or(|known| *known < until)
        };
        let told: Vec<(SessionId, AgentKind, Timestamp)> = self
            .sessions
            .iter()
            .flat_map(|(id, held)| self.quotas.iter().map(move |(agent, until)| (id, held, agent, *until)))
            .filter(|(_, held, agent, until)| unaware(held, agent, *until))
            .map(|(id, _, agent, until)| (id.clone(), agent.clone(), until))
            .collect();
        for (session, agent, until) in told {
            // A session without that agent has nothing to learn.
            let _ = self.input(&session, Input::QuotaReached { agent, until }, batch);
        }
    }

    fn inputs(&mut self, session: &SessionId, inputs: Vec<Input>, batch: &mut Batch) {
        for input in inputs {
            if let Err(rejection) = self.input(session, input, batch) {
                tracing::debug!(%session, %rejection, "input rejected");
            }
        }
    }

    fn input(&mut self, session: &SessionId, input: Input, batch: &mut Batch) -> Result<(), Rejection> {
        let now = self.ports.clock.now();
        let held = match self.sessions.get_mut(session) {
            Some(held) => held,
            None if matches!(input, Input::Create(_)) => self
                .sessions
                .entry(session.clone())
                .or_insert_with(|| Held { state: State::default(), taken_up: false }),
            None => return Err(Rejection::Unknown),
        };
        if held.state.is_over() && !held.taken_up {
            return Err(Rejection::Ended);
        }
        for mut envelope in decide(&held.state, input, now)? {
            self.naming.complete(session, &mut envelope.event);
            held.state.apply(&envelope);
            for effect in effects(&held.state, envelope.worker.as_ref(), &envelope.event) {
                batch.acts.push(self.runner.prepare(session, effect, &held.state));
            }
            let mut record = envelope.to_record(session);
            if let std::borrow::Cow::Owned(clean) = self.redactor.redact(&record.data) {
                record.data = clean;
            }
            batch.records.push(record);
        }
        held.taken_up &= held.state.is_over();
        if batch.touched.last() != Some(session) && !batch.touched.contains(session) {
            batch.touched.push(session.clone());
        }
        Ok(())
    }

    /// The views that are true for exactly this batch.
    fn seal(&self, batch: &mut Batch) {
        for id in &batch.touched {
            let Some(held) = self.sessions.get(id) else { continue };
            if let Some(view) = session_view(id, &held.state) {
                batch.views.push((id.clone(), view));
            }
            if held.state.is_over() {
                batch.ended.push(id.clone());
            }
        }
    }

    /// A commit has come back. A failed one keeps its batch, admits no further input, says so and tries again. One
    /// that was queued behind a failed one may be refused for that alone; what is refused again, when everything
    /// before it is durable, for a reason that no waiting takes away, ends the engine.
    async fn land(
        &mut self,
        batch: Batch,
        mut result: Result<Committed, CommitError>,
    ) -> Result<(), JournalError> {
        let mut again = false;
        let Committed { first_row, records } = loop {
            match result {
                Ok(committed) => break committed,
                Err(failed) => {
                    tracing::error!(error = %failed.error, "the journal takes nothing; trying again");
                    self.hub.set_health(Health::JournalDown(failed.error.to_string()));
                    if again && !failed.error.is_retryable() {
                        return Err(failed.error);
                    }
                    again = true;
                    if self.hub.is_closing() {
                        tracing::error!(
                            lost = failed.records.len(),
                            "the engine ends with a journal that takes nothing"
                        );
                        return Ok(());
                    }
                    self.hub.retry_pause(RETRY).await;
                    result = self.ports.journal.commit(failed.records).await;
                }
            }
        };
        self.hub.set_health(Health::Good);
        self.hub.publish(first_row, records, batch.views);
        for act in batch.acts {
            act(&mut self.runner);
        }
        for (reply, result) in batch.replies {
            // The asker may have gone away.
            let _ = reply.send(result);
        }
        for id in batch.ended {
            // It may go on by now: what came in meanwhile has been decided already.
            if self.sessions.get(&id).is_some_and(|held| held.state.is_over()) {
                self.sessions.remove(&id);
            }
        }
        Ok(())
    }
}
