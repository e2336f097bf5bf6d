//! The answer as a desktop notification, for commands that are started without a terminal.

use std::collections::HashMap;

use zbus::Variant;

use super::{CommandError, context::Context, said::Said};
use crate::dbus::Peer;

/// Shows what a command answered. Where no service shows notifications, nothing is lost: the answer was printed as well.
pub async fn show(context: &Context, answer: &Result<Said, CommandError>) {
    let text = match answer {
        Ok(Said { notice: Some(notice), .. }) => notice.clone(),
        Ok(_) => return,
        Err(error) => {
            let lines: Vec<&str> = std::iter::once(&*error.message)
                .chain(error.hints.iter().map(|hint| &**hint))
                .collect();
            lines.join("\n")
        }
    };
    let Ok(bus) = context.bus().await else { return };
    let hints: HashMap<&str, Variant<'_>> = HashMap::from([
        ("urgency", Variant::from(1_u8)),
        ("category", Variant::from("x-quietd.answer")),
        ("desktop-entry", Variant::from("org.quietd.Quiet1")),
        ("transient", Variant::from(true)),
    ]);
    let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
    // Desktop Notifications Specification 1.3: the body may hold markup, the title may not.
    let body = body.replace('&', "&amp;").replace('<', "&lt;");
    let shown = Peer::new(
        bus,
        "org.freedesktop.Notifications",
        "/org/freedesktop/Notifications",
        "org.freedesktop.Notifications",
    )
    .call::<_, u32>(
        "Notify",
        &("quietd", 0_u32, "org.quietd.Quiet1", title, &*body, Vec::<&str>::new(), hints, -1_i32),
    )
    .await;
    if let Err(error) = shown {
        tracing::debug!(%error, "the answer was not shown as a notification");
    }
}
