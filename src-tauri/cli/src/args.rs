//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use mo_core::ids::Role;
use mo_engine::config::parse_duration;

use crate::help;

/// Puts a team of AI coding agents to work on one folder, has them review each other, and tells what came of it.
#[derive(Debug, Parser)]
#[command(
    name = "orchestrate",
    version,
    max_term_width = 100,
    help_template = help::TEMPLATE,
    after_help = help::AFTER,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options that stand before or after any command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Read this configuration [default: the one that `config` names]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Everywhere")]
    pub(crate) config: Option<PathBuf>,
    /// Keep sessions in this folder [default: the one that `config` names]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Everywhere")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Print JSON alone; an error is a last line {"error":…}
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Tell on stderr what goes on inside; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Put the team to work on a folder
    #[command(override_usage = "orchestrate run <GOAL|-> -C <DIR> [OPTIONS]", after_help = help::RUN)]
    Run(Run),
    /// Go on with a session that rests, also after a crash
    #[command(after_help = help::RESUME)]
    Resume(Resume),
    /// Stop a session for now; it can be resumed as it was
    Pause(Pause),
    /// End a session
    Stop(Stop),
    /// Have the work reviewed now
    Review(Review),
    /// Tell a worker something; it hears it after its turn
    Message(Message),
    /// List the questions that wait for you
    Approvals(OfSession),
    /// Allow what a worker asks
    Approve(Approve),
    /// Refuse what a worker asks
    Deny(Deny),
    /// List what you allowed for a whole session
    Grants(OfSession),
    /// Take such a permission back
    Revoke(Revoke),
    /// List what only you can resolve, with the steps that do
    Blockers(OfSession),
    /// Say that a blocker is resolved
    Resolve(Resolve),
    /// Bring files back; what is there now is saved first
    #[command(after_help = help::RESTORE)]
    Restore(Restore),
    /// Delete a session with everything that was kept of it
    Delete(Delete),
    /// Run the sessions of other commands until Ctrl+C
    Serve,
    /// Watch scripted agents do a whole session: no CLI, no login
    #[command(after_help = help::DEMO)]
    Demo(Demo),
    /// Show sessions: state, workers, decisions, what needs you
    Status(Status),
    /// Tell what the workers said and did, in words
    #[command(after_help = help::LOGS)]
    Logs(Logs),
    /// Print the events of a session as JSON lines
    Events(Events),
    /// Show what a session changed
    #[command(after_help = help::DIFF)]
    Diff(Diff),
    /// Check the receipt of a decision, without anything else
    Verify(Verify),
    /// Show what is found here: agents, places, guarantees
    Doctor,
    /// Show the settings in effect and where each comes from
    Config,
    /// Show, test and explain the rules for what agents ask
    #[command(after_help = help::RULES, args_conflicts_with_subcommands = true)]
    Rules(Rules),
    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Decode what an agent CLI printed, for a bug report
    #[command(after_help = help::DECODE)]
    Decode(Decode),
}

impl Command {
    /// Whether it may become the owner of the data folder, and then logs there.
    pub(crate) fn may_own(&self) -> bool {
        matches!(
            self,
            Self::Run(_)
                | Self::Demo(_)
                | Self::Resume(_)
                | Self::Review(_)
                | Self::Delete(_)
                | Self::Approve(_)
                | Self::Deny(_)
                | Self::Revoke(_)
                | Self::Resolve(_)
                | Self::Restore(_)
                | Self::Serve
        )
    }
}

/// `rules`.
#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// What to do with them [default: show them]
    #[command(subcommand)]
    pub(crate) command: Option<RulesCommand>,
}

/// What `rules` can do beside showing.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Run the examples of your rules
    Test,
    /// Say which rule decides about a command, and why
    Explain(Explain),
}

/// `rules explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// In which role it is asked: architect, implementer or reviewer
    #[arg(long, value_name = "ROLE", default_value = "implementer", value_parser = role)]
    pub(crate) role: Role,
    /// The folder that agents work on
    #[arg(short = 'C', long = "dir", value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    /// A shell line as one argument, or a command as several
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub(crate) command: Vec<String>,
}

fn role(word: &str) -> Result<Role, String> {
    [Role::Architect, Role::Implementer, Role::Reviewer]
        .into_iter()
        .find(|role| role.as_str() == word)
        .ok_or_else(|| "a role is architect, implementer or reviewer".to_owned())
}

/// `resume`.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The session [default: the newest]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// Your words to go on with; a finished session needs them
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Stay while a question to a person is open, also without a terminal
    #[arg(long)]
    pub(crate) wait: bool,
}

/// `pause`.
#[derive(Debug, Args)]
pub(crate) struct Pause {
    /// The session [default: the newest]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
}

/// `stop`.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    /// The session [default: the newest]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// At once, without letting the workers come to a stand
    #[arg(long)]
    pub(crate) now: bool,
}

/// `review`.
#[derive(Debug, Args)]
pub(crate) struct Review {
    /// The session
    #[arg(value_name = "SESSION")]
    pub(crate) session: String,
    /// What the reviewers are to look at
    #[arg(long, value_name = "TEXT")]
    pub(crate) focus: Option<String>,
    /// Stay while a question to a person is open, also without a terminal
    #[arg(long)]
    pub(crate) wait: bool,
}

/// `message`.
#[derive(Debug, Args)]
pub(crate) struct Message {
    /// The session
    #[arg(value_name = "SESSION")]
    pub(crate) session: String,
    /// The worker's name, or its agent's
    #[arg(value_name = "WORKER")]
    pub(crate) worker: String,
    /// Your words
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
}

/// `approvals` and `grants`.
#[derive(Debug, Args)]
pub(crate) struct OfSession {
    /// The session [default: all]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
}

/// `approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The question, as `approvals` names it, or how its name begins; not needed where only one waits
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// The very same for the rest of the session, too
    #[arg(long)]
    pub(crate) session: bool,
    /// The very same in this folder from now on: shows the rule that it becomes, and asks before it is saved
    #[arg(long, conflicts_with_all = ["session", "edit"])]
    pub(crate) always: bool,
    /// With --always: save the rule without asking
    #[arg(long, requires = "always")]
    pub(crate) yes: bool,
    /// What is in this file instead, `-` is stdin: a command, or the tool's whole input as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "session")]
    pub(crate) edit: Option<PathBuf>,
}

/// `deny`.
#[derive(Debug, Args)]
pub(crate) struct Deny {
    /// The question, as `approvals` names it, or how its name begins; not needed where only one waits
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
    /// What the agent is told
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
}

/// `revoke`.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// What was allowed, as `grants` names it
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

/// `resolve`.
#[derive(Debug, Args)]
pub(crate) struct Resolve {
    /// The blocker, as `blockers` names it; or an agent, whose usage limit is then tried again now
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Go on with the session, as `resume` does
    #[arg(long)]
    pub(crate) retry: bool,
    /// With --retry: stay while a question to a person is open, also without a terminal
    #[arg(long, requires = "retry")]
    pub(crate) wait: bool,
}

/// `restore`.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The session
    #[arg(value_name = "SESSION")]
    pub(crate) session: String,
    /// The checkpoint; 0 = before anything was done
    #[arg(value_name = "N")]
    pub(crate) checkpoint: u32,
    /// Files or folders, written from the session's folder on [default: all]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// `delete`.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The session
    #[arg(value_name = "SESSION")]
    pub(crate) session: String,
}

/// `run`.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What is to be done, in your words; `-` reads it from stdin
    #[arg(value_name = "GOAL")]
    pub(crate) goal: String,
    /// The folder to work on
    #[arg(short = 'C', long = "dir", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) target: PathBuf,
    /// Who works and who reviews whom [default: Gemini plans, Claude implements, Codex and Gemini review]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) team: Option<PathBuf>,
    /// How often findings go back to the implementer before a decision takes effect
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=20))]
    pub(crate) fix_rounds: Option<u32>,
    /// Pause after this time, such as 90s, 10m, 2h; 0 = never
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) timeout: Option<u64>,
    /// Stay while a question to a person is open, also without a terminal
    #[arg(long)]
    pub(crate) wait: bool,
    /// Work even on the home folder, on `/` or on a system folder such as `/etc`
    #[arg(long)]
    pub(crate) yes_really: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Without the pauses that let a person follow
    #[arg(long)]
    pub(crate) fast: bool,
    /// Where to put the sample project [default: a new folder in the temp folder]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,
}

/// `status`.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// One session in full [default: all, newest first]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
}

/// `events`.
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// The session
    #[arg(value_name = "SESSION")]
    pub(crate) session: String,
    /// Only events after this number
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub(crate) since: u64,
    /// Go on as they come, until the session ends
    #[arg(short, long)]
    pub(crate) follow: bool,
}

/// `logs`.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The session [default: the newest]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// A worker's name, or its agent's [default: all workers]
    #[arg(value_name = "WORKER")]
    pub(crate) worker: Option<String>,
    /// Go on as it comes, until the session ends
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// The worker's own output, byte for byte as its CLI wrote it
    #[arg(long)]
    pub(crate) raw: bool,
    /// With --raw: what it wrote to stderr
    #[arg(long, requires = "raw")]
    pub(crate) stderr: bool,
}

/// `diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The session [default: the newest]
    #[arg(value_name = "SESSION")]
    pub(crate) session: Option<String>,
    /// The checkpoint to start from; 0 = before anything was done
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) from: u32,
    /// The checkpoint to end at [default: the newest]
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<u32>,
}

/// `verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Such as `sessions/<id>/receipts/decision-2.json` in the data folder; those before it stand beside it
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: PathBuf,
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// `decode`.
#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// Whose output it is
    #[arg(value_name = "AGENT")]
    pub(crate) agent: DecodedAgent,
    /// The captured stdout, or a duplex recording; `-` is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// What the process wrote to stderr
    #[arg(long, value_name = "F", value_hint = ValueHint::FilePath)]
    pub(crate) stderr: Option<PathBuf>,
    /// How the process ended; negative: the signal that ended it [default: unknown]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) exit_code: Option<i32>,
}

/// Whose output can be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DecodedAgent {
    /// Claude Code
    Claude,
    /// Codex
    Codex,
    /// Gemini CLI
    Gemini,
    /// Any agent that speaks the Agent Client Protocol
    Acp,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// The grouped list of the help is written by hand: it must have every command, with the words of its own help.
    #[test]
    fn the_grouped_help_names_every_command() {
        for command in Cli::command().get_subcommands() {
            let about = command.get_about().unwrap().to_string();
            let line = format!("  {:<13}{about}\n", command.get_name());
            assert!(help::TEMPLATE.contains(&line), "missing: {line}");
        }
    }
}
