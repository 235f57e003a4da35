//! `summary.md`: how a session went, for a person.

use std::fmt::Write as _;

use mo_core::view::status::SessionView;

/// The text of `summary.md`.
pub(crate) fn markdown(view: &SessionView, has_plan: bool) -> String {
    let mut text = format!("# {}\n\n", first_line(&view.goal));
    let _ = writeln!(text, "- session: {}\n- folder: {}", view.id, view.target);
    let reason = view.reason.as_deref().unwrap_or("it goes on");
    let _ = writeln!(text, "- state: {} ({reason})", view.state);
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
        let _ = writeln!(text, "- {} on {}: {verdict} {summary}", review.reviewer, review.subject);
        for finding in &review.findings {
            let file = finding.file.as_deref().unwrap_or("the whole");
            let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
            let _ =
                writeln!(text, "  - {} at {file}{line}: {}", finding.severity, first_line(&finding.title));
        }
    }
    if view.reviews.is_empty() {
        text.push_str("None was made.\n");
    }
    for need in &view.needs_you {
        let _ = writeln!(text, "\n## Needs you: {}\n\n{}\n", need.title, need.details);
        for action in &need.required_actions {
            let _ = writeln!(text, "1. {action}");
        }
    }
    text
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

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}
