//! Whole sessions in this process: the real engine, journal, checkpoints and processes, with scripted agents.

mod decisions;
mod failures;
mod goes_on;
mod permissions;
mod refusals;
mod stage;
mod stops;
