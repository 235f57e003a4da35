//! The team as a file: `[[worker]] agent=, role=` and `[[review]] reviewer=, subject=`.

use std::path::Path;

use mo_core::ids::{AgentKind, Role};
use mo_core::team::Team;
use mo_engine::config::read_bounded;
use serde::Deserialize;
use toml::Spanned;

use crate::errors::{Failure, exit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TeamFile {
    #[serde(default)]
    worker: Vec<Worker>,
    #[serde(default)]
    review: Vec<Review>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Worker {
    agent: Spanned<String>,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    reviewer: String,
    subject: String,
}

/// Reads a team. One that stands inside the target is refused: whoever works there could take out its reviewers.
pub(crate) fn read(file: &Path, target: &Path) -> Result<Team, Failure> {
    let text = read_bounded(file).map_err(|error| Failure::file(file, &error))?;
    if let (Ok(file), Ok(target)) = (file.canonicalize(), target.canonicalize())
        && file.starts_with(&target)
    {
        return Err(Failure::new(
            exit::USAGE,
            "team_inside_target",
            format!(
                "the team {} is inside the folder that agents work on; it is never trusted there",
                file.display()
            ),
            "move it out of the folder",
        ));
    }
    parse(file, &text)
}

fn parse(file: &Path, text: &str) -> Result<Team, Failure> {
    let broken = |at: usize, reason: &str| {
        let (line, column) = place(text, at);
        let message = format!("{}:{line}:{column}: {reason}", file.display());
        Failure::new(exit::USAGE, "team_broken", message, "`orchestrate run -h` shows a team file")
    };
    let read: TeamFile = toml::from_str(text)
        .map_err(|error| broken(error.span().map_or(0, |span| span.start), error.message().trim()))?;
    let mut members = Vec::new();
    for worker in read.worker {
        let start = worker.agent.span().start;
        let agent: AgentKind = worker.agent.get_ref().parse().map_err(|e| broken(start, &format!("{e}")))?;
        members.push((agent, worker.role));
    }
    let pairs: Vec<(String, String)> = read.review.into_iter().map(|r| (r.reviewer, r.subject)).collect();
    Team::new(members, &pairs).map_err(|error| {
        Failure::new(
            exit::USAGE,
            "team_unusable",
            format!("{}: {error}", file.display()),
            "`orchestrate run -h` shows a team file",
        )
    })
}

/// Line and column, from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, String) {
        match parse(Path::new("t.toml"), text) {
            Err(Failure::Said(told)) => (told.code.into_owned(), told.message),
            other => panic!("{text}: {other:?}"),
        }
    }

    const PAIR: &str = "[[worker]]\nagent = \"claude\"\nrole = \"implementer\"\n[[worker]]\nagent = \"codex\"\n\
                        role = \"reviewer\"\n[[review]]\nreviewer = \"codex\"\nsubject = \"claude-implementer\"\n";

    #[test]
    fn a_pair_is_a_team() {
        let team = parse(Path::new("t.toml"), PAIR).unwrap();
        assert_eq!(team.workers.len(), 2);
        assert_eq!(team.reviews[0].reviewer.as_str(), "codex-reviewer");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let table = [
            ("[[worker]]\nagent = \"claude\"\nrole = \"boss\"\n", "team_broken", "t.toml:3:8: "),
            ("[[worker]]\nagent = \"Clau de\"\nrole = \"reviewer\"\n", "team_broken", "t.toml:2:9: "),
            ("[[worker]]\nagnt = \"claude\"\n", "team_broken", "t.toml:2:1: "),
            ("[[worker\n", "team_broken", "t.toml:1:9: "),
            ("", "team_unusable", "no implementer"),
        ];
        for (text, code, part) in table {
            let (told_code, message) = told(text);
            assert_eq!(told_code, code, "{text}");
            assert!(message.contains(part), "{text}: {message}");
        }
        let without = PAIR.split("[[review]]").next().unwrap();
        assert!(told(without).1.contains("nobody reviews the implementer"));
    }
}
