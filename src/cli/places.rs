//! What `doctor` says of places: the names this machine goes by now, and what keeps a place from being known.

use std::{collections::BTreeSet, time::Duration};

use zbus::Connection;

use super::{context::Context, render::lists::Check};
use crate::{
    backend::dim::connectors::{Connected, connected},
    config::{self, PlaceRule, Sign, listed, nearest, shown},
    dbus::{CallError, Peer},
    source::{ReadConfig, is_docked, networks, read_config},
};

/// A service that hangs holds nobody up for longer.
const AT_MOST: Duration = Duration::from_secs(2);

/// Other services that connect machines to networks, with their names on the system bus.
const OTHERS: [(&str, &str); 3] = [
    ("iwd", "net.connman.iwd"),
    ("systemd-networkd", "org.freedesktop.network1"),
    ("ConnMan", "net.connman"),
];

/// What there is for a place to go by.
struct Found {
    networks: Result<BTreeSet<String>, String>,
    monitors: Vec<Connected>,
    docked: bool,
}

/// Looks where the machine is, and whether the places of the config can be known.
pub async fn check(context: &Context) -> Check {
    let text = match read_config(&context.env.config_file()) {
        ReadConfig::Text(text) => text,
        _ => String::new(),
    };
    let parsed = config::parse(&text, &context.config_for_people());
    let rules = parsed.map(|parsed| parsed.config.places).unwrap_or_default();
    let system = tokio::time::timeout(AT_MOST, Connection::system()).await;
    let system = system.ok().and_then(Result::ok);
    let monitors = connected(&context.env.sysfs);
    let mut docked = monitors.iter().any(Connected::is_external);
    let networks = match &system {
        None => Err(format!("There is no system bus, {NOT_KNOWN}.")),
        Some(system) => {
            if !docked && rules.iter().any(|rule| rule.sign == Sign::Dock) {
                docked = is_docked(system).await;
            }
            let asked = tokio::time::timeout(AT_MOST, networks_or_why(system)).await;
            asked.unwrap_or_else(|_| Err(format!("NetworkManager does not answer, {NOT_KNOWN}.")))
        }
    };
    let found = Found { networks, monitors, docked };
    let (fine, text) = said(&rules, &found, &context.config_for_people());
    Check { about: "places", fine, text }
}

/// What it means that networks are not known.
const NOT_KNOWN: &str = "so places by `network` are not known";

async fn networks_or_why(system: &Connection) -> Result<BTreeSet<String>, String> {
    match networks(system).await {
        Ok(networks) => Ok(networks),
        Err(CallError::Absent(_)) => {
            let mut running = Vec::new();
            for (title, name) in OTHERS {
                if Peer::new(system, name, "/", name).is_running().await == Ok(true) {
                    running.push(title);
                }
            }
            let instead = match running.as_slice() {
                [] => String::new(),
                running => format!(" {} is here, which quietd cannot ask.", running.join(" with ")),
            };
            Err(format!("NetworkManager is not running, {NOT_KNOWN}.{instead}"))
        }
        Err(error) => Err(format!("{error}, {NOT_KNOWN}.")),
    }
}

/// Whether it is fine, and the sentences.
fn said(rules: &[PlaceRule], found: &Found, config: &str) -> (bool, String) {
    let go_by = |sign: fn(&Sign) -> bool| rules.iter().any(|rule| sign(&rule.sign));
    let mut fine = true;
    let mut text = match &found.networks {
        Err(why) => {
            fine = !go_by(|sign| matches!(sign, Sign::Network(_)));
            why.clone()
        }
        Ok(networks) if networks.is_empty() => "this machine is on no network now".to_owned(),
        Ok(networks) => format!("on {}", listed(networks.iter().map(String::as_str))),
    };
    if !found.monitors.is_empty() {
        let names = |it: &Connected| it.names().map(shown).collect::<Vec<_>>().join(" or ");
        let each: Vec<_> = found.monitors.iter().map(names).collect();
        text.extend(["\nconnected: ", &each.join("; ")]);
    } else if go_by(|sign| matches!(sign, Sign::Monitor(_))) {
        fine = false;
        text.push_str("\nThe kernel tells of no monitor, so places by `monitor` are not known.");
    }
    if go_by(|sign| *sign == Sign::Dock) {
        let docked = if found.docked { "counts" } else { "does not count" };
        text.extend(["\nThis machine ", docked, " as docked now."]);
    }
    let networks = found.networks.as_ref().ok();
    let networks: Vec<_> = networks.into_iter().flatten().map(String::as_str).collect();
    let monitors: Vec<_> = found.monitors.iter().flat_map(Connected::names).collect();
    if rules.is_empty() && !(networks.is_empty() && monitors.is_empty()) {
        text.extend(["; a [[place]] of ", config, " can go by that"]);
    }
    for rule in rules {
        let (name, here) = match &rule.sign {
            Sign::Network(name) => (name, &networks),
            Sign::Monitor(name) => (name, &monitors),
            Sign::Dock => continue,
        };
        if here.contains(&name.as_str()) {
            continue;
        }
        if let Some(near) = nearest(name, here.iter().copied()) {
            fine = false;
            let (place, name, near) = (shown(&rule.name), shown(name), shown(near));
            text.extend(["\nThe place ", &place, " goes by ", &name, ". If ", &near]);
            text.push_str(" is meant, write it exactly so.");
        }
    }
    (fine, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Measures;

    fn place(sign: Sign) -> PlaceRule {
        PlaceRule {
            name: "bedroom".into(),
            sign,
            profile: "ease".into(),
            measures: Measures::default(),
            lasting: Measures::default(),
        }
    }

    fn network(name: &str) -> PlaceRule {
        place(Sign::Network(name.into()))
    }

    fn on(networks: &[&str]) -> Found {
        let networks = networks.iter().map(|name| (*name).to_owned()).collect();
        Found { networks: Ok(networks), monitors: Vec::new(), docked: false }
    }

    fn drawn(rules: &[PlaceRule], found: &Found) -> String {
        let (fine, text) = said(rules, found, "config.toml");
        format!("{fine}: {text}")
    }

    #[test]
    fn where_the_machine_is() {
        let here = || on(&["Bedroom 5G", "Wired connection 1"]);
        insta::assert_snapshot!(
            drawn(&[], &here()),
            @r#"true: on "Bedroom 5G" and "Wired connection 1"; a [[place]] of config.toml can go by that"#
        );
        insta::assert_snapshot!(drawn(&[network("bedroom 5g")], &here()), @r#"
        false: on "Bedroom 5G" and "Wired connection 1"
        The place "bedroom" goes by "bedroom 5g". If "Bedroom 5G" is meant, write it exactly so.
        "#);
        insta::assert_snapshot!(
            drawn(&[network("Office"), network("Bedroom 5G")], &here()),
            @r#"true: on "Bedroom 5G" and "Wired connection 1""#
        );
        insta::assert_snapshot!(drawn(&[], &on(&[])), @"true: this machine is on no network now");
        assert!(!drawn(&[], &on(&["a\u{1b}[31mb"])).contains('\u{1b}'));
    }

    #[test]
    fn what_is_connected() {
        let desk = || {
            let of = |connector: &str, product: Option<&str>, model: &str| Connected {
                connector: connector.to_owned(),
                product: product.map(str::to_owned),
                model: Some(model.to_owned()),
            };
            let monitors = vec![
                of("DP-2", Some("DELL U2720Q"), "DEL DELL U2720Q"),
                of("eDP-1", None, "BOE 0x0A1D"),
            ];
            Found { monitors, docked: true, ..on(&[]) }
        };
        insta::assert_snapshot!(drawn(&[], &desk()), @r#"
        true: this machine is on no network now
        connected: "DP-2" or "DELL U2720Q" or "DEL DELL U2720Q"; "eDP-1" or "BOE 0x0A1D"; a [[place]] of config.toml can go by that
        "#);
        let monitor = |name: &str| place(Sign::Monitor(name.into()));
        insta::assert_snapshot!(drawn(&[monitor("Dell U2720Q"), place(Sign::Dock)], &desk()), @r#"
        false: this machine is on no network now
        connected: "DP-2" or "DELL U2720Q" or "DEL DELL U2720Q"; "eDP-1" or "BOE 0x0A1D"
        This machine counts as docked now.
        The place "bedroom" goes by "Dell U2720Q". If "DELL U2720Q" is meant, write it exactly so.
        "#);
        assert!(said(&[monitor("DP-2")], &desk(), "config.toml").0);
        insta::assert_snapshot!(drawn(&[monitor("DP-2"), place(Sign::Dock)], &on(&["Bedroom"])), @r#"
        false: on "Bedroom"
        The kernel tells of no monitor, so places by `monitor` are not known.
        This machine does not count as docked now.
        "#);
    }

    #[test]
    fn who_cannot_be_asked_matters_where_a_place_goes_by_it() {
        let networks = Err(format!("NetworkManager is not running, {NOT_KNOWN}."));
        let nobody = Found { networks, ..on(&[]) };
        for (rules, fine) in
            [(vec![], true), (vec![network("Bedroom")], false), (vec![place(Sign::Dock)], true)]
        {
            assert_eq!(said(&rules, &nobody, "config.toml").0, fine, "{rules:?}");
        }
    }
}
