//! `orchestrate pause`, `stop`, `message` and `delete`: a word to whoever runs the session, effective when the command
//! returns.

use mo_api::client::Client;
use mo_api::dto::StopBy;
use mo_core::ids::SessionId;
use mo_engine::handle::DeleteError;
use mo_engine::history;
use mo_engine::start::MAX_GOAL;
use serde_json::json;

use crate::args::{Delete, Message, Pause, Stop};
use crate::context::{Context, read_config};
use crate::errors::{Failure, exit};
use crate::host::{self, Host};
use crate::owner::{self, Owned};
use crate::reading::Reading;

/// Pauses a session that runs.
pub(super) fn pause(context: &mut Context, args: &Pause) -> Result<u8, Failure> {
    let (session, client) = running(context, args.session.as_deref())?;
    let asked = host::runtime()?.block_on(client.pause(session.as_str()));
    asked.map_err(|error| at_rest(context, error.into(), &session))?;
    done(context, "pause", &session)
}

/// Stops a session that runs.
pub(super) fn stop(context: &mut Context, args: &Stop) -> Result<u8, Failure> {
    let (session, client) = running(context, args.session.as_deref())?;
    let asked = host::runtime()?.block_on(client.stop(session.as_str(), args.now, StopBy::Person));
    asked.map_err(|error| at_rest(context, error.into(), &session))?;
    done(context, "stop", &session)
}

/// Tells a worker of a session that runs something.
pub(super) fn message(context: &mut Context, args: &Message) -> Result<u8, Failure> {
    check_words(&args.text)?;
    // A name that means nobody is said as such, also when nothing runs.
    let (reading, session) = Reading::session(&context.places()?, Some(&args.session))?;
    let worker = reading.worker(&session, &args.worker)?;
    drop(reading);
    let (session, client) = running(context, Some(session.as_str()))?;
    let asked = host::runtime()?.block_on(client.message(session.as_str(), worker.as_str(), &args.text));
    asked.map_err(|error| match at_rest(context, error.into(), &session) {
        Failure::Said(mut told) if told.code == "worker_at_rest" => {
            told.message = format!("{worker} is not at work in session {session}");
            told.hint = Some(format!(
                "when the session rests, `orchestrate resume {session} -m TEXT` goes on with your words"
            ));
            Failure::Said(told)
        }
        other => other,
    })?;
    done(context, "message", &session)
}

/// Deletes a session that does not run.
pub(super) fn delete(context: &mut Context, args: &Delete) -> Result<u8, Failure> {
    let places = context.places()?;
    let session = Reading::session(&places, Some(&args.session))?.1;
    let runtime = host::runtime()?;
    runtime.block_on(async {
        let taken = match owner::find_or_take(&places.data).await? {
            Owned::ByAnother(client) => {
                return client.delete(session.as_str()).await.map_err(|error| match error.into() {
                    Failure::Said(told) if told.code == "session_running" => still_runs(&session),
                    other => other,
                });
            }
            Owned::Here(taken) => taken,
        };
        let config = read_config(&places)?;
        let environment = context.environment(&config)?;
        let host = Host::open(taken, config, environment, context.global.verbose).await?;
        let deleted = host.engine.delete(&session).await;
        host.end().await;
        deleted.map_err(|error| match error {
            DeleteError::Running => still_runs(&session),
            DeleteError::Unknown => not_running(&session, "does not exist any more"),
            DeleteError::Journal(error) => error.into(),
        })
    })?;
    drop(runtime);
    done(context, "delete", &session)
}

/// What was asked for is in effect.
pub(super) fn done(context: &mut Context, command: &str, session: &SessionId) -> Result<u8, Failure> {
    if context.out.json {
        context.out.json(&json!({ "done": { "command": command, "session": session } }))?;
    } else {
        let what = match command {
            "pause" => format!("pausing {session}; `orchestrate resume {session}` goes on"),
            "stop" => format!("stopping {session}"),
            "message" => format!("told in {session}; it is heard after the turn in flight"),
            "review" => format!("a review begins in {session}"),
            _ => format!("deleted {session}"),
        };
        context.out.line(&what)?;
    }
    Ok(exit::DONE)
}

/// The session that was named, else the newest, and who runs it.
fn running(context: &Context, named: Option<&str>) -> Result<(SessionId, Client), Failure> {
    let places = context.places()?;
    let session = Reading::session(&places, named)?.1;
    let found = host::runtime()?.block_on(owner::find(&places.data))?;
    match found {
        Some(client) => Ok((session, client)),
        None => Err(rests(context, &session)),
    }
}

/// That a session does not run is said with how it stands.
fn at_rest(context: &Context, failure: Failure, session: &SessionId) -> Failure {
    match failure {
        Failure::Said(told) if told.code == "session_not_running" => rests(context, session),
        other => other,
    }
}

fn rests(context: &Context, session: &SessionId) -> Failure {
    let state = || -> Result<String, Failure> {
        let (reading, session) = Reading::session(&context.places()?, Some(session.as_str()))?;
        if !history::is_over(&reading.journal, &session)? {
            return Ok("crashed".to_owned());
        }
        Ok(history::view(&reading.journal, &session)?.map_or_else(|| "unknown".to_owned(), |view| view.state))
    };
    match state() {
        Ok(state) => not_running(session, &format!("does not run: it is {state}")),
        Err(failure) => failure,
    }
}

/// A session that does not run.
pub(super) fn not_running(session: &SessionId, how: &str) -> Failure {
    let again = format!("`orchestrate resume {session} -m TEXT` goes on with your words");
    // A finished one goes on with words alone.
    let hint = if how.ends_with("finished") {
        again
    } else {
        format!("`orchestrate resume {session}` goes on, {again}")
    };
    Failure::new(exit::REFUSED, "session_not_running", format!("session {session} {how}"), hint)
}

fn still_runs(session: &SessionId) -> Failure {
    Failure::new(
        exit::REFUSED,
        "session_running",
        format!("session {session} still runs"),
        format!("`orchestrate stop {session}` stops it"),
    )
}

/// What a person says: something, and no more than a goal may have.
pub(super) fn check_words(text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return Err(Failure::new(
            exit::USAGE,
            "words_empty",
            "the words are empty",
            "say what is to be done",
        ));
    }
    if text.len() > MAX_GOAL {
        let message = format!("the words have {} bytes; at most {MAX_GOAL} are possible", text.len());
        let hint = "put the details into a file of the project and name it";
        return Err(Failure::new(exit::USAGE, "words_too_long", message, hint));
    }
    Ok(())
}
