//! `rules.toml`: the person's rules for what workers ask.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_core::policy::{About, Rule};
use serde::Deserialize;
use toml::Spanned;

use super::ConfigError;
use super::file::place;
use super::reading::{read_bounded, unreadable};

/// The form of the file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Root {
    #[serde(default)]
    rule: Vec<Spanned<Rule>>,
}

/// More rules than this are a slip.
const MAX_RULES: usize = 1_000;

/// The rules' place beside a configuration file.
pub fn beside(config: &Path) -> PathBuf {
    config.with_file_name("rules.toml")
}

/// Reads the rules; none where no file is. A rule that does not do what its own examples say is refused: it may allow
/// what its writer never meant.
pub(super) fn read(file: &Path) -> Result<Arc<[Rule]>, ConfigError> {
    match read_bounded(file) {
        Ok(text) => parse(file, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Arc::from([])),
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn parse(file: &Path, text: &str) -> Result<Arc<[Rule]>, ConfigError> {
    let broken = |at: usize, reason: String| {
        let (line, column) = place(text, at);
        ConfigError::Broken { file: file.to_owned(), line, column, reason }
    };
    let root: Root = toml::from_str(text).map_err(|error| {
        broken(error.span().map_or(0, |span| span.start), error.message().trim().to_owned())
    })?;
    if root.rule.len() > MAX_RULES {
        return Err(broken(0, format!("it has {} rules; at most {MAX_RULES} are read", root.rule.len())));
    }
    for rule in &root.rule {
        if let Some(reason) = rule.get_ref().broken_example() {
            return Err(broken(rule.span().start, reason));
        }
    }
    Ok(root.rule.into_iter().map(Spanned::into_inner).collect())
}

/// A rule as it stands in the file, behind a comment that says where it comes from.
pub(crate) fn show(rule: &Rule, why: &str) -> String {
    let text = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let list = |texts: &[String]| texts.iter().map(|one| text(one)).collect::<Vec<_>>().join(", ");
    let comment: String = why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let (kind, about) = match &rule.about {
        About::Command(pattern) => ("command", pattern),
        About::Read(pattern) => ("read", pattern),
        About::Write(pattern) => ("write", pattern),
        About::Host(pattern) => ("host", pattern),
        About::Tool(pattern) => ("tool", pattern),
    };
    let mut rows = vec![
        format!("# {comment}"),
        "[[rule]]".to_owned(),
        format!("name = {}", text(&rule.name)),
        format!("verdict = {}", text(rule.verdict.as_str())),
        format!("{kind} = {}", text(about)),
    ];
    rows.extend(rule.role.map(|role| format!("role = {}", text(role.as_str()))));
    rows.extend(rule.folder.as_ref().map(|folder| format!("folder = {}", text(folder))));
    rows.extend(rule.why.as_ref().map(|why| format!("why = {}", text(why))));
    rows.push(format!("match = [{}]", list(&rule.matches)));
    rows.push(format!("not_match = [{}]", list(&rule.not_match)));
    rows.join("\n") + "\n"
}

/// Adds a rule behind what stands there, which is not touched, and reads the whole anew. The file is replaced at once,
/// or not at all.
pub(crate) fn append(file: &Path, rule: &Rule, why: &str) -> Result<Arc<[Rule]>, ConfigError> {
    let unwritable =
        |error: std::io::Error| ConfigError::Unwritable { file: file.to_owned(), reason: error.to_string() };
    let folder = file.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    // Another process may add one at the same time.
    let alone = std::fs::File::open(folder).map_err(unwritable)?;
    alone.lock().map_err(unwritable)?;
    read(file)?;
    let before = match read_bounded(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unwritable(error)),
    };
    let mut text = before;
    if !text.is_empty() {
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
    text.push_str(&show(rule, why));
    let rules = parse(file, &text)?;
    if rules.last() != Some(rule) {
        let reason = "it would not be read as it was meant".to_owned();
        return Err(ConfigError::Unwritable { file: file.to_owned(), reason });
    }
    // One that is a link is replaced where it leads to.
    let real = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    replace(&real, &text).map_err(unwritable)?;
    Ok(rules)
}

fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let mode = file.metadata().map_or(0o600, |metadata| metadata.permissions().mode() & 0o777);
    let beside = file.with_extension(format!("toml.{}", std::process::id()));
    let written = || {
        let mut new = std::fs::OpenOptions::new();
        let mut new = new.write(true).create(true).truncate(true).mode(mode).open(&beside)?;
        new.write_all(text.as_bytes())?;
        new.set_permissions(std::fs::Permissions::from_mode(mode))?;
        new.sync_all()?;
        std::fs::rename(&beside, file)
    };
    let result = written();
    if result.is_err() {
        // What was begun is no file of the person's.
        let _gone = std::fs::remove_file(&beside);
    }
    result
}

#[cfg(test)]
mod tests {
    use mo_core::ids::Role;
    use mo_core::policy::Permit;

    use super::*;

    fn of_command(words: &str) -> Rule {
        Rule {
            name: format!("always command {words}"),
            verdict: Permit::Allow,
            about: About::Command(words.to_owned()),
            role: Some(Role::Implementer),
            folder: Some("/home/\"me\"/s\\hop".to_owned()),
            why: None,
            matches: vec![words.to_owned()],
            not_match: vec![format!("{words} more")],
        }
    }

    #[test]
    fn a_rule_is_added_behind_the_person_s_own_text() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("real.toml"), dir.path().join("rules.toml"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let own =
            "# My rules.\n\n[[rule]]  # one\nname = \"tests\"\nverdict = 'allow'\ncommand = \"make **\"";
        std::fs::write(&file, own).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let (first, second) = (of_command("cargo test"), of_command("npm run a;b"));
        let second =
            Rule { matches: vec!["npm run 'a;b'".into()], not_match: vec!["npm run".into()], ..second };
        assert_eq!(append(&link, &first, "by me\nand nobody").unwrap().len(), 2);
        let rules = append(&link, &second, "by me").unwrap();
        assert_eq!((&rules[1], &rules[2]), (&first, &second));
        assert_eq!(read(&link).unwrap(), rules);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with(own) && text.contains("# by me and nobody\n[[rule]]"), "{text}");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside it");
        // One that is not there yet is the person's alone.
        let new = dir.path().join("sub/rules.toml");
        append(&new, &first, "by me").unwrap();
        assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_broken_file_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rules.toml");
        for broken in [
            "[[rule]]\nname = 1\n",
            "[[rule]\n",
            "[[rule]]\nname = \"x\"\nverdict = \"allow\"\ncommand = \"ls\"\nmatch = [\"cat\"]\n",
        ] {
            std::fs::write(&file, broken).unwrap();
            let error = append(&file, &of_command("cargo test"), "by me").unwrap_err();
            assert_eq!(error.code(), "config_broken", "{error}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), broken);
        }
        std::fs::write(&file, "").unwrap();
        let wrong = Rule { matches: vec!["ls".into()], ..of_command("cargo test") };
        assert!(append(&file, &wrong, "by me").is_err(), "its example is not one of it");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    }

    fn refused(text: &str) -> String {
        parse(Path::new("/r.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn rules_are_read_with_their_examples() {
        let text = r#"
# Tests may run.
[[rule]]
name = "tests"
verdict = "allow"
command = "cargo test **"
match = ["cargo test", "cargo test -p x"]
not_match = ["cargo publish", "cargo tests"]

[[rule]]
name = "migrations"
verdict = "ask"
write = "migrations/**"
match = ["migrations/1.sql"]
not_match = ["src/1.sql"]
"#;
        let rules = parse(Path::new("/r.toml"), text).unwrap();
        assert_eq!(rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["tests", "migrations"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let rule = "[[rule]]\nname = \"x\"\nverdict = \"allow\"\n";
        for (text, words) in [
            (
                format!("{rule}command = \"ls\"\nmatch = [\"cat\"]\n"),
                "/r.toml:1:1: the rule `x` does not match its own example `cat`",
            ),
            (
                format!("{rule}command = \"ls **\"\nnot_match = [\"ls -l\"]\n"),
                "matches `ls -l`, which it says it does not",
            ),
            (format!("{rule}command = \"ls\"\ntool = \"x\"\n"), "exactly one of"),
            (format!("{rule}comand = \"ls\"\n"), "unknown field"),
            ("rule = 1".to_owned(), "/r.toml:1:8"),
        ] {
            let said = refused(&text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }
}
