//! The real binaries and backends on a private bus, with stand-ins for services. One module for each thing tested.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod batches;
mod cli_answers;
mod cli_follow;
mod cli_notice;
mod cli_setup;
mod cli_whole;
mod compositor;
mod config_examples;
mod contract;
mod daemon;
mod desktops;
mod dunst;
mod gnome;
mod house;
mod hyprland_ctm;
mod layering;
mod lock;
mod logind;
mod percent;
mod plasma;
mod quiet_stand_in;
mod setting;
mod wl_gamma;
mod wl_overlay;
mod x11;
mod x11_glide;
mod xfce;
