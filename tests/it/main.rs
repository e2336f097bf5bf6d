//! The real binaries and backends on a private bus, with stand-ins for services. One module for each thing tested.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod compositor;
mod config_examples;
mod contract;
mod dunst;
mod gnome;
mod layering;
mod lock;
mod logind;
mod plasma;
mod wl_gamma;
mod wl_overlay;
mod x11;
mod xfce;
