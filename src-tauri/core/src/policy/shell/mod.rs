//! Shell lines, read by a real parser (design.md §7: parsed, not grepped).

mod raw;
mod read;
mod script;
mod words;

pub use read::{Unreadable, read};
pub use script::{Invocation, Oddity, Redirect, Script, Word};

#[cfg(test)]
mod read_tests;
