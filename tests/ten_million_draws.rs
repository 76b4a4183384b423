//! The normal and uniform numbers that initializers draw in blocks, ten million of each: their distribution, tails and independence.
//!
//! The seeds are fixed: a test here fails by change of the draws alone, with the probability it states, or for a defect.

use evenkeel::{Generator, Initializer, Normal, Param, Uniform};

const COUNT: usize = 10_000_000;

/// Numbers of mean 0 and variance 1.
fn drawn(initializer: impl Initializer<f64>, seed: u64) -> Vec<f64> {
    let mut numbers = vec![0.0; COUNT];
    initializer.fill(&Param::bias(COUNT), &mut numbers, &mut Generator::named(seed, "long")).unwrap();
    numbers
}

fn normals() -> Vec<f64> {
    drawn(Normal::new(0.0, 1.0).unwrap(), 1)
}

fn uniforms() -> Vec<f64> {
    drawn(Uniform::new(-3_f64.sqrt(), 3_f64.sqrt()).unwrap(), 2)
}

/// P(Z > x) of the normal distribution.
fn above(x: f64) -> f64 {
    libm::erfc(x / 2_f64.sqrt()) / 2.0
}

/// Whether the distance of the empirical distribution from `cdf` is what ten million draws may have.
///
/// By Dvoretzky, Kiefer, Wolfowitz and Massart P(D_n > e) <= 2 exp(-2 n e^2), which is 1e-7 here.
fn follows(mut numbers: Vec<f64>, cdf: impl Fn(f64) -> f64) -> bool {
    numbers.sort_unstable_by(f64::total_cmp);
    let n = COUNT as f64;
    let distances = numbers.iter().enumerate().map(|(at, &x)| {
        let expected = cdf(x);
        ((at as f64 + 1.0) / n - expected).max(expected - at as f64 / n)
    });
    distances.fold(0.0, f64::max) <= ((2.0 / 1e-7_f64).ln() / (2.0 * n)).sqrt()
}

#[test]
fn distributions() {
    let uniform_cdf = |x: f64| 0.5 + x / 12_f64.sqrt();
    let (normals, uniforms) = (normals(), uniforms());
    // One percent of scale moves the distribution functions by 0.0024 and 0.005; 0.0009 is allowed.
    let wide = |numbers: &[f64]| numbers.iter().map(|x| 1.01 * x).collect();
    assert!(!follows(wide(&normals), |x| above(-x)) && !follows(wide(&uniforms), |x| uniform_cdf(x).clamp(0.0, 1.0)));
    assert!(follows(normals, |x| above(-x)));
    assert!(follows(uniforms, uniform_cdf));
}

/// Whether `count` of the draws may have what each has with that probability.
///
/// By Chernoff a binomial count of mean l reaches k on either side of l with probability exp(k - l - k ln(k / l)) at most, so this is
/// false with probability 2e-7 where all is well.
fn may_be(count: usize, probability: f64) -> bool {
    let (k, mean) = (count as f64, COUNT as f64 * probability);
    let log_ratio = if count == 0 { 0.0 } else { (k / mean).ln() };
    k - mean - k * log_ratio > 1e-7_f64.ln()
}

/// Four counts: a false alarm in one of 1.2 million.
#[test]
fn tails() {
    let normals = normals();
    for sigmas in [4.0, 5.0] {
        for side in [-1.0, 1.0] {
            let count = normals.iter().filter(|&&x| side * x > sigmas).count();
            assert!(may_be(count, above(sigmas)), "{count} beyond {sigmas} on the side of {side}");
        }
    }
    // 317 are expected beyond four sigmas; 5 % of scale would make them 695.
    let wide = normals.iter().filter(|&&x| 1.05 * x > 4.0).count();
    assert!(!may_be(wide, above(4.0)));
}

/// The sum over all pairs at that distance of f(x) f(y), in its standard deviations; f(x) is to have mean 0 and this variance.
fn at_lag(numbers: &[f64], lag: usize, variance: f64, f: impl Fn(f64) -> f64) -> f64 {
    let pairs = numbers.iter().zip(&numbers[lag..]);
    pairs.map(|(&x, &y)| f(x) * f(y)).sum::<f64>() / (variance * ((numbers.len() - lag) as f64).sqrt())
}

/// Neighbours; the sixteen streams side by side, which return after sixteen numbers; and blocks of 256, where the two numbers of one
/// radius lie 128 apart.
///
/// Each sum is that of ten million uncorrelated products, so nearly normal: beyond 6.5 deviations with probability 8e-11 (and
/// some more for the heavier tails of squares), 9e-9 in all.
#[test]
fn no_correlation_between_neighbours_streams_and_pairs() {
    for (kurtosis, numbers) in [(3.0, normals()), (1.8, uniforms())] {
        for lag in (1..=17).chain([32, 64, 127, 128, 129, 144, 240, 255, 256, 257, 512]) {
            let linear = at_lag(&numbers, lag, 1.0, |x| x);
            let square = at_lag(&numbers, lag, kurtosis - 1.0, |x| x * x - 1.0);
            assert!(linear.abs() < 6.5 && square.abs() < 6.5, "lag {lag}: {linear} and {square} deviations");
        }
    }
}
