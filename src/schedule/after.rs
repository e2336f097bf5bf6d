//! `[[after]]`: the phases that follow a session.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Facts, Session,
    offs::Offs,
    shift::{earlier, later},
    slot::{Cause, Slot, ahead, session_run},
};
use crate::config::AfterRule;

/// Shows every phase that ends after `since`, those of sessions still to come included.
pub(super) fn each<'a>(
    facts: &Facts<'a>,
    offs: &Offs,
    since: Timestamp,
    see: &mut impl FnMut(Slot<'a>),
) {
    let rules: Vec<(&AfterRule, SignedDuration)> =
        facts.config.after.iter().map(|rule| (rule, length(rule))).collect();
    let Some(longest) = rules.iter().map(|(_, length)| *length).max() else { return };
    let mut of_kind: BTreeMap<&str, Vec<&'a AfterRule>> = BTreeMap::new();
    for session in facts.sessions {
        // Ten years of sessions are over; no more than this is spent on each of them.
        if later(session.ended, longest) <= since {
            continue;
        }
        let followed = of_kind.entry(&session.kind).or_insert_with(|| {
            let follows = |rule: &&AfterRule| rule.session.includes(&session.kind);
            facts.config.after.iter().filter(follows).collect()
        });
        phases(facts, offs, since, session, followed, see);
    }
}

fn phases<'a>(
    facts: &Facts<'a>,
    offs: &Offs,
    since: Timestamp,
    session: &'a Session,
    rules: &[&'a AfterRule],
    see: &mut impl FnMut(Slot<'a>),
) {
    let Some(longest) = rules.iter().map(|rule| length(rule)).max() else { return };
    let ahead = ahead(facts, &session_run(&session.id));
    let begins = earlier(session.ended, ahead);
    // Said off before it was logged, the person cannot have meant this session.
    let known = begins.max(earlier(session.logged, ahead));
    if offs.within(known, Some(later(session.ended, longest))) {
        return;
    }
    for rule in rules {
        let mut from = begins;
        let mut gone = SignedDuration::ZERO;
        for (phase, lasts) in rule.phases.iter().map(|phase| phase.lasts).enumerate() {
            gone = gone.saturating_add(lasts);
            let until = later(begins, gone);
            if from < until && since < until {
                let cause = Cause::After { session, rule, phase };
                see(Slot { from, until: Some(until), cause });
            }
            from = until;
        }
    }
}

fn length(rule: &AfterRule) -> SignedDuration {
    rule.phases.iter().fold(SignedDuration::ZERO, |sum, phase| sum.saturating_add(phase.lasts))
}
