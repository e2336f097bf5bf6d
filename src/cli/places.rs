//! What `doctor` says of places: the names this machine goes by now, and what keeps a place from being known.

use std::{collections::BTreeSet, time::Duration};

use zbus::Connection;

use super::{context::Context, render::lists::Check};
use crate::{
    config::{self, PlaceRule, Sign, listed, nearest, shown},
    dbus::{CallError, Peer},
    source::networks,
};

/// A service that hangs holds nobody up for longer.
const AT_MOST: Duration = Duration::from_secs(2);

/// Other services that connect machines to networks, with their names on the system bus.
const OTHERS: [(&str, &str); 3] = [
    ("iwd", "net.connman.iwd"),
    ("systemd-networkd", "org.freedesktop.network1"),
    ("ConnMan", "net.connman"),
];

/// Looks where the machine is, and whether the places of the config can be known.
pub async fn check(context: &Context) -> Check {
    let text = std::fs::read_to_string(context.env.config_file()).unwrap_or_default();
    let parsed = config::parse(&text, &context.config_for_people());
    let rules = parsed.map(|parsed| parsed.config.places).unwrap_or_default();
    let looked = tokio::time::timeout(AT_MOST, look()).await;
    let networks = looked.unwrap_or_else(|_| {
        Err("NetworkManager does not answer, so it is not known where this machine is.".to_owned())
    });
    let (fine, text) = said(&rules, &networks, &context.config_for_people());
    Check { about: "places", fine, text }
}

async fn look() -> Result<BTreeSet<String>, String> {
    let nothing = "so places are not known";
    let Ok(system) = Connection::system().await else {
        return Err(format!("There is no system bus, {nothing}."));
    };
    match networks(&system).await {
        Ok(networks) => Ok(networks),
        Err(CallError::Absent(_)) => {
            let mut running = Vec::new();
            for (title, name) in OTHERS {
                if Peer::new(&system, name, "/", name).is_running().await == Ok(true) {
                    running.push(title);
                }
            }
            let instead = match running.as_slice() {
                [] => String::new(),
                running => format!(" {} is here, which quietd cannot ask.", running.join(" with ")),
            };
            Err(format!("NetworkManager is not running, {nothing}.{instead}"))
        }
        Err(error) => Err(format!("{error}, {nothing}.")),
    }
}

/// Whether it is fine, and the sentences.
fn said(
    rules: &[PlaceRule],
    networks: &Result<BTreeSet<String>, String>,
    config: &str,
) -> (bool, String) {
    let networks = match networks {
        Err(why) => return (rules.is_empty(), why.clone()),
        Ok(networks) if networks.is_empty() => {
            return (true, "this machine is on no network now".to_owned());
        }
        Ok(networks) => networks,
    };
    let names = || networks.iter().map(String::as_str);
    let mut text = format!("on {}", listed(names()));
    if rules.is_empty() {
        text.push_str("; a [[place]] of ");
        text.push_str(config);
        text.push_str(" can go by that");
    }
    let mut fine = true;
    for rule in rules {
        let Sign::Network(network) = &rule.sign;
        let near = nearest(network, names()).filter(|_| !networks.contains(network));
        if let Some(near) = near {
            fine = false;
            let (place, network, near) = (shown(&rule.name), shown(network), shown(near));
            text.extend(["\nThe place ", &place, " goes by ", &network, ". If ", &near]);
            text.push_str(" is meant, write it exactly so.");
        }
    }
    (fine, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Measures;

    fn place(network: &str) -> PlaceRule {
        PlaceRule {
            name: "bedroom".into(),
            sign: Sign::Network(network.into()),
            profile: "ease".into(),
            measures: Measures::default(),
            lasting: Measures::default(),
        }
    }

    fn on(networks: &[&str]) -> BTreeSet<String> {
        networks.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn where_the_machine_is() {
        let here = || on(&["Bedroom 5G", "Wired connection 1"]);
        let said = |rules: &[PlaceRule], networks| super::said(rules, &networks, "config.toml");
        let drawn = |rules: &[PlaceRule], networks| {
            let (fine, text) = said(rules, networks);
            format!("{fine}: {text}")
        };
        insta::assert_snapshot!(
            drawn(&[], Ok(here())),
            @r#"true: on "Bedroom 5G" and "Wired connection 1"; a [[place]] of config.toml can go by that"#
        );
        insta::assert_snapshot!(drawn(&[place("bedroom 5g")], Ok(here())), @r#"
        false: on "Bedroom 5G" and "Wired connection 1"
        The place "bedroom" goes by "bedroom 5g". If "Bedroom 5G" is meant, write it exactly so.
        "#);
        insta::assert_snapshot!(
            drawn(&[place("Office"), place("Bedroom 5G")], Ok(here())),
            @r#"true: on "Bedroom 5G" and "Wired connection 1""#
        );
        insta::assert_snapshot!(drawn(&[], Ok(on(&[]))), @"true: this machine is on no network now");
        let nobody = || Err("NetworkManager is not running, so places are not known.".to_owned());
        assert!(said(&[], nobody()).0, "nobody asked for a place");
        assert!(!said(&[place("Bedroom")], nobody()).0);
        assert!(!said(&[], Ok(on(&["a\u{1b}[31mb"]))).1.contains('\u{1b}'));
    }
}
