//! quietd keeps a desktop quiet after a session a person logs, and gives everything back.
//!
//! ```text
//!  config file ─┐
//!  session log ─┤                 pure                pure              pure
//!  D-Bus calls ─┼─▶ engine ──▶ schedule::evaluate ─▶ plan::desired ─▶ plan::diff ─▶ engine::reconcile ─▶ backends
//!  clock, bus,  │   (one task                                                        │ receipts first,
//!  apps, place ─┘    owns the state)                                                 │ then all at once
//!                        ▲                                                           ▼
//!                        └─────────── outside changes, failures ◀──── D-Bus properties, status, journal
//! ```
//!
//! | where | what lives there |
//! |---|---|
//! | [`config`] | pure: the TOML as written → a model that is valid by construction, or every mistake with its place |
//! | [`schedule`] | pure: rules + session log + now → [`schedule::Evaluation`] |
//! | [`people`] | pure: what a notification says of itself → whether it comes through while others are held back |
//! | [`plan`] | pure: evaluation → what is desired → the steps from what is applied |
//! | [`breaks`] | pure: when a break is due, and how long it is |
//! | [`suggestions`] | pure: small things to do away from the screen, and which comes next |
//! | [`notes`] | pure: what a note is, and what of a text is kept |
//! | [`report`] | pure: what a report for an appointment holds, and how it is written |
//! | [`screen_time`] | pure: what the sources tell → time at the screen by hour and app |
//! | [`engine`] | the loop: one task, one channel of events, receipts, recovery |
//! | [`backend`] | I/O: one file for each service that can put a measure in force, one registry |
//! | [`source`] | I/O: what the engine listens to |
//! | [`dbus`] | our own interface on the bus, and how foreign ones are called |
//! | [`store`] | the session log, the receipts, the state by hand: formats, atomic writes |
//! | [`standin`] | stand-ins for desktop services: for `quietctl try` and for tests; the daemon uses none |
//! | [`cli`] | `quietctl`: one file for each command; what people read is rendered by pure functions |
//! | [`api`] | what travels on the control bus, shared by the daemon and `quietctl` |
//! | [`mod@env`] | XDG folders and variables; the only reader of the environment |
//! | [`clock`] | the only one who asks for the time |
//! | [`readiness`] | how a file descriptor is waited on |
//!
//! Data goes one way, and nothing in the pure core knows that a bus exists; `tests/it/layering.rs` holds it to that.

pub mod api;
pub mod backend;
pub mod breaks;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dbus;
pub mod engine;
pub mod env;
pub mod notes;
pub mod people;
pub mod plan;
pub mod readiness;
pub mod report;
pub mod schedule;
pub mod screen_time;
pub mod source;
pub mod standin;
pub mod store;
pub mod suggestions;
