//! Questions to a person and their answers, what was granted for longer, and blockers.

use axum::Json;
use axum::extract::{Path, State};
use mo_core::approval::{AnsweredBy, Choice};
use mo_core::ids::{AgentKind, ApprovalId, BlockerId};
use mo_core::view::status::RuleOffer;
use mo_engine::handle::AnswerError;

use crate::dto::{Approvals, Blockers, Grants, ResolveForm, SessionNamed};
use crate::error::Refusal;
use crate::reading::{Form, Named};
use crate::state::ApiState;

/// The most bytes of what a person says to a no.
const MAX_MESSAGE: usize = 16 * 1024;

/// `GET /api/v1/{id}/approvals`.
pub(super) async fn all(State(api): State<ApiState>, Named(id): Named) -> Result<Json<Approvals>, Refusal> {
    let view = api.engine.view(&id).await?.ok_or_else(|| Refusal::session_unknown(id.as_str()))?;
    Ok(Json(Approvals { approvals: view.approvals }))
}

/// `GET /api/v1/{id}/grants`.
pub(super) async fn grants(State(api): State<ApiState>, Named(id): Named) -> Result<Json<Grants>, Refusal> {
    let view = api.engine.view(&id).await?.ok_or_else(|| Refusal::session_unknown(id.as_str()))?;
    Ok(Json(Grants { grants: view.grants }))
}

/// `POST /api/v1/{id}/approvals/{approval}`: the answer is durable when this returns.
pub(super) async fn answer(
    State(api): State<ApiState>,
    Path((id, approval)): Path<(String, String)>,
    Form(choice): Form<Choice>,
) -> Result<Json<SessionNamed>, Refusal> {
    if let Choice::Deny { message } = &choice
        && message.len() > MAX_MESSAGE
    {
        let told = format!("the message has {} bytes; at most {MAX_MESSAGE} are possible", message.len());
        return Err(Refusal::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "words_too_long", told));
    }
    let approval = ApprovalId::new(approval);
    api.engine.answer(&approval, choice, AnsweredBy::Person).await.map_err(refused)?;
    Ok(Json(SessionNamed { session: id }))
}

/// `GET /api/v1/{id}/approvals/{approval}/rule`: the rule that the question can become; nothing is written.
pub(super) async fn rule(
    State(api): State<ApiState>,
    Path((_, approval)): Path<(String, String)>,
) -> Result<Json<RuleOffer>, Refusal> {
    api.engine.rule_for(&ApprovalId::new(approval)).await.map(Json).map_err(refused)
}

/// `DELETE /api/v1/{id}/grants/{grant}`.
pub(super) async fn revoke(
    State(api): State<ApiState>,
    Path((id, grant)): Path<(String, String)>,
) -> Result<Json<SessionNamed>, Refusal> {
    api.engine.revoke(&ApprovalId::new(grant)).await.map_err(refused)?;
    Ok(Json(SessionNamed { session: id }))
}

/// `GET /api/v1/{id}/blockers`.
pub(super) async fn blockers(
    State(api): State<ApiState>,
    Named(id): Named,
) -> Result<Json<Blockers>, Refusal> {
    let view = api.engine.view(&id).await?.ok_or_else(|| Refusal::session_unknown(id.as_str()))?;
    Ok(Json(Blockers { blockers: view.blockers }))
}

/// `POST /api/v1/{id}/blockers/{blocker}`: durable when this returns; with `retry` the session goes on. An agent's name in
/// the blocker's place has its usage limit tried again now.
pub(super) async fn resolve(
    State(api): State<ApiState>,
    Path((id, blocker)): Path<(String, String)>,
    Form(form): Form<ResolveForm>,
) -> Result<Json<SessionNamed>, Refusal> {
    let named = BlockerId::parse(&blocker).filter(|named| named.session.as_str() == id);
    let Some(named) = named else {
        // A usage limit is named by its agent, and waits in sessions that run: they go on by themselves.
        let unknown = || refused(AnswerError::NoBlocker(blocker.clone()));
        let agent: AgentKind = blocker.parse().map_err(|_| unknown())?;
        api.engine.lift(&agent).await.map_err(refused)?;
        return Ok(Json(SessionNamed { session: id }));
    };
    api.engine.resolve(&named).await.map_err(refused)?;
    if form.retry {
        api.engine.resume(&named.session, None).await?;
    }
    Ok(Json(SessionNamed { session: id }))
}

fn refused(error: AnswerError) -> Refusal {
    let code = error.code();
    match error {
        AnswerError::Unknown(_) | AnswerError::NoBlocker(_) => {
            Refusal::new(axum::http::StatusCode::NOT_FOUND, code, error.to_string())
        }
        AnswerError::Edit(_) => Refusal::bad_request(code, error.to_string()),
        AnswerError::EditDenied { .. } | AnswerError::EditSecret | AnswerError::NoRule(_) => {
            Refusal::new(axum::http::StatusCode::FORBIDDEN, code, error.to_string())
        }
        AnswerError::Rule(_) => {
            Refusal::new(axum::http::StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
        }
        AnswerError::Command(error) => error.into(),
        AnswerError::Journal(error) => error.into(),
    }
}
