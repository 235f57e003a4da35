//! Commands to a session. Each is effective when it is answered.

use axum::Json;
use axum::extract::State;
use mo_core::event::StopCause;
use mo_core::ids::SessionId;
use mo_engine::start::MAX_GOAL;

use crate::dto::{MessageForm, PauseForm, ResumeForm, ReviewNowForm, SessionNamed, StopBy, StopForm};
use crate::error::Refusal;
use crate::reading::{Form, FormOrNothing, Named};
use crate::routes::logs::worker_of;
use crate::state::ApiState;

type Done = Result<Json<SessionNamed>, Refusal>;

fn named(id: &SessionId) -> Json<SessionNamed> {
    Json(SessionNamed { session: id.to_string() })
}

/// `POST /api/v1/{id}/stop`.
pub(super) async fn stop(
    State(api): State<ApiState>,
    Named(id): Named,
    FormOrNothing(form): FormOrNothing<StopForm>,
) -> Done {
    let by = match form.by {
        StopBy::Person => StopCause::Person,
        StopBy::Sigint => StopCause::Sigint,
        StopBy::Sigterm => StopCause::Sigterm,
    };
    api.engine.stop(&id, by, form.urgent).await?;
    Ok(named(&id))
}

/// `POST /api/v1/{id}/pause`.
pub(super) async fn pause(
    State(api): State<ApiState>,
    Named(id): Named,
    FormOrNothing(PauseForm {}): FormOrNothing<PauseForm>,
) -> Done {
    api.engine.stop(&id, StopCause::Pause, false).await?;
    Ok(named(&id))
}

/// `POST /api/v1/{id}/resume`.
pub(super) async fn resume(
    State(api): State<ApiState>,
    Named(id): Named,
    FormOrNothing(form): FormOrNothing<ResumeForm>,
) -> Done {
    let message = form.message.map(|text| words(text, "message")).transpose()?;
    let _alone = api.comings_and_goings.lock().await;
    api.engine.resume_waiting(&id, message, form.waits_for_person).await?;
    Ok(named(&id))
}

/// `POST /api/v1/{id}/review`: now, in the middle of a turn or at rest.
pub(super) async fn review(
    State(api): State<ApiState>,
    Named(id): Named,
    FormOrNothing(form): FormOrNothing<ReviewNowForm>,
) -> Done {
    let focus = form.focus.map(|text| words(text, "focus")).transpose()?;
    let _alone = api.comings_and_goings.lock().await;
    api.engine.review_now(&id, focus, form.waits_for_person).await?;
    Ok(named(&id))
}

/// `POST /api/v1/{id}/messages`.
pub(super) async fn message(
    State(api): State<ApiState>,
    Named(id): Named,
    Form(form): Form<MessageForm>,
) -> Done {
    let text = words(form.text, "text")?;
    let worker = worker_of(&api, &id, &form.worker).await?;
    api.engine.message(&id, &worker, &text).await?;
    Ok(named(&id))
}

/// What a person says: something, and no more than a goal may have.
fn words(text: String, name: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::bad_request("words_empty", format!("{name} is empty")));
    }
    if text.len() > MAX_GOAL {
        let message = format!("{name} has {} bytes; at most {MAX_GOAL} are possible", text.len());
        return Err(Refusal::new(axum::http::StatusCode::PAYLOAD_TOO_LARGE, "words_too_long", message));
    }
    Ok(text)
}
