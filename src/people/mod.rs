//! Who comes through while notifications are held back.
//!
//! Pure: what a notification says of itself, what the person wrote, and what came before it, to a reason or none. No
//! bus, no clock; who sees notifications and shows them again is [`crate::source`]'s.

mod fold;
mod history;

use self::fold::fold;
pub use self::history::History;
use crate::config::{People, app_id, never};

/// What a notification says of itself. Nothing of it is trusted, and nothing of it is kept but in [`History`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notice<'n> {
    /// The program's name, in its own words.
    pub app: &'n str,
    /// Its id in the menu, if it tells one.
    pub entry: &'n str,
    /// `category` (Desktop Notifications Specification 1.3), if it tells one.
    pub category: &'n str,
    /// Its title.
    pub title: &'n str,
    /// Whether it takes the place of another one.
    pub update: bool,
}

/// Why a notification comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is a call, or of an app for calls.
    Call,
    /// It is an alarm, or of a device or a list someone's health depends on.
    Alarm,
    /// Its app is named under `[people]`.
    App,
    /// Its sender is named under `[people]`.
    Sender,
    /// The same caller tries a second time.
    Twice,
}

/// Apps that are for calls and little else: all they show comes through. Messengers are not among them: most do not say
/// whether it is a message or a call.
#[rustfmt::skip]
const FOR_CALLS: &[&str] = &[
    "com.belledonnecommunications.linphone", "com.cisco.webex*", "ekiga", "gnome-calls", "im.jami*", "jami*", "jitsi*",
    "linphone*", "net.jami*", "org.gnome.calls", "org.jitsi*", "org.kde.plasma.dialer", "org.linphone*", "plasma-dialer",
    "sm.puri.calls", "twinkle", "us.zoom.zoom", "webex", "zoom", "zoom-client",
];

/// Clocks that ring.
#[rustfmt::skip]
const FOR_ALARMS: &[&str] = &[
    "alarm-clock-applet", "gnome-clocks", "io.elementary.clock", "kalarm", "kclock*", "org.gnome.clocks", "org.kde.kalarm*",
    "org.kde.kclock*",
];

/// What [`never::app`] says of apps with which people call, and of what someone's health depends on.
const CALLS: [&str; 2] = ["calls", "the phone"];
const DEVICE: &str = "a device or a list someone's health depends on";

/// Tells why a notification comes through; none if it is to wait. `tried` is told before, so that nothing tries for itself.
pub fn passes(notice: &Notice<'_>, people: &People, tried: bool) -> Option<Why> {
    type Is = fn(&Notice<'_>, &People) -> bool;
    let rules: [(bool, Why, Is); 4] = [
        (people.calls, Why::Call, |notice, _| notice.is_call()),
        (people.alarms, Why::Alarm, |notice, _| notice.is_alarm()),
        (true, Why::App, |notice, people| people.apps.iter().any(|app| notice.is_of(app))),
        (true, Why::Sender, |notice, people| notice.is_from(&people.senders)),
    ];
    let rule = rules.into_iter().find(|(on, _, is)| *on && is(notice, people));
    let twice = people.twice && tried && !notice.update && notice.may_be_a_call();
    rule.map(|(_, why, _)| why).or_else(|| twice.then_some(Why::Twice))
}

/// Tells whether anybody could come through at all.
pub fn lets_anybody(people: &People) -> bool {
    let People { cards: _, apps, senders, calls, alarms, twice } = people;
    *calls || *alarms || *twice || !apps.is_empty() || !senders.is_empty()
}

impl Notice<'_> {
    /// The ids it may be known by: what the program says of itself counts where it tells no id.
    fn ids(&self) -> impl Iterator<Item = &str> {
        [self.entry, self.app].into_iter().filter(|id| !id.is_empty())
    }

    fn has_category(&self, category: &str) -> bool {
        let rest = self.category.strip_prefix(category);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// A call that is over, or was missed, does not ring.
    fn is_call(&self) -> bool {
        let over = ["call.ended", "call.unanswered"].contains(&self.category);
        let is_for_calls = || self.ids().any(|id| never::is_one_of(id, FOR_CALLS));
        !over && (self.has_category("call") || (self.category.is_empty() && is_for_calls()))
    }

    fn is_alarm(&self) -> bool {
        let rings = |id| never::is_one_of(id, FOR_ALARMS) || never::app(id) == Some(DEVICE);
        self.has_category("alarm") || self.ids().any(rings)
    }

    /// Tells whether somebody may be calling: it is one way or another of an app with which people call.
    fn may_be_a_call(&self) -> bool {
        let calls = |id| never::app(id).is_some_and(|why| CALLS.contains(&why));
        self.has_category("call") || (self.category.is_empty() && self.ids().any(calls))
    }

    /// Tells whether it is of an app, as the person wrote its id.
    fn is_of(&self, app: &str) -> bool {
        let own = fold(app_id(app));
        let is = |id: &str| fold(app_id(id)) == own;
        // Where it tells no id, "Signal" is org.signal.Signal.
        let by_name = || own.rsplit('.').next().is_some_and(|last| fold(self.app) == last);
        self.ids().any(is) || (self.entry.is_empty() && by_name())
    }

    /// Tells whether it is from one of these: the first line of its title is that name and nothing else.
    fn is_from(&self, senders: &[String]) -> bool {
        let from = fold(self.title.trim_start().lines().next().unwrap_or_default());
        !from.is_empty() && senders.iter().any(|sender| fold(sender) == from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn people() -> People {
        People {
            apps: ["org.signal.Signal".to_owned()].into(),
            senders: vec!["Mum".to_owned(), "Ümit  Ö".to_owned()],
            ..People::default()
        }
    }

    fn why(notice: Notice<'_>) -> Option<Why> {
        passes(&notice, &people(), false)
    }

    #[test]
    fn calls_alarms_and_named_ones_come_through() {
        let of = |app| Notice { app, ..Notice::default() };
        let category = |category| Notice { app: "chat", category, ..Notice::default() };
        let entry = |entry| Notice { app: "x", entry, ..Notice::default() };
        let title = |title| Notice { app: "mail", title, ..Notice::default() };
        for call in
            [category("call"), category("call.incoming"), of("Zoom"), entry("org.gnome.Calls")]
        {
            assert_eq!(why(call), Some(Why::Call), "{call:?}");
        }
        for alarm in
            [entry("org.gnome.clocks"), of("KAlarm"), category("alarm"), entry("nightscout")]
        {
            assert_eq!(why(alarm), Some(Why::Alarm), "{alarm:?}");
        }
        for app in [entry("org.signal.Signal.desktop"), entry("ORG.SIGNAL.SIGNAL"), of("Signal")] {
            assert_eq!(why(app), Some(Why::App), "{app:?}");
        }
        for sender in [
            title("Mum"),
            title(" mum "),
            title("MUM\nwrites"),
            title("\u{200e}M\u{7}um"),
            title("ümit ö"),
            title("U\u{308}mit O\u{308}"),
        ] {
            assert_eq!(why(sender), Some(Why::Sender), "{sender:?}");
        }
        for held in [
            category("im.received"),
            category("call.unanswered"),
            category("call.ended"),
            category("callous"),
            title("Mum and Dad"),
            title("not Mum"),
            title(""),
            of("discord"),
            of("signal-lamp"),
            Notice { app: "Signal", entry: "org.example.Other", ..Notice::default() },
            Notice { app: "zoom", category: "im.received", ..Notice::default() },
        ] {
            assert_eq!(why(held), None, "{held:?}");
        }
    }

    #[test]
    fn each_part_can_be_switched_off() {
        let none = People { calls: false, alarms: false, twice: false, ..People::default() };
        assert!(!lets_anybody(&none) && lets_anybody(&People::default()));
        for (app, category) in [("zoom", ""), ("kalarm", ""), ("x", "call.incoming")] {
            let notice = Notice { app, category, title: "Mum", ..Notice::default() };
            assert_eq!(passes(&notice, &none, true), None, "{notice:?}");
        }
    }

    #[test]
    fn only_a_caller_comes_through_the_second_time() {
        let of = |app, category| Notice { app, category, title: "Ada", ..Notice::default() };
        let second = |notice| passes(&notice, &People::default(), true);
        assert_eq!(second(of("whatsapp-desktop", "")), Some(Why::Twice));
        assert_eq!(second(of("chat", "call.unanswered")), Some(Why::Twice));
        assert_eq!(second(of("whatsapp-desktop", "im.received")), None, "it says it is a message");
        assert_eq!(second(of("mail", "")), None);
        let update = Notice { update: true, ..of("whatsapp-desktop", "") };
        assert_eq!(second(update), None, "an update is no second try");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn nothing_passes_for_being_odd(app in "\\PC{0,40}", entry in "\\PC{0,40}", title in ".{0,40}", update: bool) {
            let nobody = People { calls: false, alarms: false, twice: false, ..people() };
            let notice = Notice { app: &app, entry: &entry, category: "", title: &title, update };
            let why = passes(&notice, &nobody, true);
            let named = fold(title.trim_start().lines().next().unwrap_or_default());
            prop_assert!(why != Some(Why::Sender) || ["mum", "umit o"].contains(&&*named));
            prop_assert!(!matches!(why, Some(Why::Call | Why::Alarm | Why::Twice)));
        }

        #[test]
        fn what_passes_with_less_passes_with_more(calls: bool, alarms: bool, twice: bool, tried: bool,
            app in prop::sample::select(vec!["zoom", "kalarm", "signal", "mail"]),
            category in prop::sample::select(vec!["", "call", "alarm", "im.received"])) {
            let some = People { calls, alarms, twice, ..People::default() };
            let notice = Notice { app, category, title: "Ada", ..Notice::default() };
            prop_assert!(passes(&notice, &some, tried).is_none() || passes(&notice, &People::default(), tried).is_some());
        }
    }
}
