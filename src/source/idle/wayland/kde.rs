//! `org_kde_kwin_idle`, generated from `kde.xml` as `wayland-protocols` does it for its own.

#![allow(missing_docs, unused_imports, clippy::all, clippy::pedantic)]

use wayland_client;
use wayland_client::protocol::*;

pub mod __interfaces {
    use wayland_client::backend as wayland_backend;
    use wayland_client::protocol::__interfaces::*;
    wayland_scanner::generate_interfaces!("src/source/idle/wayland/kde.xml");
}
use self::__interfaces::*;

wayland_scanner::generate_client_code!("src/source/idle/wayland/kde.xml");
