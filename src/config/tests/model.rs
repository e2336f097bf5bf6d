//! What a config comes to.

use jiff::{SignedDuration, civil, civil::Weekday};

use crate::config::*;

/// The example that the design shows, word for word.
const DESIGN: &str = r#"# When
[[after]]
session = "any"                       # or a kind, or a list of kinds
phases = [
  { for = "4h",  profile = "settle" },
  { for = "20h", profile = "quiet" },
  { for = "48h", profile = "ease" },
]

[[weekly]]
name = "evenings"
days = ["sun-thu"]
from = "21:30"
until = "07:00"                       # past midnight: belongs to the day it began
profile = "ease"

[[place]]                             # a tech-free zone: this machine on this network
name = "bedroom"
network = "Bedroom"                   # NetworkManager connection name or SSID
profile = "ease"

# How
[profiles.settle]
notifications = "urgent"              # all | batched | urgent
dim = 40                              # percent darker than the person had it
warmth = 3400                         # kelvin
greyscale = true
lock = ["@social", "@news", "@games", "@work"]   # apps and sites, by group or by name
wait = "20s"                          # between "unlock anyway" and unlocked
breaks = { every = "15m", for = "5m" }

# What
[groups.social]
apps = ["org.telegram.desktop", "discord"]
sites = ["reddit.com", "x.com"]

[never]                               # added to what can never be locked
apps = ["org.signal.Signal"]
sites = ["findahelpline.com"]
"#;

fn valid(text: &str) -> Parsed {
    parse(text, "config.toml").unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

#[test]
fn the_example_of_the_design_is_valid_as_it_stands() {
    let Parsed { config, warnings, .. } = valid(DESIGN);
    assert_eq!(warnings, []);

    let [rule] = config.after.as_slice() else { panic!("{:?}", config.after) };
    assert_eq!(rule.session, Kinds::Any);
    let phases: Vec<_> = rule.phases.iter().map(|p| (p.lasts, p.profile.as_str())).collect();
    assert_eq!(phases, [(hours(4), "settle"), (hours(20), "quiet"), (hours(48), "ease")]);

    let settle = &config.profiles["settle"].measures;
    assert_eq!(settle.notifications, Notifications::Urgent);
    assert_eq!((settle.dim, settle.warmth, settle.greyscale), (40, Some(3400), true));
    assert_eq!(settle.lock.wait, SignedDuration::from_secs(20));
    assert_eq!(
        settle.breaks,
        Some(Breaks { every: SignedDuration::from_mins(15), lasts: SignedDuration::from_mins(5) })
    );
    for app in ["org.telegram.desktop", "discord", "steam", "slack"] {
        assert!(settle.lock.apps.contains(app), "{app}");
    }
    assert!(settle.lock.sites.contains("reddit.com") && settle.lock.sites.contains("bbc.com"));
    assert!(!settle.lock.sites.contains("facebook.com"), "the group replaces the built-in one");
    assert_eq!(rule.phases[0].measures, *settle);

    let [weekly] = config.weekly.as_slice() else { panic!("{:?}", config.weekly) };
    assert_eq!((weekly.from, weekly.until), (civil::time(21, 30, 0, 0), civil::time(7, 0, 0, 0)));
    assert!(weekly.days.contains(Weekday::Sunday) && weekly.days.contains(Weekday::Thursday));
    assert!(!weekly.days.contains(Weekday::Friday) && !weekly.days.contains(Weekday::Saturday));

    let [place] = config.places.as_slice() else { panic!("{:?}", config.places) };
    assert_eq!((&*place.name, &place.sign), ("bedroom", &Sign::Network("Bedroom".into())));
    assert!(config.is_never_app("org.signal.signal.desktop"));
    assert!(config.is_never_site("www.findahelpline.com"));
}

#[test]
fn an_empty_file_has_the_built_in_profiles_and_no_rule() {
    for text in ["", "\n", "# nothing\r\n", "\u{feff}"] {
        let Parsed { config, warnings, .. } = valid(text);
        assert_eq!(warnings, []);
        assert!(config.after.is_empty() && config.weekly.is_empty() && config.places.is_empty());
        assert!(config.profiles["settle"].measures.lock.sites.contains("facebook.com"));
    }
}

#[test]
fn a_single_text_stands_for_a_list_of_one() {
    let one = valid(
        "[[after]]\nsession = 'Talk'\nphases = [{ for = '1h', profile = 'mine' }]\n\
         [[weekly]]\nname = 'w'\ndays = 'Sat'\nfrom = 09:00:00\nuntil = '9:30'\nprofile = 'mine'\n\
         [profiles.mine]\nlock = 'X.com'\n[groups.g]\napps = 'a'\nsites = 'b.org'\n",
    );
    let list = valid(
        "[[after]]\nsession = ['TALK', 'talk']\nphases = [{ for = '60m', profile = 'mine' }]\n\
         [[weekly]]\nname = 'w'\ndays = ['sat']\nfrom = '09:00'\nuntil = '09:30'\nprofile = 'mine'\n\
         [profiles.mine]\nlock = ['x.com']\n[groups.g]\napps = ['a.desktop']\nsites = ['b.org']\n",
    );
    assert_eq!(one, list);
    assert!(one.config.after[0].session.includes("talk"));
}

#[test]
fn days_are_named_one_by_one_or_as_ranges_that_wrap() {
    let days = |written: &str| {
        let text = format!(
            "[[weekly]]\nname = 'w'\ndays = {written}\nfrom = '09:00'\nuntil = '10:00'\nprofile = 'ease'\n"
        );
        let days = valid(&text).config.weekly[0].days;
        let all = Weekday::Monday.cycle_forward().take(7);
        all.map(|day| if days.contains(day) { 'x' } else { '-' }).collect::<String>()
    };
    assert_eq!(days("'mon'"), "x------");
    assert_eq!(days("'weekdays'"), "xxxxx--");
    assert_eq!(days("'weekend'"), "-----xx");
    assert_eq!(days("'daily'"), "xxxxxxx");
    assert_eq!(days("'sun-thu'"), "xxxx--x");
    assert_eq!(days("'Fri - Mon'"), "x---xxx");
    assert_eq!(days("['tuesday', 'sat-sun']"), "-x---xx");
    assert_eq!(days("'mon-mon'"), "x------");
}

#[test]
fn however_long_a_rule_is_written_strong_measures_end_after_72_hours_and_all_after_14_days() {
    let text = "[[after]]\nsession = 'any'\nphases = [{ for = '5000h', profile = 'settle' }]\n";
    let Parsed { config, warnings, .. } = valid(text);
    let [strong, weak] = config.after[0].phases.as_slice() else { panic!("{config:?}") };
    assert_eq!((strong.lasts, weak.lasts), (hours(72), hours(14 * 24 - 72)));
    assert!(!strong.measures.lock.apps.is_empty());
    assert_eq!(weak.measures, strong.measures.without_strong());
    assert_eq!((weak.profile.as_str(), weak.measures.dim), ("settle", 40));
    let titles: Vec<_> = warnings.iter().map(|warning| warning.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "quiet ends 14 days after a session at the latest",
            "the strong part of \"settle\" ends 72 hours after a session at the latest",
        ]
    );
}

#[test]
fn batches_are_in_order_and_there_without_a_word() {
    let time = |hour, minute| civil::time(hour, minute, 0, 0);
    assert_eq!(valid("").config.batches, [time(9, 0), time(13, 0), time(18, 0)]);
    assert_eq!(valid("batches = '7:30'").config.batches, [time(7, 30)]);
    let Parsed { config, warnings, .. } = valid("batches = ['18:00', '00:00', '07:30', '18:00']");
    assert_eq!(config.batches, [time(0, 0), time(7, 30), time(18, 0)]);
    assert_eq!(warnings[0].title, "18:00 stands twice in `batches`");
}

#[test]
fn a_strong_phase_that_begins_after_72_hours_is_weak() {
    let text = "[[after]]\nsession = 'any'\nphases = [
        { for = '71h', profile = 'settle' }, { for = '1h', profile = 'quiet' },
        { for = '10h', profile = 'quiet' }, { for = '20 days', profile = 'ease' },
        { for = '1h', profile = 'ease' } ]\n";
    let Parsed { config, warnings, .. } = valid(text);
    let phases = &config.after[0].phases;
    let lasts: Vec<_> = phases.iter().map(|phase| phase.lasts.as_hours()).collect();
    assert_eq!(lasts, [71, 1, 10, 14 * 24 - 82]);
    assert!(phases[2].measures.lock.apps.is_empty() && phases[3].measures.lock.sites.is_empty());
    assert_eq!(phases[2].measures.notifications, Notifications::Batched);
    assert_eq!(warnings.len(), 2, "{warnings:?}");
}

#[test]
fn a_stricter_phase_is_kept_at_the_level_before() {
    let text = "[[after]]\nsession = 'any'\nphases = [
        { for = '4h', profile = 'ease' }, { for = '4h', profile = 'settle' } ]\n";
    let Parsed { config, warnings, .. } = valid(text);
    let [first, second] = config.after[0].phases.as_slice() else { panic!("{config:?}") };
    assert_eq!(second.measures, first.measures);
    assert_eq!(second.profile, "settle");
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    let help = warning.help.as_deref().unwrap();
    for measure in ["notifications", "dim", "warmth", "greyscale", "lock", "wait", "breaks"] {
        assert!(help.contains(measure), "{measure}: {help}");
    }
}

#[test]
fn what_stands_under_never_is_taken_out_of_built_in_groups() {
    let text = "[never]\napps = ['Steam.desktop']\nsites = ['x.com', 'old.reddit.com']\n";
    let Parsed { config, warnings, .. } = valid(text);
    let lock = &config.profiles["settle"].measures.lock;
    assert!(!lock.apps.contains("steam") && lock.apps.contains("com.valvesoftware.Steam"));
    assert!(!lock.sites.contains("x.com") && !lock.sites.contains("reddit.com"));
    assert!(config.is_never_app("STEAM") && config.is_never_site("mobile.x.com"));
    assert!(!config.is_never_app("lutris") && !config.is_never_site("reddit.com"));
    let titles: Vec<_> = warnings.iter().map(|warning| warning.title.as_str()).collect();
    assert_eq!(titles, ["\"reddit.com\" stays open as well"]);
}

#[test]
fn where_nothing_is_locked_nobody_waits() {
    let config = valid("[profiles.mine]\nwait = '60s'\n").config;
    assert!(config.profiles["mine"].measures.is_open());
    assert_eq!(config.profiles["mine"].measures.lock.wait, SignedDuration::ZERO);
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let text = "#".repeat(TEXT_AT_MOST + 1);
    let mistakes = parse(&text, "config.toml").unwrap_err();
    assert_eq!(
        mistakes.summary(),
        "1 mistake in config.toml, line 1: the file is larger than 1 MiB (1048577 bytes), so it was not read"
    );
    assert!(mistakes.render(false).contains("config.toml:1:1: too large"));
    assert!(parse(&text[..TEXT_AT_MOST], "config.toml").is_ok());
}

#[test]
fn bombs_are_refused_like_anything_else() {
    let lots = |unit: &str| unit.repeat(TEXT_AT_MOST / unit.len() - 16);
    for text in [
        format!("a = {}", lots("[")),
        format!("a = {}", lots("[[],")),
        format!("a = {}", lots("{a=")),
        format!("{}a = 1", lots("a.")),
        format!("[{}a]", lots("a.")),
        lots("a = 1\n"),
        lots("[a]\n"),
        lots("[[after]]\n"),
        lots("[[after]]\nsession='x'\n"),
        lots("="),
        lots("\"x\" "),
        format!("[groups.a]\nsites = [{}]", lots("'A b',")),
    ] {
        let mistakes = parse(&text, "config.toml").unwrap_err();
        assert!(!mistakes.diagnostics.is_empty());
        assert!(mistakes.render(true).len() < 1 << 20);
    }
}

#[test]
fn the_kind_of_a_session_is_in_no_summary_and_no_title() {
    for text in [
        "[[after]]\nsession = sEcret\n",
        "[[after]]\nsession = ['sEcret', 'sEcret', 3, '']\nphases = [{ for = '1h', profile = 'ease' }]\n\
         [[after]]\nsession = 'sEcret'\nphases = [{ for = '1h', profile = 'ease' }]\n",
        "[[after]]\nsession = { sEcret = 1 }\n",
        "[[after]]\nsession = 'sEcret\n",
        "[[after]]\nsession = ['any', 'sEcret']\nphases = []\n",
    ] {
        let mistakes = parse(text, "config.toml").unwrap_err();
        for said in mistakes.diagnostics.iter().map(|d| &d.title).chain([&mistakes.summary()]) {
            assert!(!said.to_lowercase().contains("secret"), "{said}");
        }
    }
}

#[test]
fn grace_is_a_minute_where_nothing_is_said_and_at_most_ten() {
    let grace = |text: &str| valid(text).config.profiles["mine"].grace;
    assert_eq!(valid("").config.profiles["settle"].grace, SignedDuration::from_secs(60));
    assert_eq!(grace("[profiles.mine]\nlock = ['x.com']\n"), SignedDuration::from_secs(60));
    assert_eq!(grace("[profiles.mine]\ngrace = '0s'\n"), SignedDuration::ZERO);
    assert_eq!(grace("[profiles.mine]\ngrace = '10m'\n"), SignedDuration::from_mins(10));
    let text = "[profiles.mine]\ngrace = '11m'\n";
    let mistakes = crate::config::parse_here(text, "config.toml", &Installed::default());
    let said = mistakes.unwrap_err().summary();
    assert!(said.contains("`grace = \"11m\"` is longer than 10 minutes"), "{said}");
}

#[test]
fn screen_time_is_kept_for_14_weeks_unless_something_else_is_written() {
    let kept = |text: &str| valid(text).config.screen_time.keep;
    assert_eq!(kept(""), Some(hours(14 * 7 * 24)));
    assert_eq!(kept("[screen-time]"), kept(""));
    assert_eq!(kept("[screen-time]\nkeep = \"2 weeks\""), Some(hours(14 * 24)));
    assert_eq!(kept("[screen-time]\nkeep = \"1 day\""), Some(hours(24)));
    assert_eq!(kept("[screen-time]\nkeep = \"Off\""), None);
    assert_eq!(
        Config::default().screen_time.keep,
        None,
        "nothing is counted before a config is read"
    );
}

#[test]
fn screen_time_that_cannot_be_meant_is_said() {
    for (keep, said) in [
        ("\"1h\"", "`keep = \"1h\"` is shorter than a day"),
        ("\"3000 days\"", "is longer than two years"),
        ("\"never\"", "\"never\" is not a duration"),
        ("false", "`keep` takes a duration, or \"off\", not true or false"),
        ("\"\"", "an empty text says nothing"),
    ] {
        let text = format!("[screen-time]\nkeep = {keep}\nidle = \"1m\"");
        let drawn = parse(&text, "config.toml").unwrap_err().render(false);
        assert!(drawn.contains(said), "{drawn}");
        assert!(drawn.contains("unknown key \"idle\" in [screen-time]"), "{drawn}");
    }
}

#[test]
fn notes_are_sealed_only_where_that_is_written() {
    assert!(!valid("").config.log.encrypt && !valid("[log]").config.log.encrypt);
    assert!(valid("[log]\nencrypt = true").config.log.encrypt);
    for (text, said) in [
        ("[log]\nencrypt = \"yes\"", "`encrypt` takes true or false"),
        ("[log]\nseal = true", "unknown key"),
        ("log = true", "`log` takes a table"),
    ] {
        let mistakes = parse(text, "config.toml").unwrap_err().render(false);
        assert!(mistakes.contains(said), "{text}: {mistakes}");
    }
}
