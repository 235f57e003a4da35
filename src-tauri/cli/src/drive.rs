//! A session from its start to its end, told on a screen, with the person's signals.

use std::collections::BTreeMap;
use std::time::Duration;

use mo_core::event::{Ending, Envelope, Event, Purpose, StopCause};
use mo_core::ids::SessionId;
use mo_core::record::Record;
use mo_core::view::status::{RuleOffer, SessionView};
use mo_engine::hub::Update;
use mo_journal::Journal;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::asking::{Asking, Pressed};
use crate::errors::Failure;
use crate::feed::{Answering, Feed, Finding, News};
use crate::keys::{self, Keys};
use crate::output::screen::Screen;
use crate::output::words::rule_lines;

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
    pub(crate) async fn next(&mut self) -> (StopCause, u32) {
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

/// How many records are read at once.
const PAGE: usize = 2_000;

impl Told {
    /// What was told of a session before it goes on after a seq.
    pub(crate) fn before(journal: &dyn Journal, session: &SessionId, until: u64) -> Result<Self, Failure> {
        let (mut told, mut since) = (Self::default(), 0);
        while since < until {
            let page = journal.read(session, since, PAGE)?;
            let Some(last) = page.last() else { break };
            since = last.seq;
            page.iter().filter(|record| record.seq <= until).for_each(|record| told.note(record));
        }
        told.ending = None;
        Ok(told)
    }

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
/// without waiting: the supervision ends what is left. What the workers ask is answered by keys where there are any.
pub(crate) async fn to_the_end(
    feed: &mut Feed,
    told: &mut Told,
    signals: &mut Signals,
    screen: &mut dyn Screen,
) -> Result<(), Failure> {
    let period = screen.beat().map(Duration::from_millis);
    let mut beat = tokio::time::interval(period.unwrap_or(Duration::from_hours(1)));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut stale = false;
    let mut desk = Desk::default();
    while told.ending.is_none() {
        tokio::select! {
            news = feed.next() => match news? {
                News::Update(Update::Events(records)) => {
                    records.iter().for_each(|record| told.note(record));
                    stale = true;
                    if feed.is_here() && screen.shows_views() {
                        desk.see(feed.view().await?, screen);
                        stale = false;
                    }
                    screen.records(&records);
                }
                News::Update(Update::Delta(delta)) => screen.delta(&delta),
                News::Health(health) => screen.health(&health),
            },
            (cause, count) = signals.next() => {
                if let Some(failure) = feed.stopped_unwritten(cause).await {
                    return Err(failure);
                }
                stop(feed, cause, count, screen, &mut desk);
            }
            pressed = desk.next() => match pressed {
                Heard::Keys(bytes) => desk.press(bytes.as_deref(), feed, screen),
                Heard::Answered(taken) => desk.answered(taken, screen),
                Heard::Rule(question, found) => desk.found(&question, found, screen),
            },
            _ = beat.tick(), if period.is_some() => {
                // From another process no more often than it is drawn.
                if stale && screen.shows_views() {
                    desk.see(feed.view().await?, screen);
                    stale = false;
                }
                desk.beat(screen);
                screen.tick();
            }
        }
    }
    Ok(())
}

/// The person at the keys: what they are asked, and what they press.
#[derive(Default)]
struct Desk {
    asking: Option<Asking>,
    keys: Option<Keys>,
    answering: Option<Answering>,
    /// The rule of which question is being found.
    finding: Option<(String, Finding)>,
}

/// What came from the person's side.
enum Heard {
    /// `None`: the terminal has gone.
    Keys(Option<Vec<u8>>),
    Answered(Result<(), String>),
    Rule(String, Result<RuleOffer, String>),
}

impl Desk {
    /// The session as it is now: another question may stand, or none.
    fn see(&mut self, view: SessionView, screen: &mut dyn Screen) {
        if screen.asks() {
            let before = self.asking.as_ref().map(|asking| asking.id().to_owned());
            self.asking = Asking::of(&view, self.asking.take());
            match &self.asking {
                None => self.keys = None,
                Some(asking) if before.as_deref() != Some(asking.id()) => match &mut self.keys {
                    Some(keys) => keys.forget(),
                    None if keys::can_be_pressed() => {
                        let taken = Keys::take();
                        self.keys = taken.inspect_err(|error| tracing::info!(%error, "no keys")).ok();
                    }
                    None => {}
                },
                Some(_) => {}
            }
            screen.question(self.asking.as_ref(), self.keys.is_some());
        }
        screen.view(view);
    }

    fn beat(&mut self, screen: &mut dyn Screen) {
        let Some(asking) = &mut self.asking else { return };
        if asking.was_shown()
            && let Some(keys) = &mut self.keys
        {
            keys.forget();
        }
        screen.question(Some(asking), self.keys.is_some());
    }

    /// What comes next; never where nobody is asked. Dropping the future loses nothing.
    async fn next(&mut self) -> Heard {
        let keys = async {
            match &mut self.keys {
                Some(keys) => keys.next().await,
                None => std::future::pending().await,
            }
        };
        let answered = async {
            match &mut self.answering {
                Some(answering) => answering.await,
                None => std::future::pending().await,
            }
        };
        let found = async {
            match &mut self.finding {
                Some((question, finding)) => (question.clone(), finding.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            (question, found) = found => Heard::Rule(question, found),
            taken = answered => Heard::Answered(taken),
            bytes = keys => Heard::Keys(bytes),
        }
    }

    fn press(&mut self, bytes: Option<&[u8]>, feed: &Feed, screen: &mut dyn Screen) {
        if bytes.is_none() {
            self.keys = None;
        }
        let Some(asking) = &mut self.asking else { return };
        let bytes = bytes.unwrap_or_default();
        match asking.press(bytes) {
            Pressed::Nothing => {}
            Pressed::Details => screen.tell(&asking.details(screen.paint())),
            Pressed::Rule => self.finding = Some((asking.id().to_owned(), feed.rule(asking.id()))),
            Pressed::ElsewhereOnly(where_) => screen.note(&where_),
            Pressed::Answer(choice) => self.answering = Some(feed.answer(asking.id(), choice)),
        }
        screen.question(Some(asking), self.keys.is_some());
        screen.tick();
    }

    fn found(&mut self, question: &str, found: Result<RuleOffer, String>, screen: &mut dyn Screen) {
        self.finding = None;
        let Some(asking) = self.asking.as_mut().filter(|asking| asking.id() == question) else { return };
        asking.rule_was(found.is_ok());
        match found {
            Ok(rule) => screen.tell(&rule_lines(&rule)),
            Err(why) => screen.note(&why),
        }
        screen.question(Some(asking), self.keys.is_some());
        screen.tick();
    }

    fn answered(&mut self, taken: Result<(), String>, screen: &mut dyn Screen) {
        self.answering = None;
        let Err(why) = taken else { return };
        if let Some(asking) = &mut self.asking {
            asking.was_not_taken();
        }
        screen.note(&format!("the answer was not taken: {why}"));
    }
}

/// Asks for the end without waiting for it: a further signal must be heard meanwhile.
fn stop(feed: &Feed, by: StopCause, count: u32, screen: &mut dyn Screen, desk: &mut Desk) {
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
            // The terminal is put back: nothing is dropped by what follows.
            desk.keys = None;
            std::process::exit(if by == StopCause::Sigterm { 143 } else { 130 });
        }
    };
    feed.stop(by, urgent);
}
