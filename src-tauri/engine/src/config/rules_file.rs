//! `rules.toml`: the person's rules for what workers ask.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mo_core::policy::Rule;
use serde::Deserialize;
use toml::Spanned;

use super::file::place;
use super::{ConfigError, read_bounded};

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
        Err(error) => Err(ConfigError::Unreadable { file: file.to_owned(), reason: error.to_string() }),
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

#[cfg(test)]
mod tests {
    use super::*;

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
