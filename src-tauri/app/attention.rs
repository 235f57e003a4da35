//! What of all sessions calls for a person: each matter is raised once, and settled when it is over, wherever it was
//! answered. Knows no desktop.

use std::collections::{BTreeMap, BTreeSet};

use mo_core::view::status::{ApprovalView, BlockerView, SessionView};
use mo_engine::config::Notifications;

use crate::plain::{clipped, plain};

/// What an end is called where a matter has an id: a session has one at a time.
const END: &str = "end";
/// The most characters of a call's first line.
const MAX_TITLE: usize = 120;
/// The most characters of what a call is about. A question that needs more cannot be allowed from a notification:
/// nobody should allow what they have not seen whole.
const MAX_BODY: usize = 300;

/// What a person is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A question that the call shows whole.
    Question,
    /// A question that is longer than a call can show, or comes with a change.
    LongQuestion,
    /// What only a person can resolve.
    Blocker,
    /// The session has finished or failed.
    End,
}

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Whose.
    pub session: String,
    /// The approval's or the blocker's id, or what an end is called.
    pub need: String,
    /// What.
    pub kind: Kind,
    /// In one line.
    pub title: String,
    /// What it is about.
    pub body: String,
}

/// What changed for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Something waits that did not before.
    Raise(Matter),
    /// It is over: answered, resolved, or gone with its session.
    Settle {
        /// Whose.
        session: String,
        /// The matter's.
        need: String,
    },
}

impl Call {
    /// Whether the person wants to hear it. What is over is always told: it may have been raised before they chose.
    pub fn is_wanted(&self, wanted: Notifications) -> bool {
        let Self::Raise(matter) = self else { return true };
        match matter.kind {
            Kind::Question | Kind::LongQuestion => wanted.questions,
            Kind::Blocker => wanted.blockers,
            Kind::End => wanted.session_end,
        }
    }
}

impl Matter {
    /// The card that it is about, where it has one.
    pub fn card(&self) -> Option<&str> {
        (self.kind != Kind::End).then_some(self.need.as_str())
    }
}

/// How things stand over all sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Sessions that run.
    pub running: usize,
    /// Sessions that wait for a person.
    pub waiting: Vec<Waiting>,
}

/// A session that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub session: String,
    /// What was asked for, in one line.
    pub goal: String,
    /// What the person is to look at first, where that has an id.
    pub need: Option<String>,
}

/// What is known of all sessions.
#[derive(Debug, Default)]
pub struct Attention {
    sessions: BTreeMap<String, Known>,
}

#[derive(Debug, Default)]
struct Known {
    goal: String,
    runs: bool,
    needs: Vec<Option<String>>,
    open: BTreeSet<String>,
    /// What was raised or stood at the start; only as long as the view still has it, so that this stays small.
    told: BTreeSet<String>,
}

impl Attention {
    /// Takes in a session as it stands when the app opens: the window shows what waits, so nobody is called for it.
    pub fn know(&mut self, view: &SessionView) {
        let known = self.sessions.entry(view.id.clone()).or_default();
        known.note(view);
        known.told.extend(known.open.iter().cloned());
    }

    /// Takes in a session after a change; what changed for the person.
    pub fn hear(&mut self, view: &SessionView) -> Vec<Call> {
        let known = self.sessions.entry(view.id.clone()).or_default();
        let before = std::mem::take(&mut known.open);
        known.note(view);
        let settled = before.difference(&known.open);
        let mut calls: Vec<Call> =
            settled.map(|need| Call::Settle { session: view.id.clone(), need: need.clone() }).collect();
        let new: Vec<Matter> =
            matters(view).into_iter().filter(|matter| !known.told.contains(&matter.need)).collect();
        known.told.extend(new.iter().map(|matter| matter.need.clone()));
        calls.extend(new.into_iter().map(Call::Raise));
        calls
    }

    /// How things stand.
    pub fn standing(&self) -> Standing {
        let waiting = self.sessions.iter().filter(|(_, known)| !known.needs.is_empty());
        let waiting = waiting.map(|(session, known)| Waiting {
            session: session.clone(),
            goal: known.goal.clone(),
            need: known.needs.iter().flatten().next().cloned(),
        });
        Standing {
            running: self.sessions.values().filter(|known| known.runs).count(),
            waiting: waiting.collect(),
        }
    }
}

impl Known {
    fn note(&mut self, view: &SessionView) {
        self.goal = clipped(&plain(first_line(&view.goal)), MAX_TITLE).0;
        self.runs = matches!(view.state.as_str(), "preparing" | "running");
        self.needs = view.needs_you.iter().map(|need| need.id.clone()).collect();
        self.open = open_needs(view).collect();
        let listed = |id: &String| {
            view.approvals.iter().any(|one| one.id == *id)
                || view.blockers.iter().any(|one| one.id == *id)
                || (id == END && end(view).is_some())
        };
        self.told.retain(listed);
    }
}

fn open_needs(view: &SessionView) -> impl Iterator<Item = String> {
    let questions = view.approvals.iter().filter(|one| one.state == "open").map(|one| one.id.clone());
    let blockers = view.blockers.iter().filter(|one| one.state == "open").map(|one| one.id.clone());
    questions.chain(blockers).chain(end(view).map(|matter| matter.need))
}

fn matters(view: &SessionView) -> Vec<Matter> {
    let questions = view.approvals.iter().filter(|one| one.state == "open").map(|one| question(view, one));
    let blockers = view.blockers.iter().filter(|one| one.state == "open").map(|one| blocker(view, one));
    questions.chain(blockers).chain(end(view)).collect()
}

fn question(view: &SessionView, asked: &ApprovalView) -> Matter {
    let who = agent(view, &asked.worker);
    let (title, title_whole) = clipped(&plain(&format!("{who} asks to {}", asked.what)), MAX_TITLE);
    let (exactly, body_whole) = clipped(&plain(&asked.exactly.join("\n")), MAX_BODY);
    let whole = body_whole && asked.diff.is_none() && (title_whole || !exactly.is_empty());
    let lines = [exactly, asked.cwd.as_deref().map(|cwd| format!("in {}", plain(cwd))).unwrap_or_default()];
    Matter {
        session: view.id.clone(),
        need: asked.id.clone(),
        kind: if whole { Kind::Question } else { Kind::LongQuestion },
        title,
        body: with_goal(view, &lines),
    }
}

fn blocker(view: &SessionView, blocker: &BlockerView) -> Matter {
    let step = blocker.required_actions.first().map(|step| clipped(&plain(step), MAX_BODY).0);
    Matter {
        session: view.id.clone(),
        need: blocker.id.clone(),
        kind: Kind::Blocker,
        title: clipped(&plain(&blocker.title), MAX_TITLE).0,
        body: with_goal(view, &[step.unwrap_or_default()]),
    }
}

fn end(view: &SessionView) -> Option<Matter> {
    let title = match view.state.as_str() {
        "finished" => "A session has finished",
        "failed" => "A session has failed",
        _ => return None,
    };
    let reason = clipped(&plain(view.reason.as_deref().map(first_line).unwrap_or_default()), MAX_BODY).0;
    Some(Matter {
        session: view.id.clone(),
        need: END.to_owned(),
        kind: Kind::End,
        title: title.to_owned(),
        body: with_goal(view, &[reason]),
    })
}

fn with_goal(view: &SessionView, lines: &[String]) -> String {
    let goal = clipped(&plain(first_line(&view.goal)), MAX_TITLE).0;
    let lines = lines.iter().map(String::as_str).chain([goal.as_str()]);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The agent's name as a person writes it.
fn agent(view: &SessionView, worker: &str) -> String {
    let agent = view.workers.iter().find(|one| one.name == worker).map_or(worker, |one| one.agent.as_str());
    let mut letters = agent.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
