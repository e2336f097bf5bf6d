//! What the engine listens to; each source turns one thing of the world into events.

pub mod files;
