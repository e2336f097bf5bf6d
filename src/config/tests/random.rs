//! What holds of every text and of every model.

use std::{collections::BTreeSet, fmt::Write as _};

use jiff::SignedDuration;
use proptest::prelude::*;

use crate::config::*;

/// Texts near enough to a config that all of the code is reached.
fn nearly_a_config() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("\"any\"".to_owned()),
        Just("[\"talk\", \"group\"]".to_owned()),
        "\"[0-9]{1,4} ?(s|m|h|d|w|days)\"",
        "\"[0-9]{2}:[0-9]{2}\"",
        "-?[0-9]{1,5}",
        Just("true".to_owned()),
        Just("[\"@social\", \"@news\", \"x.com\", \"steam\"]".to_owned()),
        Just("[\"@a\", \"konsole\", \"maps.google.com\"]".to_owned()),
        Just("[\"sun-thu\"]".to_owned()),
        Just("{ every = \"20m\", for = \"20s\" }".to_owned()),
        Just(
            "[{ for = \"90h\", profile = \"a\" }, { for = \"300h\", profile = \"settle\" }]"
                .to_owned()
        ),
        Just("\"settle\"".to_owned()),
        Just("\"urgent\"".to_owned()),
        "\\PC{0,12}",
    ];
    let key = prop::sample::select(vec![
        "session",
        "phases",
        "name",
        "days",
        "from",
        "until",
        "profile",
        "network",
        "notifications",
        "dim",
        "warmth",
        "greyscale",
        "lock",
        "wait",
        "breaks",
        "apps",
        "sites",
        "odd",
    ]);
    let heading = prop::sample::select(vec![
        "[[after]]",
        "[[weekly]]",
        "[[place]]",
        "[profiles.a]",
        "[profiles.settle]",
        "[groups.a]",
        "[groups.social]",
        "[never]",
        "[x]",
        "[[after",
        "",
    ]);
    let line = prop_oneof![
        1 => heading.prop_map(str::to_owned),
        3 => (key, value).prop_map(|(key, value)| format!("{key} = {value}")),
    ];
    prop::collection::vec(line, 0..24).prop_map(|lines| lines.join("\n"))
}

/// Valid configs with phases of any length and strictness.
fn a_valid_config() -> impl Strategy<Value = String> {
    let locks = prop::sample::subsequence(
        vec!["'@social'", "'@games'", "'@mine'", "'reddit.com'", "'org.telegram.desktop'", "'osu'"],
        0..=6,
    );
    let profile = (0_u8..=100, 1000_u16..=10_000, any::<bool>(), locks, 0_u8..=60, 0_usize..3).prop_map(
        |(dim, warmth, greyscale, lock, wait, notifications)| {
            let notifications = ["all", "batched", "urgent"][notifications];
            let breaks = dim / 10 + 2;
            format!(
                "notifications = '{notifications}'\ndim = {dim}\nwarmth = {warmth}\ngreyscale = {greyscale}\n\
                 lock = [{}]\nwait = '{wait}s'\nbreaks = {{ every = '{breaks}m', for = '1m' }}\n",
                lock.join(", ")
            )
        },
    );
    let phases = prop::collection::vec((1_u32..400, 0_usize..5), 1..8);
    let own = prop::sample::subsequence(
        vec!["'reddit.com'", "'old.x.com'", "'example.org'", "'www2.facebook.com'"],
        0..=4,
    );
    (prop::collection::vec(profile, 5), phases, own).prop_map(|(profiles, phases, own)| {
        let mut text = String::from("[[after]]\nsession = 'any'\nphases = [\n");
        for (lasts, profile) in phases {
            let _ = writeln!(text, "  {{ for = '{lasts}h', profile = 'p{profile}' }},");
        }
        text += "]\n";
        for (at, profile) in profiles.iter().enumerate() {
            let _ = write!(text, "[profiles.p{at}]\n{profile}");
        }
        text += "[groups.mine]\napps = ['discord']\nsites = ['x.com', 'lobste.rs']\n";
        // Nothing that is locked by its own name may stand under [never] as well.
        let own: Vec<_> = own.into_iter().filter(|site| *site != "'reddit.com'").collect();
        text + &format!("[never]\napps = ['Lutris']\nsites = [{}]\n", own.join(", "))
    })
}

fn holds_of_every_model(config: &Config) {
    let all = config.profiles.values().map(|profile| &profile.measures);
    let all = all.chain(config.after.iter().flat_map(|r| r.phases.iter().map(|p| &p.measures)));
    let all = all.chain(config.weekly.iter().map(|rule| &rule.measures));
    for measures in all.chain(config.places.iter().map(|rule| &rule.measures)) {
        assert!(measures.dim <= DIM_AT_MOST);
        assert!(measures.warmth.is_none_or(|kelvin| (1000..=6500).contains(&kelvin)));
        assert!(measures.lock.wait <= SignedDuration::from_secs(60));
        assert!(!measures.lock.wait.is_negative());
        assert!(measures.breaks.is_none_or(|breaks| breaks.lasts < breaks.every));
        for app in &measures.lock.apps {
            assert!(!config.is_never_app(app), "{app}");
        }
        for site in &measures.lock.sites {
            assert!(!config.is_never_site(site), "{site}");
            assert_eq!(never::site_below(site), None);
            assert!(!config.never.sites.iter().any(|own| is_within(own, site)), "{site}");
        }
    }
    for rule in &config.after {
        assert!(!rule.phases.is_empty());
        let mut elapsed = SignedDuration::ZERO;
        for phase in &rule.phases {
            assert!(phase.lasts > SignedDuration::ZERO);
            elapsed += phase.lasts;
            let is_strong = phase.measures != phase.measures.without_strong();
            assert!(!is_strong || elapsed <= STRONG_AT_MOST, "{elapsed}");
        }
        assert!(elapsed <= ANY_AT_MOST);
        for pair in rule.phases.windows(2) {
            assert_eq!(pair[1].measures.at_most(&pair[0].measures), pair[1].measures);
        }
    }
    for rule in &config.weekly {
        assert!(!rule.days.is_empty() && rule.from != rule.until);
    }
    let names: BTreeSet<_> = config.weekly.iter().map(|rule| &rule.name).collect();
    assert_eq!(names.len(), config.weekly.len());
}

/// Reads a text; every place that is told is a place in it.
fn read(text: &str) -> Option<Config> {
    match parse(text, "config.toml") {
        Ok(Parsed { config, warnings, .. }) => {
            holds_of_every_model(&config);
            places_are_in(text, &warnings);
            assert_eq!(
                render_warnings("config.toml", text, &warnings, false).is_empty(),
                warnings.is_empty()
            );
            Some(config)
        }
        Err(mistakes) => {
            assert!(!mistakes.diagnostics.is_empty());
            places_are_in(text, &mistakes.diagnostics);
            assert!(!mistakes.render(true).is_empty());
            assert_eq!(mistakes.summary().lines().count(), 1, "{}", mistakes.summary());
            None
        }
    }
}

fn places_are_in(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        let before = text.get(..diagnostic.span.start).expect("a place in the text");
        assert!(diagnostic.span.end <= text.len());
        assert_eq!(diagnostic.line, before.matches('\n').count() + 1);
        let line = before.rsplit('\n').next().unwrap_or_default();
        assert_eq!(diagnostic.column, line.chars().count() + 1);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_characters_of_toml_are_read_or_refused(text in "[\\[\\]{}=\"'.,\\n\\r#a-c0-9 \\\\é]{0,80}") {
        read(&text);
    }

    #[test]
    fn anything_near_a_config_is_read_or_refused(text in nearly_a_config()) {
        read(&text);
    }

    #[test]
    fn valid_configs_keep_what_is_promised(text in a_valid_config()) {
        prop_assert!(read(&text).is_some(), "{}", parse(&text, "x").unwrap_err().render(false));
    }
}
