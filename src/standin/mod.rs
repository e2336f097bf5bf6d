//! Stand-ins for desktop services, on a private bus.
//!
//! For `quietctl try` where there is no desktop, and for tests of faults that the real services will not produce on
//! demand. One file for each service. The daemon uses none of this.

mod bus;
mod dconf;
mod dunst;
mod gnome_color;
mod gnome_power;
mod gnome_shell;
mod in_dconf;
mod kwin;
pub mod logind;
pub mod mutter;
mod notifications;
mod percent;
mod plasma;
mod served;
mod setting;
mod systemd;
mod xfce;

use async_trait::async_trait;
pub use bus::PrivateBus;
pub use dconf::Dconf;
pub use dunst::{Dunst, DunstVersion};
pub use gnome_color::GnomeColor;
pub use gnome_power::GnomePower;
pub use gnome_shell::{A11ySettings, GnomeShell};
pub use in_dconf::InDconf;
pub use kwin::{ByThePerson, Kwin, KwinIs};
pub use percent::{PercentOf, PercentPanel};
pub use plasma::Plasma;
pub use setting::{Program, SettingReader};
pub use systemd::Systemd;
pub use xfce::Xfce;

/// What goes wrong with a stand-in from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Every call is answered with an error.
    Refuses,
    /// No call is ever answered.
    Hangs,
    /// Answers have a type nobody agreed on.
    OddType,
}

/// A service that is not the real one, seen from its person's side.
#[async_trait]
pub trait StandIn: Send + Sync {
    /// All it keeps that a backend may change, as text: equal before and after is "exactly as before".
    async fn state(&self) -> String;
    /// What a person would do at its own controls: sets what the backend sets to something that is neither what was
    /// found nor what is set, or the nearest there is.
    async fn person_changes(&self);
    /// Makes it misbehave.
    async fn fault(&self, fault: Fault);
    /// Leaves the bus.
    async fn stop(&mut self);
    /// Comes back, having forgotten what the real service forgets.
    async fn start(&mut self);
    /// Ends when it has next done something, for what takes effect by itself (a connection that closes).
    async fn changed(&self) {
        std::future::pending::<()>().await;
    }
}
