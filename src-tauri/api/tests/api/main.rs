//! The API over a real engine with scripted agents, and its client.

mod attach;
mod attacks;
mod commands;
mod raw;
mod reading;
mod stage;
mod streams;
mod users;
