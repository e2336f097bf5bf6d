//! labwc, wayfire, COSMIC's like and others of wlroots: what task bars use (`zwlr_foreign_toplevel_manager_v1`).
//!
//! It tells of titles as well; they are passed over. Seen on sway 1.7, which has a way of its own.

use std::collections::HashMap;

use wayland_client::{
    Connection, Dispatch, Proxy as _, QueueHandle,
    backend::ObjectId,
    event_created_child,
    protocol::{wl_callback, wl_callback::WlCallback, wl_registry, wl_registry::WlRegistry},
};
use wayland_protocols_wlr::foreign_toplevel::v1::client::{
    zwlr_foreign_toplevel_handle_v1::{self, State, ZwlrForeignToplevelHandleV1},
    zwlr_foreign_toplevel_manager_v1::{self, ZwlrForeignToplevelManagerV1},
};

use super::{Say, app};
use crate::{
    backend::Desktop,
    screen_time::{Focus, Teller},
    source::wayland::Line,
};

const BY: Teller = Teller { title: "the compositor's list of windows", cannot: "" };

/// One window.
#[derive(Debug, Default)]
struct Window {
    app: String,
    has_focus: bool,
    full_screen: bool,
}

#[derive(Debug, Default)]
struct Windows {
    manager: Option<ZwlrForeignToplevelManagerV1>,
    answered: bool,
    all: HashMap<ObjectId, Window>,
}

impl Windows {
    fn focus(&self) -> Focus {
        let focused = self.all.values().find(|window| window.has_focus);
        Focus {
            app: focused.and_then(|window| app(Some(window.app.clone()))),
            full_screen: Some(focused.is_some_and(|window| window.full_screen)),
        }
    }
}

/// Tells until the compositor goes. False if it was not there, or cannot tell.
pub async fn follow(desktop: &Desktop, say: &mut Say) -> bool {
    let Some(mut line) = Line::open(desktop, Windows::default()).await else { return false };
    while !line.state.answered {
        if line.turn().await.is_err() {
            return false;
        }
    }
    if line.state.manager.is_none() {
        return false;
    }
    say.by(BY).await;
    while line.turn().await.is_ok() {
        say.focus(line.state.focus()).await;
    }
    true
}

impl Dispatch<WlRegistry, ()> for Windows {
    fn event(
        windows: &mut Self,
        registry: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        if let wl_registry::Event::Global { name, interface, version } = event
            && interface == "zwlr_foreign_toplevel_manager_v1"
        {
            windows.manager = Some(registry.bind(name, version.min(3), handle, ()));
        }
    }
}

impl Dispatch<WlCallback, ()> for Windows {
    fn event(
        windows: &mut Self,
        _: &WlCallback,
        _: wl_callback::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        windows.answered = true;
    }
}

impl Dispatch<ZwlrForeignToplevelManagerV1, ()> for Windows {
    fn event(
        windows: &mut Self,
        _: &ZwlrForeignToplevelManagerV1,
        event: zwlr_foreign_toplevel_manager_v1::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let zwlr_foreign_toplevel_manager_v1::Event::Toplevel { toplevel } = event {
            windows.all.insert(toplevel.id(), Window::default());
        }
    }

    event_created_child!(Windows, ZwlrForeignToplevelManagerV1, [
        zwlr_foreign_toplevel_manager_v1::EVT_TOPLEVEL_OPCODE => (ZwlrForeignToplevelHandleV1, ()),
    ]);
}

impl Dispatch<ZwlrForeignToplevelHandleV1, ()> for Windows {
    fn event(
        windows: &mut Self,
        handle: &ZwlrForeignToplevelHandleV1,
        event: zwlr_foreign_toplevel_handle_v1::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        use zwlr_foreign_toplevel_handle_v1::Event;
        let Some(window) = windows.all.get_mut(&handle.id()) else { return };
        match event {
            Event::AppId { app_id } => window.app = app_id,
            Event::State { state } => {
                let has = |which: State| {
                    state.chunks_exact(4).any(|it| it == (which as u32).to_ne_bytes())
                };
                window.has_focus = has(State::Activated);
                window.full_screen = has(State::Fullscreen);
            }
            Event::Closed => {
                windows.all.remove(&handle.id());
                handle.destroy();
            }
            _ => {}
        }
    }
}
