//! What the Wayland backends share: the connection, its screens, the task that keeps them as they should be.
//!
//! Here: finding the compositor, waiting for its events on tokio, screens that come and go, the backend's contract. Not
//! here: any protocol that changes a screen; each of those is one [`Paint`], in a file of its own beside this folder.

mod display;
mod driver;
mod live;
mod memory;
mod paint;
mod wayland_backend;
mod world;

pub use display::{Sockets, connect};
pub use driver::{Trouble, turn};
pub use memory::file_with;
pub use paint::{Globals, Output, Paint, Shade, Standing};
pub use wayland_backend::WaylandBackend;
pub use world::World;
