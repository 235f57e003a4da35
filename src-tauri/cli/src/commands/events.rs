//! `orchestrate events SESSION`: the journal's lines.

use mo_journal::Journal;

use crate::args::Events;
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::reading::Reading;
use mo_api::Watch;

/// How many records are read at once.
const PAGE: usize = 2_000;

/// Prints the lines from a seq on, and with `--follow` those to come until the session has ended.
pub(super) fn events(context: &mut Context, args: &Events) -> Result<u8, Failure> {
    let (reading, session) = Reading::session(&context.places()?, Some(&args.session))?;
    // Before the first look, so that nothing written after it goes unnoticed.
    let watch = args.follow.then(|| Watch::new([reading.data.path()])).transpose();
    let mut watch = watch.map_err(|error| Failure::system("the data folder cannot be watched", &error))?;
    let mut since = args.since;
    loop {
        loop {
            let page = reading.journal.read(&session, since, PAGE)?;
            let Some(last) = page.last() else { break };
            since = last.seq;
            page.iter().try_for_each(|record| context.out.json(record))?;
        }
        context.out.flush()?;
        let Some(watch) = &mut watch else { return Ok(exit::DONE) };
        if !reading.goes_on(&session)? {
            if reading.journal.last_seq(&session)? <= since {
                return Ok(exit::DONE);
            }
            continue;
        }
        watch.wait().map_err(|error| Failure::system("the data folder cannot be watched", &error))?;
    }
}
