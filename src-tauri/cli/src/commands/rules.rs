//! `orchestrate rules`: the rules for what agents ask, their examples, and what they say of a command.

use mo_core::policy::{BUILT_IN, Permit, Ruling};
use mo_engine::config::rules_beside;
use mo_engine::survey;
use serde::Serialize;

use crate::args::{Explain, Rules, RulesCommand};
use crate::context::{Context, read_config};
use crate::errors::{Failure, exit};
use crate::output::paint::Tone;
use crate::output::words::one_line;

/// Shows, tests or explains.
pub(super) fn rules(context: &mut Context, args: &Rules) -> Result<u8, Failure> {
    match &args.command {
        None => show(context),
        Some(RulesCommand::Test) => test(context),
        Some(RulesCommand::Explain(args)) => explain(context, args),
    }
}

/// A built-in rule, as it is listed.
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    verdict: Permit,
    what: &'static str,
}

fn show(context: &mut Context) -> Result<u8, Failure> {
    let places = context.places()?;
    let (file, own) = (rules_beside(places.config()?.0), read_config(&places)?.rules);
    let built_in: Vec<Listed> =
        BUILT_IN.iter().map(|(name, verdict, what)| Listed { name, verdict: *verdict, what }).collect();
    if context.out.json {
        let rules: Vec<_> = own.iter().collect();
        context.out.json(&serde_json::json!({ "file": file, "rules": rules, "built_in": built_in }))?;
        return Ok(exit::DONE);
    }
    let shown = file.display().to_string();
    let file = one_line(&shown);
    context.out.line(&match own.len() {
        0 => format!("No rules of yours; they would stand in {file} (see `orchestrate rules -h`)."),
        1 => format!("1 rule of yours, from {file}:"),
        count => format!("{count} rules of yours, from {file}:"),
    })?;
    for rule in own.iter() {
        let scope = match (rule.role, &rule.folder) {
            (Some(role), Some(folder)) => format!("  ({} in {folder})", role.as_str()),
            (Some(role), None) => format!("  ({})", role.as_str()),
            (None, Some(folder)) => format!("  (in {folder})"),
            (None, None) => String::new(),
        };
        let line = format!("{}{}", rule.about.in_words(), scope);
        row(context, rule.verdict, &rule.name, &line)?;
    }
    context.out.line("")?;
    context.out.line("Built in:")?;
    for rule in &built_in {
        row(context, rule.verdict, rule.name, rule.what)?;
    }
    Ok(exit::DONE)
}

fn row(context: &mut Context, verdict: Permit, name: &str, what: &str) -> Result<(), Failure> {
    let word = context.out.paint.text(tone(verdict), &format!("{:<5}", verdict.as_str()));
    context.out.line(&format!("  {word}  {:<18} {}", one_line(name), one_line(what)))
}

fn tone(verdict: Permit) -> Tone {
    match verdict {
        Permit::Allow => Tone::Ok,
        Permit::Ask => Tone::Warn,
        Permit::Deny => Tone::Bad,
    }
}

/// Reading the file runs the examples; a rule that fails one is told with its place.
fn test(context: &mut Context) -> Result<u8, Failure> {
    let rules = read_config(&context.places()?)?.rules;
    let examples: usize = rules.iter().map(|rule| rule.matches.len() + rule.not_match.len()).sum();
    let bare: Vec<&str> =
        rules.iter().filter(|rule| rule.matches.is_empty()).map(|rule| rule.name.as_str()).collect();
    if context.out.json {
        let tested =
            serde_json::json!({ "rules": rules.len(), "examples": examples, "without_examples": bare });
        context.out.json(&serde_json::json!({ "tested": tested }))?;
        return Ok(exit::DONE);
    }
    context.out.line(&format!("{} rules, {examples} examples: all as they say.", rules.len()))?;
    for name in bare {
        context.out.line(&format!("The rule `{}` has no example that it matches.", one_line(name)))?;
    }
    Ok(exit::DONE)
}

fn explain(context: &mut Context, args: &Explain) -> Result<u8, Failure> {
    let places = context.places()?;
    let config = read_config(&places)?;
    let folder = args.dir.canonicalize().ok().filter(|folder| folder.is_dir()).ok_or_else(|| {
        let message = format!("there is no folder {}", args.dir.display());
        Failure::new(exit::NOT_FOUND, "target_missing", message, "name a folder with -C")
    })?;
    let line = match args.command.as_slice() {
        [line] => line.clone(),
        words => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    };
    let home = context.environment(&config)?.home();
    let (home, data, ceiling) = (home.as_deref(), places.data.as_path(), config.session.ceiling);
    let ruling = survey::explain(&line, args.role, &folder, home, data, &config.rules, ceiling);
    let Ruling { verdict, rule, why, .. } = &ruling;
    if context.out.json {
        context.out.json(&serde_json::json!({ "verdict": verdict, "rule": rule, "why": why }))?;
        return Ok(exit::DONE);
    }
    let word = context.out.paint.text(tone(*verdict), verdict.as_str());
    context.out.line(&format!("{word}, by the rule `{}`: {}", one_line(rule), one_line(why)))?;
    Ok(exit::DONE)
}

/// A word as the shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_are_read_back_as_they_were() {
        for (word, expected) in
            [("ls", "ls"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("*", "'*'"), ("~", "'~'")]
        {
            assert_eq!(quoted(word), expected);
        }
    }
}
