//! `SoftmaxCrossEntropy`: one class of several, from logits.

use super::at_start::softmax;
use super::softmax_rows::Entropy;
use super::{Loss, LossAtStart, Targets, count};
use crate::linalg::dispatch;
use crate::{Error, Float, Moments, Rows, RowsMut};

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

    /// The weight of a class.
    pub(super) fn weight(&self, class: usize) -> f64 {
        self.weights.get(class).copied().unwrap_or(1.0)
    }

    /// How much of a target, before weights, lies on its class alone, and how much on every one of so many classes.
    pub(super) fn shares(&self, classes: usize) -> (f64, f64) {
        (1.0 - self.smoothing, self.smoothing / classes as f64)
    }
}

impl<T: Float> Loss<T> for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmax_cross_entropy"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        count(out, &grad)?;
        let classes = out.cols();
        let targets = target.classes("SoftmaxCrossEntropy", out.rows(), classes)?;
        if !self.weights.is_empty() {
            Error::same_size("the class weights of SoftmaxCrossEntropy", classes, self.weights.len())?;
        }
        let weight: f64 = targets.iter().map(|&class| self.weight(class)).sum();
        Ok(dispatch(Entropy::new(self, out, targets, weight, grad)) / weight)
    }

    fn divisor(&self, target: Targets<'_, T>) -> f64 {
        match target {
            Targets::Classes(classes) if !self.weights.is_empty() => {
                classes.iter().map(|&class| self.weight(class)).sum()
            }
            _ => target.rows() as f64,
        }
    }

    fn at_start(&self, outputs: Moments, columns: usize, _: Option<Moments>) -> Option<LossAtStart> {
        if !self.weights.is_empty() {
            return None;
        }
        let [value, square] = softmax(outputs.variance(), columns);
        let (count, (sharp, spread)) = (columns as f64, self.shares(columns));
        let of_targets = (sharp + spread).powi(2) + (count - 1.0) * spread * spread;
        // Of a single class nothing is left but rounding.
        let slopes = (count * square - 2.0 / count + of_targets).max(0.0);
        Some(LossAtStart { value, slope_second: slopes / count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, row by row in f64: the loss and its gradient.
    fn naive(loss: &SoftmaxCrossEntropy, y: &[f64], width: usize, targets: &[usize]) -> (f64, Vec<f64>) {
        let whole: f64 = targets.iter().map(|&class| loss.weight(class)).sum();
        let (sharp, spread) = loss.shares(width);
        let (mut sum, mut grad) = (0.0, Vec::new());
        for (y, &target) in y.chunks(width).zip(targets) {
            let largest = y.iter().fold(f64::NEG_INFINITY, |largest, &y| largest.max(y));
            let log_sum = y.iter().map(|y| (y - largest).exp()).sum::<f64>().ln();
            let on = |class: usize| loss.weight(class) * (spread + if class == target { sharp } else { 0.0 });
            let total: f64 = (0..width).map(on).sum();
            for (class, y) in y.iter().enumerate() {
                let log_p = y - largest - log_sum;
                sum -= on(class) * log_p;
                grad.push((total * log_p.exp() - on(class)) / whole);
            }
        }
        (sum / whole, grad)
    }

    #[test]
    fn agrees_with_its_definition_for_every_shape_of_block() {
        for width in (1..40).chain([100, 256, 257, 511, 512, 513, 1024, 1300]) {
            for rows in [1, 2, 31, 32, 33, 65] {
                let y: Vec<f64> = (0..rows * width).map(|i| 9.0 * (i as f64 * 0.37).sin()).collect();
                let targets: Vec<usize> = (0..rows).map(|row| row * 7 % width).collect();
                let weights: Vec<f64> = (0..width).map(|class| 0.5 + (class % 3) as f64).collect();
                let plain = SoftmaxCrossEntropy::new();
                let smooth = plain.clone().smoothing(0.1).unwrap();
                for loss in [plain.clone().class_weights(&weights), smooth.clone().class_weights(&weights)] {
                    check(&loss.unwrap(), &y, width, &targets);
                }
                check(&plain, &y, width, &targets);
                check(&smooth, &y, width, &targets);
            }
        }
    }

    fn check(loss: &SoftmaxCrossEntropy, y: &[f64], width: usize, targets: &[usize]) {
        let (expected, expected_grad) = naive(loss, y, width, targets);
        let mut grad = vec![f64::NAN; y.len()];
        let (rows, given) = (Rows::new(y, width).unwrap(), Targets::Classes(targets));
        let found = loss.evaluate(rows, given, Some(RowsMut::new(&mut grad, width).unwrap())).unwrap();
        assert!((found - expected).abs() <= 1e-13 * expected, "{found}, not {expected}: {loss:?}, {width} classes");
        assert_eq!(loss.evaluate(rows, given, None).unwrap(), found);
        for (found, expected) in grad.iter().zip(expected_grad) {
            assert!((found - expected).abs() <= 1e-14, "{found}, not {expected}: {loss:?}, {width} classes");
        }
    }
}
