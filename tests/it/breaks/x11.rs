//! A film on a real X server (Xvfb): its window comes to fill the screen after it has got the focus.

use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ConnectionExt as _, CreateWindowAux, PropMode, WindowClass},
    rust_connection::RustConnection,
    wrapper::ConnectionExt as _,
};

use super::*;
use crate::x11::XServer;

#[tokio::test]
async fn a_window_that_comes_to_fill_the_screen_is_left_alone() {
    let server = XServer::start();
    let (x, screen) = RustConnection::connect(Some(&server.display())).unwrap();
    let root = x.setup().roots[screen].root;
    let atom = |name: &str| x.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom;
    let [active, state, full] =
        ["_NET_ACTIVE_WINDOW", "_NET_WM_STATE", "_NET_WM_STATE_FULLSCREEN"].map(atom);
    let film = x.generate_id().unwrap();
    let (class, aux) = (WindowClass::INPUT_ONLY, CreateWindowAux::new());
    x.create_window(0, film, root, 0, 0, 1, 1, 0, class, 0, &aux).unwrap().check().unwrap();
    let set = |window, name, kind: AtomEnum, value: &[u32]| {
        let replace = PropMode::REPLACE;
        x.change_property32(replace, window, name, kind, value).unwrap().check().unwrap();
    };
    set(root, active, AtomEnum::WINDOW, &[film]);

    let mut desk = Desk::on(BREAKS, Some(server.display())).await;
    // The server says that somebody is there.
    desk.until_next(30).await;
    set(film, state, AtomEnum::ATOM, &[full]);
    desk.pass(30).await;
    desk.until_next(35).await;
    desk.no_notice().await;
    // And it does so no more.
    set(film, state, AtomEnum::ATOM, &[]);
    desk.pass(5).await;
    desk.the_notice(TITLE).await;
}
