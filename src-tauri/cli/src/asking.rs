//! A question to the person at the terminal: what is shown of it, and what the keys mean.

use mo_core::approval::{AllowFor, Choice, PLAIN_NO};
use mo_core::view::status::{ApprovalView, SessionView};

use crate::output::paint::{Paint, Tone};
use crate::output::words;
use crate::typing::{Line, Typed};

/// For how many beats a question is shown before keys count: a key that was meant for what stood there before must not
/// answer it.
const HELD: u32 = 3;
/// The most characters of what is told to the agent with a no.
const MAX_REASON: usize = 500;
/// The most characters of a command that is edited here.
const MAX_EDIT: usize = 2_000;
/// The most lines of what exactly is asked; the details have all of it.
const MAX_WHAT: usize = 4;
/// The most lines of details.
const MAX_DETAILS: usize = 400;

/// The question that stands.
pub(crate) struct Asking {
    asked: ApprovalView,
    /// How many more wait behind it.
    behind: usize,
    shown: u32,
    /// The rule that it would become was asked for, and (`true`) is shown: the next key saves it or not.
    rule: Option<bool>,
    /// What is being typed, and what for.
    typing: Option<(Purpose, Line)>,
    /// The answer is on its way.
    sent: bool,
}

/// What a line is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To go with a no.
    Denial,
    /// To be run instead.
    Edit,
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// Nothing that anyone else has to know.
    Nothing,
    /// All that is known of the question is to be shown.
    Details,
    /// The rule that it becomes when it is always allowed here is to be shown.
    Rule,
    /// That is not possible here; where it is, in words.
    ElsewhereOnly(String),
    /// The answer.
    Answer(Choice),
}

impl Asking {
    /// The question that comes first in a session; the one that stands keeps its place and its typed words.
    pub(crate) fn of(view: &SessionView, standing: Option<Self>) -> Option<Self> {
        let mut open = view.approvals.iter().filter(|asked| asked.state == "open");
        if let Some(mut standing) = standing
            && open.clone().any(|asked| asked.id == standing.asked.id)
        {
            standing.behind = open.count() - 1;
            return Some(standing);
        }
        let asked = open.next()?.clone();
        Some(Self { asked, behind: open.count(), shown: 0, rule: None, typing: None, sent: false })
    }

    /// Its name.
    pub(crate) fn id(&self) -> &str {
        &self.asked.id
    }

    /// It has been on the screen for another beat; `true` when keys begin to count by this.
    pub(crate) fn was_shown(&mut self) -> bool {
        self.shown = self.shown.saturating_add(1);
        self.shown == HELD
    }

    /// The answer was not taken: it can be given again.
    pub(crate) fn was_not_taken(&mut self) {
        self.sent = false;
    }

    /// What was pressed, as it came in one piece.
    pub(crate) fn press(&mut self, bytes: &[u8]) -> Pressed {
        if self.shown < HELD || self.sent {
            return Pressed::Nothing;
        }
        if self.typing.is_some() {
            return self.type_on(bytes);
        }
        if let Some(shown) = self.rule {
            return match bytes {
                [b'y' | b'Y'] if shown => {
                    self.rule = None;
                    self.say(Choice::Allow { allowed: AllowFor::Always })
                }
                [0x1b | b'n' | b'N'] => {
                    self.rule = None;
                    Pressed::Nothing
                }
                _ => Pressed::Nothing,
            };
        }
        // Several at once are an arrow key or something pasted, and no answer.
        let &[key] = bytes else { return Pressed::Nothing };
        match key.to_ascii_lowercase() {
            b'a' if self.can(AllowFor::Once) => self.say(Choice::Allow { allowed: AllowFor::Once }),
            b's' if self.can(AllowFor::Session) => self.say(Choice::Allow { allowed: AllowFor::Session }),
            b'd' => {
                self.typing = Some((Purpose::Denial, Line::new("", MAX_REASON)));
                Pressed::Nothing
            }
            b'f' if self.can(AllowFor::Always) => {
                self.rule = Some(false);
                Pressed::Rule
            }
            b'e' => self.edit(),
            b'?' => Pressed::Details,
            _ => Pressed::Nothing,
        }
    }

    /// The rule of this question has been found, and is shown; or there is none after all.
    pub(crate) fn rule_was(&mut self, shown: bool) {
        if self.rule.is_some() {
            self.rule = shown.then_some(true);
        }
    }

    fn can(&self, allowed: AllowFor) -> bool {
        self.asked.options.iter().any(|option| option == allowed.as_str())
    }

    fn say(&mut self, choice: Choice) -> Pressed {
        self.sent = true;
        Pressed::Answer(choice)
    }

    fn type_on(&mut self, bytes: &[u8]) -> Pressed {
        let Some((purpose, line)) = &mut self.typing else { return Pressed::Nothing };
        let (text, purpose) = match line.press(bytes) {
            Typed::On => return Pressed::Nothing,
            Typed::Back => {
                self.typing = None;
                return Pressed::Nothing;
            }
            Typed::Done(text) => (text.trim().to_owned(), *purpose),
        };
        self.typing = None;
        match purpose {
            Purpose::Denial if text.is_empty() => self.say(Choice::Deny { message: PLAIN_NO.to_owned() }),
            Purpose::Denial => self.say(Choice::Deny { message: text }),
            // Nothing else is wanted, or nothing at all: that is another key.
            Purpose::Edit if text.is_empty() || self.command() == Some(&text) => Pressed::Nothing,
            Purpose::Edit => self.say(Choice::Edit { input: text.into() }),
        }
    }

    /// The command that is asked for, where another can be run instead.
    fn command(&self) -> Option<&str> {
        let asked = &self.asked;
        let command = asked.exactly.first().filter(|_| asked.kind.as_deref() == Some("command"));
        command.filter(|_| asked.edit.is_some()).map(String::as_str)
    }

    fn edit(&mut self) -> Pressed {
        let one_line =
            |command: &&str| !command.contains(['\n', '\t']) && command.chars().count() <= MAX_EDIT;
        if let Some(command) = self.command().filter(one_line) {
            self.typing = Some((Purpose::Edit, Line::new(command, MAX_EDIT)));
            Pressed::Nothing
        } else if self.asked.edit.is_some() {
            Pressed::ElsewhereOnly(format!(
                "to allow something else instead, write it to a file: `orchestrate approve {} --edit FILE`",
                self.asked.id
            ))
        } else {
            Pressed::Nothing
        }
    }

    /// The lines of the block. With no keys to press it is said where else it can be answered.
    pub(crate) fn lines(&self, width: usize, has_keys: bool, paint: Paint) -> Vec<String> {
        let asked = &self.asked;
        let head = format!("? {} asks to {}", asked.worker, asked.what);
        let (mut lines, all) = words::wrapped(&words::exact_line(&head), width, MAX_WHAT);
        for line in &mut lines {
            *line = paint.text(Tone::Warn, line);
        }
        if !all {
            lines.push(paint.text(Tone::Warn, "  … there is more of it: ? shows all"));
        }
        let mut why = format!("  {}", asked.why.as_deref().unwrap_or_default());
        for (what, value) in [("rule", &asked.rule), ("risk", &asked.risk)] {
            if let Some(value) = value {
                why.extend([" · ", what, " ", value]);
            }
        }
        lines.push(paint.text(Tone::Muted, &words::cut(&words::one_line(&why), width)));
        lines.push(self.last_line(width, has_keys, paint));
        lines
    }

    fn last_line(&self, width: usize, has_keys: bool, paint: Paint) -> String {
        let asked = &self.asked;
        if !has_keys {
            let session = match (self.can(AllowFor::Session), asked.edit.is_some()) {
                (true, true) if self.can(AllowFor::Always) => " [--session | --always | --edit FILE]",
                (true, false) if self.can(AllowFor::Always) => " [--session | --always]",
                (true, true) => " [--session | --edit FILE]",
                (true, false) => " [--session]",
                (false, true) => " [--edit FILE]",
                (false, false) => "",
            };
            let line =
                format!("  orchestrate approve {}{session}, or deny {} -m \"why\"", asked.id, asked.id);
            return words::cut(&line, width).into_owned();
        }
        if self.sent {
            return paint.text(Tone::Muted, "  …");
        }
        if let Some((purpose, line)) = &self.typing {
            let lead = match purpose {
                Purpose::Denial => "  why not? (Enter sends it, Esc goes back) ",
                Purpose::Edit => "  run instead: (Enter allows it, Esc goes back) ",
            };
            return format!("{lead}{}", line.shown(width.saturating_sub(lead.len())));
        }
        if self.shown < HELD {
            return String::new();
        }
        if let Some(shown) = self.rule {
            let line = if shown { "  save this rule?   y save and allow   Esc goes back" } else { "  …" };
            return paint.text(Tone::Strong, &words::cut(line, width));
        }
        let mut keys = String::from("  a allow once");
        if self.can(AllowFor::Session) {
            keys.push_str("   s this session");
        }
        if self.can(AllowFor::Always) {
            keys.push_str("   f always here");
        }
        if asked.edit.is_some() {
            keys.push_str("   e edit");
        }
        keys.push_str("   d deny   ? details");
        if self.behind > 0 {
            keys.extend(["   (", &self.behind.to_string(), " more waiting)"]);
        }
        paint.text(Tone::Strong, &words::cut(&keys, width))
    }

    /// Everything that is known of it, for the story above the block. What cannot be seen is marked: nobody allows
    /// what they were not shown.
    pub(crate) fn details(&self, paint: Paint) -> Vec<String> {
        let asked = &self.asked;
        let mut lines =
            vec![paint.text(
                Tone::Warn,
                &words::one_line(&format!("{} asks to {}", asked.worker, kind_words(asked))),
            )];
        let mut put = |text: &str| {
            lines
                .extend(words::exact(text).lines().map(|line| format!("    {}", line.replace('\t', "    "))));
        };
        asked.exactly.iter().for_each(|part| put(part));
        if let Some(diff) = &asked.diff {
            put(diff);
        }
        let rows = [
            ("in", asked.cwd.as_deref()),
            ("why", asked.why.as_deref()),
            ("rule", asked.rule.as_deref()),
            ("risk", asked.risk.as_deref()),
            ("it says", asked.reason.as_deref()),
            ("a no at", asked.expires_at.as_deref()),
            ("s means", asked.grants.as_deref()),
            ("id", Some(asked.id.as_str())),
        ];
        let rows = rows.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let left = lines.len().saturating_sub(MAX_DETAILS);
        lines.truncate(MAX_DETAILS);
        if left > 0 {
            lines.push(format!("    … and {left} lines more: `orchestrate approvals` has them"));
        }
        lines.extend(rows.map(|(name, value)| format!("  {name:<8}{}", words::exact_line(value))));
        lines
    }
}

fn kind_words(asked: &ApprovalView) -> &'static str {
    match asked.kind.as_deref() {
        Some("read") => "read",
        Some("write") => "write",
        Some("command") => "run a command",
        Some("fetch") => "reach an address",
        _ => "use a tool",
    }
}

#[cfg(test)]
#[path = "asking_tests.rs"]
mod asking_tests;
