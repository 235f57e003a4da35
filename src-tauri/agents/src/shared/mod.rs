//! What the decoders of all CLIs need: texts cut to size, JSON read with care, milestone lines, quoted commands,
//! and the rule for a turn that has no closing message.

pub mod clock;
pub mod command;
pub mod failure;
pub mod json;
pub mod line;
pub mod milestone;
pub mod money;
pub mod resets;
#[cfg(test)]
mod resets_tests;
#[cfg(test)]
mod shared_tests;
pub mod surrogates;
pub mod text;
pub mod unclosed;
pub mod wire_text;
