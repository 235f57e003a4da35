//! `orchestrate approve` and `deny`: which question is meant, and what is said to it.

use std::io::{BufRead as _, IsTerminal, Read as _};
use std::path::Path;

use mo_core::approval::{AllowFor, AnsweredBy, Choice, PLAIN_NO};
use mo_core::ids::{ApprovalId, SessionId};
use mo_core::view::status::ApprovalView;
use serde_json::{Value, json};

use super::approvals::{failure, views, with_owner};
use super::control::check_words;
use crate::args::{Approve, Deny};
use crate::context::Context;
use crate::errors::{Failure, exit};
use crate::output::aside;
use crate::output::words::{cut, exact_line, one_line, rule_lines};

/// The most bytes of an edited input.
const MAX_EDIT: u64 = 64 * 1024;
/// The most questions that are named where several may be meant.
const MAX_NAMED: usize = 10;

/// Allows what a worker asks, or something else instead.
pub(super) fn approve(context: &mut Context, args: &Approve) -> Result<u8, Failure> {
    let meant = Meant::find(context, args.id.as_deref())?;
    let choice = match &args.edit {
        Some(file) => Choice::Edit { input: meant.edit(file)? },
        None if args.always => {
            if !meant.agreed(context, args.yes)? {
                context.out.line("nothing was saved; the question still waits")?;
                return Ok(exit::DONE);
            }
            Choice::Allow { allowed: AllowFor::Always }
        }
        None if args.session => Choice::Allow { allowed: AllowFor::Session },
        None => Choice::Allow { allowed: AllowFor::Once },
    };
    answer(context, &meant, "approve", &choice)
}

/// Refuses what a worker asks.
pub(super) fn deny(context: &mut Context, args: &Deny) -> Result<u8, Failure> {
    let message = match &args.message {
        Some(text) => {
            check_words(text)?;
            text.clone()
        }
        None => PLAIN_NO.to_owned(),
    };
    let meant = Meant::find(context, args.id.as_deref())?;
    answer(context, &meant, "deny", &Choice::Deny { message })
}

/// The question that is to be answered.
struct Meant {
    session: SessionId,
    asked: ApprovalView,
    /// Whether the person has named it in full.
    in_full: bool,
}

impl Meant {
    /// By its name, by the beginning of the name of one that waits, or without a name the only one that waits.
    fn find(context: &Context, named: Option<&str>) -> Result<Self, Failure> {
        let (mut open, mut settled) = (Vec::new(), Vec::new());
        for view in views(context, None)? {
            let session = SessionId::new(view.id);
            for asked in view.approvals {
                let in_full = named == Some(asked.id.as_str());
                let meant = Self { session: session.clone(), asked, in_full };
                if in_full {
                    return Ok(meant);
                }
                if meant.asked.state == "open" { open.push(meant) } else { settled.push(meant) }
            }
        }
        let Some(named) = named else {
            let none = || {
                let hint = "`orchestrate approvals SESSION` shows what became of a session's questions";
                Failure::new(exit::NOT_FOUND, "approval_unknown", "no question waits for an answer", hint)
            };
            return only(open, "questions wait")?.ok_or_else(none);
        };
        let begins = |meant: &Self| !named.is_empty() && meant.asked.id.starts_with(named);
        open.retain(begins);
        settled.retain(begins);
        let what = format!("questions begin with `{}`", one_line(named));
        // One that was answered before is named so that this can be said.
        let found = match only(open, &what)? {
            Some(meant) => Some(meant),
            None => only(settled, &what)?,
        };
        found.ok_or_else(|| {
            let message = format!("there is no question {}", one_line(named));
            Failure::new(exit::NOT_FOUND, "approval_unknown", message, "`orchestrate approvals` lists them")
        })
    }

    /// Shows the rule that an answer becomes. Whether the person wants it.
    fn agreed(&self, context: &mut Context, yes: bool) -> Result<bool, Failure> {
        let (session, id) = (self.session.as_str(), self.asked.id.as_str());
        let rule = with_owner(
            context,
            async |client| Ok(client.rule(session, id).await?),
            async |host| host.engine.rule_for(&ApprovalId::new(id)).await.map_err(failure),
        )?;
        if context.out.json {
            context.out.json(&json!({ "rule": rule }))?;
        } else {
            for line in rule_lines(&rule) {
                context.out.line(&line)?;
            }
        }
        if yes {
            return Ok(true);
        }
        if context.out.json || !std::io::stdin().is_terminal() {
            let hint = "say --yes to save it";
            return Err(Failure::new(exit::USAGE, "yes_missing", "the rule was not saved", hint));
        }
        aside("Save this rule? [y/N]");
        let mut said = String::new();
        let read = std::io::stdin().lock().take(100).read_line(&mut said);
        read.map_err(|error| Failure::system("the answer cannot be read", &error))?;
        Ok(matches!(said.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn in_one_line(&self) -> String {
        let asked = &self.asked;
        let line = format!("{}  {} asks to {}", asked.id, one_line(&asked.worker), exact_line(&asked.what));
        cut(&line, 160).into_owned()
    }

    /// What the file has for the call.
    fn edit(&self, file: &Path) -> Result<Value, Failure> {
        if self.asked.state == "open" && self.asked.edit.is_none() {
            let message = "this agent cannot be given another input; deny it with a message";
            let hint = format!("orchestrate deny {} -m \"what it is to do instead\"", self.asked.id);
            return Err(Failure::new(exit::REFUSED, "not_editable", message, hint));
        }
        let text = read(file)?;
        let is_command = self.asked.kind.as_deref() == Some("command");
        if is_command && !looks_like_an_object(&text) {
            let command = text.trim();
            if command.is_empty() {
                return Err(unusable("it is empty", self));
            }
            return Ok(command.into());
        }
        let input: Value = serde_json::from_str(&text)
            .map_err(|error| unusable(&format!("it is no JSON: {error}"), self))?;
        if input.is_object() { Ok(input) } else { Err(unusable("it is no JSON object", self)) }
    }
}

fn unusable(why: &str, meant: &Meant) -> Failure {
    let hint = match meant.asked.kind.as_deref() {
        Some("command") => "give the command alone, or the tool's whole input as a JSON object",
        _ => "give the tool's whole input as a JSON object: `orchestrate approvals --json` has it, at `edit`",
    };
    Failure::new(exit::USAGE, "edit_unusable", format!("the edited input cannot be used: {why}"), hint)
}

/// A command may begin with `{`, and then a blank and a word follow; an input begins with a name in quotes.
fn looks_like_an_object(text: &str) -> bool {
    text.trim_start().strip_prefix('{').is_some_and(|rest| rest.trim_start().starts_with(['"', '}']))
}

/// The only one; what they have in common completes "2 …" where there are more.
fn only(mut found: Vec<Meant>, what: &str) -> Result<Option<Meant>, Failure> {
    if found.len() < 2 {
        return Ok(found.pop());
    }
    let mut names: Vec<String> = found.iter().take(MAX_NAMED).map(Meant::in_one_line).collect();
    if found.len() > MAX_NAMED {
        names.push("… `orchestrate approvals` lists all".to_owned());
    }
    let message = format!("{} {what}", found.len());
    let hint = format!("name one:\n  {}", names.join("\n  "));
    Err(Failure::new(exit::USAGE, "approval_ambiguous", message, hint))
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    // One byte over the limit shows that it was passed.
    if file == Path::new("-") {
        if std::io::stdin().is_terminal() {
            aside("What is to be done instead? End with Ctrl+D on a line of its own.");
        }
        let read = std::io::stdin().lock().take(MAX_EDIT + 1).read_to_end(&mut bytes);
        read.map_err(|error| Failure::system("the edited input cannot be read from stdin", &error))?;
    } else {
        let read = std::fs::File::open(file).and_then(|open| open.take(MAX_EDIT + 1).read_to_end(&mut bytes));
        read.map_err(|error| Failure::file(file, &error))?;
    }
    let wrong = |why: String| {
        Failure::new(
            exit::USAGE,
            "edit_unusable",
            format!("the edited input cannot be used: {why}"),
            "shorten it",
        )
    };
    if bytes.len() as u64 > MAX_EDIT {
        return Err(wrong(format!("it has more than {MAX_EDIT} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8 text".to_owned()))
}

fn answer(context: &mut Context, meant: &Meant, command: &str, choice: &Choice) -> Result<u8, Failure> {
    let (session, id) = (&meant.session, meant.asked.id.as_str());
    with_owner(
        context,
        async |client| Ok(client.answer(session.as_str(), id, choice).await?),
        async |host| {
            let asked = ApprovalId::new(id);
            host.engine.answer(&asked, choice.clone(), AnsweredBy::Person).await.map(drop).map_err(failure)
        },
    )?;
    if context.out.json {
        context.out.json(&json!({ "done": { "command": command, "session": session, "approval": id } }))?;
        return Ok(exit::DONE);
    }
    let runs = views(context, Some(session.as_str()))?.iter().any(|view| view.ended_at.is_none());
    let said = match (command, choice) {
        ("approve", Choice::Allow { allowed: AllowFor::Always }) => "allowed, always in this folder",
        ("approve", Choice::Edit { .. }) => "allowed as edited",
        ("approve", _) => "allowed",
        _ => "refused",
    };
    let mut words = said.to_owned();
    if !meant.in_full {
        words.extend([": ", &exact_line(&meant.asked.what)]);
    }
    if !runs {
        let what = if command == "approve" { "it" } else { "that" };
        words.extend(["; `orchestrate resume ", session.as_str(), "` goes on with ", what]);
    }
    context.out.line(&words)?;
    Ok(exit::DONE)
}
