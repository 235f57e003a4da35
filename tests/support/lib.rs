//! What the end-to-end suites share: the pinned real agent CLIs, a sealed place to run them in with a scripted
//! model, line-by-line conversations with a child, and listings of folders before and after.
//!
//! Nothing here reaches the network or the home of whoever runs the tests: a [`Sandbox`] has its own network
//! namespace with loopback alone, its own `HOME` and `TMPDIR`, and an environment of its own.

mod agents;
mod clock;
mod duplex;
mod listing;
mod namespace;
mod sandbox;
mod transcript;

pub use agents::{Agent, agents_dir};
pub use clock::Simulated;
pub use duplex::Duplex;
pub use listing::{Entry, Listing, difference, listing};
pub use namespace::MODEL_PORT;
pub use sandbox::{Finished, Sandbox, finish};
pub use transcript::{Direction, Transcript};
