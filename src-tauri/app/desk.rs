//! What the window asks of the engine, as narrow as it can be, by subject.

mod session;

pub use session::{Changes, Control, Details, Logs};

use std::future::Future;
use std::pin::Pin;

use mo_core::view::resources::SessionResources;
use mo_core::view::status::{RuleOffer, SessionView, StatusView};
use mo_core::view::timeline::TimelineEntry;
use mo_engine::config::Notifications;
use tokio::sync::mpsc;

use crate::dto::{
    AgentCheck, ChoiceForm, DoctorView, Refusal, Remembered, RulingView, SettingsView, StartCheck, StartForm,
};
use crate::outside::Tastes;

/// An answer that takes a while.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// News of the sessions, in the order in which they became durable.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A session changed.
    Session(Box<Update>),
    /// Sessions were deleted, by whomever.
    Deleted,
    /// What the workers of a session take.
    Resources(SessionResources),
    /// Something keeps the engine from going on, or (`None`) does no longer.
    Trouble(Option<Refusal>),
}

/// What one change brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The session as it stands after it.
    pub view: SessionView,
    /// What its story gained.
    pub entries: Vec<TimelineEntry>,
}

/// The engine as the window sees it.
pub trait Desk:
    SetupDesk + SettingsDesk + Control + Logs + Changes + Details + Send + Sync + 'static
{
    /// Starts the scripted team on a sample folder; answers the session's id.
    fn start_demo(&self) -> Answer<'_, String>;
    /// All sessions, newest first.
    fn status(&self) -> Answer<'_, StatusView>;
    /// At most `limit` entries of a session's story with a `seq` above `since`, oldest first.
    fn timeline(&self, session: String, since: u64, limit: usize) -> Answer<'_, Vec<TimelineEntry>>;
    /// Stops a session; answers when the stop is under way.
    fn stop(&self, session: String) -> Answer<'_, ()>;
    /// Goes on with a session that rests, perhaps with words of the person.
    fn resume(&self, session: String, message: Option<String>) -> Answer<'_, ()>;
    /// Deletes a session that does not run, with all that is kept of it.
    fn delete(&self, session: String) -> Answer<'_, ()>;
    /// Answers a question of a session; it is durable when this answers.
    fn answer(&self, session: String, approval: String, choice: ChoiceForm) -> Answer<'_, ()>;
    /// The rule that a question can become; nothing is written.
    fn rule_for(&self, session: String, approval: String) -> Answer<'_, RuleOffer>;
    /// Takes back what was allowed for a whole session.
    fn revoke(&self, session: String, grant: String) -> Answer<'_, ()>;
    /// Takes down that a blocker is resolved, and goes on with its session.
    fn resolve(&self, session: String, blocker: String) -> Answer<'_, ()>;
    /// News from now on; taken once, at the start. The channel ends when the engine does.
    fn news(&self) -> mpsc::Receiver<News>;
    /// How many sessions run in this process. Those of another owner go on when this one ends.
    fn at_work(&self) -> usize;
    /// The process that runs the person's sessions where it is another than this one.
    fn elsewhere(&self) -> Option<u32>;
    /// Where the person's own programs are, and which they like.
    fn tastes(&self) -> Tastes;
    /// Ends the engine: running sessions are brought to a stand that can be resumed, processes are buried.
    fn close(&self) -> Answer<'_, ()>;
}

/// What stands before a session: what the form says, and its start.
pub trait SetupDesk {
    /// What is wrong with a form, and what would happen; starts nothing.
    fn check_start(&self, form: StartForm) -> Answer<'_, StartCheck>;
    /// Starts a session; answers its id. What was chosen is remembered for its folder.
    fn start(&self, form: StartForm) -> Answer<'_, String>;
    /// What is remembered for a new session in that folder.
    fn remembered(&self, target: String) -> Answer<'_, Remembered>;
}

/// What is found here, and what is set.
pub trait SettingsDesk {
    /// What works on this computer and what is missing.
    fn doctor(&self) -> Answer<'_, DoctorView>;
    /// Whether the app was never opened on this data folder before; asked once a start.
    fn first_start(&self) -> Answer<'_, bool>;
    /// Looks for one agent anew.
    fn check_agent(&self, agent: String) -> Answer<'_, AgentCheck>;
    /// The settings in effect and where each comes from.
    fn settings(&self) -> Answer<'_, SettingsView>;
    /// Changes one setting in the person's file; `None` takes it out. It counts for what starts from then on.
    fn set_setting(&self, name: String, value: Option<String>) -> Answer<'_, SettingsView>;
    /// What the person wants to be called for.
    fn notifications(&self) -> Notifications;
    /// What the rules say to a command in a folder, asked by a worker of that role.
    fn explain(&self, command: String, role: String, folder: String) -> Answer<'_, RulingView>;
}
