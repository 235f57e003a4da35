//! Gemini CLI: ACP, stream-json and json.
