//! `orchestrate approvals`, `grants`, `revoke`: what the workers ask, and what was allowed for longer.

use mo_core::ids::{ApprovalId, SessionId};
use mo_core::input::Rejection;
use mo_core::view::status::{ApprovalView, GrantView, SessionView};
use mo_engine::handle::{AnswerError, CommandError};
use serde_json::json;

use crate::args::{OfSession, Revoke};
use crate::context::{Context, read_config};
use crate::errors::{Failure, exit};
use crate::host::{self, Host};
use crate::output::paint::Tone;
use crate::output::words::{exact, exact_line, one_line};
use crate::owner::{self, Owned};
use crate::reading::Reading;

/// Lists the questions of one session, or the open ones of all.
pub(super) fn approvals(context: &mut Context, args: &OfSession) -> Result<u8, Failure> {
    let views = views(context, args.session.as_deref())?;
    let all = args.session.is_some();
    let listed = |view: &SessionView| -> Vec<(String, ApprovalView)> {
        let shown = view.approvals.iter().filter(|asked| all || asked.state == "open");
        shown.map(|asked| (view.id.clone(), asked.clone())).collect()
    };
    let found: Vec<(String, ApprovalView)> = views.iter().flat_map(listed).collect();
    if context.out.json {
        let lines: Vec<_> = found.iter().map(|(session, asked)| with_session(session, asked)).collect();
        context.out.json(&json!({ "approvals": lines }))?;
        return Ok(exit::DONE);
    }
    if found.is_empty() {
        context.out.line("No questions wait for an answer.")?;
    }
    for (nth, (session, asked)) in found.iter().enumerate() {
        if nth > 0 {
            context.out.line("")?;
        }
        tell(context, session, asked)?;
    }
    Ok(exit::DONE)
}

/// One question with all that is known of it. Nothing of what is asked is left out or hidden.
fn tell(context: &mut Context, session: &str, asked: &ApprovalView) -> Result<(), Failure> {
    let open = asked.state == "open";
    let state = match asked.by.as_deref() {
        Some(by) => format!("{} (by {by})", asked.state),
        None => asked.state.clone(),
    };
    let state = match asked.call.as_deref() {
        Some("unknown") => format!("{state}, not known whether it was done"),
        Some("unreported") => format!("{state}, its agent did not say that it was done"),
        _ => state,
    };
    let paint = context.out.paint;
    let state = paint.text(if open { Tone::Warn } else { Tone::Muted }, &state);
    context.out.line(&format!("{}  {state}  {session}", asked.id))?;
    context.out.line(&format!("  {} asks to {}", one_line(&asked.worker), exact_line(&asked.what)))?;
    // A tool's input and a change are not in that line.
    let more = if asked.kind.as_deref() == Some("tool") { asked.exactly.get(1) } else { asked.diff.as_ref() };
    for line in more.map(|text| exact(text)).unwrap_or_default().trim_end().lines() {
        context.out.line(&format!("      {}", line.replace('\t', "    ")))?;
    }
    let risk = asked.risk.as_deref().unwrap_or_default();
    let rule = asked.rule.as_ref().map(|rule| format!("{rule}, risk {risk}"));
    let rows = [
        ("instead", asked.instead.as_deref()),
        ("why", asked.why.as_deref()),
        ("rule", rule.as_deref()),
        ("in", asked.cwd.as_deref()),
        ("it says", asked.reason.as_deref()),
        ("a no at", asked.expires_at.as_deref()),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            context.out.line(&format!(
                "  {} {}",
                paint.text(Tone::Muted, &format!("{name:<8}")),
                exact_line(value)
            ))?;
        }
    }
    if !open {
        return Ok(());
    }
    let id = &asked.id;
    context.out.line(&format!("  orchestrate approve {id}"))?;
    if let Some(grants) = &asked.grants {
        context.out.line(&format!("  orchestrate approve {id} --session"))?;
        context.out.line(&format!("      {}", exact_line(grants)))?;
    }
    if asked.options.iter().any(|option| option == "always") {
        context.out.line(&format!("  orchestrate approve {id} --always"))?;
    }
    if asked.edit.is_some() {
        context.out.line(&format!("  orchestrate approve {id} --edit FILE"))?;
    }
    context.out.line(&format!("  orchestrate deny {id} -m \"why\""))
}

/// Lists what was allowed for longer.
pub(super) fn grants(context: &mut Context, args: &OfSession) -> Result<u8, Failure> {
    let views = views(context, args.session.as_deref())?;
    let found: Vec<_> =
        views.iter().flat_map(|view| view.grants.iter().map(|grant| (&view.id, grant))).collect();
    if context.out.json {
        let lines: Vec<_> = found.iter().map(|(session, grant)| with_session(session, grant)).collect();
        context.out.json(&json!({ "grants": lines }))?;
        return Ok(exit::DONE);
    }
    if found.is_empty() {
        context.out.line("Nothing is allowed for longer than once.")?;
    }
    for (nth, (session, grant)) in found.iter().enumerate() {
        if nth > 0 {
            context.out.line("")?;
        }
        tell_grant(context, session, grant)?;
    }
    Ok(exit::DONE)
}

/// One grant: whose, what exactly, from whom, until when, and how it is taken back.
fn tell_grant(context: &mut Context, session: &str, grant: &GrantView) -> Result<(), Failure> {
    let paint = context.out.paint;
    context.out.line(&format!("{}  {session}", one_line(&grant.id)))?;
    context.out.line(&format!("  {} may {}", one_line(&grant.worker), exact_line(&grant.what)))?;
    let by = match &grant.rule {
        Some(rule) => format!("your rule `{rule}`, first at {}", grant.given_at),
        None if grant.by == "person" => format!("a person, at {}", grant.given_at),
        None => format!("the {}, at {}", grant.by, grant.given_at),
    };
    for (name, value) in [("scope", &grant.exactly), ("by", &by), ("ends", &grant.ends)] {
        let name = paint.text(Tone::Muted, &format!("{name:<8}"));
        context.out.line(&format!("  {name} {}", exact_line(value)))?;
    }
    context.out.line(&format!("  orchestrate revoke {}", one_line(&grant.id)))
}

/// Takes a lasting permission back.
pub(super) fn revoke(context: &mut Context, args: &Revoke) -> Result<u8, Failure> {
    let session = find(context, &args.id, |view| view.grants.iter().any(|grant| grant.id == args.id))?;
    let (id, named) = (ApprovalId::new(args.id.as_str()), session.clone());
    with_owner(
        context,
        async |client| Ok(client.revoke(named.as_str(), id.as_str()).await?),
        async |host| host.engine.revoke(&ApprovalId::new(args.id.as_str())).await.map(drop).map_err(failure),
    )?;
    done(context, "revoke", &session, "it is asked again from now on")
}

pub(super) fn done(
    context: &mut Context,
    command: &str,
    session: &SessionId,
    words: &str,
) -> Result<u8, Failure> {
    if context.out.json {
        context.out.json(&json!({ "done": { "command": command, "session": session } }))?;
    } else {
        context.out.line(words)?;
    }
    Ok(exit::DONE)
}

/// The views of one session or of all.
pub(super) fn views(context: &Context, session: Option<&str>) -> Result<Vec<SessionView>, Failure> {
    let places = context.places()?;
    if session.is_some() {
        let (reading, session) = Reading::session(&places, session)?;
        return Ok(reading.view(&session)?.into_iter().collect());
    }
    Reading::all(&places)
}

fn find(context: &Context, id: &str, has: impl Fn(&SessionView) -> bool) -> Result<SessionId, Failure> {
    let found = views(context, None)?.into_iter().find(|view| has(view));
    found.map(|view| SessionId::new(view.id)).ok_or_else(|| {
        let message = format!("there is no grant {}", one_line(id));
        Failure::new(exit::NOT_FOUND, "grant_unknown", message, "`orchestrate grants` lists them")
    })
}

/// Asks the owner, or becomes it for a moment.
pub(super) fn with_owner<T>(
    context: &Context,
    ask: impl AsyncFnOnce(mo_api::client::Client) -> Result<T, Failure>,
    here: impl AsyncFnOnce(&Host) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let places = context.places()?;
    let runtime = host::runtime()?;
    runtime.block_on(async {
        match owner::find_or_take(&places.data).await? {
            Owned::ByAnother(client) => ask(client).await,
            Owned::Here(taken) => {
                let config = read_config(&places)?;
                let environment = context.environment(&config)?;
                let host = Host::open(taken, config, environment, context.global.verbose).await?;
                let done = here(&host).await;
                host.end().await;
                done
            }
        }
    })
}

pub(super) fn failure(error: AnswerError) -> Failure {
    let (code, message) = (error.code(), error.to_string());
    match error {
        AnswerError::Unknown(_) => {
            Failure::new(exit::NOT_FOUND, code, message, "`orchestrate approvals` lists the questions")
        }
        AnswerError::Command(CommandError::Rejected(
            Rejection::ApprovalSettled
            | Rejection::NotAnOption
            | Rejection::AboveCeiling
            | Rejection::GrantUnknown,
        )) => Failure::new(
            exit::REFUSED,
            code,
            message,
            "`orchestrate approvals SESSION` shows what became of it",
        ),
        AnswerError::Edit(_) => {
            let hint = "give the command alone, or the tool's whole input as a JSON object";
            Failure::new(exit::USAGE, code, message, hint)
        }
        AnswerError::Rule(_) => Failure::new(
            exit::USAGE,
            code,
            message,
            "nothing was saved, and the question still waits for your answer",
        ),
        AnswerError::NoRule(_)
        | AnswerError::EditDenied { .. }
        | AnswerError::EditSecret
        | AnswerError::Command(CommandError::Rejected(Rejection::NotEditable | Rejection::EditDenied)) => {
            Failure::new(exit::REFUSED, code, message, "the question still waits for your answer")
        }
        AnswerError::NoBlocker(_)
        | AnswerError::Command(CommandError::Rejected(Rejection::BlockerUnknown)) => {
            Failure::new(exit::NOT_FOUND, code, message, "`orchestrate blockers` lists them")
        }
        AnswerError::Command(CommandError::Rejected(Rejection::BlockerSettled)) => {
            Failure::new(exit::REFUSED, code, message, "`orchestrate status` shows where the session stands")
        }
        AnswerError::Journal(error) => error.into(),
        AnswerError::Command(_) => Failure::new(exit::FAILURE, code, message, "try again"),
    }
}

pub(super) fn with_session(session: &str, entry: &impl serde::Serialize) -> serde_json::Value {
    let mut value = serde_json::to_value(entry).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.insert("session".to_owned(), session.into());
    }
    value
}
