//! What theory expects, computed: moments of activations, and the exact laws of products of random layers.

/// The mean of `f(z)` over a standard normal z: Simpson's rule on each side of 0, where kinks may be.
pub fn normal_mean(f: impl Fn(f64) -> f64) -> f64 {
    let (end, steps) = (12.0, 4000);
    let h = end / f64::from(steps);
    let density = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let side = |sign: f64| -> f64 {
        let at = |i: i32| sign * (f64::from(i) * h).max(f64::MIN_POSITIVE);
        let weight = |i: i32| if i == 0 || i == steps { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
        (0..=steps).map(|i| weight(i) * f(at(i)) * density(at(i))).sum::<f64>() * h / 3.0
    };
    side(1.0) + side(-1.0)
}

/// Digamma and trigamma of k / 2, exact but for rounding.
pub fn polygamma_of_half(k: u32) -> (f64, f64) {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let square = std::f64::consts::PI.powi(2);
    let (mut x, mut psi, mut slope) =
        if k % 2 == 1 { (0.5, -EULER - 2.0 * 2.0_f64.ln(), square / 2.0) } else { (1.0, -EULER, square / 6.0) };
    while x < f64::from(k) / 2.0 {
        psi += 1.0 / x;
        slope -= 1.0 / (x * x);
        x += 1.0;
    }
    (psi, slope)
}

/// Mean and variance of ln(|h'|^2 / |h|^2) over one Gaussian ReLU layer of He's variance and width n, given that it is not dead.
///
/// The ratio is (2 / n) chi^2 with k degrees of freedom, k of them active: binomial with probability 1/2.
pub fn relu_log_growth(n: u32) -> (f64, f64) {
    let mut chance = 0.5_f64.powi(n as i32);
    let alive = 1.0 - chance;
    let (mut mean, mut square) = (0.0, 0.0);
    for k in 1..=n {
        chance *= f64::from(n - k + 1) / f64::from(k);
        let (psi, slope) = polygamma_of_half(k);
        let log = (4.0 / f64::from(n)).ln() + psi;
        mean += chance / alive * log;
        square += chance / alive * (slope + log * log);
    }
    (mean, square - mean * mean)
}
