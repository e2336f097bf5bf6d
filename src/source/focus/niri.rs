//! niri: a line of JSON for each event (`EventStream`). Its source, to 25.11, says how; not run here.

use std::{collections::BTreeMap, io, path::Path};

use serde::Deserialize;

use super::{Say, app, socket::Socket};
use crate::screen_time::{Focus, Teller};

const BY: Teller =
    Teller { title: "niri", cannot: "It does not tell which windows fill the screen." };

/// What matters of an event; each has one of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Event {
    windows_changed: Option<All>,
    window_opened_or_changed: Option<One>,
    window_focus_changed: Option<Id>,
    window_closed: Option<Id>,
}

#[derive(Debug, Deserialize)]
struct All {
    windows: Vec<Window>,
}

#[derive(Debug, Deserialize)]
struct One {
    window: Window,
}

#[derive(Debug, Deserialize)]
struct Id {
    id: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Window {
    id: u64,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    is_focused: bool,
}

/// What is known of the windows.
#[derive(Debug, Default)]
struct Windows {
    apps: BTreeMap<u64, Option<String>>,
    focused: Option<u64>,
}

impl Windows {
    fn hear(&mut self, event: Event) {
        if let Some(All { windows }) = event.windows_changed {
            *self = Self::default();
            for window in windows {
                self.know(window);
            }
        }
        if let Some(One { window }) = event.window_opened_or_changed {
            self.know(window);
        }
        if let Some(Id { id }) = event.window_focus_changed {
            self.focused = id;
        }
        if let Some(Id { id: Some(id) }) = event.window_closed {
            self.apps.remove(&id);
            self.focused = self.focused.filter(|focused| *focused != id);
        }
    }

    fn know(&mut self, window: Window) {
        if window.is_focused {
            self.focused = Some(window.id);
        }
        self.apps.insert(window.id, app(window.app_id));
    }

    fn focus(&self) -> Focus {
        let focused = self.focused.and_then(|id| self.apps.get(&id));
        Focus { app: focused.cloned().flatten(), full_screen: None }
    }
}

/// Tells until it ends. False if none listens there.
pub async fn follow(socket: &Path, say: &mut Say) -> bool {
    let mut served = false;
    if let Err(error) = watch(socket, say, &mut served).await {
        tracing::debug!(%error, "niri tells nothing of its windows");
    }
    served
}

async fn watch(socket: &Path, say: &mut Say, served: &mut bool) -> io::Result<()> {
    let mut stream = Socket::connect(socket).await?;
    stream.send(b"\"EventStream\"\n").await?;
    let mut windows = Windows::default();
    loop {
        let line = stream.line().await?;
        // The first line answers the request, and events that are new here have other names.
        let Ok(event) = serde_json::from_slice(&line) else { continue };
        if !*served {
            *served = true;
            say.by(BY).await;
        }
        windows.hear(event);
        say.focus(windows.focus()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read() {
        let mut windows = Windows::default();
        let mut hear = |line: &str| {
            windows.hear(serde_json::from_str(line).unwrap());
            windows.focus().app
        };
        assert_eq!(hear(r#"{"Ok":"Handled"}"#), None);
        let all = r#"{"WindowsChanged":{"windows":[{"id":1,"title":"x","app_id":"foot","is_focused":true},
            {"id":2,"app_id":null,"is_focused":false}]}}"#;
        assert_eq!(hear(all).as_deref(), Some("foot"));
        let opened =
            r#"{"WindowOpenedOrChanged":{"window":{"id":3,"app_id":"discord","is_focused":true}}}"#;
        assert_eq!(hear(opened).as_deref(), Some("discord"));
        assert_eq!(hear(r#"{"WindowFocusChanged":{"id":1}}"#).as_deref(), Some("foot"));
        assert_eq!(
            hear(r#"{"WorkspaceActivated":{"id":1,"focused":true}}"#).as_deref(),
            Some("foot")
        );
        assert_eq!(hear(r#"{"WindowClosed":{"id":1}}"#), None);
        assert_eq!(hear(r#"{"WindowFocusChanged":{"id":null}}"#), None);
    }
}
