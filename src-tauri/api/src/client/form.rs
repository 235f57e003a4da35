//! A request as the owner takes it: our settings, its agents.

use mo_core::settings::PermissionMode;
use mo_engine::start::StartRequest;

use crate::dto::{ReviewForm, StartForm, TeamForm, WorkerForm};

impl StartForm {
    /// All that a request says. Its target must be absolute already.
    pub fn of(request: &StartRequest) -> Self {
        let (team, settings) = (&request.team, &request.settings);
        let seconds = |ms: u64| Some(format!("{}s", ms.div_ceil(1_000)));
        let permission = match settings.permission {
            PermissionMode::Ask => "ask",
            PermissionMode::Bypass => "bypass",
        };
        let workers =
            team.workers.iter().map(|worker| WorkerForm { agent: worker.agent.clone(), role: worker.role });
        let reviews = team.reviews.iter().map(|pair| ReviewForm {
            reviewer: pair.reviewer.to_string(),
            subject: pair.subject.to_string(),
        });
        Self {
            goal: request.goal.clone(),
            target: request.target.clone(),
            team: Some(TeamForm { workers: workers.collect(), reviews: reviews.collect() }),
            permission: Some(permission.to_owned()),
            fix_rounds: Some(settings.fix_rounds),
            stall_timeout: seconds(settings.stall_timeout_ms),
            approval_timeout: seconds(settings.approval_timeout_ms),
            waits_for_person: Some(settings.waits_for_person),
            time_limit: seconds(settings.time_limit_ms),
            money_limit_usd: Some(settings.money_limit_usd),
            memory_limit_bytes: Some(settings.memory_limit_bytes),
            free_disk_limit_bytes: Some(settings.free_disk_limit_bytes),
            ceiling: Some(settings.ceiling),
            review_timeout: seconds(settings.review_timeout_ms),
            checks: Some(settings.checks.clone()),
            check_timeout: seconds(settings.check_timeout_ms),
            check_output_bytes: Some(settings.check_output_bytes),
            recovery_attempts: Some(settings.recovery.attempts),
            back_off: seconds(settings.recovery.back_off_ms),
            back_off_max: seconds(settings.recovery.back_off_max_ms),
            yes_really: request.yes_really,
        }
    }
}
