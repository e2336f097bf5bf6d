//! What phases may do: they end, what is strong ends sooner, and each is no stricter than the one before.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use jiff::SignedDuration;

use super::{
    ANY_AT_MOST, Measures, Phase, Profile, STRONG_AT_MOST, duration::write_duration, file,
    lower::find, names::shown, notes::Notes,
};

/// How many phases a rule may have.
const PHASES_AT_MOST: usize = 50;

/// Lowers the phases of one rule; `own` are the profiles that the person wrote.
pub(super) fn lower(
    rule: &file::After<'_>,
    profiles: &BTreeMap<String, Profile>,
    own: &BTreeSet<&str>,
    notes: &mut Notes<'_>,
) -> Vec<Phase> {
    if let Some(phase) = rule.phases.get(PHASES_AT_MOST) {
        notes.mistake(
            &phase.span,
            format!("a rule has more than {PHASES_AT_MOST} phases"),
            "one too many",
            "Put some of them together.",
        );
        return Vec::new();
    }
    let mut course = Course { own: own.clone(), ..Course::default() };
    for (at, phase) in rule.phases.iter().enumerate() {
        let profile = phase.profile.as_ref().and_then(|name| find(profiles, name, notes));
        let lasts = phase.lasts.as_ref().map(|lasts| (lasts.value, lasts.span.clone()));
        if let (Some(profile), Some(name), Some((lasts, span))) = (profile, &phase.profile, lasts) {
            let written = Written {
                number: at + 1,
                profile: name.value,
                name_span: name.span.clone(),
                lasts,
                lasts_span: span,
            };
            course.add(&written, &profile.measures, notes);
        }
    }
    course.phases
}

/// A phase of which all is known.
struct Written<'a> {
    number: usize,
    profile: &'a str,
    name_span: Range<usize>,
    lasts: SignedDuration,
    lasts_span: Range<usize>,
}

/// The phases of one rule, one after the other.
#[derive(Default)]
struct Course<'a> {
    /// The profiles that the person wrote.
    own: BTreeSet<&'a str>,
    phases: Vec<Phase>,
    /// From the session's end to the end of what was added, as written.
    elapsed: SignedDuration,
    is_cut: bool,
    is_weakened: bool,
}

impl Course<'_> {
    fn add(&mut self, written: &Written<'_>, wanted: &Measures, notes: &mut Notes<'_>) {
        let start = self.elapsed;
        self.elapsed = start.saturating_add(written.lasts);
        if self.elapsed > ANY_AT_MOST && !self.is_cut {
            self.is_cut = true;
            notes.warning(
                &written.lasts_span,
                "quiet ends 14 days after a session at the latest".to_string(),
                format!("this phase would end {} after it", write_duration(self.elapsed)),
                "What is written beyond that is left out.",
            );
        }
        if start >= ANY_AT_MOST {
            return;
        }
        let end = self.elapsed.min(ANY_AT_MOST);

        // Beyond 72 hours what is strong is left out of the phase; where an earlier phase was weak already, that says it.
        let weak = wanted.without_strong();
        let was_strong = self.phases.iter().any(|phase| is_strong(&phase.measures));
        let is_late = start >= STRONG_AT_MOST && was_strong;
        let kept =
            self.no_stricter_than_before(written, if is_late { &weak } else { wanted }, notes);
        let outlasts = is_strong(&kept) && end > STRONG_AT_MOST || is_late && weak != *wanted;
        if outlasts && !self.is_weakened {
            self.is_weakened = true;
            let profile = shown(written.profile);
            notes.warning(
                &written.lasts_span,
                format!("the strong part of {profile} ends 72 hours after a session at the latest"),
                format!("this phase ends {} after it", write_duration(self.elapsed)),
                "From then on nothing is locked and notifications come in batches; dim, warmth and breaks stay.",
            );
        }
        if is_strong(&kept) && end > STRONG_AT_MOST {
            let weak = kept.without_strong();
            self.push(written, STRONG_AT_MOST - start, kept);
            self.push(written, end - STRONG_AT_MOST, weak);
        } else {
            self.push(written, end - start, kept);
        }
    }

    fn push(&mut self, written: &Written<'_>, lasts: SignedDuration, measures: Measures) {
        self.phases.push(Phase { lasts, profile: written.profile.to_owned(), measures });
    }

    fn no_stricter_than_before(
        &self,
        written: &Written<'_>,
        wanted: &Measures,
        notes: &mut Notes<'_>,
    ) -> Measures {
        let Some(before) = self.phases.last() else { return wanted.clone() };
        let mut kept = wanted.at_most(&before.measures);
        forget_idle_wait(&mut kept);
        // The same profile again was told of already; and where the person wrote which things are locked, a built-in
        // profile that follows is expected to lock no others.
        let locks_alone = Measures { lock: kept.lock.clone(), ..wanted.clone() } == kept;
        let is_own = |name: &str| self.own.contains(name);
        let follows =
            !is_own(written.profile) && self.phases.iter().any(|phase| is_own(&phase.profile));
        let is_told = before.profile == written.profile || locks_alone && follows;
        if kept != *wanted && !is_told {
            notes.warning(
                &written.name_span,
                format!("phase {} would be stricter than the phase before it", written.number),
                format!("stricter than {}", shown(&before.profile)),
                format!(
                    "Phases only ease off, so this is kept as it is in the phase before: {}.",
                    stricter(wanted, &before.measures)
                ),
            );
        }
        kept
    }
}

/// Tells whether something is locked, or notifications are held until the end.
pub(super) fn is_strong(measures: &Measures) -> bool {
    *measures != measures.without_strong()
}

/// Takes the wait away where nothing is locked.
pub(super) fn forget_idle_wait(measures: &mut Measures) {
    if measures.lock.apps.is_empty() && measures.lock.sites.is_empty() {
        measures.lock.wait = SignedDuration::ZERO;
    }
}

/// Names each measure that is stricter than before: `dim (40, not 75), lock ("x.com" stays open)`.
fn stricter(wanted: &Measures, before: &Measures) -> String {
    let mut parts = Vec::new();
    if wanted.notifications > before.notifications {
        parts.push("notifications".to_owned());
    }
    if wanted.dim > before.dim {
        parts.push(format!("dim ({}, not {})", before.dim, wanted.dim));
    }
    match (wanted.warmth, before.warmth) {
        (Some(wanted), Some(before)) if wanted < before => {
            parts.push(format!("warmth ({before}, not {wanted})"));
        }
        (Some(_), None) => parts.push("warmth (none)".to_owned()),
        _ => {}
    }
    if wanted.greyscale && !before.greyscale {
        parts.push("greyscale (none)".to_owned());
    }
    let apps = wanted.lock.apps.difference(&before.lock.apps);
    let sites = wanted.lock.sites.difference(&before.lock.sites);
    let more: Vec<&str> = sites.chain(apps).map(String::as_str).collect();
    match more.as_slice() {
        [] => {}
        [one] => parts.push(format!("lock ({} stays open)", shown(one))),
        [first, rest @ ..] => {
            parts.push(format!("lock ({} and {} more stay open)", shown(first), rest.len()));
        }
    }
    if wanted.lock.wait > before.lock.wait && !before.lock.wait.is_zero() {
        let (wanted, before) = (wanted.lock.wait, before.lock.wait);
        parts.push(format!("wait ({}, not {})", write_duration(before), write_duration(wanted)));
    }
    if wanted.breaks != wanted.at_most(before).breaks {
        parts.push("breaks".to_owned());
    }
    parts.join(", ")
}
