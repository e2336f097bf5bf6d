//! A notification to the person.
//!
//! Desktop Notifications Specification 1.2. The service is not started for it, and the text never says more than that it
//! is quiet, until when, and how much waited.

use std::collections::HashMap;

use zbus::{Connection, Variant};

use super::{CallError, Peer};

/// The desktop entry whose name and icon notifications carry.
const DESKTOP_ENTRY: &str = "org.quietd.Quietd";

/// What is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notification<'t> {
    /// One line.
    pub title: &'t str,
    /// More of it; may be empty.
    pub body: &'t str,
    /// The number of the one whose place it takes; 0 for none.
    pub replaces: u32,
    /// Without a sound, and not kept where past ones are listed.
    pub low: bool,
}

/// Shows a notification; it goes by itself.
pub async fn notify(bus: &Connection, title: &str, body: &str) -> Result<(), CallError> {
    show(bus, &Notification { title, body, ..Notification::default() }).await.map(|_id| ())
}

/// Shows a notification, and answers its number.
pub async fn show(bus: &Connection, notification: &Notification<'_>) -> Result<u32, CallError> {
    let Notification { title, body, replaces, low } = *notification;
    let mut hints: HashMap<&str, Variant<'_>> = HashMap::from([
        ("desktop-entry", Variant::from(DESKTOP_ENTRY)),
        ("urgency", Variant::from(1_u8)),
    ]);
    if low {
        hints.insert("suppress-sound", Variant::from(true));
        hints.insert("transient", Variant::from(true));
    }
    let no_actions: &[&str] = &[];
    let by_the_server: i32 = -1;
    let name = "org.freedesktop.Notifications";
    Peer::new(bus, name, "/org/freedesktop/Notifications", name)
        .call(
            "Notify",
            &("quietd", replaces, DESKTOP_ENTRY, title, body, no_actions, hints, by_the_server),
        )
        .await
}
