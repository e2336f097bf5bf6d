//! Notifications: one file for each program that shows them and can hold them back.
//!
//! Here: how each is told to hold them, and what it had before. Not here: which of them come through when; that is the
//! schedule's and the plan's.

pub mod budgie;
pub mod cinnamon;
pub mod cosmic;
pub mod deepin;
pub mod dunst;
pub mod gnome;
mod in_file;
mod ini;
pub mod lxqt;
pub mod mako;
pub mod mate;
pub mod pantheon;
pub mod plasma;
mod server;
pub mod setting;
pub mod swaync;
pub mod swaync_dnd;
mod value;
pub mod xfce;

pub use server::{Asking, NAME, PATH, Server, server};
