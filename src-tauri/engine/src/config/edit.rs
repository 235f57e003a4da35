//! Changing one value of the person's file: everything else of it stays as they wrote it, comments included.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use mo_core::money::limit_usd;
use mo_core::settings::{CHECK_OUTPUT, MAX_RECOVERY_ATTEMPTS};
use toml_edit::{Array, DocumentMut, Item, Table, Value};

use super::file::MAX_FIX_ROUNDS;
use super::reading::{read_bounded, unreadable};
use super::{Config, ConfigError};
use crate::roster::program_problem;
use crate::start::StartError;

/// Why a value was not changed; the file is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// There is no such setting, or none that has one value.
    #[error("`{0}` is no setting that can be changed here")]
    Unknown(String),
    /// A number was expected.
    #[error("`{0}` is not a number")]
    NotANumber(String),
    /// The value is not one that the setting takes.
    #[error("{0}")]
    Refused(String),
    /// The file as it is cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file cannot be written.
    #[error("the configuration cannot be written: {0}")]
    Unwritable(String),
}

impl EditError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "setting_unknown",
            Self::NotANumber(_) => "setting_not_a_number",
            Self::Refused(_) => "setting_refused",
            Self::Config(error) => error.code(),
            Self::Unwritable(_) => "config_unwritable",
        }
    }
}

/// Changes one setting in the file, or with `None` takes it out so that its default counts; a file that is not there
/// is made. Answers the configuration as it is then.
///
/// The value is what a person writes: the text itself, a number, or for a list one entry a line. Blocks on the disk.
///
/// # Errors
/// An [`EditError`]; nothing was changed.
pub fn change(file: &Path, name: &str, value: Option<&str>) -> Result<Config, EditError> {
    let _alone = alone(file).map_err(|error| EditError::Unwritable(error.to_string()))?;
    let before = match read_bounded(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unreadable(file, &error).into()),
    };
    let after = edited(file, &before, name, value)?;
    if let Some(path) =
        value.filter(|_| matches!(name.split('.').collect::<Vec<_>>()[..], ["agents", _, "path"]))
        && let Some(problem) = program_problem(Path::new(path.trim()))
    {
        return Err(EditError::Refused(problem));
    }
    write(file, &after).map_err(|error| EditError::Unwritable(error.to_string()))?;
    Ok(Config::read(file, true)?)
}

/// Held while the file is changed: another change at the same time would be lost. It is the folder's, since the file is
/// replaced as a whole.
fn alone(file: &Path) -> std::io::Result<File> {
    let folder = file.parent().ok_or_else(|| std::io::Error::other("it has no folder"))?;
    std::fs::create_dir_all(folder)?;
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// The text of the file with that one value changed.
fn edited(file: &Path, text: &str, name: &str, value: Option<&str>) -> Result<String, EditError> {
    let config = Config::parse(file, text)?;
    let unknown = || EditError::Unknown(name.to_owned());
    let shown = config.shown().into_iter().find(|shown| shown.name == name).ok_or_else(unknown)?;
    let value = value
        .map(|value| {
            within(name, value.trim())?;
            typed(&shown.value, value).ok_or_else(unknown)?
        })
        .transpose()?;
    // It was parsed a moment ago.
    let mut document: DocumentMut = text.parse().map_err(|_| unknown())?;
    let mut path: Vec<&str> = name.split('.').collect();
    let key = path.pop().ok_or_else(unknown)?;
    let mut table = document.as_table_mut();
    for part in path {
        let existed = table.contains_key(part);
        let item = table.entry(part).or_insert_with(|| {
            let mut table = Table::new();
            // `[agents]` needs no line of its own above `[agents.claude]`.
            table.set_implicit(true);
            Item::Table(table)
        });
        if !existed && value.is_none() {
            return Ok(text.to_owned());
        }
        table = item.as_table_mut().ok_or_else(|| {
            EditError::Refused(format!("[{part}] is written in one line; write it as a table of its own"))
        })?;
    }
    match value {
        // What stands around the old value, such as a comment behind it, stays.
        Some(mut value) => match table.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                *value.decor_mut() = old.decor().clone();
                *old = value;
            }
            None => drop(table.insert(key, Item::Value(value))),
        },
        None => drop(table.remove(key)),
    }
    let after = document.to_string();
    match Config::parse(file, &after) {
        Ok(config) => {
            let of_this = |error: &StartError| matches!(error, StartError::Launch(agent, _) if name == format!("agents.{agent}.args"));
            match config.bad_args().find(of_this) {
                Some(error) => Err(EditError::Refused(error.to_string())),
                None => Ok(after),
            }
        }
        // The line is of a file that nobody has seen.
        Err(ConfigError::Broken { reason, .. }) => Err(EditError::Refused(reason)),
        Err(error) => Err(error.into()),
    }
}

/// Refuses a number that the setting does not take, in the words of the form for a new session.
fn within(name: &str, value: &str) -> Result<(), EditError> {
    let refused = |reason: String| Err(EditError::Refused(reason));
    if name == "session.money_limit_usd" {
        return limit_usd(value).map(drop).or_else(|wrong| refused(wrong.to_string()));
    }
    let whole = match name {
        "session.fix_rounds" => 0..=MAX_FIX_ROUNDS,
        "recovery.attempts" => 0..=MAX_RECOVERY_ATTEMPTS,
        "review.check_output_bytes" => CHECK_OUTPUT,
        _ => return Ok(()),
    };
    if value.parse::<u32>().is_ok_and(|number| whole.contains(&number)) {
        return Ok(());
    }
    refused(format!("enter a whole number from {} to {}", whole.start(), whole.end()))
}

/// The value in the type that the setting has now; `None` for one that is no single value.
fn typed(now: &str, value: &str) -> Option<Result<Value, EditError>> {
    let value = value.trim();
    match now.as_bytes().first()? {
        b'"' => Some(Ok(Value::from(value))),
        b'[' => Some(Ok(Value::Array(
            value.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Array>(),
        ))),
        b'{' => None,
        b't' | b'f' => Some(
            value
                .parse::<bool>()
                .map(Value::from)
                .map_err(|_| EditError::Refused(format!("`{value}` is neither true nor false"))),
        ),
        _ => Some(match (value.parse::<i64>(), value.parse::<f64>()) {
            (Ok(whole), _) => Ok(Value::from(whole)),
            (_, Ok(number)) if number.is_finite() => Ok(Value::from(number)),
            _ => Err(EditError::NotANumber(value.to_owned())),
        }),
    }
}

/// Replaces the file as a whole, so that nobody ever reads half of it; through a link, as it may be one of a
/// collection of settings.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().ok_or_else(|| std::io::Error::other("it has no folder"))?;
    std::fs::create_dir_all(folder)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(text.as_bytes())?;
    if let Ok(there) = std::fs::metadata(&file) {
        fresh.as_file().set_permissions(there.permissions())?;
    }
    fresh.as_file().sync_all()?;
    fresh.persist(&file).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use mo_core::ids::AgentKind;

    use super::*;

    const FILE: &str = "/c/config.toml";

    fn edit(text: &str, name: &str, value: Option<&str>) -> Result<String, EditError> {
        edited(Path::new(FILE), text, name, value)
    }

    #[test]
    fn one_value_changes_and_every_comment_stays() {
        let text = "# mine\n[session] # how\nfix_rounds = 1 # enough\n\n# later\n[review]\nchecks = []\n";
        assert_eq!(edit(text, "session.fix_rounds", Some("3")).unwrap(), text.replace("= 1 #", "= 3 #"));
        let limited = edit(text, "session.time_limit", Some("2h")).unwrap();
        assert_eq!(limited, text.replace("enough\n", "enough\ntime_limit = \"2h\"\n"));
        let checks = edit(text, "review.checks", Some("cargo test\n\n  npm test ")).unwrap();
        assert_eq!(checks, text.replace("[]", "[\"cargo test\", \"npm test\"]"));
        let without = edit(text, "session.fix_rounds", None).unwrap();
        assert!(!without.contains("fix_rounds") && without.contains("# later"), "{without}");
        assert_eq!(edit(text, "storage.keep_sessions_for", None).unwrap(), text);
    }

    #[test]
    fn a_table_that_is_missing_is_made() {
        let text = edit("", "agents.claude.model", Some("opus")).unwrap();
        assert_eq!(text, "[agents.claude]\nmodel = \"opus\"\n");
        assert_eq!(
            edit(&text, "session.money_limit_usd", Some("2.5")).unwrap(),
            format!("{text}\n[session]\nmoney_limit_usd = 2.5\n")
        );
        assert_eq!(
            edit("", "notifications.session_end", Some("true")).unwrap(),
            "[notifications]\nsession_end = true\n"
        );
    }

    #[test]
    fn what_the_setting_does_not_take_is_refused_in_the_words_of_the_file() {
        let table = [
            ("session.fix_rounds", "many", "enter a whole number from 0 to 20"),
            ("session.fix_rounds", "-1", "enter a whole number from 0 to 20"),
            ("session.fix_rounds", "1.5", "enter a whole number from 0 to 20"),
            ("session.fix_rounds", "99", "enter a whole number from 0 to 20"),
            ("recovery.attempts", "5000000000", "enter a whole number from 0 to 20"),
            ("review.check_output_bytes", "-1", "enter a whole number from 1024 to 262144"),
            ("session.money_limit_usd", "1,5", "use a point: 1.5"),
            ("session.money_limit_usd", "1e308", "enter at most $1000000; 0 for no limit"),
            ("session.money_limit_usd", "-1", "enter US dollars as a number, such as 2.50; 0 for no limit"),
            ("session.time_limit", "soon", "`soon` is not a duration"),
            ("session.permission", "yolo", "\"ask\" or \"bypass\""),
            ("agents.claude.path", "claude", "the path must be absolute"),
            (
                "agents.claude.args",
                "--effort\nhigh\n--dangerously-skip-permissions",
                "[agents.claude] cannot be launched like this: claude cannot take a bypass flag from `args`",
            ),
            ("agents.gemini.args", "--yolo", "gemini cannot take a bypass flag"),
            ("session.team", "duo", "possible are \"trio\", \"pair\", \"solo\""),
            ("notifications.blockers", "on", "`on` is neither true nor false"),
            ("agents.claude.env", "A=1", "no setting that can be changed here"),
            ("session.nothing", "1", "no setting that can be changed here"),
        ];
        for (name, value, words) in table {
            let said = edit("", name, Some(value)).unwrap_err().to_string();
            assert!(said.contains(words), "{name}: {said}");
        }
        // What is wrong elsewhere in the file keeps nobody from mending the rest.
        let bad = "[agents.claude]\nargs = [\"--dangerously-skip-permissions\"]\n";
        for (name, value) in
            [("session.fix_rounds", "1"), ("agents.codex.args", "-c\nx=1"), ("agents.claude.args", "")]
        {
            edit(bad, name, Some(value)).unwrap();
        }
        assert_eq!(edit("[session\n", "session.fix_rounds", Some("1")).unwrap_err().code(), "config_broken");
        let inline = edit("session = { fix_rounds = 1 }\n", "session.fix_rounds", Some("2")).unwrap_err();
        assert!(inline.to_string().contains("[session] is written in one line"), "{inline}");
    }

    #[test]
    fn of_changes_at_the_same_time_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/config.toml");
        let names = ["session.fix_rounds", "recovery.attempts", "session.money_limit_usd"];
        for value in ["1", "2", "3", "4", "5"] {
            std::thread::scope(|scope| {
                for name in names {
                    scope.spawn(|| change(&file, name, Some(value)).unwrap());
                }
            });
            let config = Config::read(&file, true).unwrap();
            for name in names {
                let shown = config.shown().into_iter().find(|shown| shown.name == name).unwrap();
                assert!(shown.value.starts_with(value), "{name}: {}", shown.value);
            }
        }
    }

    #[test]
    fn the_file_is_made_and_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/config.toml");
        let config = change(&file, "session.fix_rounds", Some("2")).unwrap();
        assert_eq!((config.session.fix_rounds, config.file.as_deref()), (2, Some(file.as_path())));
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(change(&link, "session.fix_rounds", None).unwrap().session.fix_rounds, 0);
        assert!(link.is_symlink() && !std::fs::read_to_string(&file).unwrap().contains("fix_rounds"));
        change(&file, "session.fix_rounds", Some("x")).unwrap_err();
        let program = |name: &str| folder.path().join(name).display().to_string();
        for (path, words) in [
            (program("gone"), "there is no file"),
            (program("new"), "is a folder; name the program in it"),
            (program("new/config.toml"), "is no program that you may start"),
            (program("new/config.toml/x"), "cannot be looked at"),
        ] {
            let said = change(&file, "agents.claude.path", Some(&path)).unwrap_err().to_string();
            assert!(said.contains(&path) && said.contains(words), "{said}");
        }
        let shell = change(&file, "agents.claude.path", Some(" /bin/sh ")).unwrap();
        assert_eq!(shell.agent(&AgentKind::Claude).path.as_deref(), Some(Path::new("/bin/sh")));
        assert_eq!(Config::read(&file, true).unwrap().session.fix_rounds, 0);
    }
}
