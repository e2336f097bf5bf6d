//! hyprland-ctm-control-v1, generated from `protocol.xml` as `wayland-protocols` does it for its own.

#![allow(missing_docs, unused_imports, clippy::all, clippy::pedantic)]

use wayland_client;
use wayland_client::protocol::*;

pub mod __interfaces {
    use wayland_client::backend as wayland_backend;
    use wayland_client::protocol::__interfaces::*;
    wayland_scanner::generate_interfaces!("src/backend/dim/hyprland_ctm/protocol.xml");
}
use self::__interfaces::*;

wayland_scanner::generate_client_code!("src/backend/dim/hyprland_ctm/protocol.xml");
