//! Whole sessions in this process: the real engine, journal, checkpoints and processes, with scripted agents.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says where")]

mod approvals;
mod breaking;
mod checks;
mod decisions;
mod failures;
mod goes_on;
mod held_journal;
mod keeping;
mod login_shell;
mod needs;
mod one_shot;
mod permissions;
mod quota;
mod recovery;
mod refusals;
mod resources;
mod reviews;
mod saved;
mod stage;
mod stops;
mod taken_back;
