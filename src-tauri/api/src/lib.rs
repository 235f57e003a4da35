//! HTTP and server-sent events on the owner's unix socket (design.md §9), and the client of it: how other commands
//! and a window attach to a running owner.

#[cfg(unix)]
pub mod client;
pub mod dto;
pub mod error;
mod owner;
#[cfg(unix)]
mod paced;
#[cfg(unix)]
mod place;
#[cfg(unix)]
mod reading;
#[cfg(unix)]
mod routes;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod state;
mod watch;

pub use owner::{Owner, VERSION};
#[cfg(unix)]
pub use place::Folders;
#[cfg(unix)]
pub use server::{Limits, Server, serve};
pub use watch::Watch;
