//! How screens get from one look to another: which step at which time; pure.
//!
//! What is multiplied are values as screens are sent them, and those are about even for the eye: so equal parts of the way
//! look equal, and only the beginning and the end are softened.

use std::time::Duration;

use super::colour::Channels;

/// How many steps a glide has; the last one is the look it leads to.
pub const STEPS: u32 = 25;

/// From one step to the next.
pub const EVERY: Duration = Duration::from_millis(40);

/// How screens look, between any two settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// How much light the dimming leaves, 0 to 1.
    pub light: f64,
    /// The same for the panel of a laptop, which may have been dimmed by its own light.
    pub panel_light: f64,
    /// How much of red, green and blue the warmth leaves, 0 to 1 each.
    pub tint: Channels,
    /// How much of the colours is taken away, 0 to 1.
    pub grey: f64,
}

impl Default for Look {
    /// Untouched.
    fn default() -> Self {
        Self { light: 1.0, panel_light: 1.0, tint: [1.0; 3], grey: 0.0 }
    }
}

impl Look {
    /// The look of a screen: the panel of a laptop, or another.
    #[must_use]
    pub fn on(&self, is_panel: bool) -> Self {
        let light = if is_panel { self.panel_light } else { self.light };
        Self { light, panel_light: light, ..*self }
    }

    /// How much of red, green and blue is left in all.
    pub fn channels(&self) -> Channels {
        self.tint.map(|part| part * self.light)
    }

    /// What lies between this look and another: at 0 this one, at 1 the other.
    #[must_use]
    fn mixed(&self, other: &Self, part: f64) -> Self {
        let mix = |from: f64, to: f64| from + (to - from) * part;
        Self {
            light: mix(self.light, other.light),
            panel_light: mix(self.panel_light, other.panel_light),
            tint: [0, 1, 2].map(|channel| mix(self.tint[channel], other.tint[channel])),
            grey: mix(self.grey, other.grey),
        }
    }
}

/// The way from one look to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Glide {
    /// Where it begins.
    pub from: Look,
    /// Where it leads.
    pub to: Look,
}

impl Glide {
    /// The step that is due after a time: the first one at once, the last one after less than a second.
    pub fn step_after(passed: Duration) -> u32 {
        let steps = passed.as_millis() / EVERY.as_millis();
        u32::try_from(steps).unwrap_or(STEPS).saturating_add(1).min(STEPS)
    }

    /// When a step is due, from the beginning.
    pub fn due(step: u32) -> Duration {
        EVERY * step.clamp(1, STEPS).saturating_sub(1)
    }

    /// The look at a step; the last one is exactly where it leads.
    pub fn at(&self, step: u32) -> Look {
        if step >= STEPS {
            return self.to;
        }
        let part = f64::from(step) / f64::from(STEPS);
        self.from.mixed(&self.to, part * part * (3.0 - 2.0 * part))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_look() -> impl Strategy<Value = Look> {
        let part = || 0.0..=1.0_f64;
        (part(), part(), [part(), part(), part()], part())
            .prop_map(|(light, panel_light, tint, grey)| Look { light, panel_light, tint, grey })
    }

    fn parts(look: &Look) -> [f64; 6] {
        let [red, green, blue] = look.tint;
        [look.light, look.panel_light, red, green, blue, look.grey]
    }

    #[test]
    fn the_first_step_is_due_at_once_and_the_last_within_a_second() {
        assert_eq!(Glide::step_after(Duration::ZERO), 1);
        assert_eq!(Glide::step_after(Duration::from_secs(1)), STEPS);
        assert_eq!(Glide::step_after(Duration::MAX), STEPS);
        assert_eq!(Glide::due(0), Duration::ZERO);
        assert!(Glide::due(STEPS) < Duration::from_secs(1));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_step_is_there_when_it_is_due(step in 1..=STEPS, late in 0_u64..40) {
            let passed = Glide::due(step) + Duration::from_millis(late);
            prop_assert_eq!(Glide::step_after(passed), step);
        }

        #[test]
        fn later_is_never_a_step_back(one in 0_u64..3_000, other in 0_u64..3_000) {
            let step = |millis| Glide::step_after(Duration::from_millis(millis));
            prop_assert!(step(one.min(other)) <= step(one.max(other)));
        }

        #[test]
        fn it_ends_exactly_where_it_leads(from in any_look(), to in any_look()) {
            let glide = Glide { from, to };
            prop_assert_eq!(glide.at(STEPS), to);
            prop_assert_eq!(glide.at(u32::MAX), to);
            prop_assert_eq!(glide.at(0), from);
        }

        #[test]
        fn every_step_is_nearer_than_the_one_before(from in any_look(), to in any_look()) {
            let glide = Glide { from, to };
            for step in 1..=STEPS {
                let (before, now) = (parts(&glide.at(step - 1)), parts(&glide.at(step)));
                for (nth, wanted) in parts(&to).into_iter().enumerate() {
                    let (was, is) = ((wanted - before[nth]).abs(), (wanted - now[nth]).abs());
                    prop_assert!(is <= was + 1e-12, "step {step}: {was} then {is}");
                }
            }
        }

        #[test]
        fn no_step_is_a_jump(from in any_look(), to in any_look()) {
            let glide = Glide { from, to };
            for step in 1..=STEPS {
                let (before, now) = (parts(&glide.at(step - 1)), parts(&glide.at(step)));
                for (before, now) in before.into_iter().zip(now) {
                    // The steepest of the curve is half again as steep as an even way.
                    prop_assert!((now - before).abs() <= 1.5 / f64::from(STEPS) + 1e-12);
                }
            }
        }
    }
}
