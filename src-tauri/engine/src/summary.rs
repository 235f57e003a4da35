//! `summary.md`: how a session went, for a person.

use std::borrow::Cow;
use std::fmt::Write as _;

use mo_core::view::standing;
use mo_core::view::status::{CheckView, SessionView};

/// The text of `summary.md`.
pub(crate) fn markdown(view: &SessionView, has_plan: bool) -> String {
    let mut text = format!("# {}\n\n", first_line(&view.goal));
    let _ = writeln!(text, "- session: {}\n- folder: {}", view.id, harmless(&view.target));
    let reason = view.reason.as_deref().map_or(Cow::Borrowed("it goes on"), first_line);
    let _ = writeln!(text, "- state: {}", standing(&view.state, &reason));
    let _ = writeln!(text, "- decision: {}", view.decision.as_deref().unwrap_or("none was made"));
    let cost = view.cost_usd.map_or_else(|| "unknown".to_owned(), |cost| format!("${cost:.2}"));
    let seconds = view.elapsed_ms / 1000;
    let _ = writeln!(
        text,
        "- time: {} min {} s, tokens: {}, cost: {cost}",
        seconds / 60,
        seconds % 60,
        view.tokens
    );
    if has_plan {
        text.push_str("- plan: plan.md\n");
    }
    section(&mut text, "Changed files", &view.files_changed);
    section(&mut text, "Warnings", &view.warnings);
    text.push_str("\n## Workers\n\n");
    for worker in &view.workers {
        let cost = worker.cost_usd.map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost:.2}"));
        let _ = writeln!(text, "- {}: {}, {} tokens, {cost}", worker.name, worker.state, worker.tokens);
    }
    text.push_str("\n## Reviews\n\n");
    for review in &view.reviews {
        let verdict = review.verdict.as_deref().unwrap_or("not finished");
        let summary = review.summary.as_deref().map(first_line).unwrap_or_default();
        let dash = if summary.is_empty() { "" } else { " – " };
        let _ = writeln!(text, "- {} on {}: {verdict}{dash}{summary}", review.reviewer, review.subject);
        for finding in &review.findings {
            let file = finding.file.as_deref().map_or("the whole".into(), harmless);
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ =
                writeln!(text, "  - {} at {file}{line}: {}", finding.severity, first_line(&finding.title));
        }
    }
    if view.reviews.is_empty() {
        text.push_str("None was made.\n");
    }
    checks(&mut text, &view.checks);
    for need in &view.needs_you {
        let _ =
            writeln!(text, "\n## Needs you: {}\n\n{}\n", first_line(&need.title), harmless(&need.details));
        for action in &need.required_actions {
            let _ = writeln!(text, "1. {}", first_line(action));
        }
    }
    text
}

/// The most lines of a check's output.
const OUTPUT_LINES: usize = 12;

fn checks(text: &mut String, checks: &[CheckView]) {
    if checks.is_empty() {
        return;
    }
    text.push_str("\n## Checks\n\n");
    for check in checks {
        let how = check.summary.as_deref().unwrap_or("not finished");
        let _ = writeln!(text, "- `{}`: {}", first_line(&check.command), first_line(how));
        let output = harmless(check.output.as_deref().unwrap_or_default());
        let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
        for line in lines.iter().skip(lines.len().saturating_sub(OUTPUT_LINES)) {
            let _ = writeln!(text, "      {line}");
        }
    }
}

fn section(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n## {title}\n");
    for line in lines {
        let _ = writeln!(text, "- {}", first_line(line));
    }
}

fn first_line(text: &str) -> Cow<'_, str> {
    harmless(text.trim().lines().next().unwrap_or_default())
}

/// The text without what a terminal obeys or nobody can see, so that the file may be shown with `cat`; line breaks
/// and tabs stay.
fn harmless(text: &str) -> Cow<'_, str> {
    let shows = |c: char| match c {
        '\n' | '\t' => true,
        '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{206f}'
        | '\u{feff}'
        | '\u{e0000}'..='\u{e007f}' => false,
        _ => !c.is_control(),
    };
    if text.chars().all(shows) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if shows(c) { c } else { '\u{fffd}' }).collect())
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
