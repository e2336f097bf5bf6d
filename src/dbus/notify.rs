//! A notification to the person.
//!
//! Desktop Notifications Specification 1.2. The service is not started for it, and the text never says more than that it
//! is quiet, until when, and how much waited.

use std::collections::HashMap;

use zbus::{Connection, Variant};

use super::{CallError, Peer};

/// The desktop entry whose name and icon notifications carry.
const DESKTOP_ENTRY: &str = "org.quietd.Quietd";

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// How a notification comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As any.
    Plain,
    /// Without a sound, and not kept where past ones are listed.
    Low,
}

/// Shows a notification, and answers its number; it goes by itself.
pub async fn notify(
    bus: &Connection,
    title: &str,
    body: &str,
    manner: Manner,
) -> Result<u32, CallError> {
    let mut hints: HashMap<&str, Variant<'_>> = HashMap::from([
        ("desktop-entry", Variant::from(DESKTOP_ENTRY)),
        ("urgency", Variant::from(1_u8)),
    ]);
    if manner == Manner::Low {
        hints.insert("suppress-sound", Variant::from(true));
        hints.insert("transient", Variant::from(true));
    }
    let no_actions: &[&str] = &[];
    let (replaces_none, by_the_server) = (0_u32, -1_i32);
    Peer::new(bus, NAME, PATH, NAME)
        .call(
            "Notify",
            &(
                "quietd",
                replaces_none,
                DESKTOP_ENTRY,
                title,
                body,
                no_actions,
                hints,
                by_the_server,
            ),
        )
        .await
}

/// Takes a notification away, if it is still there.
pub async fn close(bus: &Connection, id: u32) -> Result<(), CallError> {
    Peer::new(bus, NAME, PATH, NAME).call("CloseNotification", &id).await
}
