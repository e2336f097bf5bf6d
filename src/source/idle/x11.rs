//! X11: the server's own counter of idle time, with an alarm at either side of a minute (SYNC 3.1, `IDLETIME`).
//!
//! Its screen saver extension tells only of its own time-out. Seen on Xvfb 21.1.

use x11rb::{
    connection::Connection as _,
    protocol::{
        Event,
        sync::{self, ConnectionExt as _, CreateAlarmAux, Int64, TESTTYPE, VALUETYPE},
    },
};

use super::IDLE_AFTER;
use crate::{
    screen_time::{Sense, Teller, Told},
    source::x11::{Display, Ended, Say},
};

const BY: Teller = Teller {
    title: "the X server's idle counter",
    cannot: "Whoever watches a film without touching anything counts as being away after a minute.",
};

/// Tells until the display goes.
pub fn follow(x: &Display, say: Say<'_>) -> Result<(), Ended> {
    if !x.has(sync::X11_EXTENSION_NAME)? {
        return Ok(());
    }
    x.connection.sync_initialize(3, 1)?.reply()?;
    let counters = x.connection.sync_list_system_counters()?.reply()?.counters;
    let Some(counter) = counters.iter().find(|it| it.name == b"IDLETIME") else { return Ok(()) };
    let counter = counter.counter;
    let alarm = |test: TESTTYPE, millis: u32| -> Result<u32, Ended> {
        let id = x.connection.generate_id()?;
        let alarm = CreateAlarmAux::new()
            .counter(counter)
            .value_type(VALUETYPE::ABSOLUTE)
            .value(Int64 { hi: 0, lo: millis })
            .test_type(test)
            .delta(Int64 { hi: 0, lo: 0 })
            .events(1);
        x.connection.sync_create_alarm(id, &alarm)?.check()?;
        Ok(id)
    };
    let idle = alarm(TESTTYPE::POSITIVE_TRANSITION, IDLE_AFTER)?;
    let back = alarm(TESTTYPE::NEGATIVE_TRANSITION, IDLE_AFTER - 1)?;
    let now = x.connection.sync_query_counter(counter)?.reply()?.counter_value;
    say(Told::By { sense: Sense::Idle, by: Some(BY) });
    say(Told::Idle(now.hi > 0 || now.lo >= IDLE_AFTER));
    loop {
        match x.connection.wait_for_event()? {
            Event::SyncAlarmNotify(event) if event.alarm == idle => say(Told::Idle(true)),
            Event::SyncAlarmNotify(event) if event.alarm == back => say(Told::Idle(false)),
            _ => {}
        }
    }
}
