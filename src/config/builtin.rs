//! The profiles and groups that are there without a word of config.
//!
//! They are config files like any other, `config/builtin.toml` and one for each group in `config/groups/`, so that they can
//! be read and copied.

use toml::de::DeTable;

use super::{file::File, notes::Notes};

macro_rules! built_in {
    ($($group:literal)*) => {
        /// The built-in profiles and groups, as TOML.
        pub const BUILT_IN: &str = concat!(
            include_str!("../../config/builtin.toml"),
            $("\n", include_str!(concat!("../../config/groups/", $group, ".toml")),)*
        );

        /// The built-in groups, by name: each as TOML of its own, with its comments.
        pub const GROUPS: &[(&str, &str)] =
            &[$(($group, include_str!(concat!("../../config/groups/", $group, ".toml")))),*];
    };
}

macro_rules! suggestions {
    ($($kind:literal)*) => {
        /// The built-in suggestions, by kind: each a text with one a line.
        pub const SUGGESTIONS: &[(&str, &str)] =
            &[$(($kind, include_str!(concat!("../../config/suggestions/", $kind, ".txt")))),*];
    };
}

suggestions!("rest" "breathe" "walk" "write" "people");

built_in!("chat" "games" "mail" "news" "shopping" "social" "video" "work");

/// Reads them and hands them on.
pub(super) fn with<T>(then: impl FnOnce(&File<'_>) -> T) -> T {
    let (document, _) = DeTable::parse_recoverable(BUILT_IN);
    then(&File::read(document.get_ref(), &mut Notes::new(BUILT_IN)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    #[test]
    fn the_built_in_file_has_no_mistake_and_no_warning() {
        let parsed =
            parse(BUILT_IN, "builtin.toml").unwrap_or_else(|m| panic!("{}", m.render(false)));
        assert_eq!(parsed.warnings, []);
        let empty = parse("", "config.toml").unwrap().config;
        assert_eq!(parsed.config, empty, "what is built in is what the file says");
        assert_eq!(empty.profiles.keys().collect::<Vec<_>>(), ["ease", "quiet", "settle"]);
        assert!(empty.groups.keys().eq(GROUPS.iter().map(|(name, _)| name)));
    }

    #[test]
    fn the_built_in_profiles_only_ease_off() {
        let profiles = parse("", "config.toml").unwrap().config.profiles;
        let [settle, quiet, ease] =
            ["settle", "quiet", "ease"].map(|name| &profiles[name].measures);
        assert_eq!(quiet.at_most(settle), *quiet);
        assert_eq!(ease.at_most(quiet), *ease);
        assert!(!ease.is_open());
    }

    /// What a list in a group's file holds, in its order.
    fn listed(text: &str, key: &str) -> Vec<String> {
        let file: toml::Table = toml::from_str(text).unwrap();
        let group = file["groups"].as_table().unwrap().values().next().unwrap();
        let list = group.get(key).and_then(|list| list.as_array());
        let texts = list.into_iter().flatten().map(|entry| entry.as_str().unwrap().to_owned());
        texts.collect()
    }

    #[test]
    fn each_list_is_sorted_and_holds_nothing_twice_and_nothing_that_is_never_locked() {
        for (name, text) in GROUPS {
            let parsed = parse(text, name).unwrap_or_else(|m| panic!("{}", m.render(false)));
            assert_eq!((parsed.warnings, &*parsed.own_groups), (vec![], &[(*name).to_owned()][..]));
            assert!(text.starts_with("# "), "{name} says what it is");
            let sites = listed(text, "sites");
            assert!(sites.is_sorted_by(|a, b| a < b), "{name}: {sites:?}");
            for site in &sites {
                assert!(super::super::never::site(site).is_none(), "{site}");
                assert!(super::super::never::site_below(site).is_none(), "{site}");
                let above = |other: &String| other != site && super::super::is_within(site, other);
                assert_eq!(
                    sites.iter().find(|other| above(other)),
                    None,
                    "{site} is there already"
                );
            }
            let apps = listed(text, "apps");
            let plain: Vec<String> = apps.iter().map(|app| app.to_lowercase()).collect();
            assert!(plain.is_sorted_by(|a, b| a < b), "{name}: {plain:?}");
            for app in &apps {
                assert!(super::super::never::app(app).is_none(), "{app}");
            }
            assert!(!listed(text, "categories").is_empty() || !sites.is_empty(), "{name}");
        }
        for wide in ["social", "news", "games", "shopping"] {
            let text = GROUPS.iter().find(|(name, _)| *name == wide).unwrap().1;
            assert!((30..=80).contains(&listed(text, "sites").len()), "{wide}");
        }
    }
}
