//! The real binaries and backends on a private bus, with stand-ins for services. One module for each thing tested.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod config_examples;
