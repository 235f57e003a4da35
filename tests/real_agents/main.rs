//! The main job with the pinned real CLIs: `orchestrate run` puts Gemini, Claude and Codex to work on a small project,
//! against a scripted model, without a network, and everything that they leave behind is looked at.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test's own code may stop it")]

mod main_job;
