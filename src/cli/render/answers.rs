//! What the commands that do something answer.

use jiff::Timestamp;

use super::{
    Page, changes, plain,
    status::problems,
    time::{counted, moment},
};
use crate::api::{PeriodEntry, ProblemEntry, ToLockEntry, listed};

/// The way out, as every answer that made it quiet ends.
const OFF: (&str, &str) = ("quietctl off", "gives everything back now");

/// `quietctl log`: from when to when, the phases ahead, what could not be done, how to undo. `run` is what followed from
/// this session.
pub fn logged(
    page: &Page,
    id: &str,
    ended: Timestamp,
    run: &[PeriodEntry],
    failed: &[ProblemEntry],
) -> String {
    let now = page.now.timestamp();
    let ended = format!("Logged: a session that {} {}.", tense(page, ended), page.when(ended));
    let mut out = page.advice(0, &ended);
    let forget = format!("quietctl forget {id}");
    let forget = (&*forget, "erases this session");
    let end = run.iter().filter_map(|period| moment(period.until)).max();
    let Some(end) = end.filter(|end| *end > now) else {
        out.push_str(&page.advice(
            0,
            "It makes nothing quiet: no [[after]] rule follows it, or its phases are over.",
        ));
        out.push('\n');
        out.push_str(&page.commands(&[("quietctl plan", "shows what is ahead"), forget]));
        return out;
    };
    let from = run.iter().filter_map(|period| moment(period.from)).min().unwrap_or(now);
    out.push_str(&page.strong(&format!("Quiet from {} until {}", page.when(from), page.when(end))));
    out.push_str("\n\n");
    out.push_str(&page.table(&phases(page, run)));
    out.push_str(&problems(page, failed));
    out.push('\n');
    out.push_str(&page.commands(&[OFF, forget]));
    out
}

/// Says that the words for a session are not kept.
pub fn not_noted(page: &Page, id: &str) -> String {
    let why = "What you wrote is not kept: notes are to be sealed, and the key for that is not to be had now.";
    let keep = format!("quietctl note --session {id}");
    let commands = [(&*keep, "asks for it again, when your keyring is open")];
    format!("\n{}{}", page.advice(0, why), page.commands(&commands))
}

fn tense(page: &Page, ended: Timestamp) -> &'static str {
    if ended > page.now.timestamp() { "ends" } else { "ended" }
}

/// A row for each phase that is not over.
fn phases(page: &Page, run: &[PeriodEntry]) -> Vec<(String, String)> {
    let now = page.now.timestamp();
    let mut phases: Vec<&PeriodEntry> =
        run.iter().filter(|period| moment(period.until).is_none_or(|until| until > now)).collect();
    phases.sort_by_key(|period| period.from);
    phases
        .into_iter()
        .map(|period| {
            let from = moment(period.from)
                .filter(|from| *from > now)
                .map_or_else(|| "now".to_owned(), |from| page.when(from));
            (from, format!("{} {}", period.profile, page.until(period.until)))
        })
        .collect()
}

/// `quietctl forget`; `notes` is how many belong to the session.
pub fn forgotten(page: &Page, id: &str, notes: u32) -> String {
    let mut out = page.advice(0, "The session is erased. What it made quiet is over.");
    if notes > 0 {
        let notes = counted(u64::from(notes), "note");
        out.push_str(&page.advice(0, &format!("You still have its {notes}.")));
        out.push('\n');
        let erase = format!("quietctl erase --session {id}");
        out.push_str(&page.commands(&[(&erase, "erases that too")]));
    }
    out
}

/// `quietctl start`.
pub fn started(
    page: &Page,
    period: Option<&PeriodEntry>,
    profile: &str,
    failed: &[ProblemEntry],
) -> String {
    let line = match period {
        Some(period) => format!("{profile} {}", page.until(period.until)),
        None => format!("{profile} is started"),
    };
    let mut out = page.heading(&line);
    out.push_str(&problems(page, failed));
    out.push('\n');
    out.push_str(&page.commands(&[OFF]));
    out
}

/// `quietctl pause`.
pub fn paused(page: &Page, until: Option<Timestamp>) -> String {
    let until = until.map_or_else(String::new, |until| format!(" until {}", page.when(until)));
    let mut out = page.heading(&format!("Paused{until}"));
    out.push_str(&page.advice(0, "Everything is as you had it; then it is quiet again."));
    out.push('\n');
    out.push_str(&page.commands(&[
        ("quietctl resume", "makes it quiet again now"),
        ("quietctl off", "ends it now; nothing comes back by itself"),
    ]));
    out
}

/// `quietctl resume`.
pub fn resumed(page: &Page, headline: &str, failed: &[ProblemEntry]) -> String {
    let mut out = page.heading(headline);
    out.push_str(&problems(page, failed));
    out.push('\n');
    out.push_str(&page.commands(&[OFF]));
    out
}

/// `quietctl later`.
pub fn later(page: &Page, apps: &[ToLockEntry], until: Option<Timestamp>) -> String {
    let mut out = page.heading(&stays_open(page, apps, until));
    out.push('\n');
    out.push_str(&page.commands(&[
        ("quietctl later", "once more, as often as you like"),
        ("quietctl status", "shows what is locked when"),
    ]));
    out
}

/// `Firefox and Steam stay open until 18:09`.
pub fn stays_open(page: &Page, apps: &[ToLockEntry], until: Option<Timestamp>) -> String {
    let names: Vec<String> = apps.iter().map(|app| plain(&app.name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let what = match names.as_slice() {
        [] => "What is about to be locked stays".to_owned(),
        [one] => format!("{one} stays"),
        names => format!("{} stay", listed(names)),
    };
    match until {
        Some(until) => format!("{what} open until {}", page.when(until)),
        None => format!("{what} open"),
    }
}

/// `quietctl off`.
pub fn off(
    page: &Page,
    ahead: &[PeriodEntry],
    horizon: Timestamp,
    failed: &[ProblemEntry],
) -> String {
    let mut out = String::new();
    if failed.is_empty() {
        out.push_str(&page.heading("Everything is as you had it."));
    } else {
        out.push_str(&page.heading("It is off."));
    }
    out.push_str(&page.advice(0, "Nothing that was running comes back by itself."));
    let now = page.now.timestamp();
    let next =
        changes::changes(ahead, now, horizon).into_iter().find(|change| !change.running.is_empty());
    if let Some(change) = next {
        let profiles = changes::profiles(&change.running);
        out.push_str(&page.advice(
            0,
            &format!("The next quiet time begins {}: {profiles}.", page.when(change.at)),
        ));
    }
    out.push_str(&problems(page, failed));
    out
}

/// `quietctl restore`: what came back, by the backends' titles; what did not, and why; what was wrong with the receipts.
pub fn restored(
    page: &Page,
    done: &[(String, String)],
    failed: &[(String, String)],
    damage: &[String],
) -> String {
    let mut out = String::new();
    // Of a receipt that cannot be read nobody knows what it would have put back.
    if failed.is_empty() && damage.is_empty() {
        out.push_str(&page.heading("Everything is as you had it."));
    } else {
        out.push_str(&page.heading("Not everything could be put back."));
    }
    if done.is_empty() && failed.is_empty() && damage.is_empty() {
        out.push_str(&page.advice(0, "There was nothing to put back."));
    }
    out.push_str(&page.table(&[done, failed].concat()));
    for sentence in damage {
        out.push_str(&page.advice(0, sentence));
    }
    if !failed.is_empty() {
        out.push_str(&page.advice(0, "To try again when it is there: quietctl restore"));
    }
    out
}

/// One thing that `setup` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    did: &'static str,
    what: String,
}

impl Step {
    /// Something done.
    pub fn new(did: &'static str, what: &str) -> Self {
        Self { did, what: what.to_owned() }
    }

    /// Something done with a file.
    pub fn of_file(did: &'static str, title: &str, path: &str) -> Self {
        Self { did, what: format!("{title}: {path}") }
    }
}

/// `quietctl setup` and `setup --remove`: each thing done, then sentences.
pub fn steps(page: &Page, steps: &[Step], sentences: &[String]) -> String {
    let rows: Vec<(&str, &str)> = steps.iter().map(|step| (step.did, &*step.what)).collect();
    let mut out = page.table(&rows);
    if !sentences.is_empty() {
        out.push('\n');
    }
    for sentence in sentences {
        out.push_str(&page.advice(0, sentence));
    }
    out
}

/// `quietctl setup` that went well: each thing done, and what comes next.
pub fn installed(page: &Page, done: &[Step], config: &str) -> String {
    let next = format!(
        "quietd runs. What makes it quiet, and how, is written in {config}; look at it first."
    );
    let mut out = steps(page, done, &[next]);
    out.push('\n');
    out.push_str(&page.commands(&[
        ("quietctl doctor", "says what serves each measure here"),
        ("quietctl log", "after a session makes it quiet"),
        OFF,
    ]));
    out
}

#[cfg(test)]
mod tests {
    use super::{super::sample, *};

    #[test]
    fn a_session_that_is_followed() {
        let (page, run) = (sample::page(), &sample::ahead()[..3]);
        let ended = sample::at("2026-11-25T14:00+01");
        insta::assert_snapshot!(logged(&page, "7", ended, run, &[]), @r"
        Logged: a session that ended 14:00.
        Quiet from 14:00 until Saturday 14:00

          now             settle until 18:00
          18:00           quiet until Thursday 14:00
          Thursday 14:00  ease until Saturday 14:00

        quietctl off       gives everything back now
        quietctl forget 7  erases this session
        ");
        insta::assert_snapshot!(logged(&page, "7", ended, run, &[sample::dim_problem()]), @r"
        Logged: a session that ended 14:00.
        Quiet from 14:00 until Saturday 14:00

          now             settle until 18:00
          18:00           quiet until Thursday 14:00
          Thursday 14:00  ease until Saturday 14:00

        Could not be done
          - The screens could not be dimmed: no backlight was found. Turn the
            screens down at their own buttons if that is better for you.
          To see what serves each measure here: quietctl doctor

        quietctl off       gives everything back now
        quietctl forget 7  erases this session
        ");
    }

    #[test]
    fn a_late_log_lands_in_the_right_phase() {
        let now = "2026-11-27T09:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let page = Page { now, ..sample::page() };
        let ended = sample::at("2026-11-25T14:00+01");
        insta::assert_snapshot!(logged(&page, "7", ended, &sample::ahead()[..3], &[]), @r"
        Logged: a session that ended Wednesday 14:00.
        Quiet from Wednesday 14:00 until Saturday 14:00

          now  ease until Saturday 14:00

        quietctl off       gives everything back now
        quietctl forget 7  erases this session
        ");
    }

    #[test]
    fn a_session_that_no_rule_follows() {
        let ended = sample::at("2026-11-25T15:20+01");
        insta::assert_snapshot!(logged(&sample::page(), "7", ended, &[], &[]), @r"
        Logged: a session that ends 15:20.
        It makes nothing quiet: no [[after]] rule follows it, or its phases
        are over.

        quietctl plan      shows what is ahead
        quietctl forget 7  erases this session
        ");
    }

    #[test]
    fn by_hand() {
        let page = sample::page();
        let ahead = sample::ahead();
        insta::assert_snapshot!(started(&page, ahead.first(), "settle", &[]), @r"
        settle until 18:00

        quietctl off  gives everything back now
        ");
        insta::assert_snapshot!(paused(&page, Some(sample::at("2026-11-25T15:15+01"))), @r"
        Paused until 15:15
        Everything is as you had it; then it is quiet again.

        quietctl resume  makes it quiet again now
        quietctl off     ends it now; nothing comes back by itself
        ");
        let horizon = sample::at("2026-12-02T15:00+01");
        insta::assert_snapshot!(off(&page, &ahead[3..], horizon, &[]), @r"
        Everything is as you had it.
        Nothing that was running comes back by itself.
        The next quiet time begins Sunday 21:30: ease.
        ");
        insta::assert_snapshot!(off(&page, &[], horizon, &[sample::dim_problem()]), @r"
        It is off.
        Nothing that was running comes back by itself.

        Could not be done
          - The screens could not be dimmed: no backlight was found. Turn the
            screens down at their own buttons if that is better for you.
          To see what serves each measure here: quietctl doctor
        ");
    }

    #[test]
    fn put_off() {
        let page = sample::page();
        let until = Some(sample::at("2026-11-25T18:09+01"));
        let app = |name: &str| ToLockEntry { name: name.into(), ..ToLockEntry::default() };
        insta::assert_snapshot!(later(&page, &[app("Firefox")], until), @r"
        Firefox stays open until 18:09

        quietctl later   once more, as often as you like
        quietctl status  shows what is locked when
        ");
        assert_eq!(
            stays_open(&page, &[app("Firefox"), app("Steam")], until),
            "Firefox and Steam stay open until 18:09"
        );
        assert_eq!(
            stays_open(&page, &[], until),
            "What is about to be locked stays open until 18:09"
        );
    }

    #[test]
    fn put_back() {
        let page = sample::page();
        let done = [
            ("dunst".to_owned(), "as it was found".to_owned()),
            ("Backlight".to_owned(), "left as you set it".to_owned()),
        ];
        let failed = [("Gamma".to_owned(), "Gamma did not answer within 2 s".to_owned())];
        let damage = ["The receipts had a torn line; the others were read.".to_owned()];
        insta::assert_snapshot!(restored(&page, &done, &[], &[]), @r"
        Everything is as you had it.
          dunst      as it was found
          Backlight  left as you set it
        ");
        insta::assert_snapshot!(restored(&page, &done, &failed, &damage), @r"
        Not everything could be put back.
          dunst      as it was found
          Backlight  left as you set it
          Gamma      Gamma did not answer within 2 s
        The receipts had a torn line; the others were read.
        To try again when it is there: quietctl restore
        ");
        insta::assert_snapshot!(restored(&page, &[], &[], &[]), @r"
        Everything is as you had it.
        There was nothing to put back.
        ");
    }
}
