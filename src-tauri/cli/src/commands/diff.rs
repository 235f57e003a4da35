//! `orchestrate diff [SESSION]`: what changed between two of its checkpoints.

use mo_checkpoint::{Checkpoints, DiffOptions, Digest, FileChange, FolderCheckpoints, TreeDiff};
use mo_core::event::{CheckpointTaken, Envelope, Event};
use mo_core::ids::{CheckpointNo, SessionId};
use mo_journal::Journal;
use serde::Serialize;

use crate::args::Diff;
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::Out;
use crate::output::paint::{Paint, Tone};
use crate::output::words;
use crate::reading::Reading;

/// How many records are read at once.
const PAGE: usize = 2_000;
/// Where the text is cut.
const MAX_BYTES: usize = 64 << 20;

#[derive(Serialize)]
struct Shown<'a> {
    session: &'a SessionId,
    from: &'a CheckpointTaken,
    to: &'a CheckpointTaken,
    changes: &'a [FileChange],
    truncated: bool,
    unified: &'a str,
}

/// Prints the difference.
pub(super) fn diff(context: &mut Context, args: &Diff) -> Result<u8, Failure> {
    let (reading, session) = Reading::session(&context.places()?, args.session.as_deref())?;
    let taken = checkpoints(&reading, &session)?;
    let find = |number: CheckpointNo| {
        taken.iter().find(|taken| taken.checkpoint == number).ok_or_else(|| missing(&session, number, &taken))
    };
    let from = find(args.from)?;
    let to = match args.to {
        Some(number) => find(number)?,
        None => taken.last().ok_or_else(|| missing(&session, 0, &taken))?,
    };
    let store = FolderCheckpoints::open(reading.data.checkpoints(), mo_checkpoint::Settings::default())?;
    let options = DiffOptions { max_bytes: MAX_BYTES, ..DiffOptions::default() };
    let diff = store.diff(&digest(from)?, &digest(to)?, options)?;
    print(&mut context.out, &session, from, to, &diff)?;
    Ok(exit::DONE)
}

fn print(
    out: &mut Out,
    session: &SessionId,
    from: &CheckpointTaken,
    to: &CheckpointTaken,
    diff: &TreeDiff,
) -> Result<(), Failure> {
    if out.json {
        let unified = diff.unified();
        let changes = &diff.changes;
        let shown = Shown { session, from, to, changes, truncated: diff.truncated, unified: &unified };
        return out.json(&serde_json::json!({ "diff": shown }));
    }
    if !out.terminal {
        // For `patch` and for files: the bytes as they are.
        return out.bytes(diff.unified_bytes());
    }
    if diff.changes.is_empty() {
        return out
            .line(&format!("Nothing changed from checkpoint {} to {}.", from.checkpoint, to.checkpoint));
    }
    let paint = out.paint;
    diff.unified().lines().try_for_each(|line| out.line(&coloured(line, paint)))
}

fn coloured(line: &str, paint: Paint) -> String {
    let tone = match line.as_bytes().first() {
        _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("diff ") => Tone::Strong,
        Some(b'+') => Tone::Ok,
        Some(b'-') => Tone::Bad,
        Some(b'@') => Tone::Running,
        _ => Tone::Plain,
    };
    paint.text(tone, &words::marked(line))
}

/// The checkpoints that stand, in order.
fn checkpoints(reading: &Reading, session: &SessionId) -> Result<Vec<CheckpointTaken>, Failure> {
    let (mut found, mut since) = (Vec::new(), 0);
    loop {
        let page = reading.journal.read(session, since, PAGE)?;
        let Some(last) = page.last() else { return Ok(found) };
        since = last.seq;
        for record in page.iter().filter(|record| record.kind == "checkpoint_taken") {
            if let Ok(Envelope { event: Event::CheckpointTaken(taken), .. }) = Envelope::from_record(record) {
                found.push(taken);
            }
        }
    }
}

fn digest(taken: &CheckpointTaken) -> Result<Digest, Failure> {
    taken.digest.as_str().parse().map_err(|_| {
        Failure::new(
            exit::FAILURE,
            "journal_corrupt",
            format!("checkpoint {} has no usable digest", taken.checkpoint),
            "this is a mistake of ours; please report it",
        )
    })
}

fn missing(session: &SessionId, number: CheckpointNo, taken: &[CheckpointTaken]) -> Failure {
    let hint = match taken {
        [] => "it ended before the first one stood".to_owned(),
        [only] => format!("it has only checkpoint {}", only.checkpoint),
        [first, .., last] => format!("it has checkpoints {} to {}", first.checkpoint, last.checkpoint),
    };
    Failure::new(
        exit::NOT_FOUND,
        "checkpoint_unknown",
        format!("session {session} has no checkpoint {number}"),
        hint,
    )
}
