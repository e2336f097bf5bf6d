//! The rule by which dunst itself shows an incoming call while it holds others back, its buttons working.
//!
//! Without it a call is shown a second time, beside the one that waits, and cannot be answered there: dunst tells an answer
//! only to who spoke last. It stands in a file of its own among dunst's, which `quietctl setup` offers. There it is switched
//! off, so that a pause of the person's own holds calls back as ever; it is on while quiet lets calls through.
//!
//! From dunst 1.12 on, which lists its rules. It is never given the name of one that it does not have: 1.12 reads memory
//! then that is free already.

use std::collections::HashMap;

use zbus::OwnedVariant;

use super::{INTERFACE, LEVEL};
use crate::{
    backend::notifications::{PATH, Server},
    dbus::{CallError, Peer},
};

/// Its name.
const NAME: &str = "quietd_incoming_call";

/// What it is about: `category` (Desktop Notifications Specification 1.3). A call that is over does not ring.
pub const CATEGORY: &str = "call.incoming";

/// The lines of it, as dunst(5) has them.
pub fn lines() -> String {
    format!(
        "[{NAME}]\n    category = \"{CATEGORY}\"\n    override_pause_level = {LEVEL}\n    enabled = no\n"
    )
}

/// Tells whether a dunst has it, and then whether it is on; an error that [`CallError::is_unknown`] before 1.12.
pub async fn is_on(dunst: &Peer) -> Result<Option<bool>, CallError> {
    let rules: Vec<HashMap<String, OwnedVariant>> = dunst.call("RuleList", &()).await?;
    let rule = rules.iter().find(|rule| {
        rule.get("name").and_then(|name| name.downcast_ref::<&str>().ok()) == Some(NAME)
    });
    Ok(rule.map(|rule| {
        rule.get("enabled").and_then(|on| on.downcast_ref::<bool>().ok()).unwrap_or_default()
    }))
}

/// Switches it on or off, where there is one.
pub(super) async fn switch(dunst: &Peer, on: bool) -> Result<(), CallError> {
    match is_on(dunst).await {
        Ok(Some(is)) if is != on => dunst.call("RuleEnable", &(NAME, i32::from(on))).await,
        Ok(_) => Ok(()),
        Err(error) if error.is_unknown() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Asks dunst to read its config anew. It forgets its pause with it, so what waits shows; nobody asks it who has paused it.
pub async fn reload(dunst: &Peer) -> Result<(), CallError> {
    dunst.call("ConfigReload", &(Vec::<&str>::new(),)).await
}

/// Tells whether dunst holds anything back.
pub async fn is_paused(dunst: &Peer) -> Result<bool, CallError> {
    dunst.get("paused").await
}

/// dunst's own interface, at the service that shows notifications.
pub fn peer(bus: &zbus::Connection, server: &Server) -> Peer {
    Peer::new(bus, &server.owner, PATH, INTERFACE)
}
