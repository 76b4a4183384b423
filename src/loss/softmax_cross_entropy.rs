//! `SoftmaxCrossEntropy`: one class of several, from logits.

use super::{Loss, Targets, count};
use crate::{Error, Float, Rows, RowsMut};

/// Cross-entropy of the softmax of the output: for one class of several. The output are logits; no softmax layer is needed.
///
/// With p = softmax(y) and the class t of a row: L = -log p_t, averaged over the rows; dL/dy = (p - onehot(t)) / rows. With label
/// smoothing e over C classes the one-hot target becomes (1 - e) onehot(t) + e / C; with class weights w each term of a row
/// is weighted by the weight of its class, and the sum over rows is divided by the sum of w_t instead of their number.
///
/// ```
/// use evenkeel::{Loss, Rows, SoftmaxCrossEntropy, Targets};
/// let logits = Rows::new(&[0.0_f32; 10], 10)?;
/// let loss = SoftmaxCrossEntropy::new().evaluate(logits, Targets::Classes(&[3]), None)?;
/// assert!((loss - 10_f64.ln()).abs() < 1e-15);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// The largest logit of each row is subtracted first and everything is computed in f64: exact to rounding for logits of any finite
/// size. Smoothing and weights as in PyTorch's `CrossEntropyLoss`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SoftmaxCrossEntropy {
    smoothing: f64,
    weights: Vec<f64>,
}

impl SoftmaxCrossEntropy {
    /// Plain: no smoothing, every class alike.
    pub fn new() -> Self {
        Self::default()
    }

    /// With label smoothing.
    ///
    /// # Errors
    /// [`Error::Argument`] where `smoothing` is not in `[0, 1)`.
    pub fn smoothing(self, smoothing: f64) -> Result<Self, Error> {
        Ok(Self { smoothing: Error::fraction("SoftmaxCrossEntropy", "smoothing", smoothing)?, ..self })
    }

    /// With a weight for each class.
    ///
    /// # Errors
    /// [`Error::Argument`] where a weight is zero, negative or not finite; [`Error::Empty`] for none.
    pub fn class_weights(self, weights: &[f64]) -> Result<Self, Error> {
        if weights.is_empty() {
            return Err(Error::Empty { what: "the list of class weights" });
        }
        for &weight in weights {
            Error::positive("SoftmaxCrossEntropy", "class_weights", weight)?;
        }
        Ok(Self { weights: weights.to_vec(), ..self })
    }

    fn weight(&self, class: usize) -> f64 {
        self.weights.get(class).copied().unwrap_or(1.0)
    }
}

impl<T: Float> Loss<T> for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmax_cross_entropy"
    }

    fn evaluate(
        &self,
        out: Rows<'_, T>,
        target: Targets<'_, T>,
        mut grad: Option<RowsMut<'_, T>>,
    ) -> Result<f64, Error> {
        count(out, &grad)?;
        let classes = out.cols();
        let targets = target.classes("SoftmaxCrossEntropy", out.rows(), classes)?;
        if !self.weights.is_empty() {
            Error::same_size("the class weights of SoftmaxCrossEntropy", classes, self.weights.len())?;
        }
        let rows_weight: f64 = targets.iter().map(|&class| self.weight(class)).sum();
        let spread = self.smoothing / classes as f64;
        let mut sum = 0.0;
        for (row, (y, &class)) in out.iter().zip(targets).enumerate() {
            let (largest, log_sum) = log_sum_exp(y);
            let log_p = |y: T| (y.get() - largest) - log_sum;
            // How much of the target lies on each class, and how much in all.
            let on = |c: usize| self.weight(c) * (spread + if c == class { 1.0 - self.smoothing } else { 0.0 });
            let mut total = 0.0;
            if self.smoothing == 0.0 {
                total = on(class);
                sum -= total * log_p(y[class]);
            } else {
                for (c, &y) in y.iter().enumerate() {
                    total += on(c);
                    sum -= on(c) * log_p(y);
                }
            }
            if let Some(grad) = &mut grad {
                for (c, (grad, &y)) in grad.row_mut(row).iter_mut().zip(y).enumerate() {
                    *grad = T::of((total * log_p(y).exp() - on(c)) / rows_weight);
                }
            }
        }
        Ok(sum / rows_weight)
    }
}

/// The largest entry m, and log(sum of exp(y - m)); NaN where an entry is not finite.
fn log_sum_exp<T: Float>(y: &[T]) -> (f64, f64) {
    let largest = y.iter().fold(f64::NEG_INFINITY, |largest, y| largest.max(y.get()));
    // Minus infinity would add nothing to the sum, and so hide.
    if y.iter().any(|y| y.is_infinite()) {
        return (largest, f64::NAN);
    }
    let sum: f64 = y.iter().map(|y| (y.get() - largest).exp()).sum();
    (largest, sum.ln())
}
