//! Screens darker, warmer, without colour: one file for each way of doing it, and the arithmetic of light.
//!
//! Here: what each service is told, and what it was told before. Not here: how dark it should be.

pub mod colour;
pub mod gnome_magnifier;
pub mod gnome_power;
