//! `orchestrate resume` and `orchestrate review`: a session that rests goes on, here or in the owner, and is told like
//! a run.

use mo_api::client::Client;
use mo_core::ids::SessionId;
use mo_core::input::Rejection;
use mo_engine::handle::{CommandError, ResumeError};
use mo_engine::history;
use mo_journal::{DataDir, Journal, SqliteJournal};

use super::control::{done, not_running};
use super::following::{Ended, follow};
use super::run::finish;
use crate::args::{Resume, Review};
use crate::context::{Context, read_config};
use crate::drive::{Signals, Told};
use crate::errors::{Failure, exit};
use crate::feed::Feed;
use crate::host::{self, Host};
use crate::owner::{self, Owned};
use crate::places::Places;
use crate::reading::Reading;

/// What makes a session go on.
enum What {
    /// As it was, perhaps with words of the person.
    Resume(Option<String>),
    /// With a review of what is there, perhaps of something in particular.
    Review(Option<String>),
}

struct Wish {
    what: What,
    /// Whether it stays while a question to a person is open.
    waits: bool,
}

/// Goes on with a session and tells it to its end.
pub(super) fn resume(context: &mut Context, args: &Resume) -> Result<u8, Failure> {
    let wish = Wish::new(context, What::Resume(args.message.clone()), args.wait);
    go_on(context, args.session.as_deref(), &wish)
}

/// Has the work reviewed: at once where the session runs, else the session goes on with it.
pub(super) fn review(context: &mut Context, args: &Review) -> Result<u8, Failure> {
    let wish = Wish::new(context, What::Review(args.focus.clone()), args.wait);
    go_on(context, Some(&args.session), &wish)
}

fn go_on(context: &mut Context, named: Option<&str>, wish: &Wish) -> Result<u8, Failure> {
    let places = context.places()?;
    wish.check()?;
    let session = Reading::session(&places, named)?.1;
    let runtime = host::runtime()?;
    let done = runtime.block_on(async {
        let mut signals = Signals::take()?;
        let taken = match owner::find_or_take(&places.data).await? {
            Owned::ByAnother(client) => {
                return in_owner(context, client, &session, wish, &places, &mut signals).await;
            }
            Owned::Here(taken) => taken,
        };
        let config = read_config(&places)?;
        let environment = context.environment(&config)?;
        let left = left_behind(&places, &session)?;
        let mut host = Host::open(taken, config, environment, context.global.verbose).await?;
        host.serve().await;
        let ended = here(context, &host, &session, wish, left, &mut signals).await;
        finish(context, host, ended, &places, &mut signals).await
    });
    // Waits for what is still being written, such as summary.md.
    drop(runtime);
    done
}

/// What was told of a session before its owner went away in the midst of it; `None` of one that has ended.
fn left_behind(places: &Places, session: &SessionId) -> Result<Option<(Told, u64)>, Failure> {
    let data = DataDir::existing(&places.data)?;
    let over = history::is_over(&SqliteJournal::open_read_only(&data)?, session)?;
    if over { Ok(None) } else { before(&data, session).map(Some) }
}

/// In this process.
async fn here(
    context: &mut Context,
    host: &Host,
    session: &SessionId,
    wish: &Wish,
    left: Option<(Told, u64)>,
    signals: &mut Signals,
) -> Result<Ended, Failure> {
    let engine = &host.engine;
    // What a former owner left has been settled by now, and is no part of what comes.
    let (told, since) = before(engine.data(), session)?;
    let feed = Feed::here(engine, session, since);
    let waits = Some(wish.waits);
    let asked = match &wish.what {
        What::Resume(message) => engine.resume_waiting(session, message.clone(), waits).await,
        What::Review(focus) => engine.review_now(session, focus.clone(), waits).await,
    };
    match (asked, &wish.what, left) {
        // Its owner went away when all was done but the last words, and the settling has said them.
        (
            Err(ResumeError::Command(CommandError::Rejected(Rejection::NotAtRest))),
            What::Resume(None),
            Some((told, since)),
        ) => follow(context, Feed::here(engine, session, since), told, engine.data(), signals).await,
        (Err(error), ..) => Err(refused(error, session)),
        (Ok(()), ..) => follow(context, feed, told, engine.data(), signals).await,
    }
}

/// In the owner. A review of a session that runs is its own follower's to tell.
async fn in_owner(
    context: &mut Context,
    client: Client,
    session: &SessionId,
    wish: &Wish,
    places: &Places,
    signals: &mut Signals,
) -> Result<u8, Failure> {
    let data = DataDir::existing(&places.data)?;
    // As the journal has it: the owner may still be busy with what a session leaves that was told to have ended.
    let running = !history::is_over(&SqliteJournal::open_read_only(&data)?, session)?;
    let (told, since) = before(&data, session)?;
    let waits = Some(wish.waits);
    let asked = match &wish.what {
        What::Resume(message) => client.resume_waiting(session.as_str(), message.clone(), waits).await,
        What::Review(focus) => client.review(session.as_str(), focus.clone(), waits).await,
    };
    asked.map_err(|error| hinted(error.into(), session))?;
    if running {
        return done(context, "review", session);
    }
    let feed = Feed::there(client, session, &places.data, since);
    follow(context, feed, told, &data, signals).await?.tell(context, places)
}

/// What the journal has of a session, and up to where.
fn before(data: &DataDir, session: &SessionId) -> Result<(Told, u64), Failure> {
    let journal = SqliteJournal::open_read_only(data)?;
    let since = journal.last_seq(session)?;
    Ok((Told::before(&journal, session, since)?, since))
}

impl Wish {
    fn new(context: &Context, what: What, wait: bool) -> Self {
        Self { what, waits: wait || context.out.terminal }
    }

    /// Words that are given must say something.
    fn check(&self) -> Result<(), Failure> {
        let (What::Resume(words) | What::Review(words)) = &self.what;
        words.as_deref().map_or(Ok(()), super::control::check_words)
    }
}

fn refused(error: ResumeError, session: &SessionId) -> Failure {
    let rejection = match error {
        ResumeError::Start(error) => return error.into(),
        ResumeError::Journal(error) => return error.into(),
        ResumeError::Command(CommandError::Rejected(rejection)) => rejection,
        ResumeError::Command(error) => {
            let hint = "look at the data folder's permissions and free space";
            return Failure::new(exit::FAILURE, error.code(), error.to_string(), hint);
        }
    };
    let failure = match rejection {
        Rejection::Unknown => not_running(session, "does not exist any more"),
        _ => Failure::new(exit::REFUSED, rejection.code(), rejection.to_string(), ""),
    };
    hinted(failure, session)
}

/// With what a person can do about it.
fn hinted(failure: Failure, session: &SessionId) -> Failure {
    let Failure::Said(mut told) = failure else { return failure };
    if told.exit == exit::REFUSED {
        match told.code.as_ref() {
            "nothing_to_resume" => {
                told.message = format!("session {session} has nothing to resume");
                told.hint = Some(format!(
                    "while it runs, `orchestrate message {session} WORKER TEXT` speaks to a worker; once it has \
                     finished, `orchestrate resume {session} -m TEXT` gives it more to do"
                ));
            }
            "nothing_to_review" => {
                told.hint = Some(
                    "a review needs work of the implementer in a session that has not failed".to_owned(),
                );
            }
            _ => {}
        }
    }
    Failure::Said(told)
}
