//! Hyprland's colour matrices: one client has them all, and each commit is for all screens.

use std::collections::BTreeMap;

use wayland_server::{
    Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource as _,
    backend::ClientId,
};

use super::{Seen, serving::State};

mod generated {
    #![allow(missing_docs, unused_imports, dead_code, clippy::all, clippy::pedantic)]

    use wayland_server;
    use wayland_server::protocol::*;

    pub mod __interfaces {
        use wayland_server::backend as wayland_backend;
        use wayland_server::protocol::__interfaces::*;
        wayland_scanner::generate_interfaces!("src/backend/dim/hyprland_ctm/protocol.xml");
    }
    use self::__interfaces::*;

    wayland_scanner::generate_server_code!("src/backend/dim/hyprland_ctm/protocol.xml");
}

pub use generated::hyprland_ctm_control_manager_v1::{HyprlandCtmControlManagerV1, Request};

/// What the compositor keeps of them.
#[derive(Default)]
pub struct Matrices {
    /// The one client that has them.
    manager: Option<HyprlandCtmControlManagerV1>,
    /// Another program has them, that is no client here.
    pub is_blocked: bool,
    pending: BTreeMap<u32, [i32; 9]>,
    pub committed: BTreeMap<u32, [i32; 9]>,
}

impl GlobalDispatch<HyprlandCtmControlManagerV1, ()> for State {
    fn bind(
        state: &mut Self,
        _: &DisplayHandle,
        _: &Client,
        new: New<HyprlandCtmControlManagerV1>,
        (): &(),
        init: &mut DataInit<'_, Self>,
    ) {
        let manager = init.init(new, ());
        if state.matrices.is_blocked || state.matrices.manager.is_some() {
            manager.blocked();
        } else {
            state.matrices.manager = Some(manager);
        }
    }
}

impl Dispatch<HyprlandCtmControlManagerV1, ()> for State {
    fn request(
        state: &mut Self,
        _: &Client,
        manager: &HyprlandCtmControlManagerV1,
        request: Request,
        (): &(),
        _: &DisplayHandle,
        _: &mut DataInit<'_, Self>,
    ) {
        if state.matrices.manager.as_ref() != Some(manager) {
            return;
        }
        let matrices = &mut state.matrices;
        match request {
            Request::SetCtmForOutput {
                output,
                mat0,
                mat1,
                mat2,
                mat3,
                mat4,
                mat5,
                mat6,
                mat7,
                mat8,
            } => {
                let matrix = [mat0, mat1, mat2, mat3, mat4, mat5, mat6, mat7, mat8];
                assert!(matrix.iter().all(|part| *part >= 0.0), "{matrix:?}");
                #[allow(clippy::cast_possible_truncation)]
                let matrix = matrix.map(|part| (part * 256.0) as i32);
                matrices.pending.insert(*output.data::<u32>().unwrap(), matrix);
            }
            Request::Commit => {
                matrices.committed = std::mem::take(&mut matrices.pending);
                state.tell.send(Seen::Matrices(matrices.committed.clone())).unwrap();
            }
            Request::Destroy => {}
        }
    }

    fn destroyed(state: &mut Self, _: ClientId, manager: &HyprlandCtmControlManagerV1, (): &()) {
        if state.matrices.manager.as_ref() == Some(manager) {
            state.matrices =
                Matrices { is_blocked: state.matrices.is_blocked, ..Matrices::default() };
            let _ = state.tell.send(Seen::MatricesEnded);
        }
    }
}
