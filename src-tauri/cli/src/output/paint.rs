//! Colours, which always go with a word or a mark and never stand alone.

/// Whether there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// The terminal's own palette.
    Colours,
    /// None.
    Nothing,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Nothing special.
    Plain,
    /// A heading.
    Strong,
    /// Beside the point.
    Muted,
    /// Good.
    Ok,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
    /// Not known.
    Unknown,
    /// In the works.
    Running,
}

impl Tone {
    /// The tone of a timeline entry's word.
    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "ok" => Self::Ok,
            "warn" => Self::Warn,
            "bad" => Self::Bad,
            "unknown" => Self::Unknown,
            "muted" => Self::Muted,
            _ => Self::Plain,
        }
    }

    /// The tone of a session's or a worker's state.
    pub(crate) fn of_state(state: &str) -> Self {
        match state {
            "finished" | "done" => Self::Ok,
            "running" | "working" | "preparing" | "starting" => Self::Running,
            "paused" | "asking" | "recovering" => Self::Warn,
            "blocked" | "failed" | "crashed" => Self::Bad,
            "idle" | "waiting" => Self::Muted,
            _ => Self::Plain,
        }
    }

    /// The tone of a verdict or a decision.
    pub(crate) fn of_verdict(word: &str) -> Self {
        match word {
            "approved" | "continue" | "passed" => Self::Ok,
            "concern" | "log_warning" | "pause_and_clarify" | "timed_out" => Self::Warn,
            "blocker" | "stop_and_escalate" | "failed" => Self::Bad,
            _ => Self::Unknown,
        }
    }
}

impl Paint {
    /// The text in its colour.
    pub(crate) fn text(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            _ if self == Self::Nothing || text.is_empty() => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Strong => "1",
            Tone::Muted => "2",
            Tone::Ok => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Unknown => "35",
            Tone::Running => "36",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
