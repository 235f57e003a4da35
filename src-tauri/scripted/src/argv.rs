//! The command lines of the CLIs: which flags exist and what they take.

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Nothing.
    Nothing,
    /// One value.
    Value,
    /// A value, if one follows.
    Maybe,
    /// All values that follow, at least one.
    Many,
}

/// One flag: its long names without `--`, its short name, what it takes.
pub(crate) type Flag = (&'static [&'static str], Option<char>, Takes);

/// A command line that has been read. A flag is found by the first of its long names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Argv {
    flags: Vec<(&'static str, Option<String>)>,
    /// What is neither a flag nor a flag's value.
    pub(crate) free: Vec<String>,
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ArgvError {
    /// No such flag; as it was given.
    Unknown(String),
    /// It needs a value; as it was given.
    NoValue(String),
}

impl Argv {
    /// Whether a flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.flags.iter().any(|(flag, _)| *flag == name)
    }

    /// The last value of a flag.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let given = self.flags.iter().rev().find(|(flag, _)| *flag == name);
        given.and_then(|(_, value)| value.as_deref())
    }

    /// All values of a flag.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.flags.iter().filter(move |(flag, _)| *flag == name).filter_map(|(_, value)| value.as_deref())
    }
}

/// Reads a command line.
pub(crate) fn read(table: &[Flag], argv: &[String]) -> Result<Argv, ArgvError> {
    let mut read = Argv::default();
    let mut left = argv.iter().peekable();
    while let Some(arg) = left.next() {
        if arg == "--" {
            read.free.extend(left.by_ref().cloned());
            break;
        }
        if arg == "-" || !arg.starts_with('-') {
            read.free.push(arg.clone());
            continue;
        }
        let (given, mut glued) = match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let found = if let Some(long) = given.strip_prefix("--") {
            table.iter().find(|(names, _, _)| names.contains(&long))
        } else {
            let mut letters = given.chars().skip(1);
            let letter = letters.next();
            let rest: String = letters.collect();
            if !rest.is_empty() {
                glued = Some(rest);
            }
            table.iter().find(|(_, short, _)| short.is_some() && *short == letter)
        };
        let Some((names, _, takes)) = found else { return Err(ArgvError::Unknown(given.to_owned())) };
        let name = names.first().copied().unwrap_or_default();
        let is_value = |next: &&String| !next.starts_with('-') || next.as_str() == "-";
        match takes {
            Takes::Nothing if glued.is_some() => return Err(ArgvError::Unknown(arg.clone())),
            Takes::Nothing => read.flags.push((name, None)),
            Takes::Maybe => {
                let value = glued.or_else(|| left.next_if(is_value).cloned());
                read.flags.push((name, value));
            }
            Takes::Value | Takes::Many => {
                // clap and commander take the next argument whatever it is; yargs does not. None of our own
                // command lines has a value that starts with a dash.
                let value = glued.or_else(|| left.next_if(is_value).cloned());
                let Some(value) = value else { return Err(ArgvError::NoValue(given.to_owned())) };
                read.flags.push((name, Some(value)));
                while *takes == Takes::Many
                    && let Some(more) = left.next_if(is_value)
                {
                    read.flags.push((name, Some(more.clone())));
                }
            }
        }
    }
    Ok(read)
}

#[cfg(test)]
#[path = "argv_tests.rs"]
mod argv_tests;
