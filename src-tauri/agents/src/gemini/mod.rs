//! Gemini CLI: ACP, stream-json and json.

pub(crate) mod failure;
