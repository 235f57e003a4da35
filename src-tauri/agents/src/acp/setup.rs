//! What a session with an ACP agent is opened with.

/// How a session is to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    /// The folder the agent works in, absolute.
    pub cwd: String,
    /// The agent's own session to go on with, by `session/resume` or `session/load`, where offered. An agent that
    /// offers neither refuses the turn with class `session_unknown`: a silent fresh start would have lost what the
    /// caller counts on.
    pub resume: Option<String>,
    /// Modes by their names in the order of preference; the first that the agent offers is set unless it is already on.
    pub modes: Vec<&'static str>,
    /// Whether the handshake fails when the agent offers modes but none of those.
    pub modes_required: bool,
    /// The model to set, for agents that take it over the protocol; its provider may be left out where it is clear.
    pub model: Option<String>,
}
