//! labwc, wayfire and their like: windows are minimised by what task bars use (`zwlr_foreign_toplevel_manager_v1`).
//!
//! It tells no processes and has no names for windows that last: a window is known by its app id and its title. sway and
//! niri have the protocol and do not minimise. Seen on labwc 0.8.3 by hand.

use std::os::unix::net::UnixStream;

use wayland_client::{
    Connection, Dispatch, EventQueue, Proxy as _, QueueHandle, event_created_child,
    globals::{GlobalListContents, registry_queue_init},
    protocol::wl_registry::{self, WlRegistry},
};
use wayland_protocols_wlr::foreign_toplevel::v1::client::{
    zwlr_foreign_toplevel_handle_v1::{self, State, ZwlrForeignToplevelHandleV1},
    zwlr_foreign_toplevel_manager_v1::{self, ZwlrForeignToplevelManagerV1},
};

use super::{Act, Owners, Trouble, Way, Window};
use crate::backend::{Desktop, dim, lock::plain};

/// Connects to the compositor.
pub async fn connect(desktop: &Desktop) -> Result<UnixStream, Trouble> {
    dim::connect(desktop).await.ok_or(Trouble::Gone)
}

/// The windows of some apps that can be hidden.
pub fn list(stream: UnixStream, owners: &Owners) -> Result<Vec<Window>, Trouble> {
    let (_, _, list) = open(stream)?;
    let ours = list.all.into_iter().filter(|it| !it.is_minimized);
    let ours = ours.filter(|it| owners.apps.contains(&plain(&it.app)));
    Ok(ours
        .map(|it| Window {
            way: Way::Toplevels,
            id: it.app,
            pid: 0,
            started: 0,
            place: it.title.into(),
        })
        .collect())
}

/// Hides or shows windows.
pub fn act(stream: UnixStream, windows: &[Window], act: Act) -> Result<(), Trouble> {
    let (_, mut queue, mut list) = open(stream)?;
    list.all.retain(|it| it.is_minimized == (act == Act::Show));
    let mut left: Vec<&Window> = windows.iter().collect();
    // An app that goes on may have given its window another title by now: such a one is looked for last.
    for with_title in [true, false] {
        left.retain(|window| {
            let is_it = |it: &Toplevel| {
                it.app == window.id && (!with_title || window.place.as_str() == Some(&it.title))
            };
            let at = list.all.iter().position(is_it).filter(|_| with_title || act == Act::Show);
            let Some(found) = at.map(|at| list.all.remove(at)) else { return true };
            match act {
                Act::Hide => found.handle.set_minimized(),
                Act::Show => found.handle.unset_minimized(),
            }
            false
        });
    }
    queue.roundtrip(&mut list).map(drop).map_err(odd)
}

/// A window that is there.
#[derive(Debug)]
struct Toplevel {
    handle: ZwlrForeignToplevelHandleV1,
    app: String,
    title: String,
    is_minimized: bool,
}

#[derive(Debug, Default)]
struct List {
    all: Vec<Toplevel>,
}

fn open(stream: UnixStream) -> Result<(Connection, EventQueue<List>, List), Trouble> {
    let connection = Connection::from_socket(stream).map_err(odd)?;
    let (globals, mut queue) = registry_queue_init::<List>(&connection).map_err(odd)?;
    let handle = queue.handle();
    // Without it nothing is told; where it is not offered, somebody else may have the windows.
    let _manager: ZwlrForeignToplevelManagerV1 =
        globals.bind(&handle, 1..=3, ()).map_err(|_| Trouble::Gone)?;
    let mut list = List::default();
    queue.roundtrip(&mut list).map_err(odd)?;
    // What each is like comes after that it is there.
    queue.roundtrip(&mut list).map_err(odd)?;
    Ok((connection, queue, list))
}

fn odd(error: impl std::fmt::Display) -> Trouble {
    Trouble::Odd(error.to_string())
}

impl Dispatch<WlRegistry, GlobalListContents> for List {
    fn event(
        _: &mut Self,
        _: &WlRegistry,
        _: wl_registry::Event,
        _: &GlobalListContents,
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
    }
}

impl Dispatch<ZwlrForeignToplevelManagerV1, ()> for List {
    fn event(
        list: &mut Self,
        _: &ZwlrForeignToplevelManagerV1,
        event: zwlr_foreign_toplevel_manager_v1::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let zwlr_foreign_toplevel_manager_v1::Event::Toplevel { toplevel: handle } = event {
            let (app, title) = (String::new(), String::new());
            list.all.push(Toplevel { handle, app, title, is_minimized: false });
        }
    }

    event_created_child!(List, ZwlrForeignToplevelManagerV1, [
        zwlr_foreign_toplevel_manager_v1::EVT_TOPLEVEL_OPCODE => (ZwlrForeignToplevelHandleV1, ()),
    ]);
}

impl Dispatch<ZwlrForeignToplevelHandleV1, ()> for List {
    fn event(
        list: &mut Self,
        handle: &ZwlrForeignToplevelHandleV1,
        event: zwlr_foreign_toplevel_handle_v1::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        use zwlr_foreign_toplevel_handle_v1::Event;
        let Some(at) = list.all.iter().position(|it| it.handle.id() == handle.id()) else { return };
        match event {
            Event::Title { title } => list.all[at].title = title,
            Event::AppId { app_id } => list.all[at].app = app_id,
            Event::State { state } => {
                let minimized = (State::Minimized as u32).to_ne_bytes();
                list.all[at].is_minimized = state.chunks_exact(4).any(|it| it == minimized);
            }
            Event::Closed => drop(list.all.remove(at)),
            _ => {}
        }
    }
}
