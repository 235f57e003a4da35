//! Carries out what the core asks for. Every act reports its outcome as an input.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mo_agents::launch::Access;
use mo_checkpoint::Access as CheckoutAccess;
use mo_core::approval::{Action, AnsweredBy, Choice};
use mo_core::effect::Effect;
use mo_core::event::{Fault, Place, Prepared};
use mo_core::ids::{CheckNo, Digest, Nonce, SessionId};
use mo_core::input::{Backing, Input};
use mo_core::recovery::Launched;
use mo_core::review::answer;
use mo_core::review::receipt::Receipt;
use mo_core::state::{OpenApproval, State};
use mo_core::time::Timestamp;
use mo_core::view::session_view;
use mo_core::view::status::SessionView;
use mo_journal::{Document, Redactor};
use tokio::sync::{Notify, mpsc};

use crate::attend::attend;
use crate::checks::{self, CheckJob};
use crate::dispatcher::Message;
use crate::environment::Environment;
use crate::hub::Hub;
use crate::keeping::Keeper;
use crate::monitor::Monitor;
use crate::outlet::Crowd;
use crate::places;
use crate::ports::Ports;
use crate::prompts::{self, DiffText};
use crate::session_desk::{Desks, SessionDesk, Timer, WorkerCommand};
use crate::versions::doubt;
use crate::worker::{WorkerRun, bounds};
use crate::{checkouts, edits, fault, receipts, roster, summary};

/// An act that is ready to be done once its event is durable.
pub(crate) type Act = Box<dyn FnOnce(&mut EffectRunner) + Send>;

/// The most bytes of a diff in a prompt.
const MAX_DIFF: usize = 200_000;

/// Runs effects as tasks. Holds what they share.
pub(crate) struct EffectRunner {
    ports: Ports,
    hub: Arc<Hub>,
    crowd: Arc<Crowd>,
    environment: Arc<Environment>,
    queue: mpsc::WeakSender<Message>,
    desks: Desks,
    freed: Arc<Notify>,
    keeper: Arc<Keeper>,
    monitor: Arc<Monitor>,
}

impl EffectRunner {
    pub(crate) fn new(
        ports: Ports,
        hub: Arc<Hub>,
        environment: Arc<Environment>,
        queue: mpsc::WeakSender<Message>,
        desks: Desks,
        freed: Arc<Notify>,
        keeper: Arc<Keeper>,
    ) -> Self {
        let monitor = Monitor::new(&ports, Arc::clone(&hub), Arc::clone(&desks), queue.clone());
        Self { ports, hub, crowd: Arc::default(), environment, queue, desks, freed, keeper, monitor }
    }

    fn desk(&self, session: &SessionId) -> Option<Arc<SessionDesk>> {
        self.desks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(session).cloned()
    }

    /// Gathers from the state what the effect needs; the act itself needs no state any more.
    pub(crate) fn prepare(&self, session: &SessionId, effect: Effect, state: &State) -> Act {
        let Some(desk) = self.desk(session) else {
            tracing::warn!(%session, ?effect, "an effect of a session that does not run here");
            return Box::new(|_| {});
        };
        match effect {
            Effect::Prepare => Box::new(move |runner| runner.prepare_session(desk)),
            Effect::TakeCheckpoint { checkpoint, .. } => {
                let first = state.checkpoints.get(&0).map(|c| c.digest.clone());
                Box::new(move |runner| runner.take_checkpoint(&desk, checkpoint, first))
            }
            Effect::Spawn { worker, attempt, place, resume, launched } => {
                let run = worker_run(&desk, state, worker, attempt, &place, resume, launched);
                Box::new(move |runner| runner.spawn(desk, run))
            }
            Effect::Prompt { worker, attempt, turn: open } => {
                let (prompt, turn) = (prompts::prompt(state, &open, &desk.folder), open.turn);
                let ports = self.ports.clone();
                Box::new(move |_| {
                    tokio::task::spawn_blocking(move || {
                        let text = prompt.text(&|since, at| diff(&ports, since, at));
                        desk.tell(
                            &worker,
                            attempt,
                            WorkerCommand::Prompt { turn, text, schema: prompt.schema },
                        );
                    });
                })
            }
            Effect::StopWorker { worker, attempt, urgent } => {
                Box::new(move |_| desk.tell(&worker, attempt, WorkerCommand::Stop { urgent }))
            }
            Effect::AnswerApproval { worker, attempt, request, answer } => {
                Box::new(move |_| desk.tell(&worker, attempt, WorkerCommand::Answer { request, answer }))
            }
            Effect::AnswerAgain { approval } => {
                let Some(open) = state.approvals.open(&approval).cloned() else { return Box::new(|_| {}) };
                Box::new(move |runner| runner.answer_again(&desk, open))
            }
            Effect::RunCheck { check } => {
                let Some(job) = check_job(&desk, state, check) else { return Box::new(|_| {}) };
                Box::new(move |runner| runner.run_check(&desk, check, job))
            }
            Effect::StopCheck { check } => Box::new(move |_| desk.stop_check(check)),
            Effect::PrepareReview { review, try_no } => {
                let Some(request) = state.review(&review).map(|r| Arc::clone(&r.request)) else {
                    return Box::new(|_| {});
                };
                Box::new(move |runner| {
                    let folder = desk.checkout(&request.reviewer, &request.subject);
                    let digest = request.digest.clone();
                    runner.blocking(&desk, move |ports| {
                        let made = match try_no {
                            1 => checkouts::make(ports, &digest, &folder, CheckoutAccess::ReadOnly),
                            _ => Ok(()),
                        };
                        let nonce = Nonce::new(uuid::Uuid::new_v4().to_string());
                        let result = made.map(|()| (nonce, folder.to_string_lossy().into_owned()));
                        Input::ReviewPrepared { review, try_no, result }
                    });
                })
            }
            Effect::CheckPlaces { review, try_no, judgement } => {
                let Some(request) = state.review(&review).map(|r| Arc::clone(&r.request)) else {
                    return Box::new(|_| {});
                };
                let known = places::Known {
                    folder: desk.checkout(&request.reviewer, &request.subject),
                    digest: request.digest.clone(),
                    earlier: state
                        .checkpoints
                        .range(..request.checkpoint)
                        .rev()
                        .map(|(_, c)| c.digest.clone())
                        .collect(),
                    plan: places::reviews_the_plan(state, &request).then(|| state.plan.clone()).flatten(),
                };
                Box::new(move |runner| {
                    runner.blocking(&desk, move |ports| {
                        let tampered = places::tampered(ports, &known);
                        let missing = places::missing(ports, &known, &judgement.findings);
                        Input::PlacesChecked { review, try_no, missing, tampered }
                    });
                })
            }
            Effect::WritePlan => {
                let plan = state.plan.clone().unwrap_or_else(|| "".into());
                Box::new(move |runner| runner.write_document(&desk, Document::Plan, plan.to_string()))
            }
            Effect::WriteReceipts => {
                let receipts = receipts::of_state(session, state);
                Box::new(move |runner| {
                    let (ports, environment) = (runner.ports.clone(), Arc::clone(&runner.environment));
                    tokio::task::spawn_blocking(move || desk.write_receipts(&ports, &environment, receipts));
                })
            }
            Effect::StartReviewTimer { review, after_ms } => Box::new(move |runner| {
                let timer = Timer::Review(review.clone());
                runner.start_timer(&desk, timer, after_ms, Input::ReviewTimedOut { review });
            }),
            Effect::CloseReview { review } => {
                desk.stop_timer(&Timer::Review(review));
                Box::new(|_| {})
            }
            Effect::StartApprovalTimer { approval, after_ms } => Box::new(move |runner| {
                let message = "nobody answered in time".to_owned();
                let expired = Input::Answer {
                    approval: approval.clone(),
                    choice: Choice::Deny { message },
                    by: AnsweredBy::Expiry,
                    backing: None,
                };
                runner.start_timer(&desk, Timer::Approval(approval), after_ms, expired);
            }),
            Effect::StartRecoveryTimer { worker, turn, until } => Box::new(move |runner| {
                let timer = Timer::Recovery(worker.clone());
                runner.start_clock_timer(&desk, timer, until, Input::RecoveryDue { worker, turn });
            }),
            Effect::StartQuotaTimer { agent, until } => Box::new(move |runner| {
                let timer = Timer::Quota(agent.clone());
                runner.start_clock_timer(&desk, timer, until, Input::QuotaReset { agent, until });
            }),
            Effect::StartTimeLimit { after_ms } => Box::new(move |runner| {
                runner.start_timer(&desk, Timer::TimeLimit, after_ms, Input::TimeLimitReached);
            }),
            Effect::CloseSession => {
                let (view, has_plan) = (session_view(session, state), state.plan.is_some());
                let receipts = receipts::of_state(session, state);
                Box::new(move |runner| runner.close(&desk, view, has_plan, receipts))
            }
        }
    }

    fn spawn(&mut self, desk: Arc<SessionDesk>, mut run: WorkerRun) {
        let Some(queue) = self.queue.upgrade() else { return };
        run.commands = Some(desk.add_worker(&run.worker, run.attempt));
        self.monitor.wake();
        let (ports, hub, crowd, environment) = (
            self.ports.clone(),
            Arc::clone(&self.hub),
            Arc::clone(&self.crowd),
            Arc::clone(&self.environment),
        );
        tokio::spawn(attend(ports, hub, crowd, environment, desk, run, queue));
    }

    fn prepare_session(&mut self, desk: Arc<SessionDesk>) {
        let (ports, environment) = (self.ports.clone(), Arc::clone(&self.environment));
        let Some(queue) = self.queue.upgrade() else { return };
        tokio::spawn(async move {
            let agents = roster::versions(&ports, &environment, &desk.programs).await;
            let (git, trusted) = (desk.premises.in_git(&desk.target), desk.premises.trusted);
            let doubts: Vec<String> =
                agents.iter().filter_map(|found| doubt(&found.agent, found.version.as_deref())).collect();
            let result = Ok(Prepared { agents, git, guarantees: desk.premises.guarantees(), trusted });
            send(&queue, &desk, Input::Prepared(result)).await;
            for text in doubts {
                send(&queue, &desk, Input::Warn { text }).await;
            }
        });
    }

    fn take_checkpoint(&mut self, desk: &Arc<SessionDesk>, checkpoint: u32, first: Option<Digest>) {
        let (keeper, taken_for) = (Arc::clone(&self.keeper), Arc::clone(desk));
        self.blocking(desk, move |_| {
            let SessionDesk { id, target, .. } = taken_for.as_ref();
            let taken = keeper.storage.take(id, target, checkpoint, first.as_ref());
            let result = taken.map_err(|error| {
                let fault = fault::of_checkpoint(&error);
                Fault { message: format!("no checkpoint could be taken: {}", fault.message), ..fault }
            });
            Input::Checkpoint { checkpoint, result }
        });
    }

    fn run_check(&mut self, desk: &Arc<SessionDesk>, check: CheckNo, job: CheckJob) {
        let Some(queue) = self.queue.upgrade() else { return };
        let stop = desk.add_check(check);
        let (ports, environment, desk) =
            (self.ports.clone(), Arc::clone(&self.environment), Arc::clone(desk));
        tokio::spawn(async move {
            // In a task of its own, so that one that breaks off has an outcome too.
            let ran = tokio::spawn(checks::run(ports, environment, job, stop)).await;
            let result = ran.unwrap_or_else(|error| Err(checks::broke_off(&error)));
            desk.remove_check(check);
            send(&queue, &desk, Input::CheckRan { check, result }).await;
        });
    }

    fn write_document(&mut self, desk: &Arc<SessionDesk>, document: Document, text: String) {
        let (ports, id) = (self.ports.clone(), desk.id.clone());
        let environment = Arc::clone(&self.environment);
        let queue = self.queue.upgrade();
        let desk = Arc::clone(desk);
        tokio::spawn(async move {
            let written = tokio::task::spawn_blocking(move || {
                ports.journal.put_document(&id, &document, &environment.redactor.redact(&text))
            })
            .await;
            if let (Ok(Err(error)), Some(queue)) = (written, queue) {
                let text = format!("a document could not be written: {error}");
                send(&queue, &desk, Input::Warn { text }).await;
            }
        });
    }

    fn start_timer(&mut self, desk: &Arc<SessionDesk>, timer: Timer, after_ms: u64, input: Input) {
        let Some(queue) = self.queue.upgrade() else { return };
        let for_task = Arc::clone(desk);
        let task = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            send(&queue, &for_task, input).await;
        });
        desk.set_timer(timer, task.abort_handle());
    }

    /// A timer for a time of day, which a restart does not begin anew.
    fn start_clock_timer(&mut self, desk: &Arc<SessionDesk>, timer: Timer, until: Timestamp, input: Input) {
        let Some(queue) = self.queue.upgrade() else { return };
        let (for_task, clock) = (Arc::clone(desk), Arc::clone(&self.ports.clock));
        let task = tokio::spawn(async move {
            clock.until(until).await;
            send(&queue, &for_task, input).await;
        });
        desk.set_timer(timer, task.abort_handle());
    }

    fn close(
        &mut self,
        desk: &Arc<SessionDesk>,
        view: Option<SessionView>,
        has_plan: bool,
        receipts: Vec<Receipt>,
    ) {
        let environment = Arc::clone(&self.environment);
        let (ports, desks, freed) = (self.ports.clone(), Arc::clone(&self.desks), Arc::clone(&self.freed));
        let (desk, keeper) = (Arc::clone(desk), Arc::clone(&self.keeper));
        tokio::task::spawn_blocking(move || {
            if let Some(view) = view {
                write_at_rest(&ports, &environment.redactor, &desk.id, &view, has_plan);
            }
            desk.write_receipts(&ports, &environment, receipts);
            for checkouts_of in ["checkouts", "checks"] {
                checkouts::remove_all(&ports, &desk.folder.join(checkouts_of));
            }
            desk.close();
            keeper.storage.settled(&desk.id);
            desks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&desk.id);
            freed.notify_waiters();
            keeper.tidy();
        });
    }

    /// An edited call that was allowed at rest: what it does is found out on the ground as it is now.
    fn answer_again(&self, desk: &Arc<SessionDesk>, open: OpenApproval) {
        let Some(kept) = open.answer else { return };
        let home = self.environment.home();
        let here = Arc::clone(desk);
        self.blocking(desk, move |_| {
            let asked = &open.asked;
            let (Some(call), Choice::Edit { input }) = (&asked.request.call, &kept.choice) else {
                return Input::Proceed;
            };
            let cwd = match &asked.request.action {
                Action::Command { cwd, .. } => cwd.as_deref(),
                _ => None,
            };
            let bounds = bounds(Path::new(&asked.folder), &here.data, home.as_deref());
            let edited = edits::edited(call, input.clone(), cwd, &bounds, &here.rules.now());
            let edited = edited.inspect_err(|error| tracing::error!(%error, "an edit that was taken before"));
            let backing = edited.ok().map(|(_, edited)| Box::new(Backing::Edited(edited)));
            Input::Answer { approval: asked.approval.clone(), choice: kept.choice, by: kept.by, backing }
        });
    }

    /// Runs blocking work whose result is an input.
    fn blocking(&self, desk: &Arc<SessionDesk>, work: impl FnOnce(&Ports) -> Input + Send + 'static) {
        let Some(queue) = self.queue.upgrade() else { return };
        let (ports, desk) = (self.ports.clone(), Arc::clone(desk));
        tokio::spawn(async move {
            match tokio::task::spawn_blocking(move || work(&ports)).await {
                Ok(input) => send(&queue, &desk, input).await,
                Err(error) => tracing::error!(session = %desk.id, %error, "an effect broke off"),
            }
        });
    }
}

/// What a person reads of a session that rests, and its view, so that nobody needs to replay it to list it.
fn write_at_rest(
    ports: &Ports,
    redactor: &Redactor,
    session: &SessionId,
    view: &SessionView,
    has_plan: bool,
) {
    let texts = [
        (Document::Summary, summary::markdown(view, has_plan)),
        (Document::View, serde_json::to_string(view).unwrap_or_default()),
    ];
    for (document, text) in texts {
        let text = redactor.redact(&text);
        if let Err(error) = ports.journal.put_document(session, &document, &text) {
            tracing::error!(%session, ?document, %error, "not written");
        }
    }
}

/// What a process of a worker needs, gathered from the state.
fn worker_run(
    desk: &Arc<SessionDesk>,
    state: &State,
    worker: mo_core::ids::WorkerName,
    attempt: u32,
    place: &Place,
    resume: Option<String>,
    launched: Launched,
) -> WorkerRun {
    let agent = state.workers.get(&worker).map(|w| w.member.agent.clone());
    let (cwd, schema) = match place {
        Place::Target { .. } => (desk.target.clone(), None),
        Place::Checkout { review } => {
            let folder = state.review(review).map(|r| desk.checkout(&r.request.reviewer, &r.request.subject));
            (folder.unwrap_or_else(|| desk.target.clone()), Some(answer::schema()))
        }
    };
    let access = if place.may_write() { Access::Write } else { Access::ReadOnly };
    // A checkout is never in a repository.
    let skip_git_repo_check = launched.skip_git_repo_check || !matches!(place, Place::Target { .. });
    let launched = Launched { skip_git_repo_check, ..launched };
    WorkerRun { worker, attempt, agent, cwd, access, schema, resume, launched, commands: None }
}

/// What a check needs, gathered from the state.
fn check_job(desk: &SessionDesk, state: &State, check: CheckNo) -> Option<CheckJob> {
    let running = state.running_check().filter(|running| running.started.check == check)?;
    let settings = state.settings();
    Some(CheckJob {
        command: running.started.command.clone(),
        digest: running.started.digest.clone(),
        folder: desk.folder.join("checks").join(check.to_string()),
        timeout_ms: settings.check_timeout_ms,
        output_bytes: settings.check_output_bytes,
    })
}

async fn send(queue: &mpsc::Sender<Message>, desk: &SessionDesk, input: Input) {
    let message = Message::Inputs { session: desk.id.clone(), inputs: vec![input] };
    // Fails only when the engine is going away.
    let _ = queue.send(message).await;
}

fn diff(ports: &Ports, since: &Digest, at: &Digest) -> DiffText {
    let options = mo_checkpoint::DiffOptions { max_bytes: MAX_DIFF, ..mo_checkpoint::DiffOptions::default() };
    match ports.checkpoints.diff(&places::from_core(since), &places::from_core(at), options) {
        Ok(diff) => DiffText { text: diff.unified().into_owned(), truncated: diff.truncated },
        Err(error) => {
            tracing::error!(%error, "no diff for a prompt");
            DiffText {
                text: format!("(the diff could not be made: {error}; read the files instead)\n"),
                truncated: true,
            }
        }
    }
}
