//! Claude Code: stream-json and its control protocol.
