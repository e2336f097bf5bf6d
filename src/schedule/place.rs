//! `[[place]]`: while this machine is somewhere.

use std::collections::BTreeSet;

use super::{
    Facts, SETTLE,
    offs::Offs,
    shift::later,
    slot::{Cause, Slot},
};
use crate::config::{Config, STRONG_AT_MOST, Sign};

/// Names the places whose sign is there. Names of networks are compared exactly.
pub fn here(config: &Config, networks: &BTreeSet<String>) -> BTreeSet<String> {
    let is_there = |sign: &Sign| match sign {
        Sign::Network(name) => networks.contains(name),
    };
    let rules = config.places.iter().filter(|rule| is_there(&rule.sign));
    rules.map(|rule| rule.name.clone()).collect()
}

/// Shows each place the machine is at; stays are moved with a clock that is set back, so none is ahead of it. What is strong ends after [`STRONG_AT_MOST`]; the rest lasts as long as the stay.
pub(super) fn each<'a>(facts: &Facts<'a>, offs: &Offs, see: &mut impl FnMut(Slot<'a>)) {
    for rule in &facts.config.places {
        let Some(stay) = facts.stays.get(&rule.name) else { continue };
        let from = stay.since;
        let until = stay.left.map(|left| later(left, SETTLE));
        if offs.within(from, until) {
            continue;
        }
        if rule.lasting == rule.measures {
            let cause = Cause::Place { rule, measures: &rule.measures };
            see(Slot { from, until, cause });
            continue;
        }
        let strong_until = later(from, STRONG_AT_MOST);
        let first = Some(until.map_or(strong_until, |until| until.min(strong_until)));
        let cause = Cause::Place { rule, measures: &rule.measures };
        see(Slot { from, until: first, cause });
        if !rule.lasting.is_open() && until.is_none_or(|until| strong_until < until) {
            let cause = Cause::Place { rule, measures: &rule.lasting };
            see(Slot { from: strong_until, until, cause });
        }
    }
}
