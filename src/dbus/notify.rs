//! A notification to the person.
//!
//! Desktop Notifications Specification 1.2. The service is not started for it, and the text never says more than that it
//! is quiet and until when.

use std::collections::HashMap;

use zbus::{Connection, Variant};

use super::{CallError, Peer};

/// The desktop entry whose name and icon notifications carry.
const DESKTOP_ENTRY: &str = "org.quietd.Quietd";

/// Shows a notification; it goes by itself.
pub async fn notify(bus: &Connection, title: &str, body: &str) -> Result<(), CallError> {
    let hints: HashMap<&str, Variant<'_>> = HashMap::from([
        ("desktop-entry", Variant::from(DESKTOP_ENTRY)),
        ("urgency", Variant::from(1_u8)),
    ]);
    let no_actions: &[&str] = &[];
    let by_the_server: i32 = -1;
    let name = "org.freedesktop.Notifications";
    Peer::new(bus, name, "/org/freedesktop/Notifications", name)
        .call::<_, u32>(
            "Notify",
            &("quietd", 0_u32, DESKTOP_ENTRY, title, body, no_actions, hints, by_the_server),
        )
        .await
        .map(|_id| ())
}
