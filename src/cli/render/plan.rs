//! `quietctl plan`: the days ahead, and each change in them.

use jiff::{Timestamp, civil::Date};

use super::{
    Page,
    changes::{Change, changes, profiles, running},
    measures::{short, together},
};
use crate::api::PeriodEntry;

/// A timeline from now on: a heading for each day, a row for each change.
pub fn page(page: &Page, periods: &[PeriodEntry], until: Timestamp) -> String {
    let now = page.now.timestamp();
    let mut steps = vec![Change { at: now, running: running(periods, now) }];
    steps.extend(changes(periods, now, until));
    if let [Change { running, .. }] = &*steps
        && running.is_empty()
    {
        let last = page.here(until).strftime("%A %-d %B").to_string();
        let nothing = format!("Nothing is quiet now, and nothing is planned up to {last}.");
        let log = page.commands(&[("quietctl log", "after a session makes it quiet")]);
        return format!(
            "{}
{log}",
            page.advice(0, &nothing)
        );
    }
    let mut out = String::new();
    let mut day: Option<Date> = None;
    let mut rows: Vec<(String, String)> = Vec::new();
    for step in &steps {
        let then = page.here(step.at);
        if day != Some(then.date()) {
            if day.is_some() {
                out.push_str(&page.table(&rows));
                out.push('\n');
                rows.clear();
            }
            day = Some(then.date());
            out.push_str(&page.strong(&then.strftime("%A %-d %B").to_string()));
            out.push('\n');
        }
        let time =
            if step.at == now { "now".to_owned() } else { then.strftime("%H:%M").to_string() };
        rows.extend(step_rows(time, step));
    }
    out.push_str(&page.table(&rows));
    out
}

/// One change: what it is then, in a few words, and why.
fn step_rows(time: String, step: &Change<'_>) -> Vec<(String, String)> {
    if step.running.is_empty() {
        return vec![(time, "open: everything is as you had it".to_owned())];
    }
    let measures = short(&together(step.running.iter().copied())).join(", ");
    let mut rows = vec![(time, profiles(&step.running))];
    if !measures.is_empty() {
        rows.push((String::new(), measures));
    }
    rows.extend(step.running.iter().map(|period| (String::new(), period.reason.clone())));
    rows
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn the_days_ahead() {
        let end = sample::at("2026-12-02T15:00:00+01");
        insta::assert_snapshot!(page(&sample::page(), &sample::ahead(), end), @r"
        Wednesday 25 November
          now    settle
                 only urgent notifications, 40% darker, warm (3400 K), grey, 4 apps and
                 7 sites locked, a break every 15 minutes
                 after a session that ended 14:00, phase 1 of 3
          18:00  quiet
                 only urgent notifications, 25% darker, warm (4000 K), 7 sites locked, a
                 break every 15 minutes
                 after a session that ended 14:00, phase 2 of 3

        Thursday 26 November
          14:00  ease
                 notifications in batches (09:00, 13:00, 18:00), warm (5000 K)
                 after a session that ended 14:00, phase 3 of 3

        Saturday 28 November
          14:00  open: everything is as you had it

        Sunday 29 November
          21:30  ease
                 notifications in batches (09:00, 13:00, 18:00), warm (5000 K)
                 every week: evenings

        Monday 30 November
          07:00  open: everything is as you had it
        ");
    }

    #[test]
    fn nothing_ahead() {
        let end = sample::at("2026-12-02T15:00:00+01");
        insta::assert_snapshot!(page(&sample::page(), &[], end), @r"
        Nothing is quiet now, and nothing is planned up to Wednesday 2
        December.

        quietctl log  after a session makes it quiet
        ");
    }

    #[test]
    fn a_period_that_goes_on_past_the_end_has_no_end_here() {
        let end = sample::at("2026-11-26T12:00:00+01");
        insta::assert_snapshot!(page(&sample::page(), &sample::ahead(), end), @r"
        Wednesday 25 November
          now    settle
                 only urgent notifications, 40% darker, warm (3400 K), grey, 4 apps and
                 7 sites locked, a break every 15 minutes
                 after a session that ended 14:00, phase 1 of 3
          18:00  quiet
                 only urgent notifications, 25% darker, warm (4000 K), 7 sites locked, a
                 break every 15 minutes
                 after a session that ended 14:00, phase 2 of 3
        ");
    }
}
