//! `orchestrate run GOAL -C DIR`: a session hosted here, told live, with a summary at its end.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use mo_core::team::Team;
use mo_core::view::status::SessionView;
use mo_engine::handle::EngineHandle;
use mo_engine::start::{MAX_GOAL, StartRequest, check};
use serde::Serialize;

use crate::args::Run;
use crate::context::{Context, read_config};
use crate::drive::{Signals, Told, to_the_end};
use crate::errors::{Failure, exit};
use crate::host;
use crate::output::live::LiveScreen;
use crate::output::plain::PlainScreen;
use crate::output::screen::{JsonScreen, Screen};
use crate::output::session_text::{SessionText, options_for};
use crate::output::{Out, aside, is_dumb};
use crate::places::Places;
use crate::team_file;

/// Runs a session to its end.
pub(super) fn run(context: &mut Context, args: &Run) -> Result<u8, Failure> {
    let places = context.places()?;
    let config = read_config(&places)?;
    let environment = context.environment(&config)?;
    let team = match &args.team {
        Some(file) => team_file::read(file, &args.target)?,
        None => Team::default_trio(),
    };
    let mut settings = config.session.clone();
    settings.fix_rounds = args.fix_rounds.unwrap_or(settings.fix_rounds);
    settings.time_limit_ms = args.timeout.unwrap_or(settings.time_limit_ms);
    let goal = if args.goal == "-" { read_goal()? } else { args.goal.clone() };
    let request =
        StartRequest { goal, target: args.target.clone(), team, settings, yes_really: args.yes_really };
    // Before anything is made: a mistake leaves nothing behind.
    check(&request, &config, &environment, &places.data)?;
    let runtime = host::runtime()?;
    let ended = runtime.block_on(async {
        let mut signals = Signals::take()?;
        let engine = host::open(&places.data, config, environment, context.global.verbose).await?;
        let ended = session(context, &engine, request, &mut signals).await;
        engine.shut_down().await;
        ended
    })?;
    // Waits for what is still being written, such as summary.md.
    drop(runtime);
    ended.tell(context, &places)
}

/// A session that has ended.
pub(super) struct Ended {
    view: SessionView,
    told: Told,
    folder: PathBuf,
}

/// One session over an engine that runs, told from its start to its end.
pub(super) async fn session(
    context: &mut Context,
    engine: &EngineHandle,
    request: StartRequest,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let id = engine.start(request).await?;
    tracing::info!(session = %id, "started");
    let told = {
        let mut screen = screen(context);
        let told = to_the_end(engine, &id, signals, screen.as_mut()).await;
        screen.close();
        told?
    };
    tracing::info!(session = %id, ending = ?told.ending, "ended");
    let Some(view) = engine.view(&id).await? else {
        return Err(Failure::new(
            exit::FAILURE,
            "session_lost",
            format!("session {id} is gone"),
            "see the log",
        ));
    };
    Ok(Ended { view, told, folder: engine.data().session(&id)? })
}

impl Ended {
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

/// JSON lines, a block redrawn in place, or plain lines: what the reader can take.
fn screen(context: &mut Context) -> Box<dyn Screen + '_> {
    let var = |name: &str| context.vars.get(name).cloned();
    // Words of the log between the lines would tear the block apart.
    let live = context.out.terminal && !is_dumb(var) && context.global.verbose == 0;
    if context.out.json {
        Box::new(JsonScreen::new(&mut context.out))
    } else if live {
        Box::new(LiveScreen::new(&mut context.out))
    } else {
        Box::new(PlainScreen::new(&mut context.out))
    }
}

fn read_goal() -> Result<String, Failure> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        aside("What is to be done? End with Ctrl+D on a line of its own.");
    }
    let mut goal = Vec::new();
    // One byte over the limit shows that it was passed.
    let most = MAX_GOAL as u64 + 1;
    let read = stdin.lock().take(most).read_to_end(&mut goal);
    read.map_err(|error| Failure::system("the goal cannot be read from stdin", &error))?;
    String::from_utf8(goal).map_err(|error| {
        // A character that the limit cut in two is no mistake of the person's.
        if error.as_bytes().len() > MAX_GOAL {
            return mo_engine::start::StartError::GoalTooLong(error.as_bytes().len()).into();
        }
        Failure::new(exit::USAGE, "goal_no_text", "the goal is no UTF-8 text", "save it as UTF-8")
    })
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
