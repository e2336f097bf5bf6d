//! Screens darker, warmer, without colour: one file for each way of doing it, and the arithmetic of light they share.
//!
//! Here: what a screen had and what it is given. Not here: how dark it should be, or which way is preferred.

pub mod cinnamon_power;
pub mod colour;
pub mod connectors;
pub mod ddcutil;
mod displays;
pub mod glide;
mod gnome_automatic;
pub mod gnome_magnifier;
pub mod gnome_night_light;
pub mod gnome_power;
pub mod hyprland_ctm;
pub mod kwin_grey;
pub mod logind;
pub mod mate_power;
mod motion;
pub mod mutter_backlight;
pub mod night_color;
mod others;
mod percent;
pub mod plasma_power;
pub mod plasma_screens;
mod ramp;
mod randr;
mod wayland;
pub mod wl_gamma;
pub mod wl_overlay;
pub mod x11_gamma;
mod x11_glide;
mod x11_kept;

pub use wayland::{Sockets, Trouble, connect, turn};

/// Tells whether a connector is a laptop's own panel, by its name in the kernel, in X and in Wayland ("eDP-1").
fn is_panel(connector: &str) -> bool {
    ["eDP", "LVDS", "DSI"].iter().any(|kind| connector.starts_with(kind))
}
