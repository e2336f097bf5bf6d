//! Screens darker and warmer: one file for each way of doing it.
//!
//! Here: backlights, gamma ramps, overlays, and the arithmetic of light they share. Not here: taking colours away, and
//! which way is preferred; that is the registry's.

pub mod colour;
pub mod logind;
mod readiness;
mod wayland;
pub mod wl_gamma;
pub mod wl_overlay;
