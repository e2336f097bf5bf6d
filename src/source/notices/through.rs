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
    listed,
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

/// How many that are shown a second time are remembered, and of those said again in place, and of GTK's, as many.
const BESIDE_AT_MOST: usize = 16;

/// How long the names of one of GTK's may be together, in bytes.
const NAMES_AT_MOST: usize = 1 << 10;

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
    saying: JoinSet<Option<Said>>,
    beside: VecDeque<Beside>,
    /// Said again under their own number; the service's answer to that has not been seen yet.
    in_place: VecDeque<u32>,
    /// App and name of those of GTK's that were said again.
    gtks: VecDeque<(String, String)>,
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

/// What became of one that was said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// It has the number it had.
    InPlace(u32),
    /// There are two.
    Beside(Beside),
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
            in_place: VecDeque::new(),
            gtks: VecDeque::new(),
        }
    }

    /// Says again what the service holds back already, where it lists that: what rings as quiet begins goes on to be seen.
    pub(super) async fn say_what_is_there(&mut self) {
        let Ok(server) = server(&self.bus).await else { return };
        for one in listed::all(&self.bus, &server).await {
            let notice = one.notice();
            let now = self.begun.elapsed();
            let people = self.people.borrow();
            let Some(why) = people.as_ref().and_then(|people| passes(&notice, people, false))
            else {
                continue;
            };
            if !self.history.may_show(&notice, now) {
                continue;
            }
            tracing::debug!(?why, "was there, and stays");
            let (bus, id) = (self.bus.clone(), one.id);
            let again = one.again(why);
            self.saying.spawn(async move { said(say(&bus, again, false, id, 0).await) });
        }
    }

    /// Takes away what is shown a second time.
    pub(super) async fn leave(&mut self) {
        for Beside { ours, .. } in std::mem::take(&mut self.beside) {
            let _ = close(&self.bus, ours).await;
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
        if said.is_ours() || self.is_from_us(call) {
            return false;
        }
        let lets = if said.is_urgent_for_all() { None } else { self.lets(&notice) };
        let Some((why, may)) = lets else {
            // A call that has become a missed one rings no longer.
            self.alone(said.replaces);
            return false;
        };
        if !may || !answered {
            return false;
        }
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
            update: self.gtks.iter().any(|(app, id)| app == said.app && id == said.id),
        };
        let small = call.body().data().bytes().len() <= GTK_AT_MOST
            && said.app.len() + said.id.len() <= NAMES_AT_MOST;
        if !small || self.is_from_us(call) {
            return false;
        }
        let lets = if said.urgent { None } else { self.lets(&notice) };
        let known = self.forget_gtks(said.app, said.id);
        let may = lets.is_some_and(|(_, may)| may);
        if may {
            if self.gtks.len() == BESIDE_AT_MOST {
                self.gtks.pop_front();
            }
            self.gtks.push_back((said.app.to_owned(), said.id.to_owned()));
        } else if !known {
            return false;
        }
        // One that comes in the place of what we have said may have come before that: it is said after it as well.
        let (bus, call) = (self.bus.clone(), call.clone());
        self.saying.spawn(async move {
            if let Err(error) = say_gtks(&bus, &call, may).await {
                tracing::debug!(%error, "nobody showed what is let through");
            }
            None
        });
        may
    }

    /// One of GTK's was withdrawn. Ours may have come after that, and would then stay for ever.
    pub(super) fn gtks_is_gone(&mut self, call: &Message, app: &str, id: &str) {
        if self.is_from_us(call) || !self.forget_gtks(app, id) {
            return;
        }
        let (bus, names) = (self.bus.clone(), (app.to_owned(), id.to_owned()));
        self.saying.spawn(async move {
            let _ = gtks(&bus).call::<_, ()>("RemoveNotification", &names).await;
            None
        });
    }

    /// Tells whether one of GTK's was said again, and forgets it.
    fn forget_gtks(&mut self, app: &str, id: &str) -> bool {
        let before = self.gtks.len();
        self.gtks.retain(|(its, name)| its != app || name != id);
        self.gtks.len() < before
    }

    fn is_from_us(&self, call: &Message) -> bool {
        let us = self.bus.unique_name().map(|name| name.as_str());
        call.header().sender().map(zbus::names::UniqueName::as_str) == us
    }

    /// Why one comes through, and whether there is room for it.
    fn lets(&mut self, notice: &Notice<'_>) -> Option<(Why, bool)> {
        let now = self.begun.elapsed();
        let people = self.people.borrow();
        let people = people.as_ref()?;
        // What would not come through a second time either is not remembered: it would crowd out who tries again.
        passes(notice, people, true)?;
        let why = passes(notice, people, self.history.tried(notice, now))?;
        let may = self.history.may_show(notice, now);
        // Of a notification nothing but this goes into the journal.
        tracing::debug!(?why, may, "comes through");
        Some((why, may))
    }

    /// Looks at an answer of the service: the number of one that waits for it.
    pub(super) fn answered(&mut self, reply: &Message) {
        let header = reply.header();
        let (Some(serial), Some(to)) = (header.reply_serial(), header.destination()) else {
            return;
        };
        let us = self.bus.unique_name().map(|name| name.as_str());
        if Some(to.as_str()) == us && !self.in_place.is_empty() {
            let body = reply.body();
            let data = body.data();
            if let Some(id) = number(data.bytes(), data.context().endian()) {
                self.in_place.retain(|it| *it != id);
            }
        }
        let is_it = |it: &Pending| it.serial == serial && it.sender == to.as_str();
        let Some(at) = self.pending.iter().position(is_it) else { return };
        let Some(Pending { again, call, .. }) = self.pending.remove(at) else { return };
        let body = reply.body();
        let data = body.data();
        let Some(id) = number(data.bytes(), data.context().endian()) else { return };
        let bus = self.bus.clone();
        let known = self.beside.iter().find(|beside| beside.theirs == id);
        let replaces = known.map_or(0, |beside| beside.ours);
        self.saying.spawn(async move { said(say(&bus, again, call, id, replaces).await) });
    }

    /// Ends when all that is on its way is said, or was not in time.
    pub(super) async fn said(&mut self) {
        while let Some(said) = self.saying.join_next().await {
            match said {
                Ok(Some(Said::Beside(beside))) => {
                    self.beside.retain(|it| it.theirs != beside.theirs);
                    if self.beside.len() == BESIDE_AT_MOST {
                        self.beside.pop_front();
                    }
                    self.beside.push_back(beside);
                }
                Ok(Some(Said::InPlace(id))) => {
                    if self.in_place.len() == BESIDE_AT_MOST {
                        self.in_place.pop_front();
                    }
                    self.in_place.push_back(id);
                }
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// A notification of this number is gone; one that is shown beside it goes with it.
    pub(super) fn gone(&mut self, id: u32) {
        self.beside.retain(|it| it.ours != id);
        // The service tells of it before it answers us: it was gone when we said it again, and some services (Plasma, swaync)
        // then show it anew under the number it had.
        if let Some(at) = self.in_place.iter().position(|it| *it == id) {
            self.in_place.remove(at);
            self.close(id);
        }
        self.alone(id);
    }

    /// A notification of this number needs none beside it.
    fn alone(&mut self, id: u32) {
        let Some(at) = self.beside.iter().position(|it| it.theirs == id) else { return };
        if let Some(Beside { ours, .. }) = self.beside.remove(at) {
            self.close(ours);
        }
    }

    fn close(&mut self, id: u32) {
        let bus = self.bus.clone();
        self.saying.spawn(async move {
            let _ = close(&bus, id).await;
            None
        });
    }

    /// Another program shows notifications now, with numbers of its own.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.beside.clear();
        self.in_place.clear();
        self.gtks.clear();
    }
}

/// What became of it, if anything did.
fn said(said: Result<Option<Said>, CallError>) -> Option<Said> {
    said.inspect_err(|error| tracing::debug!(%error, "nobody showed what is let through"))
        .ok()
        .flatten()
}

/// Says again what the service holds under a number; answers what became of it.
async fn say(
    bus: &Connection,
    again: Again,
    call: bool,
    id: u32,
    replaces: u32,
) -> Result<Option<Said>, CallError> {
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
    Ok(match way {
        Way::Beside => Some(Said::Beside(Beside { theirs: id, ours })),
        Way::InPlace | Way::AsItWas | Way::InPlaceAnew => Some(Said::InPlace(id)),
        // These tell that it is gone because they hold it back; and the shell has another number for one that is.
        Way::ForAWhile | Way::ForAWhileOnBudgie | Way::PastTheHelper => None,
    })
}

fn gtks(bus: &Connection) -> Peer {
    Peer::new(bus, GTK, "/org/gtk/Notifications", GTK)
}

/// Says one of GTK's once more, `urgent` or as it was.
async fn say_gtks(bus: &Connection, call: &Message, urgent: bool) -> Result<(), CallError> {
    type Said = (String, String, HashMap<String, OwnedVariant>);
    let odd = |error: zbus::Error| CallError::Odd(GTK.to_owned(), error.to_string());
    let body = call.body();
    let (app, id, mut said): Said = body.deserialize().map_err(odd)?;
    if urgent {
        said.insert("priority".to_owned(), zbus::Str::from("urgent").into());
    }
    gtks(bus).call("AddNotification", &(app, id, said)).await
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
