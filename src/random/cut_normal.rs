//! A normal number between two bounds, by inversion: one uniform number each, however unlikely what lies between them is.

use std::f64::consts::SQRT_2;

/// From here out the distribution function is the exponential of a series, and no longer a number of its own.
const FAR: f64 = 30.0;
/// How far from 1/2 a probability may be for the quantile to be one quotient of polynomials.
const CENTRE: f64 = 0.425;

/// The standard normal distribution, given that the number lies between two bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutNormal {
    /// Whether the bounds are those of the mirror image, so that the larger part lies above 0.
    mirrored: bool,
    low: f64,
    high: f64,
    part: Part,
}

/// How the uniform number becomes a probability.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// 0 lies between the bounds: uniform is the distribution function less 1/2.
    Middle { from: f64, width: f64 },
    /// Both are above 0: uniform is the probability to be beyond the number, relative to which nothing cancels.
    Tail { from: f64, width: f64 },
    /// So far above that this probability may be no number: its logarithm is known, relative to that of the lower bound. `inside` is the
    /// share of the tail beyond the lower bound that lies between both.
    Far { inside: f64 },
}

impl CutNormal {
    /// Between `low` and a larger `high`, of which either may be infinite.
    pub(crate) fn new(low: f64, high: f64) -> Self {
        let mirrored = high < 0.0;
        let (low, high) = if mirrored { (-high, -low) } else { (low, high) };
        let beyond = |z: f64| libm::erfc(z / SQRT_2) / 2.0;
        let part = if low <= 0.0 {
            let [from, to] = [low, high].map(|z| libm::erf(z / SQRT_2) / 2.0);
            Part::Middle { from, width: to - from }
        } else if low < FAR {
            let from = beyond(high);
            Part::Tail { from, width: beyond(low) - from }
        } else {
            Part::Far { inside: -libm::expm1(-log_ratio(low, high - low)) }
        };
        Self { mirrored, low, high, part }
    }

    /// Replaces numbers between 0 and 1 by the quantiles there.
    pub(crate) fn quantiles(&self, numbers: &mut [f64]) {
        if self.mirrored {
            numbers.iter_mut().for_each(|u| *u = 1.0 - *u);
        }
        match self.part {
            Part::Middle { from, width } => {
                crate::linalg::vectorized(|| numbers.iter_mut().for_each(|u| *u = from + width * *u));
                // Where nothing is decided the loop becomes vectors; most numbers are near the centre.
                let mut centres = [0.0; 64];
                for numbers in numbers.chunks_mut(64) {
                    let centres = &mut centres[..numbers.len()];
                    crate::linalg::vectorized(|| {
                        centres.iter_mut().zip(&*numbers).for_each(|(centre, &q)| *centre = central(q));
                    });
                    for (number, &mut centre) in numbers.iter_mut().zip(centres) {
                        let q = *number;
                        *number = if q.abs() <= CENTRE { centre } else { tail(0.5 - q.abs()).copysign(q) };
                    }
                }
            }
            Part::Tail { from, width } => numbers.iter_mut().for_each(|u| *u = beyond(from + (1.0 - *u) * width)),
            Part::Far { inside } => {
                let low = self.low;
                numbers.iter_mut().for_each(|u| *u = low + further(low, -libm::log1p(-*u * inside)));
            }
        }
        let sign = if self.mirrored { -1.0 } else { 1.0 };
        numbers.iter_mut().for_each(|z| *z = sign * z.clamp(self.low, self.high));
    }

    /// The quantile at a number between 0 and 1.
    pub(crate) fn quantile(&self, unit: f64) -> f64 {
        let mut number = [unit];
        self.quantiles(&mut number);
        number[0]
    }
}

/// The z that a standard normal number exceeds with that probability, which is at most 1/2.
fn beyond(probability: f64) -> f64 {
    let q = 0.5 - probability;
    if q <= CENTRE { central(q) } else { tail(probability) }
}

/// The quantile at q + 1/2, for q within [`CENTRE`].
///
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988, as are the coefficients; it is right to about 1e-16
/// of itself.
#[inline(always)]
fn central(q: f64) -> f64 {
    let r = CENTRE * CENTRE - q * q;
    q * (polynomial(CENTRAL.0, r) / polynomial(CENTRAL.1, r))
}

/// The z above 0 that is exceeded with that probability, which is below 1/2 - [`CENTRE`].
fn tail(probability: f64) -> f64 {
    let r = (-libm::log(probability)).sqrt();
    if r <= 5.0 {
        polynomial(NEAR_TAIL.0, r - 1.6) / polynomial(NEAR_TAIL.1, r - 1.6)
    } else {
        polynomial(FAR_TAIL.0, r - 5.0) / polynomial(FAR_TAIL.1, r - 5.0)
    }
}

/// ln P(Z > low) - ln P(Z > low + distance), for a large `low`.
fn log_ratio(low: f64, distance: f64) -> f64 {
    let z = low + distance;
    if z == f64::INFINITY {
        return f64::INFINITY;
    }
    // P(Z > z) = e^(-z^2 / 2) / (z sqrt(2 pi)) times the series; the difference of the squares as a product, which does not cancel.
    let series = libm::log(series(low) / series(z));
    distance * (distance / 2.0 + low) + libm::log1p(distance / low) + series
}

/// 1 - 1 / z^2 + 3 / z^4 - 15 / z^6 + ...: what of the tail is beside its leading term; to 1e-17 from [`FAR`] on.
fn series(z: f64) -> f64 {
    let r = 1.0 / (z * z);
    (0..8).rev().fold(1.0, |sum, k| 1.0 - f64::from(2 * k + 1) * r * sum)
}

/// How far above `low` the tail is e^`depth` times thinner than there: by Newton's method from the exponent alone, which is off by 1 / low^2 of
/// itself at most.
fn further(low: f64, depth: f64) -> f64 {
    let mut distance = 2.0 * depth / (low + low.hypot((2.0 * depth).sqrt()));
    for _ in 0..3 {
        let z = low + distance;
        let slope = z / series(z);
        distance = (distance - (log_ratio(low, distance) - depth) / slope).max(0.0);
    }
    distance
}

/// By Horner's scheme, lowest coefficient first.
#[inline(always)]
fn polynomial(coefficients: [f64; 8], x: f64) -> f64 {
    let [a, b, c, d, e, f, g, h] = coefficients;
    a + x * (b + x * (c + x * (d + x * (e + x * (f + x * (g + x * h))))))
}

type Quotient = ([f64; 8], [f64; 8]);

const CENTRAL: Quotient = (
    [
        3.3871328727963665,
        133.14166789178438,
        1971.5909503065513,
        13731.69376550946,
        45921.95393154987,
        67265.7709270087,
        33430.57558358813,
        2509.0809287301227,
    ],
    [
        1.0,
        42.31333070160091,
        687.1870074920579,
        5394.196021424751,
        21213.794301586597,
        39307.89580009271,
        28729.085735721943,
        5226.495278852854,
    ],
);

const NEAR_TAIL: Quotient = (
    [
        1.4234371107496835,
        4.630337846156546,
        5.769497221460691,
        3.6478483247632045,
        1.2704582524523684,
        0.2417807251774506,
        0.022723844989269184,
        0.0007745450142783414,
    ],
    [
        1.0,
        2.053191626637759,
        1.6763848301838038,
        0.6897673349851,
        0.14810397642748008,
        0.015198666563616457,
        0.0005475938084995345,
        1.0507500716444169e-09,
    ],
);

const FAR_TAIL: Quotient = (
    [
        6.657904643501103,
        5.463784911164114,
        1.7848265399172913,
        0.29656057182850487,
        0.026532189526576124,
        0.0012426609473880784,
        2.7115555687434876e-05,
        2.0103343992922881e-07,
    ],
    [
        1.0,
        0.599832206555888,
        0.1369298809227358,
        0.014875361290850615,
        0.0007868691311456133,
        1.8463183175100548e-05,
        1.421511758316446e-07,
        2.0442631033899397e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverts_the_distribution_function() {
        for (low, high) in
            [(-2.0, 2.0), (-1.0, f64::INFINITY), (3.0, f64::INFINITY), (8.0, 9.0), (20.0, 20.1), (-9.0, -8.0)]
        {
            let (near, far) = if high < 0.0 { (-high, -low) } else { (low, high) };
            let beyond = |z: f64| libm::erfc(z / SQRT_2) / 2.0;
            let cut = CutNormal::new(low, high);
            for step in 1..1000 {
                let unit = f64::from(step) / 1000.0;
                let z = cut.quantile(unit);
                assert!(low <= z && z <= high);
                // The share of what lies between the bounds that is beyond z.
                let (z, share) = if high < 0.0 { (-z, unit) } else { (z, 1.0 - unit) };
                let found = (beyond(z) - beyond(far)) / (beyond(near) - beyond(far));
                // A rounding of z, of which the tail's logarithm changes by z^2 epsilon, and those of erfc.
                let allowed = (z * z + 8.0) * 4.0 * f64::EPSILON;
                assert!((found - share).abs() <= allowed, "({low}, {high}) at {unit}: {found} is not {share}");
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_mpmath() {
        for row in include_str!("../../tests/initializers/truncated.csv").lines().skip(1) {
            let numbers: Vec<f64> = row.split(',').map(|cell| cell.parse().unwrap()).collect();
            let [low, high, _, _, _, from, quantiles @ ..] = &numbers[..] else { panic!("columns") };
            let cut = CutNormal::new(*low, *high);
            for (unit, expected) in [1.0 / 1024.0, 5.0 / 8.0, 1023.0 / 1024.0].into_iter().zip(quantiles) {
                let found = cut.quantile(unit);
                // Some roundings of z; and, where 0 lies between the bounds, of a probability near 1/2, relative to the density there.
                let density = (-expected * expected / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
                let of_probability = if *from == 0.0 { f64::EPSILON / density } else { 0.0 };
                let allowed = 4.0 * f64::EPSILON * from.abs().max(1.0) + of_probability;
                assert!((found - from - expected).abs() <= allowed, "({low}, {high}) at {unit}: {found}");
            }
        }
    }

    #[test]
    fn far_out_it_goes_on_as_nearer_by() {
        // Both ways around the place where they change.
        for unit in [0.001, 0.25, 0.5, 0.75, 0.999] {
            let near = CutNormal::new(FAR.next_down(), f64::INFINITY).quantile(unit);
            let far = CutNormal::new(FAR, f64::INFINITY).quantile(unit);
            assert!((near / far - 1.0).abs() < 1e-15, "{near} and {far}");
        }
        // And where the tail is exponential to the last digit.
        for low in [1e8, 1e100, 1e200] {
            let distance = further(low, 2.0);
            assert!((distance * low / 2.0 - 1.0).abs() < 1e-14, "{distance}");
            let z = CutNormal::new(low, f64::INFINITY).quantile(0.5);
            assert!(z >= low && z <= low * (1.0 + f64::EPSILON));
        }
        let between = CutNormal::new(100.0, 100.0 + 1e-6);
        let middle = between.quantile(0.5) - 100.0;
        // The density falls by 1e-4 over the width: the median is a quarter of that below the middle.
        assert!((middle / (0.5e-6 * (1.0 - 0.25e-4)) - 1.0).abs() < 1e-7, "{middle}");
    }
}
