//! What of all sessions calls for a person: each matter is raised once, and settled when it is over, wherever it was
//! answered. It is found in the sessions' views alone, which are the same for an engine here and another owner's, so that
//! taking over repeats and misses nothing. Knows no desktop.

use std::collections::{BTreeMap, BTreeSet};

use mo_core::view::status::{ApprovalView, BlockerView, SessionView};
use mo_engine::config::Notifications;

use crate::plain::{on_one_line, shown};

/// What an end is called where a matter has an id: a session has one at a time.
const END: &str = "end";
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
    /// The session rests until a person decides: the rules or a limit paused it.
    Rest,
    /// The session has finished or failed.
    End,
}

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Whose.
    pub session: String,
    /// The approval's or the blocker's id, or what an end or a rest is called.
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
            Kind::Blocker | Kind::Rest => wanted.blockers,
            Kind::End => wanted.session_end,
        }
    }
}

impl Matter {
    /// The card that it is about, where it has one.
    pub fn card(&self) -> Option<&str> {
        (!matches!(self.kind, Kind::End | Kind::Rest)).then_some(self.need.as_str())
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
    /// The questions of those that stood at the start, whether their agents wait for an answer.
    stood: BTreeMap<String, bool>,
}

impl Attention {
    /// Takes in a session as it stands when the app opens: the window shows what waits, so nobody is called for it.
    pub fn know(&mut self, view: &SessionView) {
        let known = self.sessions.entry(view.id.clone()).or_default();
        known.note(view);
        known.told.extend(known.open.iter().cloned());
        known.stood = open_questions(view).map(|asked| (asked.id.clone(), asked.waits)).collect();
    }

    /// Takes in a session after a change; what changed for the person.
    pub fn hear(&mut self, view: &SessionView) -> Vec<Call> {
        let known = self.sessions.entry(view.id.clone()).or_default();
        let before = std::mem::take(&mut known.open);
        known.note(view);
        known.hear_anew(view);
        let settled = before.difference(&known.open);
        let mut calls: Vec<Call> =
            settled.map(|need| Call::Settle { session: view.id.clone(), need: need.clone() }).collect();
        let new: Vec<Matter> =
            matters(view).into_iter().filter(|matter| !known.told.contains(&matter.need)).collect();
        known.told.extend(new.iter().map(|matter| matter.need.clone()));
        calls.extend(new.into_iter().map(Call::Raise));
        calls
    }

    /// Forgets all sessions but these, since the others were deleted; what is over with them.
    pub fn keep(&mut self, there: &BTreeSet<&str>) -> Vec<Call> {
        let gone: Vec<String> =
            self.sessions.keys().filter(|session| !there.contains(session.as_str())).cloned().collect();
        let over = gone.into_iter().filter_map(|session| self.sessions.remove_entry(&session));
        over.flat_map(|(session, known)| {
            known.open.into_iter().map(move |need| Call::Settle { session: session.clone(), need })
        })
        .collect()
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
        self.goal = line(&view.goal);
        self.runs = matches!(view.state.as_str(), "preparing" | "running");
        self.needs = view.needs_you.iter().map(|need| need.id.clone()).collect();
        self.open = open_needs(view).collect();
        let listed = |id: &String| {
            view.approvals.iter().any(|one| one.id == *id)
                || view.blockers.iter().any(|one| one.id == *id)
                || rests(view).any(|matter| matter.need == *id)
                || (id == END && end(view).is_some())
        };
        self.told.retain(listed);
    }

    /// What stood at the start and called nobody is new when its agent asks it again, once its session goes on.
    fn hear_anew(&mut self, view: &SessionView) {
        let stood = std::mem::take(&mut self.stood);
        for asked in open_questions(view) {
            match stood.get(&asked.id) {
                Some(false) if asked.waits => drop(self.told.remove(&asked.id)),
                Some(_) => drop(self.stood.insert(asked.id.clone(), asked.waits)),
                None => {}
            }
        }
    }
}

fn open_questions(view: &SessionView) -> impl Iterator<Item = &ApprovalView> {
    view.approvals.iter().filter(|one| one.state == "open")
}

fn open_needs(view: &SessionView) -> impl Iterator<Item = String> {
    let questions = open_questions(view).map(|one| one.id.clone());
    let blockers = view.blockers.iter().filter(|one| one.state == "open").map(|one| one.id.clone());
    questions.chain(blockers).chain(rests(view).chain(end(view)).map(|matter| matter.need))
}

fn matters(view: &SessionView) -> Vec<Matter> {
    let questions = open_questions(view).map(|one| question(view, one));
    let blockers = view.blockers.iter().filter(|one| one.state == "open").map(|one| blocker(view, one));
    questions.chain(blockers).chain(rests(view)).chain(end(view)).collect()
}

fn question(view: &SessionView, asked: &ApprovalView) -> Matter {
    let who = agent(view, &asked.worker);
    let (title, title_whole) = on_one_line(&format!("{who} asks to {}", asked.what));
    let (exactly, body_whole) = shown(&asked.exactly.join("\n"), MAX_BODY);
    let (folder, folder_whole) = asked.cwd.as_deref().map_or((String::new(), true), on_one_line);
    let whole = body_whole && folder_whole && asked.diff.is_none() && (title_whole || !exactly.is_empty());
    let lines = [exactly, if folder.is_empty() { folder } else { format!("in {folder}") }];
    Matter {
        session: view.id.clone(),
        need: asked.id.clone(),
        kind: if whole { Kind::Question } else { Kind::LongQuestion },
        title,
        body: with_goal(view, &lines),
    }
}

fn blocker(view: &SessionView, blocker: &BlockerView) -> Matter {
    let step = blocker.required_actions.first().map(|step| shown(step, MAX_BODY).0);
    Matter {
        session: view.id.clone(),
        need: blocker.id.clone(),
        kind: Kind::Blocker,
        title: on_one_line(&blocker.title).0,
        body: with_goal(view, &[step.unwrap_or_default()]),
    }
}

/// What waits for a person and has no id: a session has one of a kind at a time.
fn rests(view: &SessionView) -> impl Iterator<Item = Matter> {
    view.needs_you.iter().filter(|need| need.id.is_none()).map(|need| Matter {
        session: view.id.clone(),
        need: need.kind.clone(),
        kind: Kind::Rest,
        title: "A session waits for you".to_owned(),
        body: with_goal(view, &[line(&need.title), line(&need.details)]),
    })
}

fn end(view: &SessionView) -> Option<Matter> {
    let title = match view.state.as_str() {
        "finished" => "A session has finished",
        "failed" => "A session has failed",
        _ => return None,
    };
    let reason = line(view.reason.as_deref().unwrap_or_default());
    Some(Matter {
        session: view.id.clone(),
        need: END.to_owned(),
        kind: Kind::End,
        title: title.to_owned(),
        body: with_goal(view, &[reason]),
    })
}

fn with_goal(view: &SessionView, lines: &[String]) -> String {
    let goal = line(&view.goal);
    let lines = lines.iter().map(String::as_str).chain([goal.as_str()]);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The agent's name as a person writes it.
fn agent(view: &SessionView, worker: &str) -> String {
    let agent = view.workers.iter().find(|one| one.name == worker).map_or(worker, |one| one.agent.as_str());
    let mut letters = agent.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The first line of a text.
fn line(text: &str) -> String {
    on_one_line(text.trim().lines().next().unwrap_or_default()).0
}
