//! From which day to which a report is. Pure: what it is now comes in as a value.

use jiff::{ToSpan as _, Zoned, civil::Date};

use crate::{
    cli::{CommandError, when},
    report::{YEARS_AT_MOST, earliest},
};

/// How many days a report is about where nobody says.
const DAYS: i64 = 28;

/// The days of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last, today at the latest.
    pub to: Date,
    /// What is to be said where that is not the one that was typed.
    pub but: Option<String>,
}

impl Days {
    /// Reads them as they were typed, and refuses what cannot be meant.
    pub fn read(from: Option<&str>, to: Option<&str>, now: &Zoned) -> Result<Self, CommandError> {
        let today = now.date();
        let from = from.map(|text| when::day(text, now)).transpose()?;
        let last = to.map(|text| when::day(text, now)).transpose()?.unwrap_or(today);
        let to = last.min(today);
        let from = from.unwrap_or_else(|| to.checked_sub((DAYS - 1).days()).unwrap_or(to));
        if from > today {
            return Err(CommandError::usage(format!(
                "{from} lies in the future, and a report is of what was. Nothing was written."
            ))
            .hint(format!("Write today, {today}, or an earlier day after --from.")));
        }
        if from > to {
            return Err(CommandError::usage(format!(
                "A report from {from} to {to} would end before it begins. Nothing was written."
            ))
            .hint("Write the earlier day after --from."));
        }
        let earliest = earliest(to);
        if from < earliest {
            return Err(CommandError::usage(format!(
                "A report has room for {YEARS_AT_MOST} years at most, and {from} to {to} is longer. \
                 Nothing was written."
            ))
            .hint(format!("Write --from {earliest}; for what was before, another with --to.")));
        }
        let but = (last > today)
            .then(|| format!("{last} lies in the future: the report ends today, {today}."));
        Ok(Self { from, to, but })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: Option<&str>, to: Option<&str>) -> Result<Days, String> {
        let now = "2026-11-23T15:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let said = |error: CommandError| format!("{} {}", error.message, error.hints.join(" "));
        Days::read(from, to, &now).map_err(said)
    }

    fn span(from: Option<&str>, to: Option<&str>) -> String {
        let days = read(from, to).unwrap();
        format!("{} to {}", days.from, days.to)
    }

    #[test]
    fn four_weeks_where_nobody_says() {
        assert_eq!(span(None, None), "2026-10-27 to 2026-11-23");
        assert_eq!(span(None, Some("2026-10-28")), "2026-10-01 to 2026-10-28");
        assert_eq!(span(Some("today"), None), "2026-11-23 to 2026-11-23");
    }

    #[test]
    fn what_is_longer_than_there_is_room_for_is_refused_with_what_to_type() {
        let said = read(Some("2020-01-01"), None).unwrap_err();
        insta::assert_snapshot!(said, @"A report has room for 5 years at most, and 2020-01-01 to 2026-11-23 is longer. Nothing was written. Write --from 2021-11-24; for what was before, another with --to.");
        assert_eq!(span(Some("2021-11-24"), None), "2021-11-24 to 2026-11-23");
        assert_eq!(span(Some("2020-01-01"), Some("2024-12-31")), "2020-01-01 to 2024-12-31");
    }

    #[test]
    fn days_that_were_typed_are_told_and_no_others() {
        let said = read(Some("2027-01-01"), Some("2027-02-01")).unwrap_err();
        insta::assert_snapshot!(said, @"2027-01-01 lies in the future, and a report is of what was. Nothing was written. Write today, 2026-11-23, or an earlier day after --from.");
        let said = read(Some("2026-11-20"), Some("2026-11-02")).unwrap_err();
        insta::assert_snapshot!(said, @"A report from 2026-11-20 to 2026-11-02 would end before it begins. Nothing was written. Write the earlier day after --from.");
        let days = read(Some("2026-11-01"), Some("2027-02-01")).unwrap();
        assert_eq!(days.to.to_string(), "2026-11-23");
        insta::assert_snapshot!(days.but.unwrap(), @"2027-02-01 lies in the future: the report ends today, 2026-11-23.");
        assert_eq!(read(None, Some("today")).unwrap().but, None);
    }
}
