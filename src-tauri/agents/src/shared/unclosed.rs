//! How a turn ended whose closing message never came (design.md §4, "A turn's outcome").

use mo_core::outcome::{FailureClass, Outcome, TurnEnd};

use crate::protocol::Exit;

/// SIGINT and SIGTERM: what a person or a supervisor ends a process with.
const ASKED_TO_END: [i32; 2] = [2, 15];

/// The end of a turn without a closing message, in this order: a recognised error text → `Failed`; a signal of
/// ours, SIGINT or SIGTERM → `Interrupted`; a turn that had begun → `Vanished`; else `Failed{unknown}`.
///
/// `signal_codes` are the exit codes with which this CLI reports such a signal (Claude: 130 and 143; Gemini: none,
/// its 144 to 173 are HTTP statuses). `text` is what is known of the cause.
pub fn unclosed(
    exit: Exit,
    signal_codes: &[i32],
    began: bool,
    recognised: Option<FailureClass>,
    text: Option<String>,
) -> TurnEnd {
    let asked = exit.by_us
        || exit.signal.is_some_and(|s| ASKED_TO_END.contains(&s))
        || exit.code.is_some_and(|c| signal_codes.contains(&c));
    let (outcome, class) = match (recognised, asked, began) {
        (Some(class), _, _) => (Outcome::Failed, Some(class)),
        (None, true, _) => (Outcome::Interrupted, None),
        (None, false, true) => (Outcome::Vanished, None),
        (None, false, false) => (Outcome::Failed, Some(FailureClass::Unknown)),
    };
    TurnEnd { text, ..TurnEnd::bare(outcome, class) }
}
