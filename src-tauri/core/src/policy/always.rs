//! The rule that an answer becomes: the very same action, in one folder, in one role, and nothing more.

use super::ground::Ground;
use super::judge;
use super::rule::{About, Rule};
use super::ruling::{Permit, Risk};
use super::shell::{self, Word};
use crate::approval::Action;

/// The most characters of a rule's name that come from what it is about.
const MAX_NAME: usize = 60;

/// The rule by which this action is never asked about again in this folder, or why there is none, completing "this
/// cannot become a rule: …".
///
/// # Errors
/// When no rule says exactly this and nothing more, when it does great harm, or when it would be asked or denied all
/// the same.
pub fn always(action: &Action, ground: &Ground<'_>) -> Result<Rule, &'static str> {
    let about = exactly(action, &ground.bounds.home)?;
    let before = judge(action, ground);
    match before.verdict {
        Permit::Ask if before.risk == Risk::High => return Err("it can do great harm"),
        Permit::Ask => {}
        Permit::Deny => return Err("a rule denies it"),
        Permit::Allow => return Err("it is allowed without a question"),
    }
    let rule = narrow(about, ground);
    if rule.broken_example().is_some() {
        return Err("no rule says exactly this");
    }
    let mut rules = ground.rules.to_vec();
    rules.push(rule.clone());
    if judge(action, &Ground { rules: &rules, ..*ground }).verdict != Permit::Allow {
        return Err("it would be asked all the same");
    }
    Ok(rule)
}

/// What a rule is about that says this action and nothing more. The same action gives the same.
///
/// # Errors
/// Why there is none.
pub fn exactly(action: &Action, home: &str) -> Result<About, &'static str> {
    match action {
        Action::Command { command, .. } => Ok(About::Command(words_of(command, home)?)),
        Action::Read { paths } => match paths.as_slice() {
            [path] => Ok(About::Read(plain_path(path)?)),
            _ => Err("it is about more than one place"),
        },
        Action::Write { paths, .. } => match paths.as_slice() {
            [path] => Ok(About::Write(plain_path(path)?)),
            _ => Err("it is about more than one place"),
        },
        Action::Fetch { .. } => Err("a rule would open everything at that host"),
        Action::Internal { .. } | Action::Tool { .. } => Err("a rule would allow the tool with any input"),
    }
}

/// The words of a line of one program whose every word is known to the letter, and means itself in a rule.
fn words_of(line: &str, home: &str) -> Result<String, &'static str> {
    let script = shell::read(line, home).map_err(|_| "it cannot be read as a shell line")?;
    let [invocation] = script.invocations.as_slice() else {
        return Err("it is more than one command");
    };
    if !script.oddities.is_empty() || !invocation.redirects.is_empty() || script.beyond_sh {
        return Err("it is more than a program and its words");
    }
    let words: Option<Vec<&str>> = invocation.words.iter().map(Word::fixed).collect();
    let words = words.ok_or("some of it is known only when it runs")?;
    let [program, ..] = words.as_slice() else { return Err("it names no program") };
    // What such a name leads to depends on the folder, and on how the system's folders are searched.
    if program.contains('/') {
        return Err("it names its program by a path");
    }
    let means_itself = |word: &&str| {
        !word.is_empty() && !word.chars().any(|c| c.is_whitespace() || c.is_control() || c == '*')
    };
    if !words.iter().all(means_itself) {
        return Err("a rule cannot say a word that is empty or has a blank or `*` in it");
    }
    Ok(words.join(" "))
}

fn plain_path(path: &str) -> Result<String, &'static str> {
    let plain = path.starts_with('/') && !path.contains('*') && !path.chars().any(char::is_control);
    if plain { Ok(path.to_owned()) } else { Err("a rule cannot say that path") }
}

fn narrow(about: About, ground: &Ground<'_>) -> Rule {
    let (text, not_match) = match &about {
        About::Command(words) => {
            let shorter = words.rsplit_once(' ').map(|(shorter, _)| quoted(shorter));
            let longer = format!("{} another-word", quoted(words));
            (quoted(words), shorter.into_iter().chain([longer]).collect())
        }
        About::Read(text) | About::Write(text) | About::Host(text) | About::Tool(text) => {
            (text.clone(), vec![format!("{text}/below")])
        }
    };
    let mut name = format!("always {}", about.in_words());
    if let Some((end, _)) = name.char_indices().nth(MAX_NAME) {
        name.truncate(end);
        name.push('…');
    }
    Rule {
        name,
        verdict: Permit::Allow,
        about,
        role: Some(ground.role),
        folder: Some(ground.bounds.root.clone()),
        why: None,
        matches: vec![text],
        not_match,
    }
}

/// The words as a shell line that is read as these words.
fn quoted(words: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+,.:/@%".contains(c);
    let quote = |word: &str| {
        if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
    };
    words.split(' ').map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "always_tests.rs"]
mod tests;
