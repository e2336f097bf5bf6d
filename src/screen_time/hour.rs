//! One hour of the person's day, and what was spent of it where.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// How many apps one hour names; the time of more is counted with no app.
pub const APPS_AT_MOST: usize = 64;

/// The longest id of an app that is kept, in bytes.
pub const APP_AT_MOST: usize = 128;

/// What was counted in one hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// When it began, as an instant: the whole hour on the clock of the zone the machine was in, so that days end at
    /// midnight also where zones are half an hour apart, and stay as they were for who travels on.
    pub start: Timestamp,
    /// Seconds at the screen. More than 3600 only where the clock was set back and the hour came twice.
    pub seconds: u32,
    /// Seconds in which it was quiet while the machine was awake, at the screen or not.
    pub quiet: u32,
    /// Seconds at the screen, by the id of the app that had the focus; what is not known of is missing here.
    pub apps: BTreeMap<String, u32>,
}

impl Hour {
    /// Tells whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.seconds == 0 && self.quiet == 0 && self.apps.is_empty()
    }

    /// Adds what was counted of the same hour.
    pub fn add(&mut self, more: &Self) {
        self.seconds = self.seconds.saturating_add(more.seconds);
        self.quiet = self.quiet.saturating_add(more.quiet);
        for (app, seconds) in &more.apps {
            if let Some(sum) = self.apps.get_mut(app) {
                *sum = sum.saturating_add(*seconds);
            } else if self.apps.len() < APPS_AT_MOST {
                self.apps.insert(app.clone(), *seconds);
            }
        }
    }
}

/// Puts together what was counted of the same hours; in their order, none of them empty.
pub fn merged(parts: impl IntoIterator<Item = Hour>) -> Vec<Hour> {
    let mut hours: BTreeMap<Timestamp, Hour> = BTreeMap::new();
    for part in parts {
        let start = part.start;
        hours.entry(start).or_insert_with(|| Hour { start, ..Hour::default() }).add(&part);
    }
    hours.into_values().filter(|hour| !hour.is_empty()).collect()
}

/// When the hour began that a moment lies in: the whole hour on the local clock, or later, where the clock was put
/// forward or back by less than an hour since.
pub fn start_of_hour(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let offset = zone.to_offset(at);
    let local = at.as_second() + i64::from(offset.seconds());
    let start = at.as_second() - local.rem_euclid(3600);
    let start = Timestamp::from_second(start).unwrap_or(at);
    if zone.to_offset(start) == offset {
        return start;
    }
    let after = at.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(at);
    zone.preceding(after).next().map_or(start, |change| change.timestamp().max(start))
}

/// When the hour ends that a moment lies in; always later.
pub(super) fn end_of_hour(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let local = at.as_second() + i64::from(zone.to_offset(at).seconds());
    let whole = at.as_second() - local.rem_euclid(3600) + 3600;
    let whole = Timestamp::from_second(whole).unwrap_or(Timestamp::MAX);
    zone.following(at).next().map_or(whole, |change| change.timestamp().min(whole))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hour(at: &str, zone: &str) -> [String; 2] {
        let zone = TimeZone::get(zone).unwrap();
        let at = at.parse().unwrap();
        [start_of_hour(at, &zone), end_of_hour(at, &zone)]
            .map(|it| it.to_zoned(zone.clone()).strftime("%H:%M%z").to_string())
    }

    #[test]
    fn an_hour_is_one_of_the_local_clock() {
        assert_eq!(hour("2026-06-01T10:20:30Z", "Europe/Berlin"), ["12:00+0200", "13:00+0200"]);
        assert_eq!(hour("2026-06-01T10:20:30Z", "Asia/Kolkata"), ["15:00+0530", "16:00+0530"]);
        assert_eq!(hour("2026-06-01T10:20:30Z", "Asia/Kathmandu"), ["16:00+0545", "17:00+0545"]);
        assert_eq!(hour("2026-06-01T10:00:00Z", "UTC"), ["10:00+0000", "11:00+0000"]);
    }

    #[test]
    fn clocks_that_are_put_forward_and_back_make_hours_of_their_own() {
        let berlin = |at| hour(at, "Europe/Berlin");
        assert_eq!(berlin("2026-03-29T00:59:59Z"), ["01:00+0100", "03:00+0200"]);
        assert_eq!(berlin("2026-03-29T01:00:00Z"), ["03:00+0200", "04:00+0200"]);
        assert_eq!(berlin("2026-10-25T00:30:00Z"), ["02:00+0200", "02:00+0100"]);
        assert_eq!(berlin("2026-10-25T01:30:00Z"), ["02:00+0100", "03:00+0100"]);
        // By half an hour only.
        let howe = |at| hour(at, "Australia/Lord_Howe");
        assert_eq!(howe("2026-04-04T14:50:00Z"), ["01:00+1100", "01:30+1030"]);
        assert_eq!(howe("2026-04-04T15:00:00Z"), ["01:30+1030", "02:00+1030"]);
        assert_eq!(howe("2026-04-04T15:10:00Z"), ["01:30+1030", "02:00+1030"]);
        assert_eq!(howe("2026-10-03T15:40:00Z"), ["02:30+1100", "03:00+1100"]);
    }

    #[test]
    fn more_apps_than_fit_are_counted_with_no_app() {
        let one = |app: usize| Hour {
            seconds: 1,
            apps: [(app.to_string(), 1)].into(),
            ..Hour::default()
        };
        let all = merged((0..APPS_AT_MOST + 5).map(one));
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].seconds, all[0].apps.len()), (69, APPS_AT_MOST));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn hours_follow_each_other(at in 0..4_000_000_000_i64, zone in 0..5_usize) {
            let zones =
                ["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "UTC"];
            let zone = TimeZone::get(zones[zone]).unwrap();
            let at = Timestamp::from_second(at).unwrap();
            let (start, end) = (start_of_hour(at, &zone), end_of_hour(at, &zone));
            prop_assert!(start <= at && at < end);
            prop_assert!(end.duration_since(start) <= SignedDuration::from_hours(1));
            prop_assert_eq!(start_of_hour(start, &zone), start);
        }
    }
}
