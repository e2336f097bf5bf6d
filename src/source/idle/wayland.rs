//! The compositor: `ext-idle-notify-v1`, and `org_kde_kwin_idle` where that is not offered (sway 1.7, cage).
//!
//! Both tell once when nobody touched a thing for as long as asked, and once when somebody does. What inhibits idleness (a
//! film in sight) holds it off in the compositors of wlroots, and not in `KWin`. Seen on sway 1.7.

mod kde;

use tokio::sync::mpsc;
use wayland_client::{
    Connection, Dispatch, QueueHandle, delegate_noop,
    protocol::{
        wl_callback, wl_callback::WlCallback, wl_registry, wl_registry::WlRegistry, wl_seat::WlSeat,
    },
};
use wayland_protocols::ext::idle_notify::v1::client::{
    ext_idle_notification_v1::{self, ExtIdleNotificationV1},
    ext_idle_notifier_v1::ExtIdleNotifierV1,
};

use self::kde::{
    org_kde_kwin_idle::OrgKdeKwinIdle,
    org_kde_kwin_idle_timeout::{self, OrgKdeKwinIdleTimeout},
};
use super::IDLE_AFTER;
use crate::{
    backend::Desktop,
    engine::Event,
    screen_time::{Sense, Teller, Told},
    source::wayland::Line,
};

const EXT: Teller = Teller {
    title: "the compositor (ext-idle-notify)",
    cannot: "While a film keeps the screen awake, you count as being there; on Plasma you do not.",
};
const KDE: Teller = Teller {
    title: "the compositor (org_kde_kwin_idle)",
    cannot: "While a film keeps the screen awake, you count as being there.",
};

/// What the compositor offers, and what it told.
#[derive(Debug, Default)]
struct Idle {
    seat: Option<WlSeat>,
    ext: Option<ExtIdleNotifierV1>,
    kde: Option<OrgKdeKwinIdle>,
    answered: bool,
    told: Vec<bool>,
}

/// Tells until the compositor goes. False if it was not there, or cannot tell.
pub async fn follow(desktop: &Desktop, tell: &mpsc::Sender<Event>) -> bool {
    let Some(mut line) = Line::open(desktop, Idle::default()).await else { return false };
    while !line.state.answered {
        if line.turn().await.is_err() {
            return false;
        }
    }
    let handle = line.handle();
    let Some(seat) = &line.state.seat else { return false };
    let by = if let Some(ext) = &line.state.ext {
        ext.get_idle_notification(IDLE_AFTER, seat, &handle, ());
        EXT
    } else if let Some(kde) = &line.state.kde {
        kde.get_idle_timeout(seat, IDLE_AFTER, &handle, ());
        KDE
    } else {
        return false;
    };
    let say = async |told| drop(tell.send(Event::Attention(told)).await);
    say(Told::By { sense: Sense::Idle, by: Some(by) }).await;
    say(Told::Idle(false)).await;
    while line.turn().await.is_ok() {
        for idle in line.state.told.drain(..) {
            say(Told::Idle(idle)).await;
        }
    }
    true
}

impl Dispatch<WlRegistry, ()> for Idle {
    fn event(
        idle: &mut Self,
        registry: &WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        let wl_registry::Event::Global { name, interface, .. } = event else { return };
        match &*interface {
            "wl_seat" if idle.seat.is_none() => {
                idle.seat = Some(registry.bind(name, 1, handle, ()));
            }
            "ext_idle_notifier_v1" => idle.ext = Some(registry.bind(name, 1, handle, ())),
            "org_kde_kwin_idle" => idle.kde = Some(registry.bind(name, 1, handle, ())),
            _ => {}
        }
    }
}

impl Dispatch<WlCallback, ()> for Idle {
    fn event(
        idle: &mut Self,
        _: &WlCallback,
        _: wl_callback::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        idle.answered = true;
    }
}

impl Dispatch<ExtIdleNotificationV1, ()> for Idle {
    fn event(
        idle: &mut Self,
        _: &ExtIdleNotificationV1,
        event: ext_idle_notification_v1::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            ext_idle_notification_v1::Event::Idled => idle.told.push(true),
            ext_idle_notification_v1::Event::Resumed => idle.told.push(false),
            _ => {}
        }
    }
}

impl Dispatch<OrgKdeKwinIdleTimeout, ()> for Idle {
    fn event(
        idle: &mut Self,
        _: &OrgKdeKwinIdleTimeout,
        event: org_kde_kwin_idle_timeout::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        match event {
            org_kde_kwin_idle_timeout::Event::Idle => idle.told.push(true),
            org_kde_kwin_idle_timeout::Event::Resumed => idle.told.push(false),
        }
    }
}

delegate_noop!(Idle: ignore WlSeat);
delegate_noop!(Idle: ExtIdleNotifierV1);
delegate_noop!(Idle: OrgKdeKwinIdle);
