//! One folder a CLI: its command line, its wire types, its decoder and its answers (design.md §4). Pure: bytes
//! in, agent events out. Nothing here spawns, reads or writes.

pub mod acp;
pub mod claude;
pub mod codex;
pub mod decode;
pub mod gemini;
pub mod kinds;
pub mod launch;
pub mod one_shot;
pub mod own_args;
pub mod protocol;
pub mod shared;
