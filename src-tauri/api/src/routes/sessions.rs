//! Starting sessions, looking at them, deleting them; and the owner's health.

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use mo_core::settings::{
    CHECK_OUTPUT, MAX_MONEY_LIMIT_USD, MAX_RECOVERY_ATTEMPTS, PermissionMode, problem_of_checks,
};
use mo_core::team::Team;
use mo_core::view::status::{SessionView, StatusView};
use mo_engine::config::{Config, parse_duration};
use mo_engine::handle::DeleteError;
use mo_engine::hub::Health;
use mo_engine::start::StartRequest;

use crate::dto::{HealthAnswer, JournalHealth, SessionNamed, StartForm, TeamForm};
use crate::error::{Refusal, printable};
use crate::owner::VERSION;
use crate::reading::{Form, Named};
use crate::state::ApiState;

type Created = (StatusCode, [(HeaderName, String); 1], Json<SessionNamed>);

/// `POST /api/v1/orchestrate`.
pub(super) async fn start(
    State(api): State<ApiState>,
    Form(form): Form<StartForm>,
) -> Result<Created, Refusal> {
    let request = request(form, &api.engine.config())?;
    let session = api.engine.start(request).await?.to_string();
    let place = [(LOCATION, format!("/api/v1/{session}/state"))];
    Ok((StatusCode::CREATED, place, Json(SessionNamed { session })))
}

fn request(form: StartForm, config: &Config) -> Result<StartRequest, Refusal> {
    if !form.target.is_absolute() {
        let message =
            format!("the target `{}` is no absolute path", printable(&form.target.to_string_lossy()));
        return Err(Refusal::bad_request("target_not_absolute", message).hint("write it from / on"));
    }
    let mut settings = config.session.clone();
    if let Some(word) = form.permission {
        settings.permission = match word.as_str() {
            "ask" => PermissionMode::Ask,
            "bypass" => PermissionMode::Bypass,
            _ => return Err(bad_setting("permission", "\"ask\" or \"bypass\" is possible")),
        };
    }
    settings.waits_for_person = form.waits_for_person.unwrap_or(settings.waits_for_person);
    if let Some(rounds) = form.fix_rounds {
        settings.fix_rounds = rounds;
    }
    for (name, given, setting) in [
        ("stall_timeout", form.stall_timeout, &mut settings.stall_timeout_ms),
        ("approval_timeout", form.approval_timeout, &mut settings.approval_timeout_ms),
        ("time_limit", form.time_limit, &mut settings.time_limit_ms),
        ("review_timeout", form.review_timeout, &mut settings.review_timeout_ms),
        ("check_timeout", form.check_timeout, &mut settings.check_timeout_ms),
        ("back_off", form.back_off, &mut settings.recovery.back_off_ms),
        ("back_off_max", form.back_off_max, &mut settings.recovery.back_off_max_ms),
    ] {
        if let Some(text) = given {
            *setting = parse_duration(&text).map_err(|why| bad_setting(name, &why))?;
        }
    }
    if let Some(limit) = form.money_limit_usd {
        if !(0.0..=MAX_MONEY_LIMIT_USD).contains(&limit) {
            return Err(bad_setting(
                "money_limit_usd",
                &format!("it is from 0 to {MAX_MONEY_LIMIT_USD}; 0 is none"),
            ));
        }
        settings.money_limit_usd = limit;
    }
    settings.memory_limit_bytes = form.memory_limit_bytes.unwrap_or(settings.memory_limit_bytes);
    settings.free_disk_limit_bytes = form.free_disk_limit_bytes.unwrap_or(settings.free_disk_limit_bytes);
    settings.ceiling = form.ceiling.unwrap_or(settings.ceiling);
    if let Some(attempts) = form.recovery_attempts {
        if attempts > MAX_RECOVERY_ATTEMPTS {
            return Err(bad_setting("recovery_attempts", &format!("it is at most {MAX_RECOVERY_ATTEMPTS}")));
        }
        settings.recovery.attempts = attempts;
    }
    if let Some(checks) = form.checks {
        if let Some(problem) = problem_of_checks(&checks) {
            return Err(Refusal::bad_request("bad_setting", format!("checks {problem}")));
        }
        settings.checks = checks;
    }
    if let Some(bytes) = form.check_output_bytes {
        if !CHECK_OUTPUT.contains(&bytes) {
            let (least, most) = CHECK_OUTPUT.into_inner();
            return Err(bad_setting("check_output_bytes", &format!("it is from {least} to {most}")));
        }
        settings.check_output_bytes = bytes;
    }
    let team = form.team.map_or_else(|| Ok(config.team.team()), team)?;
    Ok(StartRequest { goal: form.goal, target: form.target, team, settings, yes_really: form.yes_really })
}

fn bad_setting(name: &str, why: &str) -> Refusal {
    Refusal::bad_request("bad_setting", format!("{name}: {why}"))
}

fn team(form: TeamForm) -> Result<Team, Refusal> {
    let members = form.workers.into_iter().map(|worker| (worker.agent, worker.role)).collect();
    let pairs: Vec<_> = form.reviews.into_iter().map(|pair| (pair.reviewer, pair.subject)).collect();
    Team::new(members, &pairs).map_err(|error| Refusal::bad_request("team_unusable", error.to_string()))
}

/// `GET /api/v1/sessions`.
pub(super) async fn all(State(api): State<ApiState>) -> Result<Json<StatusView>, Refusal> {
    Ok(Json(api.engine.status().await?))
}

/// `GET /api/v1/{id}/state`. Its `seq` is what it is true for: a stream from there on goes on from it.
pub(super) async fn state(
    State(api): State<ApiState>,
    Named(id): Named,
) -> Result<Json<SessionView>, Refusal> {
    let view = api.engine.view(&id).await?;
    view.map(Json).ok_or_else(|| Refusal::session_unknown(id.as_str()))
}

/// `DELETE /api/v1/{id}`.
pub(super) async fn delete(State(api): State<ApiState>, Named(id): Named) -> Result<StatusCode, Refusal> {
    let _alone = api.comings_and_goings.lock().await;
    match api.engine.delete(&id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(DeleteError::Running) => {
            Err(Refusal::new(StatusCode::CONFLICT, "session_running", "the session still runs")
                .hint("stop it first"))
        }
        Err(DeleteError::Unknown) => Err(Refusal::session_unknown(id.as_str())),
        Err(DeleteError::Journal(error)) => Err(error.into()),
    }
}

/// `GET /api/v1/health`.
pub(super) async fn health(State(api): State<ApiState>) -> Json<HealthAnswer> {
    let (journal, reason) = match &*api.engine.health().borrow() {
        Health::Good => (JournalHealth::Good, None),
        Health::JournalDown(why) => (JournalHealth::Down, Some(why.clone())),
    };
    let running = api.engine.at_work().iter().map(ToString::to_string).collect();
    Json(HealthAnswer { version: VERSION.to_owned(), pid: std::process::id(), journal, reason, running })
}
