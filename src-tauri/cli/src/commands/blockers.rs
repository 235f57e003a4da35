//! `orchestrate blockers` and `resolve`: what only a person can resolve, and their word that it is.

use mo_core::ids::{AgentKind, BlockerId, SessionId};
use mo_core::view::status::{BlockerView, SessionView};
use mo_engine::handle::AnswerError;
use serde_json::json;

use super::approvals::{done, failure, views, with_owner, with_session};
use super::resume;
use crate::args::{OfSession, Resolve, Resume};
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::paint::Tone;
use crate::output::words::{block, one_line};

/// The most lines of evidence.
const EVIDENCE: usize = 20;

/// Lists the blockers of one session, or the open ones of all.
pub(super) fn blockers(context: &mut Context, args: &OfSession) -> Result<u8, Failure> {
    let views = views(context, args.session.as_deref())?;
    let all = args.session.is_some();
    let listed = |view: &SessionView| -> Vec<(String, BlockerView)> {
        let shown = view.blockers.iter().filter(|one| all || one.state == "open");
        shown.map(|one| (view.id.clone(), one.clone())).collect()
    };
    let found: Vec<(String, BlockerView)> = views.iter().flat_map(listed).collect();
    if context.out.json {
        let lines: Vec<_> = found.iter().map(|(session, one)| with_session(session, one)).collect();
        context.out.json(&json!({ "blockers": lines }))?;
        return Ok(exit::DONE);
    }
    if found.is_empty() {
        context.out.line("Nothing is blocked.")?;
    }
    for (_, one) in &found {
        tell(context, one)?;
    }
    Ok(exit::DONE)
}

fn tell(context: &mut Context, one: &BlockerView) -> Result<(), Failure> {
    let open = one.state == "open";
    let state = context.out.paint.text(if open { Tone::Bad } else { Tone::Muted }, &one.state);
    context.out.line(&format!("{}  {state}", one.id))?;
    context.out.line(&format!("  {}", one_line(&one.title)))?;
    let details = block(&one.details);
    if details.trim() != one.title.trim() {
        for line in details.trim_end().lines().take(EVIDENCE) {
            let line = context.out.paint.text(Tone::Muted, &line.replace('\t', "    "));
            context.out.line(&format!("    {line}"))?;
        }
    }
    if !open {
        return Ok(());
    }
    for step in &one.required_actions {
        context.out.line(&format!("  - {}", one_line(step)))?;
    }
    for hint in &one.suggestions {
        context.out.line(&format!("  ({})", one_line(hint)))?;
    }
    context.out.line(&format!("  then: orchestrate resolve {} --retry", one.id))
}

/// Takes down that a blocker is resolved, and goes on with its session where that is wished.
pub(super) fn resolve(context: &mut Context, args: &Resolve) -> Result<u8, Failure> {
    let unknown = || failure(AnswerError::NoBlocker(one_line(&args.id).into_owned()));
    let Some(blocker) = BlockerId::parse(&args.id) else {
        let agent = args.id.parse::<AgentKind>().map_err(|_| unknown())?;
        return lift(context, &agent);
    };
    let has = |view: &SessionView| view.blockers.iter().any(|one| one.id == args.id);
    if !views(context, None)?.iter().any(has) {
        return Err(unknown());
    }
    let (named, id) = (blocker.session.clone(), args.id.clone());
    with_owner(
        context,
        async |client| Ok(client.resolve(named.as_str(), &id, false).await?),
        async |host| host.engine.resolve(&blocker).await.map_err(failure),
    )?;
    if args.retry {
        let resume = Resume { session: Some(named.to_string()), message: None, wait: args.wait };
        return resume::resume(context, &resume);
    }
    let words = format!("resolved; `orchestrate resume {named}` goes on");
    done(context, "resolve", &named, &words)
}

/// Has a usage limit tried again before it is over: the sessions that wait for it go on where they run.
fn lift(context: &mut Context, agent: &AgentKind) -> Result<u8, Failure> {
    let waits = |view: &SessionView| view.quotas.iter().any(|quota| quota.agent == agent.as_str());
    let unknown = || failure(AnswerError::NoBlocker(agent.to_string()));
    let waiting = views(context, None)?.into_iter().find(waits).ok_or_else(unknown)?;
    let named = SessionId::new(waiting.id);
    with_owner(
        context,
        async |client| Ok(client.resolve(named.as_str(), agent.as_str(), true).await?),
        async |host| host.engine.lift(agent).await.map_err(failure),
    )?;
    let words = format!("{}'s usage limit is tried again now", agent.title());
    done(context, "resolve", &named, &words)
}
