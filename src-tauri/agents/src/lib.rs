//! One folder a CLI: its command line, its wire types, its decoder and its answers (design.md §4). Pure: bytes
//! in, agent events out. Nothing here spawns, reads or writes.

pub mod launch;
pub mod protocol;
