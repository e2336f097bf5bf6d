//! What the engine listens to; each source turns one thing of the world into [`crate::engine::Event`]s.
//!
//! Nothing here decides anything, and nothing here polls.

mod alarm;
mod appears;
mod calendar;
mod configs;
pub mod files;
mod focus;
mod idle;
mod locked;
mod logind;
mod moment;
mod monitors;
mod names;
mod network;
mod notices;
mod timer;
mod wayland;
mod x11;

pub use alarm::Alarm;
pub use calendar::on_calendar;
pub use configs::{ReadConfigs, Wrong, plans_dir, read_configs};
pub use files::{ReadConfig, Watch, read_config};
pub use focus::{fills_the_screen, on_focus};
pub use idle::{IDLE_AFTER, on_idle};
pub use locked::on_lock;
pub use logind::{on_resume, on_zone_change};
pub use moment::{Moment, moment};
pub use monitors::{is_docked, on_monitors};
pub use names::Names;
pub use network::{networks, on_networks};
pub use notices::Notices;
pub use timer::{Timer, Woken};
