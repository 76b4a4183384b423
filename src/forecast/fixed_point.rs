//! `FixedPoint`: the second moment that a block hands on as it is.

/// A second moment that comes back block after block, and what becomes of one that is a little off.
///
/// ```text
/// q* = n_in v E[f(z)^2] / kept + v_b          chi_parallel = n_in v dE[f(z)^2]/dq / kept at q*          z ~ N(0, q*)
/// ```
///
/// ```
/// use evenkeel::*;
/// let gain = Gelu.expectations(0.0, 1.0).gain();
/// let layers = (0..6).fold(Network::<f32>::builder(64), |network, _| network.layer(Linear::new(64)).layer(Gelu));
/// let network = layers.weights(LeCun::normal().gain(gain)?).build()?;
/// let point = Forecast::of(&network, 1.0)?.regime.and_then(|regime| regime.fixed_point).expect("there is one");
/// assert!((point.second_moment - 1.0).abs() < 1e-6);
/// assert!(point.is_repelling()); // 1.144 a layer
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FixedPoint {
    /// The second moment q* of the sums.
    pub second_moment: f64,
    /// What a block multiplies a small deviation from it by.
    pub chi_parallel: f64,
}

/// Where a function has no scale every second moment stays, up to rounding.
const ROUNDING: f64 = 1e-6;
/// So near to it a second moment is taken for the fixed point itself: within the rounding of many layers.
const THERE: f64 = 1e-8;
/// Beyond these f64's quadrature has no more to say.
const SMALLEST: f64 = 1e-10;
const LARGEST: f64 = 1e8;
/// How many second moments are looked at in each power of ten before a fixed point is sought between two of them.
const A_DECADE: i32 = 8;

impl FixedPoint {
    /// Whether a second moment that is a little off is driven away.
    pub fn is_repelling(&self) -> bool {
        self.chi_parallel.abs() > 1.0 + ROUNDING
    }

    /// Over how many blocks a deviation from it changes by a factor e: 1 / |ln |chi_parallel||.
    pub fn depth(&self) -> f64 {
        self.chi_parallel.abs().ln().abs().recip()
    }

    /// Of the map of second moments, where that from which one starts is led to; else the one from which it is driven away, to nothing or to
    /// infinity. And the second moment itself, not yet what becomes of a deviation.
    pub(super) fn near(q: f64, next: impl Fn(f64) -> f64) -> Option<f64> {
        let off = |q: f64| Some(next(q) / q - 1.0).filter(|off| off.is_finite());
        if off(q)?.abs() < THERE {
            return Some(q);
        }
        let start = q.clamp(SMALLEST, LARGEST);
        let grows = off(start)? > 0.0;
        let toward = |up: bool| {
            let step = 10_f64.powf(f64::from(A_DECADE).recip() * if up { 1.0 } else { -1.0 });
            let mut before = start;
            while (SMALLEST..=LARGEST).contains(&before) {
                let at = before * step;
                if (off(at)? > 0.0) != grows {
                    return Some(between(before, at, |q| off(q).is_some_and(|off| (off > 0.0) == grows)));
                }
                before = at;
            }
            None
        };
        toward(grows).or_else(|| toward(!grows))
    }
}

/// Where a condition that holds at the one end ceases to hold, halving on the scale of logarithms until no number is between.
fn between(mut holds: f64, mut not: f64, condition: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = (holds * not).sqrt();
        if middle == holds || middle == not {
            break;
        }
        if condition(middle) { holds = middle } else { not = middle }
    }
    holds
}
