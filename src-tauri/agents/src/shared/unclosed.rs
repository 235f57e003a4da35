//! How a turn ended whose closing message never came (design.md §4, "A turn's outcome").

use mo_core::outcome::{FailureClass, Outcome, TurnEnd};

use crate::protocol::Exit;

/// SIGINT and SIGTERM: what a person or a supervisor ends a process with.
const ASKED_TO_END: [i32; 2] = [2, 15];

/// What is known of why a turn has no closing message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cause {
    /// The agent told of a failure that it does not mend itself.
    pub error: Option<FailureClass>,
    /// It told of one that it was just trying to mend.
    pub retrying: Option<FailureClass>,
}

impl Cause {
    /// An error, or nothing.
    pub fn error(error: Option<FailureClass>) -> Self {
        Self { error, retrying: None }
    }
}

/// The end of a turn without a closing message, in this order: a recognised error text → `Failed`; a signal of
/// ours, SIGINT or SIGTERM → `Interrupted`; an agent that was still trying again → `Failed`; a turn that had begun
/// → `Vanished`; else `Failed{unknown}`.
///
/// `signal_codes` are the exit codes with which this CLI reports such a signal (Claude: 130 and 143; Gemini: 130,
/// its 144 to 173 are HTTP statuses). `text` is what is known of the cause.
pub fn unclosed(
    exit: Exit,
    signal_codes: &[i32],
    began: bool,
    cause: Cause,
    text: Option<String>,
) -> TurnEnd {
    let asked = exit.by_us
        || exit.signal.is_some_and(|s| ASKED_TO_END.contains(&s))
        || exit.code.is_some_and(|c| signal_codes.contains(&c));
    let failed = cause.error.or(cause.retrying.filter(|_| !asked));
    let (outcome, class) = match (failed, asked, began) {
        (Some(class), ..) => (Outcome::Failed, Some(class)),
        (None, true, _) => (Outcome::Interrupted, None),
        (None, false, true) => (Outcome::Vanished, None),
        (None, false, false) => (Outcome::Failed, Some(FailureClass::Unknown)),
    };
    TurnEnd { text, ..TurnEnd::bare(outcome, class) }
}
