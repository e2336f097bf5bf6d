//! The colour of light; pure.

/// Where a screen's white is left alone, in kelvin.
const NEUTRAL: f64 = 6500.0;

/// Says how much of red, green and blue is left at a colour temperature, 0 to 1 of the value a screen is sent; red is
/// always 1, and from 6500 K on nothing is taken.
///
/// A black body's light as the CIE 1931 observer sees it, in sRGB (IEC 61966-2-1), relative to 6500 K.
pub fn kelvin_to_rgb(kelvin: u16) -> [f64; 3] {
    let (light, white) =
        (black_body(f64::from(kelvin.max(1000)).min(NEUTRAL)), black_body(NEUTRAL));
    let red = light[0] / white[0];
    std::array::from_fn(|channel| encoded((light[channel] / white[channel] / red).clamp(0.0, 1.0)))
}

/// Linear sRGB, in no unit.
fn black_body(kelvin: f64) -> [f64; 3] {
    let [mut x, mut y, mut z] = [0.0; 3];
    for step in 0..=80_u8 {
        let nm = 380.0 + 5.0 * f64::from(step);
        // Planck's law; the constant is hc/k in nm·K.
        let power = nm.powi(-5) / ((14_387_769.0 / (nm * kelvin)).exp() - 1.0);
        // The observer as sums of lobes (Wyman, Sloan and Shirley, 2013).
        let lobe = |height: f64, peak: f64, below: f64, above: f64| {
            let width = if nm < peak { below } else { above };
            height * (-0.5 * ((nm - peak) / width).powi(2)).exp()
        };
        x += power
            * (lobe(1.056, 599.8, 37.9, 31.0) + lobe(0.362, 442.0, 16.0, 26.7)
                - lobe(0.065, 501.1, 20.4, 26.2));
        y += power * (lobe(0.821, 568.8, 46.9, 40.5) + lobe(0.286, 530.9, 16.3, 31.1));
        z += power * (lobe(1.217, 437.0, 11.8, 36.0) + lobe(0.681, 459.0, 26.0, 13.8));
    }
    [
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        -0.9689 * x + 1.8758 * y + 0.0415 * z,
        0.0557 * x - 0.2040 * y + 1.0570 * z,
    ]
}

fn encoded(linear: f64) -> f64 {
    if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::kelvin_to_rgb;

    #[test]
    fn neutral_takes_nothing() {
        for kelvin in [6500, 6501, u16::MAX] {
            assert!(kelvin_to_rgb(kelvin).iter().all(|part| (part - 1.0).abs() < 1e-9));
        }
    }

    #[test]
    fn warmer_takes_more_and_blue_first() {
        let mut before = [0.0; 3];
        for kelvin in (0..=6500).step_by(50) {
            let now = kelvin_to_rgb(kelvin);
            assert!((now[0] - 1.0).abs() < 1e-9, "{kelvin} K: {now:?}");
            assert!(now[2] <= now[1] + 1e-9 && now[1] <= now[0] + 1e-9, "{kelvin} K: {now:?}");
            assert!(
                now.iter().zip(before).all(|(now, before)| *now >= before - 1e-9),
                "{kelvin} K"
            );
            before = now;
        }
    }

    #[test]
    fn lamps_look_like_lamps() {
        let [_, green, blue] = kelvin_to_rgb(2700);
        assert!((0.62..0.72).contains(&green) && (0.3..0.42).contains(&blue), "{green} {blue}");
        let [_, green, blue] = kelvin_to_rgb(1000);
        assert!(green < 0.3 && blue < 1e-9, "{green} {blue}");
    }
}
