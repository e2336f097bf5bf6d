//! Whether the person is idle: no key, no pointer, for a minute. One file for each service that tells.
//!
//! Each waits for the desktop to say so; none looks at a clock. The first minute without input still counts as time at
//! the screen: who reads does not type.

mod mutter;
mod wayland;
mod x11;

use std::sync::Arc;

use tokio::sync::{Notify, mpsc};

use super::{appears::Appears, x11::x_display};
use crate::{
    backend::Desktop,
    engine::Event,
    screen_time::{Sense, Told},
};

/// Without input for so long, in milliseconds, the person is idle.
pub const IDLE_AFTER: u32 = 60_000;

/// Tells whether the person is idle, by whoever says so here, for as long as it is not dropped.
pub async fn on_idle(desktop: Desktop, look_again: Arc<Notify>, tell: mpsc::Sender<Event>) {
    loop {
        let appears = Appears::watch(&desktop, &mutter::NAMES, &look_again).await;
        if follow(&desktop, &tell).await {
            let nobody = Told::By { sense: Sense::Idle, by: None };
            let _ = tell.send(Event::Attention(nobody)).await;
        }
        appears.wait().await;
    }
}

/// Ends when nobody says it any more. False if nobody did.
async fn follow(desktop: &Desktop, tell: &mpsc::Sender<Event>) -> bool {
    for name in mutter::NAMES {
        if mutter::follow(desktop, name, tell).await {
            return true;
        }
    }
    if wayland::follow(desktop, tell).await {
        return true;
    }
    match x_display(desktop) {
        Some(display) => super::x11::follow(display, tell, x11::follow).await,
        None => false,
    }
}
