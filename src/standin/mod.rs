//! Stand-ins for desktop services, on a private bus.
//!
//! For `quietctl try` where there is no desktop, and for tests of faults that the real services will not produce on
//! demand. One file for each service. The daemon uses none of this.

mod budgie;
mod bus;
mod dconf;
pub mod ddcutil;
mod deepin;
mod dunst;
mod gnome_color;
mod gnome_power;
mod gnome_shell;
mod in_dconf;
mod in_file;
mod kwin;
pub mod logind;
mod mako;
pub mod mutter;
mod network_manager;
mod notifications;
mod percent;
mod plasma;
mod plasma_power;
mod plasma_screens;
mod served;
mod setting;
mod swaync;
mod systemd;
mod xfce;

use async_trait::async_trait;
pub use budgie::Budgie;
pub use bus::PrivateBus;
pub use dconf::Dconf;
pub use deepin::{Deepin, DeepinVersion};
pub use dunst::{Dunst, DunstVersion};
pub use gnome_color::GnomeColor;
pub use gnome_power::GnomePower;
pub use gnome_shell::{A11ySettings, GnomeShell};
pub use in_dconf::InDconf;
pub use in_file::{InFile, Which};
pub use kwin::{ByThePerson, Kwin, KwinIs};
pub use mako::{Mako, MakoVersion};
pub use network_manager::NetworkManager;
pub use notifications::Popup;
pub use percent::{PercentOf, PercentPanel};
pub use plasma::Plasma;
pub use plasma_power::PlasmaPower;
pub use plasma_screens::PlasmaScreens;
pub use setting::{Program, SettingReader};
pub use swaync::{OldSwaync, Swaync};
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
