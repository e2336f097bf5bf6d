//! The colour of light, as plain arithmetic.

/// The temperature at which light is untouched, in kelvin.
pub const NEUTRAL: u16 = 6500;

/// Says how much of red, green and blue is left at a colour temperature: 0.0 to 1.0 each, in the encoded values a gamma
/// ramp works on. At [`NEUTRAL`] and above nothing is taken away.
///
/// Planckian locus by Krystek's approximation (1985; 1000 K to 15000 K), then linear sRGB (IEC 61966-2-1), mixed with
/// white as far as needed where the colour lies outside, relative to the neutral white, the brightest channel full, then
/// the sRGB transfer curve.
pub fn kelvin_to_rgb(kelvin: u16) -> [f64; 3] {
    if kelvin >= NEUTRAL {
        return [1.0; 3];
    }
    let (warm, white) = (locus(kelvin.max(1000)), locus(NEUTRAL));
    let outside = warm.iter().copied().fold(0.0, f64::min);
    let relative = [0, 1, 2].map(|channel| (warm[channel] - outside) / white[channel]);
    let brightest = relative.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    relative.map(|light| encode(light / brightest))
}

/// The colour of a black body, as linear sRGB of luminance 1; channels may lie outside the gamut.
fn locus(kelvin: u16) -> [f64; 3] {
    let t = f64::from(kelvin);
    // CIE 1960 u and v, then x and y, then X and Z where Y is 1.
    let u = (0.860_117_757 + 1.541_182_54e-4 * t + 1.286_412_12e-7 * t * t)
        / (1.0 + 8.424_202_35e-4 * t + 7.081_451_63e-7 * t * t);
    let v = (0.317_398_726 + 4.228_062_45e-5 * t + 4.204_816_91e-8 * t * t)
        / (1.0 - 2.897_418_16e-5 * t + 1.614_560_53e-7 * t * t);
    let scale = 2.0 * u - 8.0 * v + 4.0;
    let chromaticity = [3.0 * u / scale, 2.0 * v / scale];
    let big_x = chromaticity[0] / chromaticity[1];
    let big_z = 1.0 / chromaticity[1] - big_x - 1.0;
    [
        3.240_625_5 * big_x - 1.537_208_0 - 0.498_628_6 * big_z,
        -0.968_930_7 * big_x + 1.875_756_1 + 0.041_517_5 * big_z,
        0.055_710_1 * big_x - 0.204_021_1 + 1.056_995_9 * big_z,
    ]
}

fn encode(linear: f64) -> f64 {
    let encoded =
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    // The curve's constants make a little less than 1 of 1.
    if linear >= 1.0 { 1.0 } else { encoded }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neutral_light_is_left_alone() {
        for kelvin in [NEUTRAL, 9000] {
            assert!(kelvin_to_rgb(kelvin).iter().all(|light| light.to_bits() == 1_f64.to_bits()));
        }
    }

    #[test]
    fn candle_and_bulb_look_as_they_should() {
        let near = |is: [f64; 3], wanted: [f64; 3]| {
            let is_near = is.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() < 0.04);
            assert!(is_near, "{is:?} where {wanted:?} should be");
        };
        near(kelvin_to_rgb(2500), [1.0, 0.64, 0.29]);
        near(kelvin_to_rgb(4000), [1.0, 0.82, 0.65]);
        near(kelvin_to_rgb(1000), [1.0, 0.2, 0.0]);
    }

    proptest! {
        #[test]
        fn warmer_never_has_more_blue_or_green(kelvin in 1000_u16..6500) {
            let (warmer, cooler) = (kelvin_to_rgb(kelvin), kelvin_to_rgb(kelvin + 1));
            for channel in 0..3 {
                prop_assert!((0.0..=1.0).contains(&warmer[channel]));
                prop_assert!(warmer[channel] <= cooler[channel] + 1e-9);
            }
            prop_assert!(warmer[0] >= warmer[1] && warmer[1] >= warmer[2]);
        }
    }
}
