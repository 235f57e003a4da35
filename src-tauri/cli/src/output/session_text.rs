//! A session in text: the summary at its end and what `status` shows.

use std::path::Path;

use mo_core::time::Timestamp;
use mo_core::view::standing;
use mo_core::view::status::{FindingView, ReviewView, SessionView};

use super::clock::WallClock;
use super::figures::{cost, counted, duration, shell_word, tokens};
use super::frame::mark;
use super::paint::{Paint, Tone};
use super::words::{first_line, fit, last_line, one_line};

/// The columns of the labels at the left.
const LABEL: usize = 12;
/// The most changed paths that are named.
const PATHS: usize = 12;

/// Makes the lines.
pub(crate) struct SessionText<'a> {
    view: &'a SessionView,
    paint: Paint,
    lines: Vec<String>,
}

impl<'a> SessionText<'a> {
    pub(crate) fn new(view: &'a SessionView, paint: Paint) -> Self {
        Self { view, paint, lines: Vec::new() }
    }

    /// Everything: how it stands, what changed, who said what, what it cost, what is next.
    /// `folder` is the session's own; `options` goes before the session in the commands that are named.
    pub(crate) fn in_full(mut self, folder: &Path, options: &str) -> Vec<String> {
        self.head();
        self.files();
        self.workers();
        self.checks();
        self.reviews();
        self.decisions();
        self.needs();
        self.waits();
        for warning in &self.view.warnings {
            self.row("warning", Tone::Warn, &one_line(warning));
        }
        self.spent();
        self.papers(folder);
        self.next(options);
        self.lines
    }

    /// One line: id, state, decision, when, goal.
    pub(crate) fn in_brief(view: &SessionView, clock: &WallClock, paint: Paint) -> String {
        let when = Timestamp::parse(&view.created_at).map(|at| clock.minute(at)).unwrap_or_default();
        let state = paint.text(Tone::of_state(&view.state), &format!("{:<9}", one_line(&view.state)));
        let decision = view.decision.as_deref().unwrap_or("-");
        let decision = paint.text(Tone::of_verdict(decision), &format!("{:<17}", one_line(decision)));
        let needs = if view.needs_you.is_empty() { "" } else { "needs you: " };
        let goal = first_line(&view.goal);
        let goal = super::words::cut(&goal, 60);
        format!(
            "{}  {state}  {decision}  {when}  {}{goal}",
            one_line(&view.id),
            paint.text(Tone::Warn, needs)
        )
    }

    fn row(&mut self, label: &str, tone: Tone, text: &str) {
        let label = self.paint.text(Tone::Muted, &fit(label, LABEL));
        self.lines.push(format!("{label}{}", self.paint.text(tone, text)));
    }

    fn head(&mut self) {
        let view = self.view;
        let state = one_line(&view.state);
        let standing = view.reason.as_deref().map(|reason| standing(&state, &one_line(reason)));
        let head =
            self.paint.text(Tone::of_state(&view.state), &standing.unwrap_or_else(|| state.into_owned()));
        self.lines.push(self.paint.text(Tone::Strong, &head));
        self.row("goal", Tone::Plain, &first_line(&view.goal));
        self.row("session", Tone::Plain, &one_line(&view.id));
        self.row("folder", Tone::Plain, &one_line(&view.target));
    }

    fn files(&mut self) {
        let files = &self.view.files_changed;
        let what = if files.is_empty() { "nothing".to_owned() } else { counted(files.len(), "file") };
        self.row("changed", Tone::Plain, &what);
        for file in files.iter().take(PATHS) {
            self.row("", Tone::Plain, &one_line(file));
        }
        if files.len() > PATHS {
            self.row("", Tone::Muted, &format!("and {} more", files.len() - PATHS));
        }
    }

    fn workers(&mut self) {
        let widest = self.view.workers.iter().map(|w| w.name.len()).max().unwrap_or(0);
        for (index, worker) in self.view.workers.iter().enumerate() {
            let tone = Tone::of_state(&worker.state);
            let spent = if worker.attempt == 0 {
                String::new()
            } else {
                format!("{}, {}", tokens(worker.tokens), cost(worker.cost_usd, worker.cost_known_usd))
            };
            let state =
                self.paint.text(tone, &format!("{} {:<9}", mark(&worker.state, 0), one_line(&worker.state)));
            let doing = if worker.state == worker.doing {
                String::new()
            } else {
                format!("  {}", first_line(&worker.doing))
            };
            let text = format!(
                "{:<widest$}  {state} {:>3}%  {spent}{doing}",
                one_line(&worker.name),
                worker.progress
            );
            self.row(if index == 0 { "workers" } else { "" }, Tone::Plain, text.trim_end());
        }
    }

    fn checks(&mut self) {
        for (index, check) in self.view.checks.iter().enumerate() {
            let outcome = check.outcome.as_deref().unwrap_or("running");
            let how = one_line(check.summary.as_deref().unwrap_or(outcome));
            let how = self.paint.text(Tone::of_verdict(outcome), &how);
            let text = format!("`{}` {how}", first_line(&check.command));
            self.row(if index == 0 { "checks" } else { "" }, Tone::Plain, &text);
            if let Some(line) = check.output.as_deref().and_then(last_line) {
                self.row("", Tone::Muted, &format!("  {line}"));
            }
        }
    }

    fn reviews(&mut self) {
        for (index, review) in self.view.reviews.iter().enumerate() {
            let text = self.review(review);
            self.row(if index == 0 { "reviews" } else { "" }, Tone::Plain, &text);
            for finding in &review.findings {
                let text = finding_words(finding);
                self.row("", Tone::Plain, &text);
            }
        }
    }

    fn review(&self, review: &ReviewView) -> String {
        let verdict = review.verdict.as_deref().unwrap_or("not finished");
        let verdict = self.paint.text(Tone::of_verdict(verdict), &one_line(verdict));
        let summary = review.summary.as_deref().map(first_line).unwrap_or_default();
        let pair = format!("{} on {}", one_line(&review.reviewer), one_line(&review.subject));
        format!("{pair}: {verdict}{}{summary}", if summary.is_empty() { "" } else { " – " })
    }

    fn decisions(&mut self) {
        for (index, made) in self.view.decisions.iter().enumerate() {
            let word = self.paint.text(Tone::of_verdict(&made.decision), &one_line(&made.decision));
            let after = made.phase.replace('_', " ");
            let text = format!(
                "{word} after the {}, round {} ({})",
                one_line(&after),
                made.round,
                one_line(&made.rule)
            );
            self.row(if index == 0 { "decisions" } else { "" }, Tone::Plain, &text);
        }
    }

    fn needs(&mut self) {
        for need in &self.view.needs_you {
            self.row("needs you", Tone::Bad, &one_line(&need.title));
            self.row("", Tone::Plain, &first_line(&need.details));
            for action in &need.required_actions {
                self.row("", Tone::Plain, &format!("- {}", one_line(action)));
            }
            for suggestion in &need.suggestions {
                self.row("", Tone::Muted, &format!("- {}", one_line(suggestion)));
            }
        }
    }

    /// What goes on by itself, and when.
    fn waits(&mut self) {
        for quota in &self.view.quotas {
            let (agent, until) = (one_line(&quota.agent), one_line(&quota.until));
            let text = format!("{agent}'s usage limit is reached; it goes on by itself at {until}");
            self.row("waits", Tone::Warn, &text);
            self.row("", Tone::Muted, &format!("`orchestrate resolve {agent} --retry` tries it now"));
        }
        match self.view.recoveries {
            0 => {}
            1 => self.row("recoveries", Tone::Plain, "1 failure was met with a remedy"),
            many => self.row("recoveries", Tone::Plain, &format!("{many} failures were met with a remedy")),
        }
    }

    fn spent(&mut self) {
        let view = self.view;
        let text = format!(
            "{}, {}, {}",
            duration(view.elapsed_ms),
            tokens(view.tokens),
            cost(view.cost_usd, view.cost_known_usd)
        );
        self.row("spent", Tone::Plain, &text);
    }

    fn papers(&mut self, folder: &Path) {
        for (label, name) in [("plan", "plan.md"), ("summary", "summary.md")] {
            let file = folder.join(name);
            if file.is_file() {
                self.row(label, Tone::Plain, &one_line(&file.display().to_string()));
            }
        }
    }

    fn next(&mut self, options: &str) {
        let changed = !self.view.files_changed.is_empty();
        let mut next = Vec::new();
        if changed {
            next.push(("diff", "", "what changed"));
        }
        next.push(("logs", "", "what was said and done"));
        match self.view.state.as_str() {
            "paused" | "blocked" | "stopped" | "crashed" => {
                next.push(("resume", "", "goes on; with -m TEXT it hears you first"));
            }
            "finished" => next.push(("resume", " -m TEXT", "a follow-up")),
            _ => {}
        }
        if changed && !["preparing", "running"].contains(&self.view.state.as_str()) {
            next.push(("restore", " 0", "the files as they were at the start"));
        }
        let id = one_line(&self.view.id);
        for (index, (command, more, what)) in next.into_iter().enumerate() {
            let text = format!("orchestrate {command} {id}{more}{options}");
            let text = format!("{text}  {}", self.paint.text(Tone::Muted, &format!("# {what}")));
            self.row(if index == 0 { "next" } else { "" }, Tone::Plain, &text);
        }
    }
}

fn finding_words(finding: &FindingView) -> String {
    let place = match (&finding.file, finding.line) {
        (Some(file), Some(line)) => format!(" {}:{line}", one_line(file)),
        (Some(file), None) => format!(" {}", one_line(file)),
        (None, _) => String::new(),
    };
    format!("  {}{place}: {}", one_line(&finding.severity), first_line(&finding.title))
}

/// The options that a next command needs to find the same data folder.
pub(crate) fn options_for(data_named: bool, data: &Path) -> String {
    if data_named {
        format!(" --data-dir {}", shell_word(&data.display().to_string()))
    } else {
        String::new()
    }
}
