//! `orchestrate config`: the settings in effect and where each comes from.

use mo_engine::config::{ShownValue, Source};

use crate::context::{Context, read_config};
use crate::errors::{Failure, exit};
use crate::output::words;

/// Prints them as a configuration file that could be kept.
pub(super) fn config(context: &mut Context) -> Result<u8, Failure> {
    let places = context.places()?;
    let config = read_config(&places)?;
    let values = config.shown();
    if context.out.json {
        let shown = serde_json::json!({
            "file": config.file,
            "default_file": places.config()?.0,
            "data_dir": places.data,
            "values": values,
        });
        context.out.json(&shown)?;
        return Ok(exit::DONE);
    }
    let mut lines = Vec::new();
    let file = places.config()?.0.display().to_string();
    lines.push(match &config.file {
        Some(_) => format!("# The settings in effect. Those marked `file` come from {file},"),
        None => format!("# The settings in effect. There is no {file} yet;"),
    });
    lines.push(match &config.file {
        Some(_) => "# the others are the defaults.".to_owned(),
        None => "# to change something, write these lines there and edit them.".to_owned(),
    });
    lines.push(format!("# Sessions are kept in {}", places.data.display()));
    let mut section = "";
    for value in &values {
        let (table, key) = value.name.rsplit_once('.').unwrap_or(("", &value.name));
        if table != section {
            lines.push(String::new());
            lines.push(format!("[{table}]"));
            section = table;
        }
        lines.push(line(key, value));
    }
    lines.iter().try_for_each(|line| context.out.line(&words::one_line(line)))?;
    Ok(exit::DONE)
}

/// `key = value  # source: meaning`. What is not set and has no value of its own stands behind a `#`.
fn line(key: &str, value: &ShownValue) -> String {
    let source = match value.source {
        Source::Default => "default",
        Source::File => "file",
    };
    let empty = matches!(value.value.as_str(), "\"\"" | "[]" | "{}");
    // Hidden values are no settings that could be read back.
    // An empty ceiling lets nothing through; without one everything that it can name is.
    let says_nothing = empty && key != "ceiling";
    let bare = if says_nothing || key == "env" { "# " } else { "" };
    let setting = format!("{bare}{key} = {}", value.value);
    format!("{setting:<31} # {source}: {}", meaning(&value.name, key))
}

fn meaning(name: &str, key: &str) -> &'static str {
    match (name, key) {
        ("session.team", _) => "\"trio\", \"pair\" or \"solo\": the team of a session that names none",
        ("session.permission", _) => "\"ask\", or \"bypass\" inside a proven sandbox only",
        ("session.ceiling", _) => "what may ever be let through without you; the rest is asked",
        ("session.isolation", _) => {
            "agents work in the folder itself; checkpoint 0 has what was there before"
        }
        ("session.fix_rounds", _) => {
            "how often findings go back to the implementer before a decision takes effect"
        }
        ("session.stall_timeout", _) => {
            "without a sign of work for so long, a turn counts as stalled; \"0\" = never"
        }
        ("session.approval_timeout", _) => "a question that nobody answers in time is a no; \"0\" = it waits",
        ("session.time_limit", _) => "a session pauses after this time; \"0\" = never",
        ("session.memory_limit", _) => {
            "a session pauses when a worker with all it started takes more; \"0\" = any"
        }
        ("session.free_disk_limit", _) => "a session pauses when less is free on its disks; \"0\" = never",
        ("session.money_limit_usd", _) => "a session pauses at this known cost; 0 = no limit",
        ("recovery.attempts", _) => {
            "how often a failing turn is tried again before you are called; 0 = never"
        }
        ("recovery.back_off", _) => {
            "before the first such try, where the model service is busy; twice as long before each further one"
        }
        ("recovery.back_off_max", _) => "the longest such wait",
        ("storage.checkpoints_max_size", _) => "all checkpoints together; \"0\" = no limit",
        ("storage.transcript_max_size", _) => "what one worker writes in a session; \"0\" = no limit",
        ("storage.keep_sessions_for", _) => {
            "finished and failed sessions are deleted after it; \"0\" = never"
        }
        ("review.timeout", _) => "a review that takes longer is inconclusive; \"0\" = never",
        ("review.checks", _) => {
            "commands for /bin/sh that run on the work before its reviews, as [\"cargo test\"]"
        }
        ("review.check_timeout", _) => "a check that takes longer is ended and has failed; \"0\" = never",
        ("review.check_output_bytes", _) => "how much of a check's output is kept: beginning and end",
        ("notifications.questions", _) => "whether the app calls you for questions of workers",
        ("notifications.blockers", _) => "whether the app calls you for what only you can resolve",
        ("notifications.session_end", _) => "whether the app calls you when a session has finished or failed",
        (_, "path") => "the program; empty: the first on the PATH",
        (_, "model") => "empty: the CLI's own choice",
        (_, "args") => "added to its command line",
        (_, "env") => "added to its environment; values are not shown",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use mo_engine::config::Config;

    use super::*;

    #[test]
    fn every_setting_has_a_meaning_and_reads_back() {
        let shown = Config::default().shown();
        let (mut lines, mut section) = (Vec::new(), String::new());
        for value in &shown {
            let (table, key) = value.name.rsplit_once('.').unwrap();
            assert!(!meaning(&value.name, key).is_empty(), "{}", value.name);
            // Each table once, as the command prints it.
            if section != table {
                lines.push(format!("[{table}]"));
                table.clone_into(&mut section);
            }
            lines.push(line(key, value));
        }
        let text = lines.join("\n");
        let config = Config::parse(std::path::Path::new("c.toml"), &text).unwrap();
        assert_eq!(config.session, Config::default().session);
        assert!(config.shown().iter().any(|value| value.source == Source::File));
    }
}
