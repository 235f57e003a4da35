//! Applying events. Total: whatever a journal holds, replay neither fails nor panics.

use std::sync::Arc;

use super::{
    AtStep, Attempt, AttemptState, BlockerStand, CheckState, HeldRequest, OpenTurn, ReviewProgress,
    ReviewState, State, StepTurn, TurnResult, WorkerState, blocker,
};
use crate::agent_event::{AgentEvent, FileTouch, ToolKind};
use crate::event::{CheckpointPurpose, Envelope, Event, Place, Purpose, Step};
use crate::ids::{ReviewId, WorkerName};
use crate::outcome::{Outcome, TurnEnd};
use crate::recovery::{Signs, Trouble};

/// The most bytes of a final text that the state keeps.
const MAX_TEXT: usize = 1 << 20;
/// The most messages that wait for a worker.
const MAX_WORDS: usize = 100;
/// The most warnings that the state keeps.
const MAX_WARNINGS: usize = 200;

impl State {
    /// The state after the event.
    pub fn apply(&mut self, envelope: &Envelope) {
        self.last_seq = envelope.seq;
        self.last_at = self.last_at.max(envelope.at);
        self.approvals.apply(envelope);
        self.apply_recovery(envelope);
        blocker::apply(&mut self.blockers, envelope);
        match &envelope.event {
            Event::SessionCreated(created) => {
                self.created_at = envelope.at;
                self.workers = created
                    .team
                    .workers
                    .iter()
                    .map(|member| (member.name.clone(), WorkerState::new(member.clone())))
                    .collect();
                for warning in &created.warnings {
                    self.warn(warning);
                }
                self.created = Some(Arc::new(created.clone()));
            }
            Event::SessionPrepared(prepared) => self.prepared = Some(Arc::new(prepared.clone())),
            Event::PrepareFailed(fault) => self.at_step.fault = Some(fault.clone()),
            Event::CheckpointFailed { fault, .. } => {
                // At the end nothing more can be done about it: it is not asked for again.
                if let Some((_, CheckpointPurpose::End)) = self.pending_checkpoint.take() {
                    self.dirty = false;
                } else {
                    self.at_step.fault = Some(fault.clone());
                }
            }
            Event::PhaseStarted { step } => {
                self.start_step(*step);
            }
            Event::CheckpointRequested { checkpoint, purpose } => {
                self.pending_checkpoint = Some((*checkpoint, *purpose));
                self.next_checkpoint = self.next_checkpoint.max(checkpoint.saturating_add(1));
                self.at_step.checkpoint = Some(*checkpoint);
            }
            Event::CheckpointTaken(taken) => {
                self.at_step.saved =
                    matches!(self.pending_checkpoint.take(), Some((_, CheckpointPurpose::Turn)));
                self.dirty = false;
                // One that a person had taken was not requested before.
                self.next_checkpoint = self.next_checkpoint.max(taken.checkpoint.saturating_add(1));
                self.checkpoints.insert(taken.checkpoint, Arc::new(taken.clone()));
            }
            Event::CheckpointUnchanged { checkpoint, .. } => {
                self.pending_checkpoint = None;
                self.at_step.saved = true;
                self.dirty = false;
                self.next_checkpoint = *checkpoint;
            }
            // The target is no longer what the newest checkpoint has, until the next one.
            Event::CheckpointRestored(_) => self.dirty = true,
            Event::PlanRecorded { text } => self.plan = Some(text.as_str().into()),
            Event::CheckStarted(started) => self.checks.push(CheckState {
                started: Arc::new(started.clone()),
                step: self.step,
                finished: None,
            }),
            Event::CheckFinished(finished) => {
                if let Some(check) = self.checks.iter_mut().rfind(|c| c.started.check == finished.check) {
                    check.finished = Some(Arc::new(finished.clone()));
                }
            }
            Event::ReviewRequested(request) => {
                self.at_step.reviews.push(request.review.clone());
                self.reviews.push(ReviewState {
                    request: Arc::new(request.clone()),
                    progress: ReviewProgress::Preparing { try_no: 1 },
                    checkout: None,
                    attempt: None,
                    unusable: None,
                });
            }
            Event::ReviewPrepared { review, try_no, nonce, checkout } => {
                self.on_review(review, |r| {
                    r.checkout = Some(checkout.as_str().into());
                    r.progress = ReviewProgress::Ready { try_no: *try_no, nonce: nonce.clone() };
                });
            }
            Event::ReviewAnswered { review, try_no, judgement } => {
                let judgement = Arc::new(judgement.clone());
                self.on_review(review, |r| {
                    r.progress = ReviewProgress::Checking { try_no: *try_no, judgement }
                });
            }
            Event::ReviewAnswerUnusable { review, try_no, why } => {
                self.on_review(review, |r| {
                    r.unusable = Some(why.as_str().into());
                    r.progress = ReviewProgress::Preparing { try_no: try_no + 1 };
                });
            }
            Event::VerdictRecorded { review, judgement } => {
                let judgement = Arc::new(judgement.clone());
                self.on_review(review, |r| r.progress = ReviewProgress::Settled { judgement });
            }
            Event::DecisionMade(made) => {
                let made = Arc::new(made.clone());
                self.at_step.decision = Some(Arc::clone(&made));
                self.decisions.push((envelope.at, made));
                self.decided = true;
            }
            Event::PermissionBlocker(blocker) => self.blocker = Some(Arc::new(blocker.clone())),
            Event::BlockerResolved { .. } => {
                if !self.blockers.iter().any(|one| one.stand == BlockerStand::Open) {
                    self.blocker = None;
                }
            }
            Event::WarningRaised { text } => self.warn(text),
            Event::StopRequested { by } => self.stop = Some(*by),
            Event::SessionResumed { message, waits_for_person } => {
                if let (Some(waits), Some(created)) = (waits_for_person, &mut self.created) {
                    Arc::make_mut(created).settings.waits_for_person = *waits;
                }
                self.parked = None;
                self.ending = None;
                self.ended_at = None;
                self.stop = None;
                self.blocker = None;
                self.resuming = true;
                self.spent_before = self.known_cost();
                self.near_limits.clear();
                self.words.extend(message.as_deref().map(|text| (None, cut(text).into())));
            }
            Event::ReviewNowRequested { focus } => {
                self.focus = focus.as_deref().map(|text| cut(text).into());
            }
            Event::MessageQueued { text } => {
                if self.words.len() < MAX_WORDS {
                    self.words.push((envelope.worker.clone(), cut(text).into()));
                }
            }
            Event::LimitNear(reading) => {
                self.warn(&reading.words());
                self.near_limits.insert(reading.of.clone());
            }
            Event::SessionEnding(ending) => self.ending = Some(Arc::new(ending.clone())),
            Event::SessionEnded(ending) => {
                self.ending = Some(Arc::new(ending.clone()));
                self.ended_at = Some(envelope.at);
                self.step =
                    if ending.exit_code == 0 || ending.exit_code == 10 { Step::Done } else { self.step };
            }
            Event::ReviewPrepareFailed { .. }
            | Event::LimitReached(_)
            | Event::ApprovalRequested(_)
            | Event::ApprovalRepeated { .. }
            | Event::ApprovalAnswered(_)
            | Event::ApprovalVoided { .. }
            | Event::GrantGiven(_)
            | Event::GrantRevoked { .. }
            | Event::RecoveryAttempted(_)
            | Event::RecoveryDue { .. }
            | Event::RecoverySucceeded(_)
            | Event::RecoveryExhausted(_)
            | Event::QuotaReached { .. }
            | Event::QuotaReset { .. } => {}
            Event::WorkerSpawnRequested { .. }
            | Event::WorkerSpawned { .. }
            | Event::WorkerSpawnFailed { .. }
            | Event::WorkerStopRequested { .. }
            | Event::WorkerExited { .. }
            | Event::TurnRequested { .. }
            | Event::AgentItem { .. }
            | Event::ApprovalDecided { .. }
            | Event::ApprovalHeld { .. }
            | Event::WorkerStalled { .. }
            | Event::TurnEnded { .. } => {
                if let Some(worker) = &envelope.worker {
                    self.apply_to_worker(worker, &envelope.event);
                }
            }
        }
    }

    fn apply_to_worker(&mut self, name: &WorkerName, event: &Event) {
        match event {
            Event::TurnRequested { turn, attempt, purpose, message, .. } => {
                if let Purpose::Review { review, try_no } = purpose {
                    self.on_review(review, |r| {
                        r.attempt = Some(*attempt);
                        if let ReviewProgress::Ready { nonce, .. } = &r.progress {
                            r.progress = ReviewProgress::Running { try_no: *try_no, nonce: nonce.clone() };
                        }
                    });
                } else {
                    self.words.retain(|(to, _)| to.as_ref().is_some_and(|to| to != name));
                    self.resuming = false;
                    self.decided = false;
                    self.at_step.saved = false;
                    self.at_step.turn = Some(StepTurn {
                        worker: name.clone(),
                        turn: *turn,
                        purpose: purpose.clone(),
                        message: message.as_deref().map(Into::into),
                        ended: None,
                    });
                    self.dirty |= !matches!(purpose, Purpose::Plan);
                }
            }
            Event::TurnEnded { turn, end, purpose, .. } if !matches!(purpose, Purpose::Review { .. }) => {
                let known = self.workers.get(name);
                let last = known.and_then(|w| w.last_message.clone());
                let signs = known.map_or_else(Signs::default, |w| w.recovery.signs);
                let turns = self.at_step.turn.iter_mut().chain(&mut self.parked);
                if let Some(step) = turns.into_iter().find(|t| t.turn == *turn && t.worker == *name) {
                    step.ended = Some(TurnResult {
                        outcome: end.outcome,
                        trouble: Trouble::of(end, signs),
                        text: final_text(end, last),
                        resets_at: end.resets_at,
                    });
                }
            }
            Event::ApprovalHeld { attempt, request, ruling } => self.held.push(Arc::new(HeldRequest {
                worker: name.clone(),
                attempt: *attempt,
                request: request.clone(),
                ruling: ruling.clone(),
            })),
            Event::ApprovalDecided { attempt, request, .. } => {
                self.held.retain(|h| {
                    h.worker != *name || h.attempt != *attempt || h.request.request != request.request
                });
            }
            Event::WorkerExited { attempt, .. } => {
                self.held.retain(|h| h.worker != *name || h.attempt != *attempt);
            }
            _ => {}
        }
        if let Some(worker) = self.workers.get_mut(name) {
            worker.apply(event);
        }
    }

    /// A review in the middle of a turn parks that turn, and takes it up again when the work goes on.
    fn start_step(&mut self, step: Step) {
        self.step = step;
        let fresh = AtStep { first_check: self.checks.len(), ..AtStep::default() };
        let turn = std::mem::replace(&mut self.at_step, fresh).turn;
        match step {
            Step::Review { .. } => {
                // One that is to be taken up again is not over either.
                let to_begin = |turn: &StepTurn| {
                    let known = self.workers.get(&turn.worker);
                    known.and_then(|known| known.recovery.to_begin()).is_some_and(|u| u.turn == turn.turn)
                };
                self.parked = turn.filter(|turn| turn.ended.is_none() || to_begin(turn));
            }
            Step::Implementation { .. } => {
                self.focus = None;
                self.at_step.turn = self.parked.take();
                // It goes on to write, past what was decided.
                self.dirty |= self.at_step.turn.is_some();
                self.decided &= self.at_step.turn.is_none();
            }
            _ => self.parked = None,
        }
    }

    fn on_review(&mut self, id: &ReviewId, change: impl FnOnce(&mut ReviewState)) {
        if let Some(review) = self.reviews.iter_mut().find(|r| r.request.review == *id) {
            change(review);
        }
    }

    fn warn(&mut self, text: &str) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(text.to_owned());
        }
    }
}

impl WorkerState {
    fn apply(&mut self, event: &Event) {
        match event {
            Event::WorkerSpawnRequested { attempt, place, .. } => {
                self.next_attempt = self.next_attempt.max(attempt.saturating_add(1));
                self.attempts.insert(
                    *attempt,
                    Attempt {
                        place: place.clone(),
                        state: AttemptState::Starting,
                        turn: None,
                        stopping: None,
                    },
                );
                self.forget_old_attempts();
                "starting".clone_into(&mut self.doing);
            }
            Event::WorkerSpawned { attempt, pid, start_time } => {
                let live = AttemptState::Live { pid: *pid, start_time: *start_time };
                self.on_attempt(*attempt, |a| a.state = live);
            }
            Event::WorkerSpawnFailed { attempt, .. } => {
                self.on_attempt(*attempt, |a| a.state = AttemptState::Over);
            }
            Event::WorkerStopRequested { attempt, urgent } => {
                self.on_attempt(*attempt, |a| a.stopping = Some(*urgent || a.stopping == Some(true)));
            }
            Event::WorkerExited { attempt, .. } => {
                self.on_attempt(*attempt, |a| {
                    a.state = AttemptState::Over;
                    a.turn = None;
                });
            }
            Event::TurnRequested { turn, attempt, purpose, message, goes_on, recovers } => {
                self.next_turn = self.next_turn.max(turn.saturating_add(1));
                self.progress = crate::progress::Progress::default();
                self.tool_calls = 0;
                self.last_outcome = None;
                self.doing = purpose_words(purpose);
                let open = OpenTurn {
                    turn: *turn,
                    purpose: purpose.clone(),
                    message: message.as_deref().map(Into::into),
                    goes_on: *goes_on,
                    recovers: *recovers,
                };
                self.on_attempt(*attempt, |a| a.turn = Some(open));
            }
            Event::TurnEnded { attempt, end, .. } => self.end_turn(*attempt, end),
            Event::WorkerStalled { .. } => "stalled".clone_into(&mut self.doing),
            Event::AgentItem { attempt, item, .. } => self.apply_item(*attempt, item),
            _ => {}
        }
    }

    fn on_attempt(&mut self, attempt: u32, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self.attempts.get_mut(&attempt) {
            change(attempt);
        }
    }

    fn end_turn(&mut self, attempt: u32, end: &TurnEnd) {
        self.on_attempt(attempt, |a| a.turn = None);
        self.last_outcome = Some(end.outcome);
        if let Some(usage) = end.usage {
            self.usage = self.usage.plus(usage);
        }
        match end.cost_usd {
            Some(cost) => self.costs.known_usd += cost,
            None => self.costs.unknown_turns = self.costs.unknown_turns.saturating_add(1),
        }
        if end.outcome == Outcome::Completed {
            self.progress.on_completed();
            "done".clone_into(&mut self.doing);
        } else {
            end.outcome.as_str().clone_into(&mut self.doing);
        }
    }

    fn apply_item(&mut self, attempt: u32, item: &AgentEvent) {
        match item {
            AgentEvent::SessionStarted { agent_session, model, .. } => {
                // A review's session is its own; the work goes on in the work's.
                let works = |a: &Attempt| matches!(a.place, Place::Target { .. });
                if self.attempts.get(&attempt).is_some_and(works) {
                    self.agent_session = Some(agent_session.as_str().into());
                }
                if let Some(model) = model {
                    self.model = Some(model.as_str().into());
                }
            }
            AgentEvent::Message { text, .. } => {
                self.last_message = Some(cut(text).into());
                "writing".clone_into(&mut self.doing);
            }
            AgentEvent::Thought { .. } => "thinking".clone_into(&mut self.doing),
            AgentEvent::ToolStarted { tool, title, .. } => {
                self.tool_calls = self.tool_calls.saturating_add(1);
                self.doing = tool_words(*tool, title);
            }
            AgentEvent::FilesChanged { changes, .. } => self.doing = files_words(changes),
            AgentEvent::Plan { entries } => self.progress.on_plan(entries),
            AgentEvent::Milestone { .. } => self.progress.on_milestone(),
            AgentEvent::TurnStarted
            | AgentEvent::Delta { .. }
            | AgentEvent::ToolEnded { .. }
            | AgentEvent::ApprovalRequested { .. }
            | AgentEvent::ApprovalWithdrawn { .. }
            | AgentEvent::UsageReported { .. }
            | AgentEvent::Notice { .. }
            | AgentEvent::TurnEnded { .. }
            | AgentEvent::Malformed { .. }
            | AgentEvent::Unrecognized { .. } => {}
        }
    }
}

fn purpose_words(purpose: &Purpose) -> String {
    match purpose {
        Purpose::Plan => "reading the project for a plan".to_owned(),
        Purpose::Implement => "starting on the goal".to_owned(),
        Purpose::Fix { fix_round } => format!("mending the findings (round {fix_round})"),
        Purpose::FollowUp => "doing what the person said".to_owned(),
        Purpose::Review { .. } => "reviewing".to_owned(),
    }
}

fn tool_words(tool: ToolKind, title: &str) -> String {
    let verb = match tool {
        ToolKind::Read => "reading",
        ToolKind::Search => "searching",
        ToolKind::Edit => "editing",
        ToolKind::Command => "running",
        ToolKind::Fetch => "fetching",
        ToolKind::Plan => "planning",
        ToolKind::Other => "using",
    };
    let title: String = title.lines().next().unwrap_or_default().chars().take(120).collect();
    format!("{verb} {title}")
}

fn files_words(changes: &[FileTouch]) -> String {
    match changes {
        [] => "editing".to_owned(),
        [one] => format!("edited {}", one.path),
        [first, rest @ ..] => format!("edited {} and {} more", first.path, rest.len()),
    }
}

fn final_text(end: &TurnEnd, last_message: Option<Arc<str>>) -> Arc<str> {
    match &end.text {
        Some(text) if !text.trim().is_empty() => cut(text).into(),
        _ => last_message.unwrap_or_else(|| "".into()),
    }
}

/// At most `MAX_TEXT` bytes, at a character's border.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
