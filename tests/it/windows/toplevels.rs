//! A compositor, as far as task bars see it: it tells its windows, and minimises them.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use quietd::readiness::wait_on;
use tokio::{io::Interest, net::UnixListener};
use wayland_protocols_wlr::foreign_toplevel::v1::server::{
    zwlr_foreign_toplevel_handle_v1::{self, State as Is, ZwlrForeignToplevelHandleV1},
    zwlr_foreign_toplevel_manager_v1::{self, ZwlrForeignToplevelManagerV1},
};
use wayland_server::{
    Client, DataInit, Dispatch, Display, DisplayHandle, GlobalDispatch, New, Resource as _,
};

/// App id, title, minimised.
type Windows = Arc<Mutex<Vec<(String, String, bool)>>>;

pub struct Toplevels {
    windows: Windows,
    task: tokio::task::JoinHandle<()>,
}

struct State(Windows);

impl Toplevels {
    pub fn start(socket: &Path, windows: &[(&str, &str, bool)]) -> Self {
        let windows = windows.iter().map(|it| (it.0.to_owned(), it.1.to_owned(), it.2)).collect();
        let windows = Arc::new(Mutex::new(windows));
        let display = Display::<State>::new().unwrap();
        display.handle().create_global::<State, ZwlrForeignToplevelManagerV1, ()>(3, ());
        let listener = UnixListener::bind(socket).unwrap();
        let task = tokio::spawn(run(display, State(Arc::clone(&windows)), listener));
        Self { windows, task }
    }

    /// The titles of those that are minimised.
    pub fn minimised(&self) -> Vec<String> {
        let windows = self.windows.lock().unwrap();
        windows.iter().filter(|it| it.2).map(|it| it.1.clone()).collect()
    }

    pub fn rename(&self, from: &str, to: &str) {
        let mut windows = self.windows.lock().unwrap();
        to.clone_into(&mut windows.iter_mut().find(|it| it.1 == from).unwrap().1);
    }
}

impl Drop for Toplevels {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(mut display: Display<State>, mut state: State, listener: UnixListener) {
    let clients = wait_on(&display.backend().poll_fd(), Interest::READABLE).unwrap();
    let mut handle = display.handle();
    loop {
        tokio::select! {
            ready = clients.readable() => {
                ready.unwrap().clear_ready();
                display.dispatch_clients(&mut state).unwrap();
            }
            accepted = listener.accept() => {
                let stream = accepted.unwrap().0.into_std().unwrap();
                handle.insert_client(stream, Arc::new(())).unwrap();
            }
        }
        display.flush_clients().unwrap();
    }
}

impl GlobalDispatch<ZwlrForeignToplevelManagerV1, ()> for State {
    fn bind(
        state: &mut Self,
        display: &DisplayHandle,
        client: &Client,
        new: New<ZwlrForeignToplevelManagerV1>,
        (): &(),
        init: &mut DataInit<'_, Self>,
    ) {
        let manager = init.init(new, ());
        for (at, (app, title, minimised)) in state.0.lock().unwrap().iter().enumerate() {
            let window = client
                .create_resource::<ZwlrForeignToplevelHandleV1, usize, Self>(display, 3, at)
                .unwrap();
            manager.toplevel(&window);
            window.title(title.clone());
            window.app_id(app.clone());
            let is = minimised.then(|| (Is::Minimized as u32).to_ne_bytes());
            window.state(is.into_iter().flatten().collect());
            window.done();
        }
    }
}

impl Dispatch<ZwlrForeignToplevelManagerV1, ()> for State {
    fn request(
        _: &mut Self,
        _: &Client,
        _: &ZwlrForeignToplevelManagerV1,
        _: zwlr_foreign_toplevel_manager_v1::Request,
        (): &(),
        _: &DisplayHandle,
        _: &mut DataInit<'_, Self>,
    ) {
    }
}

impl Dispatch<ZwlrForeignToplevelHandleV1, usize> for State {
    fn request(
        state: &mut Self,
        _: &Client,
        window: &ZwlrForeignToplevelHandleV1,
        request: zwlr_foreign_toplevel_handle_v1::Request,
        at: &usize,
        _: &DisplayHandle,
        _: &mut DataInit<'_, Self>,
    ) {
        use zwlr_foreign_toplevel_handle_v1::Request;
        let minimised = match request {
            Request::SetMinimized => true,
            Request::UnsetMinimized => false,
            _ => return,
        };
        state.0.lock().unwrap()[*at].2 = minimised;
        assert!(window.is_alive());
    }
}
