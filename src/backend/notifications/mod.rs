//! Notifications held back: one file for each service that shows them.
//!
//! Here: what each service is told, and what it was told before. Not here: when to hold and when to let through.

pub mod gnome;
