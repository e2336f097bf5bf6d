//! `[[place]]`: while this machine is on a network.

use super::{
    Facts,
    offs::Offs,
    shift::earlier,
    slot::{Cause, Slot, ahead, place_run},
};

/// Shows each place the machine is at. Names of networks are compared exactly.
pub(super) fn each<'a>(facts: &Facts<'a>, offs: &Offs, see: &mut impl FnMut(Slot<'a>)) {
    for rule in &facts.config.places {
        let Some(since) = facts.networks.get(&rule.network) else { continue };
        let from = earlier(*since, ahead(facts, &place_run(&rule.name)));
        if !offs.within(from, None) {
            see(Slot { from, until: None, cause: Cause::Place { rule } });
        }
    }
}
