//! Codex: `app-server` and `exec --json`.
