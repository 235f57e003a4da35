//! Programs that only read, and the few that an implementer may write with.

use super::super::shell::Word;
use super::{Doubt, Known, long_option, may_be_an_option, means_one_of, names_a_place};

/// What the operands of a program are.
#[derive(Clone, Copy)]
enum Operands {
    /// Places that it reads.
    Read,
    /// A pattern first, unless an option gives one, then places that it reads.
    PatternThenRead,
    /// Text; no place at all. Output of other programs of the line may stand among it.
    Text,
    /// Places that it writes.
    Write,
    /// Formats that begin with `+`.
    Format,
}

/// One program.
#[derive(Clone, Copy)]
pub(super) struct Program {
    operands: Operands,
    /// Letters of short options that do more than read, anywhere in a cluster.
    short: &'static str,
    /// Long options that do.
    long: &'static [&'static str],
    /// More operands than this do more than read.
    most: usize,
    /// Letters of short options that take a text that is no place, everywhere: what hangs on them or stands after them.
    values: &'static str,
    /// Whether it reads every file below a place without being told to.
    searches: bool,
    /// Whether all that it does with text is to say it, even where that looks like an option.
    says: bool,
}

const fn program_of(operands: Operands, short: &'static str, long: &'static [&'static str]) -> Program {
    Program { operands, short, long, most: usize::MAX, values: "", searches: false, says: false }
}

const PLAIN: Program = program_of(Operands::Read, "", &[]);
const TEXT: Program = program_of(Operands::Text, "", &[]);
const LISTED: Program = program_of(Operands::Read, "c", &["check", "files0-from"]);

/// Long options of `grep` and `rg` that take no value.
const SWITCHES: [&str; 42] = [
    "hidden",
    "no-hidden",
    "no-ignore",
    "no-ignore-vcs",
    "no-ignore-parent",
    "unrestricted",
    "files-with-matches",
    "files-without-match",
    "count",
    "count-matches",
    "ignore-case",
    "no-ignore-case",
    "smart-case",
    "case-sensitive",
    "fixed-strings",
    "word-regexp",
    "line-regexp",
    "extended-regexp",
    "basic-regexp",
    "perl-regexp",
    "pcre2",
    "line-number",
    "no-line-number",
    "heading",
    "no-heading",
    "with-filename",
    "no-filename",
    "multiline",
    "multiline-dotall",
    "json",
    "vimgrep",
    "column",
    "trim",
    "stats",
    "only-matching",
    "invert-match",
    "text",
    "recursive",
    "quiet",
    "no-messages",
    "null",
    "pretty",
];

/// What is known of a program by its name.
pub(super) fn program(name: &str) -> Option<Program> {
    use Operands::{Format, PatternThenRead, Read, Text, Write};
    Some(match name {
        "ls" | "cat" | "stat" | "nl" | "tac" | "rev" | "paste" | "join" | "comm" | "fold" | "fmt"
        | "expand" | "unexpand" | "od" | "hexdump" | "realpath" | "readlink" | "cmp" | "df" | "column"
        | "tsort" | "sum" => PLAIN,
        "cut" => Program { values: "dfcb", ..PLAIN },
        "head" | "tail" => Program { values: "nc", ..PLAIN },
        "echo" | "basename" | "dirname" => Program { says: true, ..TEXT },
        "true" | "false" | ":" | "pwd" | "tr" | "seq" | "sleep" | "uname" | "arch" | "nproc" | "whoami"
        | "id" | "groups" | "tty" | "which" | "type" | "expr" | "factor" | "uptime" | "cal" => TEXT,
        "wc" => program_of(Read, "", &["files0-from"]),
        "du" => program_of(Read, "L", &["files0-from", "dereference"]),
        // In folders it follows links.
        "diff" => program_of(Read, "lr", &["paginate", "recursive"]),
        "md5sum" | "sha1sum" | "sha224sum" | "sha256sum" | "sha384sum" | "sha512sum" | "b2sum" | "cksum" => {
            LISTED
        }
        "sort" => {
            let more = &["output", "compress-program", "files0-from", "temporary-directory"];
            Program { values: "tk", ..program_of(Read, "oT", more) }
        }
        "uniq" => Program { most: 1, ..PLAIN },
        "xxd" => Program { most: 1, ..program_of(Read, "r", &[]) },
        "tree" => program_of(Read, "olR", &["fromfile", "fromtabfile"]),
        "file" => program_of(
            Read,
            "CfmzZ",
            &["compile", "files-from", "magic-file", "uncompress", "uncompress-noreport"],
        ),
        "date" => Program { values: "d", ..program_of(Format, "sf", &["set", "file"]) },
        "hostname" => Program { most: 0, ..program_of(Text, "Fb", &["file", "boot"]) },
        "grep" | "egrep" | "fgrep" => {
            Program { values: "eABm", ..program_of(PatternThenRead, "R", &["dereference-recursive"]) }
        }
        "rg" => {
            let more = &["pre", "pre-glob", "hostname-bin", "follow", "search-zip"];
            Program { values: "eABCmtTg", searches: true, ..program_of(PatternThenRead, "Lz", more) }
        }
        "mkdir" => program_of(Write, "Z", &["context"]),
        "touch" => program_of(Write, "", &[]),
        _ => return None,
    })
}

impl Program {
    /// What it does with these words.
    pub(super) fn known(self, words: &[Word]) -> Result<Known, Doubt> {
        let mut known = Known::default();
        let mut operands: Vec<&Word> = Vec::new();
        let has_more_to_it = !self.short.is_empty() || !self.long.is_empty() || self.most != usize::MAX;
        if has_more_to_it && let Some(glob) = words.iter().find(|word| may_be_an_option(word)) {
            return Err(format!(
                "takes {} for an option where a file is called so; write ./{0}",
                glob.shown()
            ));
        }
        let (mut only_operands, mut pattern_given) =
            (false, !matches!(self.operands, Operands::PatternThenRead));
        let takes_more = words.iter().any(|word| {
            long_option(word.shown())
                .is_some_and(|(name, value)| value.is_none() && !SWITCHES.contains(&name))
        });
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let text = word.shown();
            let is_option = !only_operands && text.starts_with('-') && text != "-";
            if !is_option {
                operands.push(word);
                continue;
            }
            if text == "--" {
                only_operands = true;
                continue;
            }
            if let Some(letter) = self.takes_value(word) {
                // Exactly `-e`: in `-fe` it is a file's name.
                let behind = (text.len() == 2).then(|| words.next().and_then(Word::fixed));
                let Some(value) = behind.unwrap_or_else(|| text.get(2..)) else {
                    return Err(format!("has a value of {text} that the line does not say whole"));
                };
                pattern_given |= letter == 'e';
                if letter == 'g' {
                    known.shows.push(Word::Fixed(value.to_owned()));
                }
                continue;
            }
            // `--include=*.rs`: whatever file of that name there is, the option stays the same.
            let whole = match word {
                Word::Fixed(_) => true,
                Word::Glob(text) => {
                    text.split_once('=').is_some_and(|(name, _)| !name.contains(['*', '?', '[']))
                }
                Word::Open { .. } => false,
            };
            if !whole {
                return Err(format!("has an option that the line does not say whole: {text}"));
            }
            pattern_given |= self.option(text, &mut known)?;
        }
        if !pattern_given && !operands.is_empty() {
            let pattern = operands.remove(0);
            // The value of an option that stands before it: `rg --ignore-file FILE PATTERN`.
            if takes_more {
                known.may_read.push(pattern.clone());
                known.shows.push(pattern.clone());
            }
            if pattern.fixed().is_none() {
                return Err(format!("has a pattern that the line does not say whole: {}", pattern.shown()));
            }
        }
        let counts = operands.iter().all(|word| !matches!(word, Word::Glob(_)));
        if operands.len() > self.most || (self.most != usize::MAX && !counts) {
            return Err("writes when it is given that many names".to_owned());
        }
        match self.operands {
            Operands::Read | Operands::PatternThenRead => {
                known.searches |= self.searches;
                known.reads.extend(operands.into_iter().filter(|word| word.shown() != "-").cloned());
            }
            Operands::Write => known.writes.extend(operands.into_iter().cloned()),
            Operands::Text => operands.into_iter().try_for_each(|word| text_only(word, self.says))?,
            Operands::Format => {
                if let Some(odd) =
                    operands.iter().find(|word| !word.fixed().is_some_and(|t| t.starts_with('+')))
                {
                    return Err(format!("is given {} and may set what it else shows", odd.shown()));
                }
            }
        }
        Ok(known)
    }

    /// The letter of a short option that takes a text.
    fn takes_value(self, word: &Word) -> Option<char> {
        let letter = word.fixed()?.strip_prefix('-')?.chars().next()?;
        self.values.contains(letter).then_some(letter)
    }

    /// Looks at an option; whether it gives the pattern.
    fn option(self, text: &str, known: &mut Known) -> Result<bool, Doubt> {
        if let Some((name, value)) = long_option(text) {
            if means_one_of(name, self.long) {
                return Err(format!("does more than read with --{name}"));
            }
            known.shows.extend(value.map(|value| Word::Fixed(value.to_owned())));
            if let Some(value) = value.filter(|value| names_a_place(value)) {
                known.reads.push(Word::Fixed(value.to_owned()));
            }
            // `--rege` is `--regexp`: whoever abbreviates is asked.
            let gives_pattern = ["regexp", "file"].contains(&name);
            let abbreviates = !gives_pattern && means_one_of(name, &["regexp", "file"]);
            if abbreviates && matches!(self.operands, Operands::PatternThenRead) {
                return Err(format!("has an option that is not written out: --{name}"));
            }
            let deep = means_one_of(name, &["recursive", "directories"]);
            known.searches |= deep && matches!(self.operands, Operands::PatternThenRead);
            // `rg --files` lists, and takes no pattern.
            return Ok(gives_pattern || name == "files");
        }
        let cluster = text.trim_start_matches('-');
        if let Some(letter) = cluster.chars().find(|letter| self.short.contains(*letter)) {
            return Err(format!("does more than read with -{letter}"));
        }
        // The value of an option may hang on it: `-f../list`. As a pattern (`-e/x/`) it is asked for nothing.
        if names_a_place(cluster) {
            return Err(format!("has an option that may name a place: {text}"));
        }
        known.searches |= matches!(self.operands, Operands::PatternThenRead) && cluster.contains('r');
        // The pattern of `-e` stands after it or hangs on it; the file of `-f` is an operand, and judged as one.
        Ok(cluster.contains(['e', 'f']))
    }
}

/// Text may come from programs of the same line, but from no variable: those can hold secrets.
fn text_only(word: &Word, says: bool) -> Result<(), Doubt> {
    match word {
        Word::Fixed(_) => Ok(()),
        Word::Open { only_output: true, .. } if says => Ok(()),
        Word::Glob(text) => Err(format!("lists the names that match {text}")),
        Word::Open { shown, .. } => Err(format!("uses {shown}, which is known only when it runs")),
    }
}
