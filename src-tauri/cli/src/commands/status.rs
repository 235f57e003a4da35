//! `orchestrate status [SESSION]`.

use mo_core::view::status::StatusView;

use crate::args::Status;
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::clock::WallClock;
use crate::output::session_text::{SessionText, options_for};
use crate::reading::Reading;

/// Shows one session in full, or all of them, newest first.
pub(super) fn status(context: &mut Context, args: &Status) -> Result<u8, Failure> {
    let places = context.places()?;
    let Some(name) = &args.session else { return all(context) };
    let (reading, session) = Reading::session(&places, Some(name))?;
    let sessions: Vec<_> = reading.view(&session)?.into_iter().collect();
    if context.out.json {
        context.out.json(&StatusView { sessions })?;
        return Ok(exit::DONE);
    }
    let folder = reading.data.session(&session)?;
    let options = options_for(places.data_named, &places.data);
    for view in &sessions {
        let text = SessionText::new(view, context.out.paint).in_full(&folder, &options);
        text.iter().try_for_each(|line| context.out.line(line))?;
    }
    Ok(exit::DONE)
}

fn all(context: &mut Context) -> Result<u8, Failure> {
    let places = context.places()?;
    let sessions = Reading::all(&places)?;
    if context.out.json {
        context.out.json(&StatusView { sessions })?;
    } else if sessions.is_empty() {
        context.out.line("No session yet. `orchestrate run` and `orchestrate demo` start one.")?;
    } else {
        let clock = WallClock::system();
        for view in &sessions {
            let line = SessionText::in_brief(view, &clock, context.out.paint);
            context.out.line(&line)?;
        }
    }
    Ok(exit::DONE)
}
