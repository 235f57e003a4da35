//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

pub(crate) const USAGE: &str = "\
./bench [OPTION…]      measures, prints ratios and whether they meet their goals; exit 1 when one does not

  --json               one JSON object on stdout instead of the table
  --lines N            lines a round (1000000)
  --rounds N           rounds, taken alternately; the median counts (3)
  --long-line BYTES    the line without a newline (2147483648)
  --only NAME          durable, mixed or long-line; may be given more than once
  --folder DIR         where the data goes, best on the disk that a person would use (the build folder)";

const NAMES: [&str; 3] = ["durable", "mixed", "long-line"];

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) lines: u64,
    pub(crate) rounds: u32,
    pub(crate) long_line: u64,
    only: Vec<String>,
    parent: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments; `None` when help was asked for.
    pub(crate) fn read(words: &[&str]) -> Result<Option<Self>> {
        let mut options = Self {
            json: false,
            lines: 1_000_000,
            rounds: 3,
            long_line: 2 << 30,
            only: Vec::new(),
            parent: None,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value\n\n{USAGE}"));
            match *word {
                "--json" => options.json = true,
                "--lines" => options.lines = number(value()?)?,
                "--rounds" => options.rounds = u32::try_from(number(value()?)?)?,
                "--long-line" => options.long_line = number(value()?)?,
                "--only" => options.only.push((*value()?).to_owned()),
                "--folder" => options.parent = Some(value()?.into()),
                "-h" | "--help" => return Ok(None),
                other => bail!("there is no option {other}\n\n{USAGE}"),
            }
        }
        if let Some(name) = options.only.iter().find(|name| !NAMES.contains(&name.as_str())) {
            bail!("there is no measure {name}; there are {}", NAMES.join(", "));
        }
        if options.lines < 20 || options.rounds == 0 {
            bail!("at least 20 lines and one round are needed");
        }
        Ok(Some(options))
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// A new folder for one measure, gone when dropped. Not in the temporary folder, which may be memory.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        let parent = match &self.parent {
            Some(parent) => parent.clone(),
            None => std::env::current_exe()?.parent().context("this program has no folder")?.to_owned(),
        };
        TempDir::with_prefix_in("bench-", &parent)
            .with_context(|| format!("no folder in {}", parent.display()))
    }
}

fn number(word: &str) -> Result<u64> {
    word.replace('_', "").parse().with_context(|| format!("{word:?} is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_measured_is_refused_in_words() {
        let why = |words: &[&str]| Options::read(words).unwrap_err().to_string();
        assert!(why(&["--rows", "3"]).starts_with("there is no option --rows"));
        assert!(why(&["--lines"]).starts_with("--lines needs a value"));
        assert!(why(&["--lines", "many"]).contains("\"many\" is no number"));
        assert!(why(&["--only", "speed"]).contains("durable, mixed, long-line"));
        assert!(why(&["--rounds", "0"]).contains("at least"));
        assert_eq!(Options::read(&["--json", "-h"]).unwrap(), None);
        let options = Options::read(&["--lines", "50_000", "--only", "mixed"]).unwrap().unwrap();
        assert_eq!((options.lines, options.wants("mixed"), options.wants("durable")), (50_000, true, false));
    }
}
