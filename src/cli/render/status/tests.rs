use super::{super::sample, *};
use crate::api::MeasuresEntry;

fn horizon() -> Timestamp {
    sample::at("2026-11-28T14:00:01+01")
}

#[test]
fn an_hour_after_a_session() {
    insta::assert_snapshot!(
        page(&sample::page(), &sample::settling(), &sample::ahead(), horizon()), @r"
    Quiet until Saturday 14:00 · settle until 18:00

      notifications  only urgent ones come through
      dim            screens 40% darker
      warmth         warm colours, 3400 K
      greyscale      colours taken away
      apps           4 locked: com.discordapp.Discord, org.telegram.desktop, steam,
                     thunderbird
      sites          7 locked: facebook.com, instagram.com, news.ycombinator.com,
                     reddit.com, tiktok.com, x.com, youtube.com
      breaks         suggested every 15 minutes

    Why
      settle  until 18:00: after a session that ended 14:00, phase 1 of 3

    Next
      18:00           quiet: only urgent notifications, 25% darker, warm (4000 K), 7
                      sites locked, a break every 15 minutes
      Thursday 14:00  ease: notifications in batches (09:00, 13:00, 18:00), warm
                      (5000 K)
      Saturday 14:00  over: everything is as you had it

    quietctl off  gives everything back now
    ");
}

#[test]
fn what_could_not_be_done_and_a_config_with_mistakes() {
    let state = State {
        problems: vec![sample::dim_problem()],
        config_error: "config.toml has 2 mistakes; the one from before stays in use.".into(),
        measures: MeasuresEntry { dim: None, ..sample::settle() },
        ..sample::settling()
    };
    insta::assert_snapshot!(page(&sample::page(), &state, &[], horizon()), @r"
    Quiet until Saturday 14:00 · settle until 18:00

      notifications  only urgent ones come through
      warmth         warm colours, 3400 K
      greyscale      colours taken away
      apps           4 locked: com.discordapp.Discord, org.telegram.desktop, steam,
                     thunderbird
      sites          7 locked: facebook.com, instagram.com, news.ycombinator.com,
                     reddit.com, tiktok.com, x.com, youtube.com
      breaks         suggested every 15 minutes

    Why
      settle  until 18:00: after a session that ended 14:00, phase 1 of 3

    Could not be done
      - The screens could not be dimmed: no backlight was found. Turn the
        screens down at their own buttons if that is better for you.
      To see what serves each measure here: quietctl doctor

    The config
      config.toml has 2 mistakes; the one from before stays in use.
      To see every mistake: quietctl check

    quietctl off  gives everything back now
    ");
}

#[test]
fn paused() {
    let state = State {
        quiet: false,
        paused: true,
        paused_until: sample::usec("2026-11-25T15:15+01"),
        measures: MeasuresEntry::default(),
        ..sample::settling()
    };
    insta::assert_snapshot!(page(&sample::page(), &state, &[], horizon()), @r"
    Paused until 15:15 · then quiet until Saturday 14:00

    Why
      settle  until 18:00: after a session that ended 14:00, phase 1 of 3

    quietctl resume  makes it quiet again now
    quietctl off     ends it now; nothing comes back by itself
    ");
}

#[test]
fn nothing_now_and_something_later() {
    let later = &sample::ahead()[3..];
    let horizon = sample::at("2026-11-30T07:00:01+01");
    insta::assert_snapshot!(page(&sample::page(), &State::default(), later, horizon), @r"
    Nothing is quiet now

    Next
      Sunday 21:30  ease: notifications in batches (09:00, 13:00, 18:00), warm (5000
                    K)
      Monday 07:00  over: everything is as you had it

    quietctl plan  shows what is ahead
    ");
    insta::assert_snapshot!(page(&sample::page(), &State::default(), &[], horizon), @r"
    Nothing is quiet now

    quietctl log  after a session makes it quiet
    ");
}

#[test]
fn at_a_place_there_is_no_set_end() {
    let state = State {
        quiet: true,
        profile: "ease".into(),
        measures: sample::ease(),
        reasons: vec![PeriodEntry {
            run: "place:bedroom".into(),
            reason: "at a quiet place: bedroom".into(),
            profile: "ease".into(),
            from: sample::usec("2026-11-25T14:00+01"),
            until: 0,
            measures: sample::ease(),
        }],
        ..State::default()
    };
    insta::assert_snapshot!(page(&sample::page(), &state, &[], horizon()), @r"
    Quiet · ease

      notifications  held until it is over
      warmth         warm colours, 5000 K

    Why
      ease  with no set end: at a quiet place: bedroom

    quietctl off  gives everything back now
    ");
}

#[test]
fn in_batches() {
    let horizon = sample::at("2026-11-26T14:00:01+01");
    let held = State {
        profile: "ease".into(),
        next_change: sample::usec("2026-11-25T18:00+01"),
        next_batch: Some(sample::usec("2026-11-25T18:00+01")),
        batch_until: Some(0),
        measures: sample::ease(),
        reasons: sample::ahead()[2..3].to_vec(),
        ..sample::settling()
    };
    insta::assert_snapshot!(page(&sample::page(), &held, &sample::ahead()[2..3], horizon), @r"
    Quiet until Saturday 14:00 · ease

      notifications  held until 18:00, then let through together
      warmth         warm colours, 5000 K

    Why
      ease  until Saturday 14:00: after a session that ended 14:00, phase 3 of 3

    Next
      18:00           notifications come through
      Thursday 14:00  ease: notifications in batches (09:00, 13:00, 18:00), warm
                      (5000 K)

    quietctl off  gives everything back now
    ");
    let through = State {
        measures: MeasuresEntry { notifications: None, batches: None, ..sample::ease() },
        batch_until: Some(sample::usec("2026-11-25T15:04+01")),
        ..held.clone()
    };
    insta::assert_snapshot!(page(&sample::page(), &through, &[], horizon), @r"
    Quiet until Saturday 14:00 · ease

      notifications  come through until 15:04
      warmth         warm colours, 5000 K

    Why
      ease  until Saturday 14:00: after a session that ended 14:00, phase 3 of 3

    Next
      18:00  notifications come through

    quietctl off  gives everything back now
    ");
    let over_before = State { next_batch: Some(0), ..held };
    let text = page(&sample::page(), &over_before, &[], horizon);
    assert!(text.contains("notifications  held until it is over\n"), "{text}");
}

#[test]
fn on_a_narrow_terminal_no_line_is_longer() {
    let narrow = Page { width: 44, ..sample::page() };
    let state = State { problems: vec![sample::dim_problem()], ..sample::settling() };
    let text = page(&narrow, &state, &sample::ahead(), horizon());
    assert!(text.lines().all(|line| line.chars().count() <= 44), "{text}");
    insta::assert_snapshot!(text, @r"
    Quiet until Saturday 14:00 · settle until
    18:00

      notifications  only urgent ones come
                     through
      dim            screens 40% darker
      warmth         warm colours, 3400 K
      greyscale      colours taken away
      apps           4 locked:
                     com.discordapp.Discord and
                     3 more
      sites          7 locked: facebook.com,
                     instagram.com and 5 more
      breaks         suggested every 15 minutes

    Why
      settle  until 18:00: after a session that
              ended 14:00, phase 1 of 3

    Next
      18:00           quiet: only urgent
                      notifications, 25% darker,
                      warm (4000 K), 7 sites
                      locked, a break every 15
                      minutes
      Thursday 14:00  ease: notifications in
                      batches (09:00, 13:00,
                      18:00), warm (5000 K)
      Saturday 14:00  over: everything is as you
                      had it

    Could not be done
      - The screens could not be dimmed: no
        backlight was found. Turn the screens
        down at their own buttons if that is
        better for you.
      To see what serves each measure here:
      quietctl doctor

    quietctl off  gives everything back now
    ");
}

#[test]
fn the_next_break_and_a_suggestion() {
    let state = State {
        next_break: Some(sample::usec("2026-11-25T15:40+01")),
        suggestion: Some("Drink a glass of water.".into()),
        measures: MeasuresEntry { breaks: Some(900_000_000), ..MeasuresEntry::default() },
        ..State::default()
    };
    insta::assert_snapshot!(page(&sample::page(), &state, &[], horizon()), @r"
    Nothing is quiet now

      breaks  suggested every 15 minutes, the next about 15:40

    Perhaps
      Drink a glass of water.
      (for none: a-day = 0 under [suggestions] in the config)

    quietctl log  after a session makes it quiet
    ");
}

#[test]
fn what_is_about_to_be_locked() {
    let app = |name: &str, at: &str| crate::api::ToLockEntry {
        app: name.to_lowercase(),
        name: name.into(),
        at: sample::usec(at),
    };
    let names = ["Firefox", "Mail", "Slack", "Steam"];
    let mut apps: Vec<_> = names.map(|name| app(name, "2026-11-25T18:00+01")).into();
    apps.push(app("Chat", "2026-11-26T00:05+01"));
    let state = State { to_lock: Some(apps), ..State::default() };
    insta::assert_snapshot!(page(&sample::page(), &state, &[], horizon()), @r"
    Nothing is quiet now

    Firefox, Mail, Slack and 1 more will be locked at 18:00 (later:
    quietctl later)
    Chat will be locked Thursday 00:05 (later: quietctl later)

    quietctl log  after a session makes it quiet
    ");
}
