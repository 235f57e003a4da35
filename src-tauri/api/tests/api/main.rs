//! The API over a real engine with scripted agents, and its client.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of it is test")]

mod attach;
mod attacks;
mod commands;
mod raw;
mod reading;
mod stage;
mod streams;
mod users;
