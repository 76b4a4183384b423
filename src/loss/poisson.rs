//! `Poisson`: counts, from the logarithm of their rate or from the rate itself.

use super::{Loss, LossAtStart, Targets, Term, average_entries};
use crate::linalg::elementwise::{Exp, Function, Log};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// The negative log-likelihood of counts under a Poisson distribution: for targets that count something.
///
/// Averaged over outputs and rows, with the output y as the logarithm of the rate, or as the rate itself:
///
/// ```text
/// log rates:    L = exp(y) - t y               dL/dy = (exp(y) - t) / (rows * outputs)
/// rates:        L = y - t log(y + 1e-8)        dL/dy = (1 - t / (y + 1e-8)) / (rows * outputs)
/// ```
///
/// ```
/// use evenkeel::{Loss, Poisson, Rows, Targets};
/// let t = Targets::Values(Rows::new(&[2.0_f64, 0.0], 2)?);
/// let log_rates = [2_f64.ln(), 0.0];
/// let found = Poisson::new().evaluate(Rows::new(&log_rates, 2)?, t, None)?;
/// assert!((found - (2.0 - 2.0 * 2_f64.ln() + 1.0) / 2.0).abs() < 1e-15);
/// let same = Poisson::of_rates().evaluate(Rows::new(&[2.0, 1.0], 2)?, t, None)?;
/// assert!((found - same).abs() < 1e-7);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// The term log(t!), which depends on the target alone, is left out, and so is Stirling's approximation of it: the loss may be negative,
/// and its gradient is that of the likelihood. The same as PyTorch's `PoissonNLLLoss` with `full=False` (its default), with `log_input`
/// true and false. Rates are to be above zero, as an [`Exponential`](crate::Exponential) or a [`Softplus`](crate::Softplus) makes them;
/// one below -1e-8 gives NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Poisson {
    rates: bool,
}

/// What is added to a rate, so that one of 0 has a logarithm.
const TINY: f64 = 1e-8;

impl Poisson {
    /// Of outputs that are logarithms of rates.
    pub fn new() -> Self {
        Self { rates: false }
    }

    /// Of outputs that are rates.
    pub fn of_rates() -> Self {
        Self { rates: true }
    }
}

impl<T: Float> Loss<T> for Poisson {
    fn name(&self) -> &'static str {
        "poisson"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        if self.rates {
            return average_entries("Poisson", out, target, grad, &[], Rate);
        }
        average_entries("Poisson", out, target, grad, &[], LogRate)
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        if self.rates {
            return None;
        }
        // Counts are of no usual size.
        let target = targets?;
        let rate = (outputs.mean + outputs.variance() / 2.0).exp();
        let square = (2.0 * outputs.mean + 2.0 * outputs.variance()).exp();
        let of = [rate - target.mean * outputs.mean, square - 2.0 * target.mean * rate + target.second];
        Some(LossAtStart::average(columns, of))
    }
}

/// The loss of one logarithm of a rate.
struct LogRate;

impl Term for LogRate {
    #[inline(always)]
    fn at<const FMA: bool>(&self, y: f64, t: f64, _: f64) -> (f64, f64) {
        let rate = Exp.at::<FMA>(y);
        (rate - t * y, rate - t)
    }
}

/// The loss of one rate.
struct Rate;

impl Term for Rate {
    #[inline(always)]
    fn at<const FMA: bool>(&self, y: f64, t: f64, _: f64) -> (f64, f64) {
        (y - t * Log.at::<FMA>(y + TINY), 1.0 - t / (y + TINY))
    }
}
