//! Notifications: one file for each program that shows them and can hold them back.
//!
//! Here: how each is told to hold them, and what it had before. Not here: which of them come through when; that is the
//! schedule's and the plan's.

pub mod cinnamon;
pub mod dunst;
pub mod gnome;
pub mod mate;
pub mod pantheon;
pub mod plasma;
mod server;
pub mod setting;
mod value;
pub mod xfce;

pub use server::{NAME, PATH, Server, server};
