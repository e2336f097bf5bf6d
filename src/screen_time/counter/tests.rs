//! A day on a clock that is set by hand, and what must have been counted of it.

use proptest::prelude::*;

use super::*;
use crate::screen_time::{Attention, Focus, Told, merged};

/// A machine and a person in front of it.
struct Day {
    counter: Counter,
    attention: Attention,
    now: Moment,
    zone: TimeZone,
    quiet: bool,
    taken: Vec<Hour>,
}

impl Day {
    fn begins(at: &str, zone: &str) -> Self {
        let now = Moment { wall: at.parse().unwrap(), awake: SignedDuration::from_secs(1_000) };
        let mut day = Self {
            counter: Counter::default(),
            attention: Attention::default(),
            now,
            zone: TimeZone::get(zone).unwrap(),
            quiet: false,
            taken: Vec::new(),
        };
        day.told(Told::Idle(false));
        day
    }

    fn turn(&mut self) {
        let activity = self.attention.activity();
        self.counter.tell(self.now, &self.zone, activity, self.quiet);
    }

    fn told(&mut self, told: Told) -> &mut Self {
        self.attention.tell(told);
        self.turn();
        self
    }

    fn focus(&mut self, app: &str) -> &mut Self {
        self.told(Told::Focus(Focus { app: Some(app.to_owned()), full_screen: None }))
    }

    fn is_quiet(&mut self, quiet: bool) -> &mut Self {
        self.quiet = quiet;
        self.turn();
        self
    }

    fn passes(&mut self, seconds: i64) -> &mut Self {
        self.now.wall += SignedDuration::from_secs(seconds);
        self.now.awake += SignedDuration::from_secs(seconds);
        self
    }

    /// The machine sleeps.
    fn sleeps(&mut self, seconds: i64) -> &mut Self {
        self.told(Told::Sleeps(true));
        self.now.wall += SignedDuration::from_secs(seconds);
        self.told(Told::Sleeps(false))
    }

    /// The wall clock is set; the loop hears of it at once.
    fn clock_is_set(&mut self, seconds: i64) -> &mut Self {
        self.now.wall += SignedDuration::from_secs(seconds);
        self.turn();
        self
    }

    fn writes(&mut self) -> &mut Self {
        self.turn();
        self.taken.extend(self.counter.take());
        self
    }

    /// Local hour, seconds, quiet, and each app's.
    fn lines(&mut self) -> Vec<String> {
        self.writes();
        let line = |hour: &Hour| {
            let start = hour.start.to_zoned(self.zone.clone()).strftime("%d %H:%M%z").to_string();
            let apps: Vec<String> =
                hour.apps.iter().map(|(app, seconds)| format!("{app} {seconds}")).collect();
            format!("{start} {} {} [{}]", hour.seconds, hour.quiet, apps.join(", "))
        };
        merged(self.taken.clone()).iter().map(line).collect()
    }
}

#[test]
fn a_day_of_focus_idleness_locks_and_sleep() {
    let mut day = Day::begins("2026-06-01T21:50:00Z", "Europe/Berlin");
    // 23:50: ten minutes in one app, five in another, over midnight, then idle.
    day.focus("foot").passes(600).focus("firefox").passes(300).told(Told::Idle(true));
    day.passes(900).told(Told::Idle(false)).passes(61).told(Told::Locked(true));
    // Input on the lock screen.
    day.passes(30).told(Told::Idle(true)).passes(30).told(Told::Idle(false));
    day.passes(39).told(Told::Locked(false)).focus("foot").passes(40);
    // Nobody says what has the focus.
    day.told(Told::Focus(Focus::default())).passes(20).writes();
    day.focus("foot").passes(7).sleeps(8 * 3600).passes(5).told(Told::Idle(true)).passes(9_999);
    assert_eq!(
        day.lines(),
        [
            "01 23:00+0200 600 0 [foot 600]",
            "02 00:00+0200 428 0 [firefox 361, foot 47]",
            "02 08:00+0200 5 0 [foot 5]",
        ]
    );
}

#[test]
fn quiet_counts_at_the_screen_or_not() {
    let mut day = Day::begins("2026-06-01T10:00:00Z", "UTC");
    day.is_quiet(true).passes(1_800).told(Told::Idle(true)).passes(3_600).sleeps(100_000);
    day.is_quiet(false).passes(60);
    assert_eq!(day.lines(), ["01 10:00+0000 1800 3600 []", "01 11:00+0000 0 1800 []"]);
}

#[test]
fn the_night_the_clocks_change() {
    let mut day = Day::begins("2026-10-25T00:00:00Z", "Europe/Berlin");
    day.passes(3 * 3600);
    assert_eq!(
        day.lines(),
        ["25 02:00+0200 3600 0 []", "25 02:00+0100 3600 0 []", "25 03:00+0100 3600 0 []"]
    );
    let mut day = Day::begins("2026-03-29T00:30:00Z", "Europe/Berlin");
    day.passes(3600);
    assert_eq!(day.lines(), ["29 01:00+0100 1800 0 []", "29 03:00+0200 1800 0 []"]);
}

#[test]
fn a_clock_that_is_set_adds_nothing() {
    // Back over midnight: the hour comes twice, and both times count, not more.
    let mut day = Day::begins("2026-06-01T23:50:00Z", "UTC");
    day.passes(1_200).clock_is_set(-3_600).passes(600).told(Told::Idle(true));
    assert_eq!(day.lines(), ["01 23:00+0000 1200 0 []", "02 00:00+0000 600 0 []"]);
    // And forward by a year.
    let mut day = Day::begins("2026-06-01T10:00:00Z", "UTC");
    day.passes(60).clock_is_set(365 * 86_400).passes(60).clock_is_set(-365 * 86_400).passes(60);
    // The second of them a year later.
    assert_eq!(day.lines(), ["01 10:00+0000 120 0 []", "01 10:00+0000 60 0 []"]);
}

#[test]
fn what_is_slept_through_with_nothing_told_is_not_counted() {
    let mut day = Day::begins("2026-06-01T10:00:00Z", "UTC");
    day.passes(60);
    day.now.wall += SignedDuration::from_hours(9);
    day.passes(60).told(Told::Idle(true));
    assert_eq!(day.lines(), ["01 10:00+0000 120 0 []"]);
}

#[test]
fn a_machine_that_travels_has_hours_of_where_it_was() {
    let mut day = Day::begins("2026-06-01T10:00:00Z", "Europe/Berlin");
    day.passes(600).turn();
    day.zone = TimeZone::get("Asia/Kolkata").unwrap();
    day.passes(600);
    assert_eq!(day.lines(), ["01 15:00+0530 600 0 []", "01 15:30+0530 600 0 []"]);
}

#[test]
fn names_that_are_no_ids_are_not_kept() {
    let mut day = Day::begins("2026-06-01T10:00:00Z", "UTC");
    day.focus("").passes(1).focus("a\nb").passes(1).focus(&"x".repeat(129)).passes(1);
    assert_eq!(day.lines(), ["01 10:00+0000 3 0 []"]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    /// Whatever happens, and however often it is written: what is counted is what passed, in parts of a second too.
    #[test]
    fn nothing_is_lost_and_nothing_added(
        steps in prop::collection::vec((0..6_u8, 0..5_000_000_u64), 1..60),
    ) {
        let mut day = Day::begins("2026-10-24T20:00:00Z", "Australia/Lord_Howe");
        day.focus("a");
        let (mut active, mut quiet) = (SignedDuration::ZERO, SignedDuration::ZERO);
        for (what, millis) in steps {
            let passes = SignedDuration::from_millis(i64::try_from(millis).unwrap());
            day.now.wall += passes;
            day.now.awake += passes;
            if day.attention.is_active() {
                active += passes;
            }
            if day.quiet {
                quiet += passes;
            }
            match what {
                0 => { day.told(Told::Idle(true)); }
                1 | 2 => { day.told(Told::Idle(false)); }
                3 => { day.clock_is_set(-7_200); }
                4 => { let now = day.quiet; day.is_quiet(!now); }
                _ => { day.writes(); }
            }
        }
        day.writes();
        let sum = |of: fn(&Hour) -> u32| day.taken.iter().map(|it| i64::from(of(it))).sum::<i64>();
        prop_assert_eq!(sum(|it| it.seconds), active.as_secs());
        prop_assert_eq!(sum(|it| it.quiet), quiet.as_secs());
        prop_assert_eq!(sum(|it| it.apps.values().sum()), active.as_secs());
    }
}
