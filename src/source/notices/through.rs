//! Whom the person wants to hear from: their notifications are said again, urgent, where urgent ones come through.
//!
//! Best is to say it again under the number it has already: what the person answers then comes from the service itself,
//! under the number that its sender knows. Plasma takes that for a flood, unless it is another event. Two services do not bear
//! it at all. dunst tells an answer only to who spoke last.
//! GNOME Shell hides that from itself by a helper, so it is told directly; from 46 on it shows no banner for one that it has
//! already. There it is shown a second time, without answers of its own, for as long as the first is there. Xfce's tells the
//! sender that it is gone before we can say anything (0.9 and newer), and so does Budgie's: nobody hears an answer then, or
//! takes it away.
//!
//! Where the service has an exception of its own, that is used: swaync's word beside a notification, and dunst's rule for
//! calls, which then are left to it.

use std::{
    collections::{HashMap, VecDeque},
    num::NonZeroU32,
};

use tokio::{sync::watch, task::JoinSet, time::Instant};
use zbus::{Connection, Message, OwnedVariant, message::Flags};

use super::{
    GTK, SERVER,
    again::Again,
    body::{AddNotification, Notify, number},
};
use crate::{
    backend::notifications::{
        PATH, Server,
        dunst::{self, rule},
        server,
    },
    config::People,
    dbus::{CallError, Peer, close},
    people::{History, Notice, Why, passes},
};

/// How many may wait for their number at once. What is more waits as any other does.
const PENDING_AT_MOST: usize = 16;

/// How many that are shown a second time are remembered.
const BESIDE_AT_MOST: usize = 16;

/// The largest `AddNotification` that is said again, in bytes.
const GTK_AT_MOST: usize = 64 << 10;

/// Who is let through, for as long as there is a watch.
#[derive(Debug)]
pub(super) struct Through {
    bus: Connection,
    people: watch::Receiver<Option<People>>,
    history: History,
    begun: Instant,
    pending: VecDeque<Pending>,
    saying: JoinSet<Option<Beside>>,
    beside: VecDeque<Beside>,
}

/// One that its service has not given a number yet.
#[derive(Debug)]
struct Pending {
    sender: String,
    serial: NonZeroU32,
    again: Again,
    /// Whether it is an incoming call, and comes through for that.
    call: bool,
}

/// Two numbers of one notification: its sender's, and that of the one we show beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beside {
    theirs: u32,
    ours: u32,
}

/// How a service is made to show what it holds back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Under the same number.
    InPlace,
    /// The same, no more urgent than it was.
    AsItWas,
    /// The same, without answers and for a short while.
    ForAWhile,
    /// The same, where the specification's most urgent is not urgent enough.
    ForAWhileOnBudgie,
    /// The same, as another event.
    InPlaceAnew,
    /// The same, past GNOME Shell's helper.
    PastTheHelper,
    /// A second time.
    Beside,
}

/// The shell itself, which its helper passes calls on to.
const SHELL: &str = "org.gnome.Shell";

/// Tells whether a service shows incoming calls by itself while it holds others back.
async fn shows_calls(bus: &Connection, server: &Server) -> bool {
    server.name == dunst::SERVER
        && matches!(rule::is_on(&rule::peer(bus, server)).await, Ok(Some(true)))
}

/// How this one does, if it shows urgent ones at all while it holds others back.
fn way(server: &Server) -> Option<Way> {
    let mut numbers = server.version.split('.').map(|part| part.parse::<u32>().ok());
    let mut number = || numbers.next().flatten();
    match &*server.name {
        "gnome-shell" if number()? < 46 => Some(Way::PastTheHelper),
        "gnome-shell" | dunst::SERVER => Some(Way::Beside),
        "Xfce Notify Daemon" if (number().unwrap_or(0), number().unwrap_or(0)) >= (0, 9) => {
            Some(Way::ForAWhile)
        }
        "Budgie Notification Server" => Some(Way::ForAWhileOnBudgie),
        "SwayNotificationCenter" if (number().unwrap_or(0), number().unwrap_or(0)) >= (0, 10) => {
            Some(Way::AsItWas)
        }
        "mako"
        | "SwayNotificationCenter"
        | "Xfce Notify Daemon"
        | "io.elementary.notifications" => Some(Way::InPlace),
        "Plasma" => Some(Way::InPlaceAnew),
        _ => None,
    }
}

impl Through {
    pub(super) fn new(bus: &Connection, people: watch::Receiver<Option<People>>) -> Self {
        Self {
            bus: bus.clone(),
            people,
            history: History::default(),
            begun: Instant::now(),
            pending: VecDeque::new(),
            saying: JoinSet::new(),
            beside: VecDeque::new(),
        }
    }

    /// Looks at a notification of another program; tells whether it comes through.
    pub(super) fn look(&mut self, call: &Message, said: &Notify<'_>) -> bool {
        let notice = Notice {
            app: said.app,
            entry: said.hint("desktop-entry"),
            category: said.hint("category"),
            title: said.title,
            update: said.replaces != 0,
        };
        // Who wants no answer learns no number, and so do we not.
        let answered = !call.primary_header().flags().contains(Flags::NO_REPLY_EXPECTED);
        if said.is_ours() || said.is_urgent() || !answered {
            return false;
        }
        let Some(why) = self.lets(call, &notice) else { return false };
        let header = call.header();
        let Some(sender) = header.sender() else { return false };
        if self.pending.len() == PENDING_AT_MOST {
            self.pending.pop_front();
        }
        let (sender, serial) = (sender.to_string(), call.primary_header().serial_num());
        let is_call = why == Why::Call && notice.category == rule::CATEGORY;
        let pending = Pending { sender, serial, again: Again::new(said), call: is_call };
        self.pending.push_back(pending);
        true
    }

    /// The same for one of GTK's, which has a name of its own and needs no number.
    pub(super) fn look_at_gtks(&mut self, call: &Message, said: &AddNotification<'_>) -> bool {
        let notice = Notice {
            app: "",
            entry: said.app,
            category: said.category,
            title: said.title,
            update: false,
        };
        let small = call.body().data().bytes().len() <= GTK_AT_MOST;
        if said.urgent || !small || self.lets(call, &notice).is_none() {
            return false;
        }
        let (bus, call) = (self.bus.clone(), call.clone());
        self.saying.spawn(async move {
            if let Err(error) = say_gtks(&bus, &call).await {
                tracing::debug!(%error, "nobody showed what is let through");
            }
            None
        });
        true
    }

    fn lets(&mut self, call: &Message, notice: &Notice<'_>) -> Option<Why> {
        let us = self.bus.unique_name().map(|name| name.as_str());
        if call.header().sender().map(zbus::names::UniqueName::as_str) == us {
            return None;
        }
        let now = self.begun.elapsed();
        let people = self.people.borrow();
        let people = people.as_ref()?;
        // What would not come through a second time either is not remembered: it would crowd out who tries again.
        passes(notice, people, true)?;
        let why = passes(notice, people, self.history.tried(notice, now))?;
        let may = self.history.may_show(notice, now);
        // Of a notification nothing but this goes into the journal.
        tracing::debug!(?why, may, "comes through");
        may.then_some(why)
    }

    /// Looks at an answer of the service: the number of one that waits for it.
    pub(super) fn answered(&mut self, reply: &Message) {
        let header = reply.header();
        let (Some(serial), Some(to)) = (header.reply_serial(), header.destination()) else {
            return;
        };
        let is_it = |it: &Pending| it.serial == serial && it.sender == to.as_str();
        let Some(at) = self.pending.iter().position(is_it) else { return };
        let Some(Pending { again, call, .. }) = self.pending.remove(at) else { return };
        let body = reply.body();
        let data = body.data();
        let Some(id) = number(data.bytes(), data.context().endian()) else { return };
        let bus = self.bus.clone();
        let known = self.beside.iter().find(|beside| beside.theirs == id);
        let replaces = known.map_or(0, |beside| beside.ours);
        self.saying.spawn(async move {
            let said = say(&bus, again, call, id, replaces).await;
            said.inspect_err(|error| tracing::debug!(%error, "nobody showed what is let through"))
                .ok()
                .flatten()
        });
    }

    /// Ends when all that is on its way is said, or was not in time.
    pub(super) async fn said(&mut self) {
        while let Some(said) = self.saying.join_next().await {
            let Ok(Some(beside)) = said else { continue };
            self.beside.retain(|it| it.theirs != beside.theirs);
            if self.beside.len() == BESIDE_AT_MOST {
                self.beside.pop_front();
            }
            self.beside.push_back(beside);
        }
    }

    /// A notification of this number is gone; one that is shown beside it goes with it.
    pub(super) fn gone(&mut self, id: u32) {
        self.beside.retain(|it| it.ours != id);
        let Some(at) = self.beside.iter().position(|it| it.theirs == id) else { return };
        let Some(Beside { ours, .. }) = self.beside.remove(at) else { return };
        let bus = self.bus.clone();
        self.saying.spawn(async move {
            let _ = close(&bus, ours).await;
            None
        });
    }

    /// Another program shows notifications now, with numbers of its own.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.beside.clear();
    }
}

/// Says again what the service holds under a number; answers the number of one that is shown beside it.
async fn say(
    bus: &Connection,
    again: Again,
    call: bool,
    id: u32,
    replaces: u32,
) -> Result<Option<Beside>, CallError> {
    let server = server(bus).await?;
    if call && shows_calls(bus, &server).await {
        return Ok(None);
    }
    let Some(way) = way(&server) else { return Ok(None) };
    let (again, replaces) = match way {
        Way::InPlace | Way::PastTheHelper => (again, id),
        Way::AsItWas => (again.no_more_urgent(), id),
        Way::ForAWhile => (again.for_a_while(), id),
        Way::ForAWhileOnBudgie => (again.for_a_while().more_urgent(), id),
        Way::InPlaceAnew => (again.anew(), id),
        Way::Beside => (again.beside(), replaces),
    };
    let who = if way == Way::PastTheHelper { SHELL } else { &*server.owner };
    let who = Peer::new(bus, who, PATH, SERVER);
    let ours: u32 = who.call("Notify", &again.body(replaces)).await?;
    if ours != id && way != Way::Beside {
        // It was gone meanwhile: it has another number now, and nobody is there to answer to.
        who.call::<_, ()>("CloseNotification", &ours).await?;
        return Ok(None);
    }
    Ok((ours != id).then_some(Beside { theirs: id, ours }))
}

async fn say_gtks(bus: &Connection, call: &Message) -> Result<(), CallError> {
    type Said = (String, String, HashMap<String, OwnedVariant>);
    let odd = |error: zbus::Error| CallError::Odd(GTK.to_owned(), error.to_string());
    let body = call.body();
    let (app, id, mut said): Said = body.deserialize().map_err(odd)?;
    said.insert("priority".to_owned(), zbus::Str::from("urgent").into());
    Peer::new(bus, GTK, "/org/gtk/Notifications", GTK)
        .call("AddNotification", &(app, id, said))
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_is_told_in_a_way_it_bears() {
        let way = |name: &str, version: &str| {
            let [name, version] = [name, version].map(str::to_owned);
            let (owner, vendor, spec) = Default::default();
            way(&Server { owner, name, vendor, version, spec })
        };
        assert_eq!(way("gnome-shell", "43.9"), Some(Way::PastTheHelper));
        assert_eq!(way("gnome-shell", "45.beta"), Some(Way::PastTheHelper));
        assert_eq!(way("gnome-shell", "46.0"), Some(Way::Beside));
        assert_eq!(way("gnome-shell", "odd"), None);
        assert_eq!(way("Xfce Notify Daemon", "0.8.2"), Some(Way::InPlace));
        assert_eq!(way("Xfce Notify Daemon", "0.9.0"), Some(Way::ForAWhile));
        assert_eq!(way("SwayNotificationCenter", "0.7.3"), Some(Way::InPlace));
        assert_eq!(way("SwayNotificationCenter", "0.10.0"), Some(Way::AsItWas));
        assert_eq!(way("SwayNotificationCenter", "1.0"), Some(Way::AsItWas));
        assert_eq!(way("mako", "0.0.0"), Some(Way::InPlace));
        assert_eq!(way("Plasma", "6.3.6"), Some(Way::InPlaceAnew));
        assert_eq!(way("dunst", "1.12.2 (2025-01-01)"), Some(Way::Beside));
        assert_eq!(way("Budgie Notification Server", "10.7.1"), Some(Way::ForAWhileOnBudgie));
        assert_eq!(way("Notification Daemon", "1.26.0"), None);
    }
}
