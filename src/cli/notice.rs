//! The answer as a desktop notification, for commands that are started without a terminal.

use super::{CommandError, context::Context, said::Said};
use crate::dbus::{Manner, notify};

/// Shows what a command answered. Where no service shows notifications, nothing is lost: the answer was printed as well.
pub async fn show(context: &Context, answer: &Result<Said, CommandError>) {
    let (title, body) = match answer {
        Ok(Said { notice: Some(notice), .. }) => (notice, String::new()),
        Ok(_) => return,
        Err(error) => (&error.message, error.hints.join("\n")),
    };
    let Ok(bus) = context.bus().await else { return };
    // Desktop Notifications Specification 1.3: the body may hold markup, the title may not.
    let body = body.replace('&', "&amp;").replace('<', "&lt;");
    if let Err(error) = notify(bus, title, &body, Manner::Plain).await {
        tracing::debug!(%error, "the answer was not shown as a notification");
    }
}
