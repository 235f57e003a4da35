//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::MEASURES;

pub(crate) const USAGE: &str = "\
./bench [NAME…] [OPTION…]   measures all or the named, prints them beside their goals and baselines; exit 1 when one
                            misses its goal

  decode       each CLI's frequent lines, against serde_json reading them into the same borrowed types
  launch       a supervised launch, against a bare spawn
  owner        a headless owner: its answer after its start, memory and processor while it idles
  session      a new session with one prompt, against its scripted agent alone
  stream       a flood of 100,000 lines at a client of the socket, against a subscriber in the process
  noisy        a worker's events beside another one's flood of 1 GB, against the same without it
  journal      an owner and `orchestrate status` over 1,000,000 events
  durable      durable lines through the engine, against a bare insert loop
  mixed        1 durable line in 20, against the loop of the Python prototype
  long-line    memory under a line that does not end
  window-paint    the window from its start until text is on the screen, against an empty Tauri window
  window-million  a session of 1,000,000 events open in the window: memory, against the same; jumps to any row
  window-flood    10,000 events a second in the window: its frames, and whether every event reached it
  window-idle     what the window takes of the processor while nothing happens

  --json               one JSON object on stdout instead of the table
  --rounds N           rounds where a ratio's median counts, both sides taken alternately (3)
  --lines N            lines a round of durable and mixed (1000000)
  --long-line BYTES    the line without a newline (2147483648)
  --seconds N          how long the window is flooded (60)
  --folder DIR         where the data goes, best on the disk that a person would use (the build folder)";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) lines: u64,
    pub(crate) rounds: u32,
    pub(crate) long_line: u64,
    pub(crate) seconds: u64,
    names: Vec<String>,
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
            seconds: 60,
            names: Vec::new(),
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
                "--seconds" => options.seconds = number(value()?)?,
                "--folder" => options.parent = Some(value()?.into()),
                "-h" | "--help" => return Ok(None),
                option if option.starts_with('-') => bail!("there is no option {option}\n\n{USAGE}"),
                name if MEASURES.iter().any(|(known, _)| *known == name) => {
                    options.names.push(name.to_owned());
                }
                name => {
                    let known: Vec<&str> = MEASURES.iter().map(|(known, _)| *known).collect();
                    bail!("there is no measure {name}; there are {}", known.join(", "));
                }
            }
        }
        if options.lines < 20 || options.rounds == 0 || options.seconds == 0 {
            bail!("at least 20 lines, one round and one second are needed");
        }
        Ok(Some(options))
    }

    pub(crate) fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
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
        assert!(why(&["speed"]).contains("durable, mixed, long-line"));
        assert!(why(&["--rounds", "0"]).contains("at least"));
        assert_eq!(Options::read(&["--json", "-h"]).unwrap(), None);
        let options = Options::read(&["--lines", "50_000", "mixed"]).unwrap().unwrap();
        assert!(MEASURES.iter().all(|(name, _)| USAGE.contains(&format!("\n  {name} "))));
        assert_eq!((options.lines, options.wants("mixed"), options.wants("durable")), (50_000, true, false));
    }
}
