//! What is locked, in the words it is written in: groups by their name, the rest in full.

use super::time::{counted, lasting};
use crate::config::{Config, Group, Lock};

/// How the names of groups begin.
pub const GROUPS: &str = "(the group";

/// How much is locked by a profile, and what; none where nothing is.
pub fn locked(lock: &Lock, profile: &str, config: &Config) -> Option<String> {
    let is_all_locked = |group: &Group| {
        let is_some = !(group.apps.is_empty() && group.sites.is_empty());
        is_some && group.apps.is_subset(&lock.apps) && group.sites.is_subset(&lock.sites)
    };
    let written = config.profiles.get(profile).into_iter().flat_map(|profile| &profile.groups);
    let groups = written.filter_map(|name| config.groups.get_key_value(name));
    let groups: Vec<(&String, &Group)> = groups.filter(|(_, group)| is_all_locked(group)).collect();
    let apps = lock.apps.iter().filter(|app| !groups.iter().any(|(_, it)| it.apps.contains(*app)));
    let sites =
        lock.sites.iter().filter(|site| !groups.iter().any(|(_, it)| it.sites.contains(*site)));
    let alone: Vec<&str> = apps.chain(sites).map(String::as_str).collect();
    let many = |count: usize, thing| {
        (count > 0).then(|| counted(u64::try_from(count).unwrap_or(u64::MAX), thing))
    };
    let how_many = [many(lock.apps.len(), "app"), many(lock.sites.len(), "site")];
    let how_many: Vec<String> = how_many.into_iter().flatten().collect();
    if how_many.is_empty() {
        return None;
    }
    let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
    let names = match &*names {
        [] => None,
        [one] => Some(format!("the group {one}")),
        [first @ .., last] => Some(format!("the groups {} and {last}", first.join(", "))),
    };
    let alone = (!alone.is_empty()).then(|| alone.join(", "));
    let what: Vec<String> = [names, alone].into_iter().flatten().collect();
    let wait = match lock.wait.as_secs() {
        0 => String::new(),
        _ => format!(", each opens {} after you ask", lasting(lock.wait)),
    };
    Some(format!("{} locked{wait} ({})", how_many.join(" and "), what.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn of(text: &str, profile: &str) -> Option<String> {
        let config = parse(text, "config.toml").unwrap().config;
        locked(&config.profiles[profile].measures.lock, profile, &config)
    }

    #[test]
    fn what_is_locked_is_said_as_it_is_written() {
        let text = "[profiles.a]\nlock = ['@mine', 'steam', 'reddit.com']\nwait = '20s'\n\
                    [profiles.b]\nlock = ['@mine']\n[profiles.c]\ndim = 10\n\
                    [profiles.d]\nlock = ['discord', 'x.com']\n\
                    [groups.mine]\napps = ['discord']\nsites = ['x.com']\n";
        assert_eq!(
            of(text, "a").as_deref(),
            Some(
                "2 apps and 2 sites locked, each opens 20 seconds after you ask (the group mine; steam, reddit.com)"
            )
        );
        assert_eq!(of(text, "b").as_deref(), Some("1 app and 1 site locked (the group mine)"));
        assert_eq!(of(text, "c"), None);
        assert_eq!(of(text, "d").as_deref(), Some("1 app and 1 site locked (discord, x.com)"));
    }

    #[test]
    fn where_a_phase_locks_a_part_of_a_group_the_part_is_told_in_full() {
        let text = "[profiles.a]\nlock = ['@mine']\n[groups.mine]\napps = ['discord', 'steam']\n";
        let config = parse(text, "config.toml").unwrap().config;
        let mut lock = config.profiles["a"].measures.lock.clone();
        lock.apps.remove("steam");
        assert_eq!(locked(&lock, "a", &config).as_deref(), Some("1 app locked (discord)"));
    }
}
