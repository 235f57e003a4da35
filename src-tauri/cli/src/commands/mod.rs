//! One module a command.

mod answering;
mod approvals;
mod blockers;
mod completions;
mod config;
mod control;
mod decode;
mod demo;
mod diff;
mod doctor;
mod events;
mod following;
mod logs;
mod restore;
mod resume;
mod rules;
mod run;
mod serve;
mod status;
mod verify;

use crate::args::Command;
use crate::context::Context;
use crate::errors::Failure;

/// Does what was asked; the exit code.
pub(crate) fn execute(command: &Command, context: &mut Context) -> Result<u8, Failure> {
    match command {
        Command::Run(args) => run::run(context, args),
        Command::Resume(args) => resume::resume(context, args),
        Command::Review(args) => resume::review(context, args),
        Command::Pause(args) => control::pause(context, args),
        Command::Stop(args) => control::stop(context, args),
        Command::Message(args) => control::message(context, args),
        Command::Approvals(args) => approvals::approvals(context, args),
        Command::Approve(args) => answering::approve(context, args),
        Command::Deny(args) => answering::deny(context, args),
        Command::Grants(args) => approvals::grants(context, args),
        Command::Revoke(args) => approvals::revoke(context, args),
        Command::Blockers(args) => blockers::blockers(context, args),
        Command::Resolve(args) => blockers::resolve(context, args),
        Command::Restore(args) => restore::restore(context, args),
        Command::Delete(args) => control::delete(context, args),
        Command::Serve => serve::serve(context),
        Command::Demo(args) => demo::demo(context, args),
        Command::Status(args) => status::status(context, args),
        Command::Logs(args) => logs::logs(context, args),
        Command::Events(args) => events::events(context, args),
        Command::Diff(args) => diff::diff(context, args),
        Command::Verify(args) => verify::verify(context, args),
        Command::Doctor => doctor::doctor(context),
        Command::Config => config::config(context),
        Command::Rules(args) => rules::rules(context, args),
        Command::Completions(args) => completions::completions(context, args),
        Command::Decode(args) => decode::decode(context, args),
    }
}
