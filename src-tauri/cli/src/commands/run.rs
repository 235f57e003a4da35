//! `orchestrate run GOAL -C DIR`: a session hosted here or by the owner, told live, with a summary at its end.

use std::io::{IsTerminal, Read};

use mo_api::client::Client;
use mo_api::dto::StartForm;
use mo_core::ids::SessionId;
use mo_engine::search::learn;
use mo_engine::start::{MAX_GOAL, StartRequest, check};
use mo_journal::DataDir;

use super::following::{Ended, follow};
use crate::args::Run;
use crate::context::{Context, read_config};
use crate::drive::{Signals, Told};
use crate::errors::{Failure, exit};
use crate::feed::Feed;
use crate::host::{self, Host};
use crate::output::aside;
use crate::owner::{self, Owned};
use crate::places::Places;
use crate::team_file;

/// Runs a session to its end.
pub(super) fn run(context: &mut Context, args: &Run) -> Result<u8, Failure> {
    let places = context.places()?;
    let config = read_config(&places)?;
    let environment = context.environment(&config)?;
    let team = match &args.team {
        Some(file) => team_file::read(file, &args.target)?,
        None => config.team.team(),
    };
    let mut settings = config.session.clone();
    settings.fix_rounds = args.fix_rounds.unwrap_or(settings.fix_rounds);
    settings.waits_for_person = args.wait || context.out.terminal;
    settings.time_limit_ms = args.timeout.unwrap_or(settings.time_limit_ms);
    let goal = if args.goal == "-" { read_goal()? } else { args.goal.clone() };
    let request =
        StartRequest { goal, target: args.target.clone(), team, settings, yes_really: args.yes_really };
    let runtime = host::runtime()?;
    let done = runtime.block_on(async {
        let mut signals = Signals::take()?;
        let owned = if let Some(client) = owner::find(&places.data).await? {
            Owned::ByAnother(client)
        } else {
            // Before anything is made: a mistake leaves nothing behind.
            let agents = request.team.workers.iter().map(|member| &member.agent);
            learn(&host::spawner()?, &config, &environment, agents).await;
            check(&request, &config, &environment, &places.data)?;
            owner::find_or_take(&places.data).await?
        };
        let taken = match owned {
            Owned::ByAnother(client) => {
                let ended = hand_over(context, client, &request, &places, &mut signals).await?;
                return ended.tell(context, &places);
            }
            Owned::Here(taken) => taken,
        };
        let mut host = Host::open(taken, config, environment, context.global.verbose).await?;
        host.serve().await;
        let ended = session(context, &host, request, &mut signals).await;
        finish(context, host, ended, &places, &mut signals).await
    });
    // Waits for what is still being written, such as summary.md.
    drop(runtime);
    done
}

/// Tells the summary, and ends after the last session that runs here.
pub(super) async fn finish(
    context: &mut Context,
    host: Host,
    ended: Result<Ended, Failure>,
    places: &Places,
    signals: &mut Signals,
) -> Result<u8, Failure> {
    match ended {
        Ok(ended) => {
            host.settle(&ended.session()).await;
            let code = ended.tell(context, places);
            host.end_after_others(signals).await;
            code
        }
        // Nothing that runs here can come to an end any more.
        Err(Failure::Said(told)) if told.code == "journal_down" => {
            host.end().await;
            Err(Failure::Said(told))
        }
        Err(failure) => {
            host.end_after_others(signals).await;
            Err(failure)
        }
    }
}

/// One session over an engine that runs here, told from its start to its end.
async fn session(
    context: &mut Context,
    host: &Host,
    request: StartRequest,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let id = host.engine.start(request).await?;
    followed(context, host, &id, signals).await
}

/// A session that was started here, told to its end.
pub(super) async fn followed(
    context: &mut Context,
    host: &Host,
    id: &SessionId,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    tracing::info!(session = %id, "started");
    let feed = Feed::here(&host.engine, id, 0);
    follow(context, feed, Told::default(), host.engine.data(), signals).await
}

/// One session that the owner runs for us.
async fn hand_over(
    context: &mut Context,
    client: Client,
    request: &StartRequest,
    places: &Places,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let target =
        std::path::absolute(&request.target).map_err(|error| Failure::file(&request.target, &error))?;
    let form = StartForm { target, ..StartForm::of(request) };
    let id = SessionId::new(client.start(&form).await?);
    let feed = Feed::there(client, &id, &places.data, 0);
    follow(context, feed, Told::default(), &DataDir::existing(&places.data)?, signals).await
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
