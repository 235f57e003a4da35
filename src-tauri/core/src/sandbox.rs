//! Guarantees that a sandbox has proven on this machine (design.md §8).

use serde::{Deserialize, Serialize};

/// One thing that a sandbox can prove by trying to break it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "plain words")]
pub enum Guarantee {
    WriteConfined,
    SecretsUnreadable,
    NetAllowlisted,
    TreeKill,
}

impl Guarantee {
    /// All that bypass needs.
    pub const FOR_BYPASS: [Self; 4] =
        [Self::WriteConfined, Self::SecretsUnreadable, Self::NetAllowlisted, Self::TreeKill];

    /// The word in output and errors.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WriteConfined => "write_confined",
            Self::SecretsUnreadable => "secrets_unreadable",
            Self::NetAllowlisted => "net_allowlisted",
            Self::TreeKill => "tree_kill",
        }
    }
}

/// The guarantees that hold for a worker. Nothing in the product makes a full set before there is a sandbox that
/// probes them; tests build one by hand.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proven {
    held: std::collections::BTreeSet<Guarantee>,
}

impl Proven {
    /// What is proven, as found by a probe.
    pub fn by_probe(held: impl IntoIterator<Item = Guarantee>) -> Self {
        Self { held: held.into_iter().collect() }
    }

    /// What is proven.
    pub fn held(&self) -> impl Iterator<Item = Guarantee> {
        self.held.iter().copied()
    }

    /// What bypass needs and is not proven.
    pub fn missing_for_bypass(&self) -> Vec<Guarantee> {
        Guarantee::FOR_BYPASS.into_iter().filter(|g| !self.held.contains(g)).collect()
    }
}
