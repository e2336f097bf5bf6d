//! What clients ask of the compositor's objects.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use wayland_protocols::wp::viewporter::server::{
    wp_viewport::{self, WpViewport},
    wp_viewporter::{self, WpViewporter},
};
use wayland_protocols_wlr::{
    gamma_control::v1::server::{
        zwlr_gamma_control_manager_v1::{self, ZwlrGammaControlManagerV1},
        zwlr_gamma_control_v1::{self, ZwlrGammaControlV1},
    },
    layer_shell::v1::server::{
        zwlr_layer_shell_v1::{self, ZwlrLayerShellV1},
        zwlr_layer_surface_v1::{self, Anchor, ZwlrLayerSurfaceV1},
    },
};
use wayland_server::{
    Client, DataInit, Dispatch, DisplayHandle, GlobalDispatch, New, Resource, WEnum,
    backend::ClientId,
    protocol::{
        wl_buffer::{self, WlBuffer},
        wl_compositor::{self, WlCompositor},
        wl_output::{self, WlOutput},
        wl_region::{self, WlRegion},
        wl_shm::{self, Format, WlShm},
        wl_shm_pool::{self, WlShmPool},
        wl_surface::{self, WlSurface},
    },
};

use super::{PANELS, Picture, Seen, serving::State};

const RAMP: usize = 256;

/// A surface's role and picture, pending and committed in one: no test looks between.
#[derive(Default)]
struct Canvas {
    screen: u32,
    layer: Option<ZwlrLayerSurfaceV1>,
    layer_name: String,
    anchor: Option<Anchor>,
    zone: i32,
    keyboard: String,
    lets_input_through: bool,
    buffer: Option<Content>,
    stretched_to: Option<(i32, i32)>,
    is_configured: bool,
}

type Shared = Arc<Mutex<Canvas>>;

#[derive(Clone, Copy)]
struct Content {
    size: (i32, i32),
    pixel: u32,
}

/// A global without state of its own.
macro_rules! global {
    ($interface:ty) => {
        impl GlobalDispatch<$interface, ()> for State {
            fn bind(
                _: &mut Self,
                _: &DisplayHandle,
                _: &Client,
                new: New<$interface>,
                (): &(),
                init: &mut DataInit<'_, Self>,
            ) {
                init.init(new, ());
            }
        }
    };
}

global!(WlCompositor);
global!(WlShm);
global!(WpViewporter);
global!(ZwlrGammaControlManagerV1);
global!(ZwlrLayerShellV1);

impl GlobalDispatch<WlOutput, u32> for State {
    fn bind(
        _: &mut Self,
        _: &DisplayHandle,
        _: &Client,
        new: New<WlOutput>,
        screen: &u32,
        init: &mut DataInit<'_, Self>,
    ) {
        let output = init.init(new, *screen);
        if output.version() >= 4 {
            let kind = if *screen < PANELS { "DP" } else { "eDP" };
            output.name(format!("{kind}-{screen}"));
            output.done();
        }
    }
}

/// What an object does when it is asked, and when it ends.
macro_rules! object {
    ($interface:ty, $data:ty, |$state:ident, $resource:ident, $request:ident, $known:ident, $init:ident| $body:block) => {
        object!($interface, $data, |$state, $resource, $request, $known, $init| $body, |_s, _r, _k| {});
    };
    ($interface:ty, $data:ty, |$state:ident, $resource:ident, $request:ident, $known:ident, $init:ident| $body:block,
     |$state_at_end:ident, $resource_at_end:ident, $known_at_end:ident| $end:block) => {
        impl Dispatch<$interface, $data> for State {
            #[allow(unused_variables, clippy::used_underscore_binding)]
            fn request(
                $state: &mut Self,
                _: &Client,
                $resource: &$interface,
                $request: <$interface as Resource>::Request,
                $known: &$data,
                _: &DisplayHandle,
                $init: &mut DataInit<'_, Self>,
            ) $body

            #[allow(unused_variables, clippy::used_underscore_binding)]
            fn destroyed(
                $state_at_end: &mut Self,
                _: ClientId,
                $resource_at_end: &$interface,
                $known_at_end: &$data,
            ) $end
        }
    };
}

object!(WlOutput, u32, |_s, _r, request, _k, _i| {
    assert!(matches!(request, wl_output::Request::Release));
});

object!(ZwlrGammaControlManagerV1, (), |state, _r, request, _k, init| {
    if let zwlr_gamma_control_manager_v1::Request::GetGammaControl { id, output } = request {
        let screen = *output.data::<u32>().unwrap();
        let control = init.init(id, screen);
        state.tell.send(Seen::GammaAsked(screen)).unwrap();
        if state.refused.contains(&screen) || state.gammas.contains_key(&screen) {
            control.failed();
        } else {
            control.gamma_size(u32::try_from(RAMP).unwrap());
            state.gammas.insert(screen, control);
        }
    }
});

object!(
    ZwlrGammaControlV1,
    u32,
    |state, _r, request, screen, _i| {
        if let zwlr_gamma_control_v1::Request::SetGamma { fd } = request {
            let file = File::from(fd);
            assert_eq!(file.metadata().unwrap().len(), 3 * 2 * RAMP as u64);
            let mut bytes = [0; 3 * 2 * RAMP];
            file.read_exact_at(&mut bytes, 0).unwrap();
            let values: Vec<u16> =
                bytes.chunks(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]])).collect();
            let [red, green, blue] =
                [0, 1, 2].map(|nth| values[nth * RAMP..(nth + 1) * RAMP].to_vec());
            state.ramps.insert(*screen, [red[RAMP - 1], green[RAMP - 1], blue[RAMP - 1]]);
            state.tell.send(Seen::Ramp { screen: *screen, red, green, blue }).unwrap();
        }
    },
    |state, control, screen| {
        // One that was refused never had the screen.
        if state.gammas.get(screen) == Some(control) {
            state.gammas.remove(screen);
            state.ramps.remove(screen);
            let _ = state.tell.send(Seen::GammaEnded(*screen));
        }
    }
);

object!(WlCompositor, (), |_s, _r, request, _k, init| {
    match request {
        wl_compositor::Request::CreateSurface { id } => {
            init.init(id, Shared::default());
        }
        wl_compositor::Request::CreateRegion { id } => {
            init.init(id, AtomicBool::new(true));
        }
        _ => {}
    }
});

object!(WlRegion, AtomicBool, |_s, _r, request, is_empty, _i| {
    if let wl_region::Request::Add { .. } = request {
        is_empty.store(false, Ordering::Relaxed);
    }
});

object!(WlSurface, Shared, |state, surface, request, canvas, _i| {
    let mut canvas = canvas.lock().unwrap();
    match request {
        wl_surface::Request::SetInputRegion { region } => {
            canvas.lets_input_through = region
                .is_some_and(|region| region.data::<AtomicBool>().unwrap().load(Ordering::Relaxed));
        }
        wl_surface::Request::Attach { buffer, .. } => {
            canvas.buffer = buffer.map(|buffer| *buffer.data::<Content>().unwrap());
        }
        wl_surface::Request::Commit => commit(state, &mut canvas),
        wl_surface::Request::Frame { .. } => panic!("frames are asked for"),
        _ => {}
    }
});

fn commit(state: &State, canvas: &mut Canvas) {
    let Some(layer) = &canvas.layer else { return };
    if !canvas.is_configured {
        assert!(canvas.buffer.is_none(), "a buffer before the first configure");
        canvas.is_configured = true;
        // As real ones do at the start.
        for serial in 1..=3 {
            layer.configure(serial, state.size.0, state.size.1);
        }
        return;
    }
    let Some(content) = canvas.buffer else { return };
    let picture = Picture {
        layer: canvas.layer_name.clone(),
        anchored_to_all_sides: canvas.anchor == Some(Anchor::all()),
        exclusive_zone: canvas.zone,
        keyboard: canvas.keyboard.clone(),
        lets_input_through: canvas.lets_input_through,
        buffer: content.size,
        stretched_to: canvas.stretched_to,
        pixel: content.pixel,
    };
    state.tell.send(Seen::Overlay(canvas.screen, picture)).unwrap();
}

object!(ZwlrLayerShellV1, (), |state, _r, request, _k, init| {
    if let zwlr_layer_shell_v1::Request::GetLayerSurface { id, surface, output, layer, .. } =
        request
    {
        let canvas = surface.data::<Shared>().unwrap().clone();
        let role = init.init(id, canvas.clone());
        let mut canvas = canvas.lock().unwrap();
        canvas.screen = *output.expect("no screen is named").data::<u32>().unwrap();
        canvas.layer_name = name(layer);
        canvas.layer = Some(role.clone());
        state.layers.push(role);
    }
});

object!(
    ZwlrLayerSurfaceV1,
    Shared,
    |_s, _r, request, canvas, _i| {
        let mut canvas = canvas.lock().unwrap();
        match request {
            zwlr_layer_surface_v1::Request::SetAnchor { anchor } => {
                canvas.anchor = anchor.into_result().ok();
            }
            zwlr_layer_surface_v1::Request::SetExclusiveZone { zone } => canvas.zone = zone,
            zwlr_layer_surface_v1::Request::SetKeyboardInteractivity { keyboard_interactivity } => {
                canvas.keyboard = name(keyboard_interactivity);
            }
            _ => {}
        }
    },
    |state, layer, canvas| {
        state.layers.retain(|known| known != layer);
        let _ = state.tell.send(Seen::OverlayEnded(canvas.lock().unwrap().screen));
    }
);

/// The screen and the colour of an overlay that has one.
pub fn overlay(layer: &ZwlrLayerSurfaceV1) -> Option<(u32, String)> {
    let canvas = layer.data::<Shared>()?.lock().unwrap();
    Some((canvas.screen, format!("{:08x}", canvas.buffer?.pixel)))
}

fn name<T: std::fmt::Debug>(value: WEnum<T>) -> String {
    value.into_result().map_or_else(|_| "unknown".to_owned(), |known| format!("{known:?}"))
}

object!(WpViewporter, (), |_s, _r, request, _k, init| {
    if let wp_viewporter::Request::GetViewport { id, surface } = request {
        init.init(id, surface.data::<Shared>().unwrap().clone());
    }
});

object!(WpViewport, Shared, |_s, _r, request, canvas, _i| {
    if let wp_viewport::Request::SetDestination { width, height } = request {
        canvas.lock().unwrap().stretched_to = Some((width, height));
    }
});

object!(WlShm, (), |_s, _r, request, _k, init| {
    if let wl_shm::Request::CreatePool { id, fd, size } = request {
        let file = File::from(fd);
        assert_eq!(file.metadata().unwrap().len(), u64::try_from(size).unwrap());
        init.init(id, file);
    }
});

object!(WlShmPool, File, |_s, _r, request, file, init| {
    if let wl_shm_pool::Request::CreateBuffer { id, offset, width, height, stride, format } =
        request
    {
        assert_eq!((offset, stride), (0, 4 * width));
        assert_eq!(format, WEnum::Value(Format::Argb8888));
        let mut bytes = vec![0; usize::try_from(stride * height).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert!(bytes.chunks(4).all(|pixel| *pixel == bytes[..4]), "more than one colour");
        let pixel = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        init.init(id, Content { size: (width, height), pixel });
    }
});

object!(WlBuffer, Content, |_s, _r, request, _k, _i| {
    assert!(matches!(request, wl_buffer::Request::Destroy));
});
