//! What the engine listens to; each source turns one thing of the world into [`crate::engine::Event`]s.
//!
//! Nothing here decides anything, and nothing here polls.

mod alarm;
pub mod files;
mod logind;
mod moment;
mod monitors;
mod names;
mod network;
mod notices;
mod timer;

pub use alarm::Alarm;
pub use files::{ReadConfig, Watch, read_config};
pub use logind::{on_resume, on_zone_change};
pub use moment::{Moment, moment};
pub use monitors::{is_docked, on_monitors};
pub use names::Names;
pub use network::{networks, on_networks};
pub use notices::Notices;
pub use timer::{Timer, Woken};
