//! The profiles and groups that are there without a word of config.
//!
//! They are a config file like any other, `config/builtin.toml`, so that they can be read and copied.

use toml::de::DeTable;

use super::{file::File, notes::Notes};

/// The built-in profiles and groups, as TOML.
pub const BUILT_IN: &str = include_str!("../../config/builtin.toml");

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
        let groups = ["games", "news", "shopping", "social", "video", "work"];
        assert_eq!(empty.groups.keys().collect::<Vec<_>>(), groups);
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

    #[test]
    fn groups_hold_nothing_empty() {
        for (name, group) in parse("", "config.toml").unwrap().config.groups {
            assert!(
                !group.sites.is_empty() && !group.apps.is_empty() || name == "shopping",
                "{name}"
            );
        }
    }
}
