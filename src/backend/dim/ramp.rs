//! Gamma ramps as values; pure.

use std::ops::Not;

use serde::{Deserialize, Serialize};

use super::{colour::warmed, glide::Look};

/// What a screen is sent for each value of red, green and blue: three tables of one length.
///
/// In JSON one string: four hexadecimal digits for each entry, red first, then green, then blue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ramp([Vec<u16>; 3]);

/// How much darker and warmer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Light {
    /// Percent darker.
    pub dim: u8,
    /// Kelvin, if warmed.
    pub warmth: Option<u16>,
    /// Whether the panel of a laptop is left as bright as it is.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub but_panel: bool,
}

impl From<Light> for Look {
    fn from(light: Light) -> Self {
        let left = f64::from(100 - light.dim.min(100)) / 100.0;
        Self {
            light: left,
            panel_light: if light.but_panel { 1.0 } else { left },
            tint: light.warmth.map_or([1.0; 3], warmed),
            grey: 0.0,
        }
    }
}

/// One step of an 8-bit table: what drivers of such hardware may make of a value.
const ROUNDING: u16 = 0x101;

impl Ramp {
    /// Makes one; none where the tables are empty or of different lengths.
    pub fn new(red: Vec<u16>, green: Vec<u16>, blue: Vec<u16>) -> Option<Self> {
        let same = red.len() == green.len() && red.len() == blue.len();
        (same && !red.is_empty()).then_some(Self([red, green, blue]))
    }

    /// Makes one that changes nothing, of a size that is not 0.
    pub fn linear(size: usize) -> Self {
        let last = size.max(2) - 1;
        let table: Vec<u16> =
            (0..size).map(|i| u16::try_from(i * 0xffff / last).unwrap_or(u16::MAX)).collect();
        Self([table.clone(), table.clone(), table])
    }

    /// Red, green, blue.
    pub fn tables(&self) -> [&[u16]; 3] {
        [&self.0[0], &self.0[1], &self.0[2]]
    }

    /// The same picture, darker and warmer: what was corrected stays corrected.
    #[must_use]
    pub fn in_look(&self, look: &Look) -> Self {
        let left = look.channels();
        Self(std::array::from_fn(|channel| {
            self.0[channel].iter().map(|value| times(*value, left[channel])).collect()
        }))
    }

    /// The same picture in tables as long as another's: a screen may get another CRTC, and that another size.
    #[must_use]
    pub fn sized_as(&self, other: &Self) -> Self {
        let size = other.0[0].len();
        if self.0[0].len() == size {
            return self.clone();
        }
        Self(std::array::from_fn(|channel| {
            let table = &self.0[channel];
            (0..size).map(|nth| between(table, nth, size)).collect()
        }))
    }

    /// Tells whether two are the same but for rounding.
    pub fn is_like(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(these, those)| {
            these.len() == those.len()
                && these.iter().zip(those).all(|(this, that)| this.abs_diff(*that) <= ROUNDING)
        })
    }

    /// Tells whether it changes nothing.
    pub fn is_linear(&self) -> bool {
        self.is_like(&self.made_linear())
    }

    /// Tells whether it lets nothing be seen.
    pub fn is_black(&self) -> bool {
        self.0.iter().flatten().all(|value| *value == 0)
    }

    /// One of the same size that changes nothing.
    #[must_use]
    pub fn made_linear(&self) -> Self {
        Self::linear(self.0[0].len())
    }
}

/// A table's value at the `nth` of `size` even parts of it.
fn between(table: &[u16], nth: usize, size: usize) -> u16 {
    let (last, of) = (table.len() - 1, size.max(2) - 1);
    let (below, rest) = (nth * last / of, nth * last % of);
    let (low, high) = (usize::from(table[below]), usize::from(table[(below + 1).min(last)]));
    let value = (low * (of - rest) + high * rest + of / 2) / of;
    u16::try_from(value).unwrap_or(u16::MAX)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a value of 16 bits times 0 to 1 is one"
)]
fn times(value: u16, factor: f64) -> u16 {
    (f64::from(value) * factor.clamp(0.0, 1.0)).round() as u16
}

impl From<Ramp> for String {
    fn from(ramp: Ramp) -> Self {
        use std::fmt::Write;
        let mut text = String::with_capacity(ramp.0[0].len() * 12);
        for value in ramp.0.iter().flatten() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{value:04x}");
        }
        text
    }
}

impl TryFrom<String> for Ramp {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let values: Option<Vec<u16>> = text
            .as_bytes()
            .chunks(4)
            .map(|digits| {
                // Without the check a sign would pass.
                let all = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| all)?;
                u16::from_str_radix(digits, 16).ok()
            })
            .collect();
        let tables = values.filter(|values| values.len().is_multiple_of(3)).and_then(|values| {
            let size = values.len() / 3;
            let (red, rest) = values.split_at(size);
            let (green, blue) = rest.split_at(size);
            Self::new(red.to_vec(), green.to_vec(), blue.to_vec())
        });
        tables.ok_or_else(|| "not the three tables of a gamma ramp".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Light, Look, Ramp};

    fn look(dim: u8, warmth: Option<u16>) -> Look {
        Light { dim, warmth, but_panel: false }.into()
    }

    #[test]
    fn linear_goes_from_black_to_white() {
        let ramp = Ramp::linear(256);
        let [red, ..] = ramp.tables();
        assert_eq!((red[0], red[1], red[255]), (0, 257, 65535));
        assert!(ramp.is_linear());
        assert!(!ramp.in_look(&look(5, None)).is_linear());
        assert_eq!(Ramp::linear(1).tables()[0], [0]);
        assert!(Ramp::linear(1).is_black() && !ramp.is_black());
    }

    #[test]
    fn darker_and_warmer_is_darker_and_warmer() {
        let ramp = Ramp::linear(256);
        let darker = ramp.in_look(&look(40, None));
        assert_eq!(darker.tables().map(|table| table[255]), [39321; 3]);
        let [red, green, blue] =
            ramp.in_look(&look(0, Some(3400))).tables().map(|table| table[255]);
        assert!(red == 65535 && green < red && blue < green, "{red} {green} {blue}");
    }

    #[test]
    fn what_is_no_ramp_is_refused() {
        for text in
            ["", "00", "ffff", "ffff0000ffff0", "gggg00000000", "+fff00000000", "é0000000000"]
        {
            assert!(Ramp::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!(Ramp::new(vec![1], vec![1], vec![]).is_none());
    }

    fn any_ramp() -> impl Strategy<Value = Ramp> {
        (1_usize..64).prop_flat_map(|size| {
            let table = || proptest::collection::vec(any::<u16>(), size);
            (table(), table(), table()).prop_map(|(r, g, b)| Ramp::new(r, g, b).unwrap())
        })
    }

    proptest! {
        #[test]
        fn text_gives_back_the_ramp(ramp in any_ramp()) {
            prop_assert_eq!(Ramp::try_from(String::from(ramp.clone())), Ok(ramp));
        }

        #[test]
        fn another_size_is_the_same_picture(size in 1_usize..600, ramp in any_ramp()) {
            let other = Ramp::linear(size);
            let sized = ramp.sized_as(&other);
            prop_assert_eq!(sized.tables()[0].len(), size);
            prop_assert!(Ramp::linear(256).sized_as(&other).is_like(&other));
            for (new, old) in sized.tables().iter().zip(ramp.tables()) {
                prop_assert_eq!(new[0], old[0]);
                prop_assert!(size == 1 || new.last() == old.last());
            }
        }

        #[test]
        fn no_light_is_added(ramp in any_ramp(), dim in 0_u8..=75, warmth in proptest::option::of(1000_u16..=6500)) {
            let darker = ramp.in_look(&look(dim, warmth));
            for (new, old) in darker.tables().iter().zip(ramp.tables()) {
                prop_assert!(new.iter().zip(old).all(|(new, old)| new <= old));
            }
            prop_assert!(ramp.is_like(&ramp.in_look(&look(0, None))));
        }
    }
}
