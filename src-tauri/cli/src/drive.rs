//! A session from its start to its end, told on a screen, with the person's signals.

use std::collections::BTreeMap;
use std::time::Duration;

use mo_core::event::{Ending, Envelope, Event, Purpose, StopCause};
use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_engine::handle::EngineHandle;
use mo_engine::hub::{Health, Update};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::errors::{Failure, exit};
use crate::output::screen::Screen;

/// The signals that stop a session.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    count: u32,
}

impl Signals {
    /// From now on they do not end this process. Must be called in a runtime.
    pub(crate) fn take() -> Result<Self, Failure> {
        let take = |kind| signal(kind).map_err(|error| Failure::system("signals cannot be taken", &error));
        Ok(Self {
            interrupt: take(SignalKind::interrupt())?,
            terminate: take(SignalKind::terminate())?,
            hangup: take(SignalKind::hangup())?,
            count: 0,
        })
    }

    /// The next one, with how many there were. Dropping the future loses none.
    async fn next(&mut self) -> (StopCause, u32) {
        let cause = tokio::select! {
            _ = self.interrupt.recv() => StopCause::Sigint,
            _ = self.terminate.recv() => StopCause::Sigterm,
            // The terminal was closed: nobody watches any more.
            _ = self.hangup.recv() => StopCause::Sigterm,
        };
        self.count += 1;
        (cause, self.count)
    }
}

/// How a session went, beyond its view.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// How it ended.
    pub(crate) ending: Option<Ending>,
    /// The closing words of each worker's last turn that was no review.
    pub(crate) closings: BTreeMap<String, String>,
}

impl Told {
    fn note(&mut self, record: &Record) {
        match Envelope::from_record(record).map(|envelope| envelope.event) {
            Ok(Event::SessionEnded(ending)) => self.ending = Some(ending),
            Ok(Event::TurnEnded { purpose, end, .. }) if !matches!(purpose, Purpose::Review { .. }) => {
                if let (Some(worker), Some(text)) = (&record.worker, end.text) {
                    self.closings.insert(worker.to_string(), text);
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "passed over"),
        }
    }
}

/// Tells a session until it has ended. The first signal stops it gracefully, the second at once, the third leaves
/// without waiting: the supervision ends what is left.
pub(crate) async fn to_the_end(
    engine: &EngineHandle,
    session: &SessionId,
    signals: &mut Signals,
    screen: &mut dyn Screen,
) -> Result<Told, Failure> {
    let mut told = Told::default();
    let mut updates = engine.subscribe(session, 0);
    let mut health = engine.health();
    let period = screen.beat().map(Duration::from_millis);
    let mut beat = tokio::time::interval(period.unwrap_or(Duration::from_hours(1)));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    while told.ending.is_none() {
        tokio::select! {
            update = updates.next() => match update {
                Some(Ok(Update::Events(records))) => {
                    records.iter().for_each(|record| told.note(record));
                    if let Some(view) = engine.view(session).await? {
                        screen.view(view);
                    }
                    screen.records(&records);
                }
                Some(Ok(Update::Delta(delta))) => screen.delta(&delta),
                Some(Err(error)) => return Err(error.into()),
                None => return Err(Failure::new(
                    exit::FAILURE,
                    "engine_gone",
                    "the engine ended before the session did",
                    "the log in the data folder's logs/ says why",
                )),
            },
            (cause, count) = signals.next() => {
                if let Health::JournalDown(reason) = engine.health().borrow().clone() {
                    return Err(stopped_unwritten(engine, session, cause, &reason).await);
                }
                stop(engine, session, cause, count, screen);
            }
            Ok(()) = health.changed() => {
                let now = health.borrow_and_update().clone();
                screen.health(&now);
            }
            _ = beat.tick(), if period.is_some() => screen.tick(),
        }
    }
    Ok(told)
}

/// Nothing can be written, so nothing can be decided: the team is killed, and the person is told.
async fn stopped_unwritten(
    engine: &EngineHandle,
    session: &SessionId,
    by: StopCause,
    reason: &str,
) -> Failure {
    if let Err(error) = engine.stop(session, by, true).await {
        tracing::error!(%error, "stopped without the journal");
    }
    Failure::new(
        exit::FAILURE,
        "journal_down",
        format!("the team was stopped, but nothing could be written any more: {reason}"),
        "free some space on the data folder's disk; what was shown with a number is there",
    )
}

/// Asks for the end without waiting for it: a further signal must be heard meanwhile.
fn stop(engine: &EngineHandle, session: &SessionId, by: StopCause, count: u32, screen: &mut dyn Screen) {
    let urgent = match count {
        1 => {
            screen.note("stopping the team; Ctrl+C again stops it at once");
            false
        }
        2 => {
            screen.note("stopping at once");
            true
        }
        _ => {
            screen.close();
            std::process::exit(if by == StopCause::Sigterm { 143 } else { 130 });
        }
    };
    let (engine, session) = (engine.clone(), session.clone());
    tokio::spawn(async move {
        if let Err(error) = engine.stop(&session, by, urgent).await {
            tracing::info!(%error, "the stop came to nothing");
        }
    });
}
