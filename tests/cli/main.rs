//! The command `orchestrate`, end to end: its words, its exit codes and its JSON (design.md §11), with scripted agents
//! and nothing else on the PATH.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

mod acp;
mod approvals;
mod bad_data;
mod bad_input;
mod blockers;
mod checks;
mod controls;
mod controls_owner;
mod controls_undo;
mod decode;
mod demo;
mod following;
mod full_disk;
mod grants;
mod hostile;
mod lost_targets;
mod outcomes;
mod question_texts;
mod questions;
mod reading;
#[allow(dead_code, reason = "the suite of faults uses the rest")]
mod rig;
mod rules;
mod settings;
mod signals;
mod strange_answers;
mod terminal;
mod undo_trees;
mod verify;
mod words;
