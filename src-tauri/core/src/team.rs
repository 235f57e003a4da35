//! The workers of a session, their roles and the review pairs.

use serde::{Deserialize, Serialize};

use crate::ids::{AgentKind, Role, WorkerName};

/// A session's team. Made by [`Team::new`], which refuses what cannot work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// In the order in which they are shown.
    pub workers: Vec<Member>,
    /// Who reviews whose work.
    pub reviews: Vec<Pair>,
}

/// One worker of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// `<agent>-<role>`.
    pub name: WorkerName,
    /// Which CLI.
    pub agent: AgentKind,
    /// What it does.
    pub role: Role,
}

/// A reviewer and the worker whose work it reviews.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// Who reviews.
    pub reviewer: WorkerName,
    /// Whose work.
    pub subject: WorkerName,
}

/// The teams that are chosen by a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// [`Team::default_trio`].
    #[default]
    Trio,
    /// [`Team::pair`].
    Pair,
    /// [`Team::solo`].
    Solo,
}

impl Preset {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Trio, Self::Pair, Self::Solo];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trio => "trio",
            Self::Pair => "pair",
            Self::Solo => "solo",
        }
    }

    /// The preset of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == word)
    }

    /// The team itself.
    pub fn team(self) -> Team {
        match self {
            Self::Trio => Team::default_trio(),
            Self::Pair => Team::pair(),
            Self::Solo => Team::solo(),
        }
    }
}

/// Why a team cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum TeamError {
    #[error("the team has no implementer; add a worker with role = \"implementer\"")]
    NoImplementer,
    #[error("the team has {count} workers with role = \"{role}\"; one is possible")]
    TooMany { role: Role, count: usize },
    #[error("the team has two workers called `{0}`; give one another agent or role")]
    Twice(WorkerName),
    #[error("`{0}` in a [[review]] is no worker of this team; its workers are {known}", known = .1.join(", "))]
    UnknownWorker(String, Vec<String>),
    #[error("`{0}` in a [[review]] could be {known}; write the whole name", known = .1.join(" or "))]
    Ambiguous(String, Vec<String>),
    #[error("`{0}` cannot review its own work; name another reviewer")]
    SelfReview(WorkerName),
    #[error(
        "`{0}` is a reviewer and has no work to review; name the architect or the implementer as subject"
    )]
    NoWork(WorkerName),
    #[error("nobody reviews the implementer `{0}`; zero reviews is not approval: add a [[review]]")]
    Unreviewed(WorkerName),
    #[error("the review of `{subject}` by `{reviewer}` is named twice")]
    PairTwice { reviewer: WorkerName, subject: WorkerName },
}

impl Member {
    /// A worker named after its agent and role.
    pub fn new(agent: AgentKind, role: Role) -> Self {
        Self { name: WorkerName::new(format!("{agent}-{role}")), agent, role }
    }
}

impl Team {
    /// Gemini architect, Claude implementer, Codex reviewer, with the default pairs.
    pub fn default_trio() -> Self {
        let gemini = Member::new(AgentKind::Gemini, Role::Architect);
        let claude = Member::new(AgentKind::Claude, Role::Implementer);
        let codex = Member::new(AgentKind::Codex, Role::Reviewer);
        let pair = |reviewer: &Member, subject: &Member| Pair {
            reviewer: reviewer.name.clone(),
            subject: subject.name.clone(),
        };
        let reviews = vec![pair(&gemini, &claude), pair(&codex, &gemini), pair(&codex, &claude)];
        Self { workers: vec![gemini, claude, codex], reviews }
    }

    /// Claude implementer, Codex reviewer; nobody plans beforehand.
    pub fn pair() -> Self {
        let claude = Member::new(AgentKind::Claude, Role::Implementer);
        let codex = Member::new(AgentKind::Codex, Role::Reviewer);
        let reviews = vec![Pair { reviewer: codex.name.clone(), subject: claude.name.clone() }];
        Self { workers: vec![claude, codex], reviews }
    }

    /// Claude implementer, reviewed by a Claude that sees only the result, in a session of its own.
    pub fn solo() -> Self {
        let claude = Member::new(AgentKind::Claude, Role::Implementer);
        let reviewer = Member::new(AgentKind::Claude, Role::Reviewer);
        let reviews = vec![Pair { reviewer: reviewer.name.clone(), subject: claude.name.clone() }];
        Self { workers: vec![claude, reviewer], reviews }
    }

    /// Checks a team. Pairs name workers by their whole name or, where unambiguous, by their agent.
    pub fn new(members: Vec<(AgentKind, Role)>, pairs: &[(String, String)]) -> Result<Self, TeamError> {
        let workers: Vec<Member> =
            members.into_iter().map(|(agent, role)| Member::new(agent, role)).collect();
        for (index, member) in workers.iter().enumerate() {
            if workers.iter().take(index).any(|earlier| earlier.name == member.name) {
                return Err(TeamError::Twice(member.name.clone()));
            }
        }
        for role in [Role::Architect, Role::Implementer] {
            let count = workers.iter().filter(|m| m.role == role).count();
            if count > 1 {
                return Err(TeamError::TooMany { role, count });
            }
        }
        let mut team = Self { workers, reviews: Vec::new() };
        let implementer = team.member_of(Role::Implementer).ok_or(TeamError::NoImplementer)?.name.clone();
        for (reviewer, subject) in pairs {
            let pair = Pair { reviewer: team.find(reviewer)?, subject: team.find(subject)? };
            if pair.reviewer == pair.subject {
                return Err(TeamError::SelfReview(pair.reviewer));
            }
            if team.member(&pair.subject).is_some_and(|m| m.role == Role::Reviewer) {
                return Err(TeamError::NoWork(pair.subject));
            }
            if team.reviews.contains(&pair) {
                return Err(TeamError::PairTwice { reviewer: pair.reviewer, subject: pair.subject });
            }
            team.reviews.push(pair);
        }
        if !team.reviews.iter().any(|pair| pair.subject == implementer) {
            return Err(TeamError::Unreviewed(implementer));
        }
        Ok(team)
    }

    fn find(&self, name: &str) -> Result<WorkerName, TeamError> {
        resolve(self.workers.iter().map(|m| (&m.name, &m.agent)), name).map_err(|known| {
            if known.is_empty() {
                let all = self.workers.iter().map(|m| m.name.to_string()).collect();
                TeamError::UnknownWorker(name.to_owned(), all)
            } else {
                TeamError::Ambiguous(name.to_owned(), known)
            }
        })
    }

    /// The worker of that name.
    pub fn member(&self, name: &WorkerName) -> Option<&Member> {
        self.workers.iter().find(|m| m.name == *name)
    }

    /// The first worker in that role.
    pub fn member_of(&self, role: Role) -> Option<&Member> {
        self.workers.iter().find(|m| m.role == role)
    }

    /// The pairs whose subject has that role.
    pub fn pairs_on(&self, role: Role) -> impl Iterator<Item = &Pair> {
        self.reviews.iter().filter(move |pair| self.member(&pair.subject).is_some_and(|m| m.role == role))
    }
}

/// Finds a worker by its whole name or by its agent's alone. The error lists the candidates: none or several.
pub fn resolve<'a>(
    workers: impl Iterator<Item = (&'a WorkerName, &'a AgentKind)>,
    name: &str,
) -> Result<WorkerName, Vec<String>> {
    let mut of_agent = Vec::new();
    for (worker, agent) in workers {
        if worker.as_str() == name {
            return Ok(worker.clone());
        }
        if agent.as_str() == name {
            of_agent.push(worker.clone());
        }
    }
    match of_agent.as_slice() {
        [only] => Ok(only.clone()),
        several => Err(several.iter().map(ToString::to_string).collect()),
    }
}
