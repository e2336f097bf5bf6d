//! D-Bus: our own interface, and how foreign ones are called.
//!
//! A foreign interface is a [`Peer`]: name, path, interface, and calls that never start a service, always end in time
//! and fail with errors the engine can decide on. Ours is in [`interface`].

pub mod dconf;
pub mod interface;
pub mod keyring;
pub mod kwin;
mod notes;
mod notify;
mod peer;

use std::io;

use zbus::Connection;

pub use notify::{
    Became, Comes, Manner, Question, ask, becomes, close, has_answers, listen, notify,
};
pub use peer::{CallError, Peer};

use crate::{backend::CALL_AT_MOST, env::Env};

/// Connects to the person's session bus: `$DBUS_SESSION_BUS_ADDRESS`, else the user manager's own in
/// `$XDG_RUNTIME_DIR/bus` (as `sd_bus_open_user` does).
pub async fn connect_session(env: &Env) -> zbus::Result<Connection> {
    let own = env.runtime_dir.as_ref().map(|dir| format!("unix:path={}/bus", dir.display()));
    let builder = match env.session_bus.clone().or(own) {
        Some(address) => zbus::connection::Builder::address(address.as_str()),
        None => zbus::connection::Builder::session(),
    };
    // A bus that accepts and never says hello is no bus.
    tokio::time::timeout(CALL_AT_MOST, builder.build()).await.unwrap_or_else(|_| {
        let text = "the session bus accepts connections but never answers";
        Err(io::Error::new(io::ErrorKind::TimedOut, text).into())
    })
}
