//! `SigmoidCrossEntropy`: independent yes-or-no outputs, from logits.

use super::at_start::normal_mean;
use super::{Loss, LossAtStart, Targets, Term, average_entries};
use crate::linalg::elementwise::{Exp, Function, log_one_plus};
use crate::{Error, Float, Moments, Rows, RowsMut};

/// Cross-entropy of the sigmoid of each output: for independent yes-or-no targets. The output are logits; no sigmoid layer is needed.
///
/// With p = sigmoid(y) and t between 0 and 1: L = -(w t log p + (1 - t) log(1 - p)), averaged over outputs and rows, where w is the
/// weight of the output's positive class (1 unless given). dL/dy = (w t (p - 1) + (1 - t) p) / (rows * outputs). With label
/// smoothing e the target becomes (1 - e) t + e / 2.
///
/// ```
/// use evenkeel::{Loss, Rows, SigmoidCrossEntropy, Targets};
/// let (y, t) = (Rows::new(&[0.0_f32, 0.0], 2)?, Rows::new(&[0.0, 1.0], 2)?);
/// let loss = SigmoidCrossEntropy::new().evaluate(y, Targets::Values(t), None)?;
/// assert!((loss - 2_f64.ln()).abs() < 1e-15);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// log(1 - sigmoid(y)) is taken as -softplus(y), in f64: exact to rounding for logits of any finite size. The weights are those
/// that PyTorch's `BCEWithLogitsLoss` calls `pos_weight`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SigmoidCrossEntropy {
    smoothing: f64,
    weights: Vec<f64>,
}

impl SigmoidCrossEntropy {
    /// Plain: no smoothing, both classes alike.
    pub fn new() -> Self {
        Self::default()
    }

    /// With label smoothing.
    ///
    /// # Errors
    /// [`Error::Argument`] where `smoothing` is not in `[0, 1)`.
    pub fn smoothing(self, smoothing: f64) -> Result<Self, Error> {
        Ok(Self { smoothing: Error::fraction("SigmoidCrossEntropy", "smoothing", smoothing)?, ..self })
    }

    /// With a weight for the positive class of each output.
    ///
    /// # Errors
    /// [`Error::Argument`] where a weight is zero, negative or not finite; [`Error::Empty`] for none.
    pub fn class_weights(self, weights: &[f64]) -> Result<Self, Error> {
        if weights.is_empty() {
            return Err(Error::Empty { what: "the list of class weights" });
        }
        for &weight in weights {
            Error::positive("SigmoidCrossEntropy", "class_weights", weight)?;
        }
        Ok(Self { weights: weights.to_vec(), ..self })
    }
}

impl<T: Float> Loss<T> for SigmoidCrossEntropy {
    fn name(&self) -> &'static str {
        "sigmoid_cross_entropy"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        let target = target.values("SigmoidCrossEntropy", out.rows(), out.cols())?;
        if !self.weights.is_empty() {
            Error::same_size("the class weights of SigmoidCrossEntropy", out.cols(), self.weights.len())?;
        }
        for (row, values) in target.iter().enumerate() {
            if let Some(column) = values.iter().position(|t| !(T::zero()..=T::one()).contains(t)) {
                let value = values[column].get();
                return Err(Error::Probability { row, column, value });
            }
        }
        let term = Entropy { smoothing: self.smoothing };
        average_entries("SigmoidCrossEntropy", out, Targets::Values(target), grad, &self.weights, term)
    }

    fn at_start(&self, outputs: Moments, columns: usize, targets: Option<Moments>) -> Option<LossAtStart> {
        if !self.weights.is_empty() {
            return None;
        }
        // Yes as often as no.
        let target = targets.unwrap_or(Moments { mean: 0.5, second: 0.5 });
        let (sharp, spread) = (1.0 - self.smoothing, self.smoothing / 2.0);
        let mean = sharp * target.mean + spread;
        let second = sharp * sharp * target.second + 2.0 * sharp * spread * target.mean + spread * spread;
        let of = normal_mean(outputs.mean, outputs.variance(), &[0.0], |y: f64| {
            let (softplus, p) = (y.max(0.0) + (-y.abs()).exp().ln_1p(), 1.0 / (1.0 + (-y).exp()));
            [softplus - mean * y, p * p - 2.0 * mean * p + second]
        });
        Some(LossAtStart::average(columns, of))
    }
}

/// The loss of one entry, both parts of it from one exponential: with m = exp(-|y|), softplus(y) = max(y, 0) + log(1 + m), and the
/// sigmoid is 1 / (1 + m) or m / (1 + m).
struct Entropy {
    smoothing: f64,
}

impl Term for Entropy {
    #[inline(always)]
    fn at<const FMA: bool>(&self, y: f64, t: f64, weight: f64) -> (f64, f64) {
        let t = (1.0 - self.smoothing) * t + self.smoothing / 2.0;
        let (yes, no) = (weight * t, 1.0 - t);
        let m = Exp.at::<FMA>(-y.abs());
        let log = log_one_plus::<f64, FMA>(m);
        let near = 1.0 / (1.0 + m);
        let far = m * near;
        // A NaN fails every comparison, but `log` keeps it.
        let (above, below) = (if y > 0.0 { y } else { 0.0 }, if y < 0.0 { -y } else { 0.0 });
        let (p, q) = if y > 0.0 { (near, far) } else { (far, near) };
        (yes * (below + log) + no * (above + log), no * p - yes * q)
    }
}
