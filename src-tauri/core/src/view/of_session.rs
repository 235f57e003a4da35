//! Makes the status view of a session's state.

use super::status::{
    CheckView, DecisionView, FindingView, NeedView, PlanCount, ReviewView, SessionView, WorkerView,
};
use super::{of_approvals, of_blockers, of_grants, of_limits, of_recovery};
use crate::event::{Purpose, Step};
use crate::ids::SessionId;
use crate::outcome::Outcome;
use crate::review::check::CheckOutcome;
use crate::state::{AttemptState, CheckState, ReviewState, State, WorkerState};

/// The view of one session; `None` before it was created.
pub fn session_view(id: &SessionId, state: &State) -> Option<SessionView> {
    let created = state.created.as_ref()?;
    let newest = state.newest_checkpoint();
    let worked: Vec<&WorkerState> = state.workers.values().filter(|w| w.next_turn > 1).collect();
    let tokens = worked.iter().map(|w| w.usage.total()).sum();
    let cost_usd =
        if worked.is_empty() { None } else { worked.iter().map(|w| w.costs.total()).sum::<Option<f64>>() };
    Some(SessionView {
        id: id.to_string(),
        goal: created.goal.clone(),
        target: created.target.clone(),
        state: session_state(state).to_owned(),
        phase: state.step.phase().to_owned(),
        decision: state.standing_decision().map(|made| made.decision.as_str().to_owned()),
        seq: state.last_seq,
        created_at: state.created_at.to_string(),
        ended_at: state.ended_at.map(|at| at.to_string()),
        reason: state.ending.as_ref().map(|ending| ending.reason.clone()),
        workers: created
            .team
            .workers
            .iter()
            .filter_map(|member| state.workers.get(&member.name).map(|worker| worker_view(state, worker)))
            .collect(),
        reviews: state.reviews.iter().map(review_view).collect(),
        checks: state.checks.iter().map(check_view).collect(),
        decisions: state
            .decisions
            .iter()
            .map(|(at, made)| DecisionView {
                round: round_of(made.step),
                phase: made.step.phase().to_owned(),
                decision: made.decision.as_str().to_owned(),
                fired: made.fired.as_str().to_owned(),
                rule: made.rule.clone(),
                takes_effect: made.takes_effect,
                at: at.to_string(),
            })
            .collect(),
        recoveries: state.workers.values().map(|worker| worker.recovery.attempted).sum(),
        quotas: of_recovery::quotas(state),
        checkpoint: newest.map(|c| c.checkpoint),
        fix_round: fix_round(state),
        fix_rounds: created.settings.fix_rounds,
        needs_you: needs(id, state),
        approvals: of_approvals::approvals(&state.approvals),
        grants: of_grants::grants(&state.approvals.grants),
        ceiling: created.settings.ceiling.words().into_iter().map(ToOwned::to_owned).collect(),
        blockers: of_blockers::blockers(id, state),
        warnings: state.warnings.clone(),
        files_changed: newest.map(|c| c.changed.clone()).unwrap_or_default(),
        tokens,
        cost_usd,
        cost_known_usd: state.known_cost(),
        elapsed_ms: state.ended_at.unwrap_or(state.last_at).since(state.created_at),
    })
}

/// The session's state in the words of design.md §11.
pub fn session_state(state: &State) -> &'static str {
    match (&state.ending, state.step) {
        (Some(ending), _) => ending.state.as_str(),
        (None, Step::Prepare) => "preparing",
        (None, _) => "running",
    }
}

/// Of the step, or once there is none any more of the last decision.
fn fix_round(state: &State) -> u32 {
    let of = |step: Step| round_of(step).saturating_sub(1);
    match (state.step, state.decisions.last()) {
        (Step::Done, Some((_, made))) => of(made.step),
        (step, _) => of(step),
    }
}

fn round_of(step: Step) -> u32 {
    match step {
        Step::Implementation { fix_round } | Step::Review { fix_round } => fix_round + 1,
        _ => 1,
    }
}

fn worker_view(state: &State, worker: &WorkerState) -> WorkerView {
    let (word, doing) = worker_state(state, worker);
    WorkerView {
        name: worker.member.name.to_string(),
        agent: worker.member.agent.to_string(),
        role: worker.member.role.to_string(),
        state: word.to_owned(),
        doing,
        progress: worker.progress.percent,
        plan: worker.progress.plan.map(|(done, all)| PlanCount { done, all }),
        tokens: worker.usage.total(),
        cost_usd: (worker.next_turn > 1).then(|| worker.costs.total()).flatten(),
        cost_known_usd: worker.costs.known_usd,
        attempt: worker.next_attempt.saturating_sub(1),
    }
}

fn worker_state(state: &State, worker: &WorkerState) -> (&'static str, String) {
    let running = worker.attempts.values().find(|a| a.turn.is_some() && !a.is_over());
    if let Some(attempt) = running {
        let doing = match (&attempt.turn, worker.tool_calls) {
            (Some(turn), 0) => match &turn.purpose {
                Purpose::Review { review, .. } => state.review(review).map_or_else(
                    || worker.doing.clone(),
                    |r| format!("reviewing the work of {}", r.request.subject),
                ),
                _ => worker.doing.clone(),
            },
            _ => worker.doing.clone(),
        };
        return if attempt.state == AttemptState::Starting {
            ("starting", "starting".to_owned())
        } else if state.approvals.keeps_waiting(&worker.member.name, worker.next_attempt.saturating_sub(1)) {
            ("asking", "waits for your answer".to_owned())
        } else {
            ("working", doing)
        };
    }
    if let Some(recovering) = of_recovery::state_of(state, worker) {
        return recovering;
    }
    match (worker.last_outcome, state.is_over() || state.ending.is_some()) {
        (None, false) => ("idle", "waiting for its turn".to_owned()),
        (None, true) => ("idle", "was not needed".to_owned()),
        (Some(Outcome::Completed), false) if !worker_is_done(state, worker) => {
            ("waiting", "waiting for the reviews".to_owned())
        }
        (Some(Outcome::Completed), _) => ("done", "done".to_owned()),
        (Some(Outcome::Interrupted), _) => ("stopped", "stopped".to_owned()),
        (Some(Outcome::Failed | Outcome::Vanished), true) if state.blocker.is_some() => {
            ("blocked", worker.doing.clone())
        }
        (Some(Outcome::Failed | Outcome::Vanished), _) => ("failed", worker.doing.clone()),
    }
}

fn worker_is_done(state: &State, worker: &WorkerState) -> bool {
    use crate::ids::Role;
    match worker.member.role {
        Role::Implementer => false,
        Role::Architect | Role::Reviewer => {
            !matches!(state.step, Step::Architecture | Step::PlanReview)
                || worker.member.role == Role::Architect
        }
    }
}

fn review_view(review: &ReviewState) -> ReviewView {
    let judgement = review.judgement();
    ReviewView {
        id: review.request.review.to_string(),
        round: round_of(review.request.step),
        reviewer: review.request.reviewer.to_string(),
        subject: review.request.subject.to_string(),
        checkpoint: Some(review.request.digest.to_string()),
        verdict: judgement.map(|j| j.verdict.as_str().to_owned()),
        summary: judgement.map(|j| j.summary.clone()),
        findings: judgement
            .map(|j| j.findings.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|finding| FindingView {
                severity: finding.severity.as_str().to_owned(),
                file: finding.file.clone(),
                line: finding.line,
                title: finding.title.clone(),
                evidence: finding.evidence.clone(),
                suggestion: finding.suggestion.clone(),
            })
            .collect(),
    }
}

/// The most characters of a check's output in the view.
const OUTPUT: usize = 2_000;

fn check_view(check: &CheckState) -> CheckView {
    let finished = check.finished.as_deref();
    CheckView {
        check: check.started.check,
        round: round_of(check.step),
        command: check.started.command.clone(),
        checkpoint: check.started.digest.to_string(),
        outcome: finished.map(|f| f.outcome.as_str().to_owned()),
        summary: finished.map(crate::review::check::CheckFinished::words),
        exit_code: finished.and_then(|f| f.exit_code),
        duration_ms: finished.map(|f| f.duration_ms),
        output: finished.filter(|f| f.outcome != CheckOutcome::Passed && !f.output.is_empty()).map(|f| {
            let skip = f.output.char_indices().rev().nth(OUTPUT - 1).map_or(0, |(at, _)| at);
            f.output.get(skip..).unwrap_or_default().to_owned()
        }),
    }
}

fn needs(id: &SessionId, state: &State) -> Vec<NeedView> {
    let asked: Vec<NeedView> = state.approvals.unanswered().map(of_approvals::need).collect();
    if !asked.is_empty() {
        return asked;
    }
    if let Some(need) = of_blockers::need(id, state).or_else(|| of_limits::need(state)) {
        return vec![need];
    }
    let waits = state.ending.as_ref().filter(|ending| matches!(ending.exit_code, 11 | 13));
    let decided = state.standing_decision().filter(|made| made.takes_effect);
    let (Some(ending), Some(made)) = (waits, decided) else { return Vec::new() };
    let mut required_actions: Vec<String> = Vec::new();
    for review in &state.reviews {
        let Some(judgement) = review.judgement() else { continue };
        if judgement.verdict > crate::review::verdict::Verdict::Approved {
            let who = &review.request.reviewer;
            required_actions.push(format!("{who}: {} – {}", judgement.verdict.as_str(), judgement.summary));
        }
    }
    for check in state.checks_of_step().iter().filter(|check| !check.passed()) {
        let how = check.finished.as_ref().map_or_else(|| "has no result".to_owned(), |f| f.words());
        required_actions.push(format!("the check `{}` {how}", check.started.command));
    }
    vec![NeedView {
        kind: "decision".to_owned(),
        id: None,
        title: format!("{} after the {}", made.decision.as_str(), made.step.phase().replace('_', " ")),
        details: ending.reason.clone(),
        required_actions,
        suggestions: Vec::new(),
    }]
}
