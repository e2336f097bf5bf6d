//! The real binaries and backends on a private bus, with stand-ins for services. One module for each thing tested.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod cli_answers;
mod cli_follow;
mod config_examples;
mod gnome;
mod layering;
mod quiet_stand_in;
