//! A receipt of `x11-gamma`, read: whose a ramp is; pure.

use serde::{Deserialize, Serialize};

use super::{
    glide::{Glide, Look, STEPS},
    ramp::{Light, Ramp},
    randr::{Crtc, Output},
};
use crate::{backend::BackendError, store::Receipt};

/// What was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// `$DISPLAY`: in another process it may not be set.
    pub(super) display: String,
    pub(super) screens: Vec<Screen>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Screen {
    #[serde(flatten)]
    pub(super) output: Output,
    pub(super) ramp: Ramp,
}

/// A receipt, read.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) found: Found,
    pub(super) set: Light,
    /// What is set, and what was set earlier.
    pub(super) ours: Vec<Light>,
    /// Screens that came since, and that the engine has heard of.
    pub(super) told: Vec<Output>,
}

/// What a CRTC has, compared with a receipt.
#[derive(Debug, PartialEq)]
pub(super) enum Has {
    /// What is to be there.
    Set,
    /// What we had set, here or, before screens were plugged otherwise, elsewhere; or a step on the way.
    Ours(Look),
    /// What was found, or nothing at all: a screen that was set up anew.
    Found,
    /// Something else.
    Theirs,
}

/// Every look that a glide which is not over may have left, given what [`super::randr::Display::glide`] tells of it.
pub(super) fn steps(glide: &[Look]) -> Vec<Look> {
    let Some((to, beginnings)) = glide.split_first() else { return Vec::new() };
    let glides = beginnings.iter().map(|from| Glide { from: *from, to: *to });
    glides.flat_map(|glide| (0..=STEPS).map(move |step| glide.at(step))).collect()
}

impl Kept {
    pub(super) fn read(receipt: &Receipt) -> Result<Self, BackendError> {
        let (Some(found), Some(set)) = (receipt.found(), receipt.set()) else {
            return Err(BackendError::Refused(
                "the receipt of x11-gamma cannot be read".to_owned(),
            ));
        };
        Ok(Self { found, set, ours: receipt.ours(), told: Vec::new() })
    }

    pub(super) fn screen(&self, output: &Output) -> Option<&Screen> {
        self.found.screens.iter().find(|screen| screen.output == *output)
    }

    /// The screen whose ramp, in one of our lights or at a step of a glide, this is; and the look that it has.
    pub(super) fn ours_of(&self, ramp: &Ramp, steps: &[Look]) -> Option<(&Screen, Look)> {
        let lights = self.ours.iter().map(|light| Look::from(*light));
        let looks: Vec<Look> = lights.chain(steps.iter().copied()).collect();
        self.found.screens.iter().find_map(|screen| {
            let look = screen.look_of(ramp, &looks)?;
            Some((screen, look))
        })
    }

    pub(super) fn compare(&self, screen: &Screen, ramp: &Ramp, steps: &[Look]) -> Has {
        if screen.look_of(ramp, &[self.set.into()]).is_some() {
            return Has::Set;
        }
        // The first steps of a glide are hardly other than what was found.
        if let Some(look) = screen.look_of(ramp, steps) {
            return Has::Ours(look);
        }
        if screen.ramp.sized_as(ramp).is_like(ramp) {
            Has::Found
        } else if let Some((_, look)) = self.ours_of(ramp, steps) {
            Has::Ours(look)
        } else if ramp.is_linear() {
            Has::Found
        } else {
            Has::Theirs
        }
    }

    /// The screens that are there and are not in the receipt. One on a CRTC that still has our ramp of another screen
    /// had, before, what that one had.
    pub(super) fn newcomers(&self, crtcs: Vec<Crtc>, steps: &[Look]) -> Vec<Screen> {
        let shown = crtcs.into_iter().filter_map(|crtc| Some((crtc.output?, crtc.ramp)));
        shown
            .filter(|(output, _)| self.screen(output).is_none())
            .map(|(output, ramp)| {
                let before = self.ours_of(&ramp, steps).map(|(screen, _)| screen.ramp.clone());
                Screen { output, ramp: before.unwrap_or(ramp) }
            })
            .collect()
    }
}

impl Screen {
    /// The look that makes this ramp of its own one.
    fn look_of(&self, ramp: &Ramp, looks: &[Look]) -> Option<Look> {
        let own = self.ramp.sized_as(ramp);
        let mut looks = looks.iter().map(|look| self.output.in_look(look));
        looks.find(|look| own.in_look(look).is_like(ramp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(name: &str) -> Output {
        Output { name: name.to_owned(), edid: None }
    }

    /// A screen whose calibration takes some blue away.
    fn calibrated(name: &str) -> Screen {
        let ramp = Ramp::linear(64).in_look(&light(0, Some(5500)).into());
        Screen { output: output(name), ramp }
    }

    const fn light(dim: u8, warmth: Option<u16>) -> Light {
        Light { dim, warmth, but_panel: false }
    }

    const NOW: Light = light(20, None);
    const EARLIER: Light = light(40, Some(3400));

    fn kept() -> Kept {
        let other = Screen { output: output("HDMI-1"), ramp: Ramp::linear(64) };
        Kept {
            found: Found { display: ":0".to_owned(), screens: vec![calibrated("DP-1"), other] },
            set: NOW,
            ours: vec![NOW, EARLIER],
            told: Vec::new(),
        }
    }

    #[test]
    fn knows_whose_a_ramp_is() {
        let kept = kept();
        let screen = calibrated("DP-1");
        let has = |ramp: &Ramp| kept.compare(&screen, ramp, &[]);
        assert_eq!(has(&screen.ramp.in_look(&NOW.into())), Has::Set);
        assert_eq!(has(&screen.ramp.in_look(&EARLIER.into())), Has::Ours(EARLIER.into()));
        assert_eq!(has(&screen.ramp), Has::Found);
        // Set up anew by the server.
        assert_eq!(has(&Ramp::linear(64)), Has::Found);
        // The CRTC showed the other screen before.
        assert_eq!(has(&Ramp::linear(64).in_look(&NOW.into())), Has::Ours(NOW.into()));
        assert_eq!(has(&Ramp::linear(64).in_look(&light(60, None).into())), Has::Theirs);
        assert_eq!(has(&Ramp::linear(256)), Has::Found);
    }

    #[test]
    fn a_panel_with_a_light_of_its_own_is_only_warmed() {
        let set = Light { but_panel: true, ..EARLIER };
        let kept = Kept { set, ours: vec![set], ..kept() };
        let warm = |screen: &Screen| screen.ramp.in_look(&light(0, Some(3400)).into());
        let dark = |screen: &Screen| screen.ramp.in_look(&EARLIER.into());
        let (panel, other) = (calibrated("eDP-1"), calibrated("DP-1"));
        assert_eq!(kept.compare(&panel, &warm(&panel), &[]), Has::Set);
        assert_eq!(kept.compare(&other, &dark(&other), &[]), Has::Set);
        assert_ne!(kept.compare(&panel, &dark(&panel), &[]), Has::Set);
        assert_eq!(kept.compare(&other, &warm(&other), &[]), Has::Theirs);
    }

    #[test]
    fn nothing_to_do_is_not_ours() {
        let kept = Kept { set: Light::default(), ours: vec![Light::default()], ..kept() };
        let screen = calibrated("DP-1");
        assert_eq!(kept.compare(&screen, &screen.ramp, &[]), Has::Set);
    }

    #[test]
    fn a_screen_on_a_crtc_of_another_size_is_known() {
        let kept = kept();
        let screen = calibrated("DP-1");
        let larger = screen.ramp.sized_as(&Ramp::linear(256));
        assert_eq!(kept.compare(&screen, &larger, &[]), Has::Found);
        assert_eq!(kept.compare(&screen, &larger.in_look(&NOW.into()), &[]), Has::Set);
        assert_eq!(
            kept.compare(&screen, &larger.in_look(&EARLIER.into()), &[]),
            Has::Ours(EARLIER.into())
        );
        assert_eq!(kept.ours_of(&larger.in_look(&NOW.into()), &[]).unwrap().0, &screen);
    }

    #[test]
    fn each_step_of_a_glide_is_ours_while_it_is_not_over() {
        let kept = kept();
        let screen = calibrated("DP-1");
        let glide = [NOW.into(), Look::default(), EARLIER.into()];
        let steps = steps(&glide);
        for from in [Look::default(), EARLIER.into()] {
            for step in 0..STEPS {
                let look = Glide { from, to: NOW.into() }.at(step);
                let ramp = screen.ramp.in_look(&look);
                let has = kept.compare(&screen, &ramp, &steps);
                assert!(matches!(has, Has::Ours(_) | Has::Set), "step {step}: {has:?}");
                assert_eq!(kept.ours_of(&ramp, &steps).unwrap().0, &screen);
            }
        }
        let between = Glide { from: EARLIER.into(), to: NOW.into() }.at(STEPS / 2);
        assert_eq!(kept.compare(&screen, &screen.ramp.in_look(&between), &[]), Has::Theirs);
    }
}
