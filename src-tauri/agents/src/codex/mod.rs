//! Codex: `app-server` and `exec --json`.

pub(crate) mod failure;
