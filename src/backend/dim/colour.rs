//! The arithmetic of light; pure.

/// How much of red, green and blue is let through, 0 to 1.
pub type Channels = [f64; 3];

/// What a screen is at its own white.
const WHITE: f64 = 6500.0;

/// Computes the channels of a screen whose white has a colour temperature, in kelvin: the light of a black body, as the
/// CIE 1931 observer sees it, in sRGB, relative to 6500 K. Red is always 1: warming takes away, it never adds. From
/// 6500 K on nothing is taken.
pub fn warmed(kelvin: u16) -> Channels {
    let kelvin = f64::from(kelvin).max(1000.0);
    if kelvin >= WHITE {
        return [1.0; 3];
    }
    let (light, white) = (black_body(kelvin), black_body(WHITE));
    let relative = [0, 1, 2].map(|channel| light[channel] / white[channel]);
    relative.map(|part| encoded((part / relative[0]).clamp(0.0, 1.0)))
}

/// Computes the channels for percent darker and, if warmed, kelvin: the one times the other.
pub fn dimmed_and_warmed(percent: u8, kelvin: Option<u16>) -> Channels {
    let light = 1.0 - f64::from(percent.min(100)) / 100.0;
    kelvin.map_or([1.0; 3], warmed).map(|part| part * light)
}

/// A black body's light in linear sRGB, in no unit; what lies outside of sRGB is cut.
fn black_body(kelvin: f64) -> Channels {
    let [x, y, z] = seen(kelvin);
    // IEC 61966-2-1.
    [
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        -0.9689 * x + 1.8758 * y + 0.0415 * z,
        0.0557 * x - 0.2040 * y + 1.0570 * z,
    ]
    .map(|part: f64| part.max(0.0))
}

/// A black body's light as the CIE 1931 observer sees it: X, Y and Z, in no unit.
fn seen(kelvin: f64) -> [f64; 3] {
    let mut xyz = [0.0; 3];
    for step in 0..=45_u8 {
        let nanometre = 380.0 + 10.0 * f64::from(step);
        // Planck's law; 14 387 768.775 nm·K is its second radiation constant.
        let power = nanometre.powi(-5) / ((14_387_768.775 / (nanometre * kelvin)).exp() - 1.0);
        for (sum, seen) in xyz.iter_mut().zip(observer(nanometre)) {
            *sum += power * seen;
        }
    }
    xyz
}

/// The CIE 1931 colour matching functions, after Wyman, Sloan and Shirley (2013): sums of lobes, each with its height,
/// its peak in nm and its two slopes.
fn observer(nanometre: f64) -> [f64; 3] {
    let lobe = |height: f64, peak: f64, below: f64, above: f64| {
        let slope = if nanometre < peak { below } else { above };
        height * (-0.5 * ((nanometre - peak) * slope).powi(2)).exp()
    };
    [
        lobe(0.362, 442.0, 0.0624, 0.0374)
            + lobe(1.056, 599.8, 0.0264, 0.0323)
            + lobe(-0.065, 501.1, 0.0490, 0.0382),
        lobe(0.821, 568.8, 0.0213, 0.0247) + lobe(0.286, 530.9, 0.0613, 0.0322),
        lobe(1.217, 437.0, 0.0845, 0.0278) + lobe(0.681, 459.0, 0.0385, 0.0725),
    ]
}

/// The value a screen is sent for an amount of light (sRGB's curve).
fn encoded(linear: f64) -> f64 {
    if linear >= 1.0 {
        return 1.0;
    }
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(channels: Channels, wanted: Channels, by: f64) -> bool {
        channels.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() <= by)
    }

    #[test]
    fn a_screens_own_white_is_left_alone() {
        for (channels, wanted) in [
            (warmed(6500), 1.0),
            (warmed(u16::MAX), 1.0),
            (dimmed_and_warmed(0, None), 1.0),
            (dimmed_and_warmed(40, None), 0.6),
        ] {
            assert!(near(channels, [wanted; 3], 1e-12), "{channels:?}");
        }
    }

    // Chromaticities of black bodies as tables have them; the second is CIE standard illuminant A.
    #[test]
    fn black_bodies_have_their_known_colours() {
        for (kelvin, wanted) in
            [(2000.0, [0.5267, 0.4133]), (2855.5, [0.4476, 0.4074]), (5000.0, [0.3451, 0.3516])]
        {
            let xyz = seen(kelvin);
            let sum: f64 = xyz.iter().sum();
            for (part, wanted) in xyz.iter().zip(wanted) {
                assert!((part / sum - wanted).abs() < 0.004, "{kelvin} K: {}", part / sum);
            }
        }
    }

    #[test]
    fn dim_and_warmth_multiply() {
        let [_, green, blue] = warmed(3400);
        assert!(near(dimmed_and_warmed(50, Some(3400)), [0.5, green / 2.0, blue / 2.0], 1e-12));
    }

    proptest! {
        #[test]
        fn warmer_never_lets_more_through(kelvin in 1000_u16..6500, percent in 0_u8..=75) {
            let (warmer, cooler) = (warmed(kelvin), warmed(kelvin + 1));
            prop_assert_eq!(warmer[0].to_bits(), 1.0_f64.to_bits());
            for channel in 0..3 {
                prop_assert!(warmer[channel] <= cooler[channel] + 1e-12);
                prop_assert!((0.0..=1.0).contains(&warmer[channel]));
            }
            prop_assert!(warmer[2] <= warmer[1] + 1e-12);
            let dark = dimmed_and_warmed(percent, Some(kelvin));
            prop_assert!(dark[0] >= 0.25 - 1e-12);
        }
    }
}
