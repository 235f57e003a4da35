//! What a person has to go by when a turn broke off: how its process ended, and what was said last.

use mo_agents::protocol::Exit;
use mo_core::outcome::{Outcome, TurnEnd};

/// The most bytes of stderr that are evidence.
const MAX_STDERR: usize = 2_000;

/// Puts the evidence into the end of a turn that broke off, or that failed without a word.
pub(crate) fn give(end: &mut TurnEnd, exit: Exit, stderr: &[u8]) {
    let text = end.text.take().filter(|text| !text.trim().is_empty());
    if !(end.outcome == Outcome::Vanished || (end.outcome == Outcome::Failed && text.is_none())) {
        end.text = text;
        return;
    }
    let mut evidence = match (exit.code, exit.signal) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => format!("signal {signal} ended it"),
        (None, None) => "how it ended is not known".to_owned(),
    };
    let from = stderr.len().saturating_sub(MAX_STDERR);
    let stderr = String::from_utf8_lossy(stderr.get(from..).unwrap_or_default());
    for (whence, words) in
        [("on stderr", stderr.trim()), ("it had said", text.as_deref().unwrap_or_default().trim())]
    {
        // Where the protocol's client has nothing better, its text is the stderr.
        if !words.is_empty() && !evidence.contains(words) {
            evidence.extend(["; ", whence, ":\n", words]);
        }
    }
    end.text = Some(evidence);
}

#[cfg(test)]
mod tests {
    use mo_core::outcome::FailureClass;

    use super::*;

    fn told(outcome: Outcome, text: &str, stderr: &str) -> Option<String> {
        let class = (outcome == Outcome::Failed).then_some(FailureClass::Unknown);
        let text = Some(text.to_owned()).filter(|text| !text.is_empty());
        let mut end = TurnEnd { text, ..TurnEnd::bare(outcome, class) };
        give(&mut end, Exit { code: None, signal: Some(9), by_us: false }, stderr.as_bytes());
        end.text
    }

    #[test]
    fn what_broke_off_says_how() {
        let table = [
            (Outcome::Vanished, "", "", Some("signal 9 ended it")),
            (Outcome::Vanished, "", " no disk\n", Some("signal 9 ended it; on stderr:\nno disk")),
            (Outcome::Vanished, "no disk", "no disk", Some("signal 9 ended it; on stderr:\nno disk")),
            (
                Outcome::Vanished,
                "I begin.",
                "x",
                Some("signal 9 ended it; on stderr:\nx; it had said:\nI begin."),
            ),
            (Outcome::Failed, " ", "x", Some("signal 9 ended it; on stderr:\nx")),
            (Outcome::Failed, "no key", "x", Some("no key")),
            (Outcome::Completed, "done", "x", Some("done")),
            (Outcome::Interrupted, "", "x", None),
        ];
        for (outcome, text, stderr, expected) in table {
            assert_eq!(told(outcome, text, stderr).as_deref(), expected, "{outcome:?} {text} {stderr}");
        }
    }

    #[test]
    fn a_long_stderr_is_cut_at_the_front() {
        let long = format!("{}the end", "ä".repeat(5_000));
        let text = told(Outcome::Vanished, "", &long).unwrap();
        assert!(text.ends_with("the end") && text.len() < 2_100, "{}", text.len());
    }
}
