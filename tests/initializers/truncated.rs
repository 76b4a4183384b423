//! Truncated normal numbers: moments against mpmath, and draws against the distribution, in the middle and far out.

use evenkeel::{Float, He, InitMoments, Initializer, Normal, Param, TruncatedNormal};

use super::{distance_from, filled};

/// By truncated.py: bounds, moments (the mean from the bound nearer to 0), and quantiles.
fn table() -> impl Iterator<Item = [f64; 9]> {
    let rows = include_str!("truncated.csv").lines().skip(1);
    rows.map(|row| {
        let numbers: Vec<f64> = row.split(',').map(|number| number.parse().expect("a number")).collect();
        numbers.try_into().expect("nine columns")
    })
}

fn between(low: f64, high: f64) -> TruncatedNormal {
    TruncatedNormal::new(0.0, 1.0).unwrap().bounds(low, high).unwrap()
}

fn moments(truncated: &TruncatedNormal) -> InitMoments {
    Initializer::<f64>::moments(truncated, &Param::bias(1)).unwrap()
}

#[test]
fn moments_are_exact_wherever_it_is_cut() {
    for [low, high, mean, variance, kurtosis, from, ..] in table() {
        let found = moments(&between(low, high));
        // A bound, and the distance between two, is rounded to half a unit in its last place, which moves all by as much.
        let width = if (high - low).is_finite() { f64::EPSILON * high.abs() / (high - low) } else { 0.0 };
        assert!((found.mean - from - mean).abs() <= (1e-13 + width) * mean.abs() + 2.0 * f64::EPSILON * from.abs());
        assert!((found.variance / variance - 1.0).abs() <= 1e-13 + 2.0 * width, "({low}, {high}): {found:?}");
        assert!((found.kurtosis.unwrap() / kurtosis - 1.0).abs() <= 1e-12 + width, "({low}, {high}): {found:?}");
    }
}

#[test]
fn moments_scale_and_shift() {
    for [low, high, ..] in table() {
        let (unit, other) = (between(low, high), TruncatedNormal::new(-3.0, 0.5).unwrap().bounds(low, high).unwrap());
        let (unit, other) = (moments(&unit), moments(&other));
        assert_eq!(other, InitMoments { mean: 0.5 * unit.mean - 3.0, variance: 0.25 * unit.variance, ..unit });
        let corrected =
            TruncatedNormal::new(1.0, 0.02).unwrap().bounds(low, high).unwrap().variance_corrected().unwrap();
        assert!((moments(&corrected).variance.sqrt() / 0.02 - 1.0).abs() < 1e-14);
    }
}

/// P(X <= z) of a standard normal X between two bounds, by tails, so that it is right on either side.
fn cdf(low: f64, high: f64, z: f64) -> f64 {
    if low > 0.0 {
        return 1.0 - cdf(-high, -low, -z);
    }
    let below = |z: f64| libm::erfc(-z / 2_f64.sqrt()) / 2.0;
    (below(z.clamp(low, high)) - below(low)) / (below(high) - below(low))
}

#[test]
fn draws_follow_the_distribution_in_the_tails() {
    // By Dvoretzky, Kiefer, Wolfowitz and Massart P(D_n > e) <= 2 exp(-2 n e^2): 1e-7 for each of the 8.
    let bounds = [
        (-2.0, 2.0),
        (-1.0, f64::INFINITY),
        (f64::NEG_INFINITY, 0.25),
        (0.0, f64::INFINITY),
        (3.0, f64::INFINITY),
        (8.0, 9.0),
        (-9.0, -8.0),
        (20.0, 20.5),
    ];
    let count = 1 << 18;
    let allowed = ((2.0 / 1e-7_f64).ln() / (2.0 * f64::from(count))).sqrt();
    for (low, high) in bounds {
        let draw = |std: f64| {
            let truncated = TruncatedNormal::new(0.0, std).unwrap().bounds(low, high).unwrap();
            filled::<f64>(&truncated, &Param::weight(count as usize, 1), 3)
        };
        let found = distance_from(draw(1.0), |z| cdf(low, high, z));
        assert!(found <= allowed, "({low}, {high}): {found} from its distribution, {allowed} allowed");
        // 5 % of scale move more than the bound anywhere: the least where it is symmetric, by 0.05 max |z| phi(z) / Z = 0.0126.
        let found = distance_from(draw(1.05), |z| cdf(low, high, z));
        assert!(found > allowed, "({low}, {high}): 5 % of scale went unseen at {found}");
    }
}

#[test]
fn nothing_is_outside_its_bounds() {
    // 2^22 draws. Elsewhere, resampling at most four times leaves 4.3e-6 of them outside, which would be 18; or bounds that are absolute,
    // not in standard deviations, cut nothing at all.
    let param = Param::weight(1 << 11, 1 << 11);
    for std in [0.02, 1.0, 1e-30] {
        let outside = |numbers: Vec<f32>, bound: f64| numbers.iter().filter(|w| w.get().abs() > bound).count();
        assert_eq!(outside(filled(&TruncatedNormal::new(0.0, std).unwrap(), &param, 1), 2.0 * std), 0);
        let plain = outside(filled(&Normal::new(0.0, std).unwrap(), &param, 1), 2.0 * std);
        assert!(plain > 100_000, "{plain}");
    }
    let bound = 2.0 / 0.879_625_661_034_239_8 * (2.0 / 2048_f64).sqrt();
    let largest =
        filled::<f32>(&He::truncated(), &param, 1).iter().fold(0.0_f64, |largest, w| largest.max(w.get().abs()));
    // Of 2^22 draws none is in the last thousandth, which each is with a probability of 2.3e-4, with a probability below 1e-400.
    assert!(largest <= bound && largest > 0.999 * bound, "{largest} of {bound}");
}
