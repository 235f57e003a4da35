//! The cases. Each is a session of its own in a sandbox of its own.

mod after;
mod decisions;
mod job;
mod killed;
mod large;
mod one_shot;
mod one_shot_rig;
mod paused;
mod permissions;
mod play;
mod project;
mod questions;
mod recoveries;
mod recoveries_limits;
mod recoveries_network;
mod recoveries_questions;
mod stopped;
mod teams;
mod unreachable;
mod unusable;
