//! A session told to its end, and its summary; the same wherever it runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mo_core::ids::SessionId;
use mo_core::view::status::SessionView;
use mo_journal::DataDir;
use serde::Serialize;

use crate::context::Context;
use crate::drive::{Signals, Told, to_the_end};
use crate::errors::{Failure, exit};
use crate::feed::Feed;
use crate::output::live::LiveScreen;
use crate::output::plain::PlainScreen;
use crate::output::screen::{JsonScreen, Screen};
use crate::output::session_text::{SessionText, options_for};
use crate::output::{Out, is_dumb};
use crate::places::Places;
use mo_api::Watch;

/// How long the owner may take to write a summary after the session's end.
const PAPERS: Duration = Duration::from_secs(2);

/// A session that has ended.
pub(super) struct Ended {
    view: SessionView,
    told: Told,
    folder: PathBuf,
}

/// Tells a session from where the feed begins to its end. `told`: what was told of it before.
pub(super) async fn follow(
    context: &mut Context,
    mut feed: Feed,
    mut told: Told,
    data: &DataDir,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    {
        let mut screen = screen(context);
        let ended = to_the_end(&mut feed, &mut told, signals, screen.as_mut()).await;
        screen.close();
        ended?;
    }
    tracing::info!(session = %feed.session(), ending = ?told.ending, "ended");
    let (view, folder) = (feed.view().await?, data.session(feed.session())?);
    if !feed.is_here() {
        // The summary names it, and whoever runs the session writes it after the last event.
        wait_for(&folder.join("summary.md"), &folder);
    }
    Ok(Ended { view, told, folder })
}

/// Waits until a file stands, not for ever.
fn wait_for(file: &Path, folder: &Path) {
    let until = Instant::now() + PAPERS;
    let Ok(mut watch) = Watch::new([folder]) else { return };
    let mut goes_on = || {
        let left = until.saturating_duration_since(Instant::now());
        !left.is_zero() && watch.wait_at_most(left).is_ok()
    };
    tokio::task::block_in_place(|| while !file.exists() && goes_on() {});
}

impl Ended {
    /// Whose end it is.
    pub(super) fn session(&self) -> SessionId {
        SessionId::new(self.view.id.as_str())
    }

    /// Prints the summary. The exit code is the session's.
    pub(super) fn tell(&self, context: &mut Context, places: &Places) -> Result<u8, Failure> {
        let code = self.told.ending.as_ref().map_or(exit::FAILURE, |ending| ending.exit_code);
        let out = &mut context.out;
        let summed_up = if out.json {
            out.json(&Last { summary: Summary::of(&self.view, &self.told, code) })
        } else {
            let options = options_for(places.data_named, &places.data);
            let text = SessionText::new(&self.view, out.paint).in_full(&self.folder, &options);
            sum_up(out, &text)
        };
        // The session's outcome stands, whether or not somebody still reads.
        match summed_up.and_then(|()| out.flush()) {
            Ok(()) | Err(Failure::ReaderGone) => Ok(code),
            Err(other) => Err(other),
        }
    }
}

fn sum_up(out: &mut Out, text: &[String]) -> Result<(), Failure> {
    out.line("")?;
    text.iter().try_for_each(|line| out.line(line))
}

/// Whether there is a terminal that a block can be redrawn on.
pub(super) fn live(context: &Context) -> bool {
    let var = |name: &str| context.vars.get(name).cloned();
    // Words of the log between the lines would tear the block apart.
    context.out.terminal && !context.out.json && !is_dumb(var) && context.global.verbose == 0
}

/// JSON lines, a block redrawn in place, or plain lines: what the reader can take.
fn screen(context: &mut Context) -> Box<dyn Screen + '_> {
    let live = live(context);
    if context.out.json {
        Box::new(JsonScreen::new(&mut context.out))
    } else if live {
        Box::new(LiveScreen::new(&mut context.out))
    } else {
        Box::new(PlainScreen::new(&mut context.out))
    }
}

#[derive(Serialize)]
struct Last<'a> {
    summary: Summary<'a>,
}

/// The last line of `run --json`.
#[derive(Serialize)]
struct Summary<'a> {
    session: &'a str,
    state: &'a str,
    decision: Option<&'a str>,
    exit_code: u8,
    target: &'a str,
    files_changed: &'a [String],
    warnings: &'a [String],
    cost_usd: Option<f64>,
    elapsed_ms: u64,
    results: Vec<WorkerResult<'a>>,
}

/// What came of one worker.
#[derive(Serialize)]
struct WorkerResult<'a> {
    worker: &'a str,
    role: &'a str,
    state: &'a str,
    tokens: u64,
    cost_usd: Option<f64>,
    /// The closing words of its last turn that was no review.
    text: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(view: &'a SessionView, told: &'a Told, exit_code: u8) -> Self {
        let results = view.workers.iter().map(|worker| WorkerResult {
            worker: &worker.name,
            role: &worker.role,
            state: &worker.state,
            tokens: worker.tokens,
            cost_usd: worker.cost_usd,
            text: told.closings.get(&worker.name).map(String::as_str),
        });
        Self {
            session: &view.id,
            state: &view.state,
            decision: view.decision.as_deref(),
            exit_code,
            target: &view.target,
            files_changed: &view.files_changed,
            warnings: &view.warnings,
            cost_usd: view.cost_usd,
            elapsed_ms: view.elapsed_ms,
            results: results.collect(),
        }
    }
}
