//! The ceiling of a session: what may ever be let through without a person (design.md §7). It bounds a person's rules,
//! recoveries and whoever answers in a person's place; what a person answers themself stands above it.

use serde::{Deserialize, Serialize};

use crate::approval::Action;

/// One kind of thing that may be let through without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Freedom {
    /// Writing inside the target, by the implementer.
    Write,
    /// Programs that a rule of the person's allows.
    Programs,
    /// Reading outside the target where a rule of the person's allows it.
    ReadOutside,
    /// Writing outside the target where a rule of the person's allows it.
    WriteOutside,
    /// Hosts that a rule of the person's allows.
    Hosts,
    /// Tools of an agent that a rule of the person's allows.
    Tools,
    /// Options that a recovery adds to an agent's command line to leave out a check of the agent's own.
    Flags,
}

impl Freedom {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Write,
        Self::Programs,
        Self::ReadOutside,
        Self::WriteOutside,
        Self::Hosts,
        Self::Tools,
        Self::Flags,
    ];

    /// The word in the configuration and in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Programs => "programs",
            Self::ReadOutside => "read_outside",
            Self::WriteOutside => "write_outside",
            Self::Hosts => "hosts",
            Self::Tools => "tools",
            Self::Flags => "flags",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Reads the word; `None` when it is none of them.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|freedom| freedom.as_str() == word)
    }
}

/// What may ever be let through without a person: everything that is not named is asked. In JSON the list of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Freedom>", into = "Vec<Freedom>")]
pub struct Ceiling(u8);

impl Default for Ceiling {
    /// All that a rule can allow: a person's rules count as they stand.
    fn default() -> Self {
        Self::ALL
    }
}

impl From<Vec<Freedom>> for Ceiling {
    fn from(freedoms: Vec<Freedom>) -> Self {
        Self::of(freedoms)
    }
}

impl From<Ceiling> for Vec<Freedom> {
    fn from(ceiling: Ceiling) -> Self {
        Freedom::ALL.into_iter().filter(|freedom| ceiling.has(*freedom)).collect()
    }
}

impl Ceiling {
    /// One with all of them.
    pub const ALL: Self = Self((1 << Freedom::ALL.len()) - 1);

    /// One with exactly these.
    pub fn of(freedoms: impl IntoIterator<Item = Freedom>) -> Self {
        Self(freedoms.into_iter().fold(0, |bits, freedom| bits | freedom.bit()))
    }

    /// Whether it lets this through.
    pub fn has(self, freedom: Freedom) -> bool {
        self.0 & freedom.bit() != 0
    }

    /// Whether it lets everything through that can be: below it nobody may work without asking at all.
    pub fn has_all(self) -> bool {
        self == Self::ALL
    }

    /// Its words, in the order of [`Freedom::ALL`].
    pub fn words(self) -> Vec<&'static str> {
        Vec::from(self).into_iter().map(Freedom::as_str).collect()
    }

    /// Whether a yes to this may be given in a person's place. Where an action could be one of several kinds, it must
    /// have them all.
    pub fn covers(self, action: &Action) -> bool {
        let needs: &[Freedom] = match action {
            Action::Read { .. } => &[Freedom::ReadOutside],
            Action::Write { .. } => &[Freedom::Write, Freedom::WriteOutside],
            Action::Command { .. } => &[Freedom::Programs],
            Action::Fetch { .. } => &[Freedom::Hosts],
            Action::Internal { .. } => &[],
            Action::Tool { .. } => &[Freedom::Tools],
        };
        needs.iter().all(|freedom| self.has(*freedom))
    }
}
