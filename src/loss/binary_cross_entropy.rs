//! `BinaryCrossEntropy`: independent yes-or-no outputs, from probabilities.

use super::{CLIP, Loss, Targets, Term, average_entries};
use crate::linalg::elementwise::{Function, Log};
use crate::{Error, Float, Rows, RowsMut};

/// Cross-entropy of outputs that are probabilities: for independent yes-or-no targets behind a sigmoid.
///
/// With p the output y, kept between 1e-7 and 1 - 1e-7, and N the number of all outputs of all rows:
///
/// ```text
/// L = -(t log p + (1 - t) log(1 - p)), averaged          dL/dy = (p - t) / (p (1 - p) N), 0 where y is beyond those limits
/// ```
///
/// ```
/// use evenkeel::{BinaryCrossEntropy, Loss, Rows, Targets};
/// let (y, t) = (Rows::new(&[0.5_f32, 0.25], 2)?, Rows::new(&[1.0, 0.0], 2)?);
/// let loss = BinaryCrossEntropy::new().evaluate(y, Targets::Values(t), None)?;
/// assert!((loss - (2_f64.ln() - 0.75_f64.ln()) / 2.0).abs() < 1e-15);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// An output that is surely wrong gets no gradient and stays so. [`SigmoidCrossEntropy`](crate::SigmoidCrossEntropy) takes the logits
/// instead, and has one everywhere. The limits are those of Keras. Targets are taken as they are, also where they are no probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BinaryCrossEntropy(());

impl BinaryCrossEntropy {
    /// The cross-entropy of probabilities.
    pub fn new() -> Self {
        Self::default()
    }
}

impl<T: Float> Loss<T> for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary_cross_entropy"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        average_entries("BinaryCrossEntropy", out, target, grad, &[], Entropy)
    }
}

/// The loss of one probability.
struct Entropy;

impl Term for Entropy {
    #[inline(always)]
    fn at<const FMA: bool>(&self, y: f64, t: f64, _: f64) -> (f64, f64) {
        let (low, high) = (CLIP, 1.0 - CLIP);
        // A NaN fails every comparison, and so stays.
        let p = if y < low { low } else { y };
        let p = if p > high { high } else { p };
        let value = -(t * Log.at::<FMA>(p) + (1.0 - t) * Log.at::<FMA>(1.0 - p));
        let slope = (p - t) / (p * (1.0 - p));
        // Nothing is added, but for an infinity it is NaN: the limits would have hidden it.
        (value + 0.0 * y, if p == y || y.is_nan() { slope } else { 0.0 })
    }
}
