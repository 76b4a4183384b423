//! `LossKind`: a loss, described; it takes whatever targets there are.

use crate::{
    BinaryCrossEntropy, CategoricalCrossEntropy, Error, Float, Huber, Loss, MeanAbsolute, MeanSquared, Poisson, Rows,
    RowsMut, SigmoidCrossEntropy, SoftmaxCrossEntropy, SumSquared, Targets,
};

/// A loss, on what the last layer gives.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Mean squared error.
    MeanSquared,
    /// Mean absolute error.
    MeanAbsolute,
    /// Huber loss, squared up to a distance of 1.
    Huber,
    /// Poisson loss of rates.
    Poisson,
    /// Cross-entropy of each probability on its own.
    BinaryCrossEntropy,
    /// Cross-entropy of the probabilities of a row.
    CategoricalCrossEntropy,
    /// Cross-entropy of each logit on its own.
    SigmoidCrossEntropy,
    /// Cross-entropy of the logits of a row.
    SoftmaxCrossEntropy,
    /// Squared errors, summed over the batch.
    SumSquared,
}

impl LossKind {
    pub(super) const NAMES: [(&'static str, Self); 9] = [
        ("mse", Self::MeanSquared),
        ("mae", Self::MeanAbsolute),
        ("huber", Self::Huber),
        ("poisson", Self::Poisson),
        ("binary_cross_entropy", Self::BinaryCrossEntropy),
        ("categorical_cross_entropy", Self::CategoricalCrossEntropy),
        ("sigmoid_cross_entropy", Self::SigmoidCrossEntropy),
        ("softmax_cross_entropy", Self::SoftmaxCrossEntropy),
        ("sum_squared_error", Self::SumSquared),
    ];

    /// Its name in a recipe.
    pub fn name(&self) -> &'static str {
        Self::NAMES.iter().find(|(_, loss)| loss == self).map_or("", |(name, _)| name)
    }

    /// Whether it takes what the last layer gives as logits.
    pub fn takes_logits(&self) -> bool {
        matches!(self, Self::SigmoidCrossEntropy | Self::SoftmaxCrossEntropy)
    }

    /// The loss it describes. On logits it also takes targets that are no probabilities: a recipe may well ask for it, and a diagnosis
    /// is to say what comes of it.
    ///
    /// # Errors
    /// None today.
    pub fn build(&self) -> Result<Box<dyn Loss<f32>>, Error> {
        Ok(match self {
            Self::MeanSquared => Box::new(MeanSquared::new()),
            Self::MeanAbsolute => Box::new(MeanAbsolute::new()),
            Self::Huber => Box::new(Huber::new(1.0)?),
            Self::Poisson => Box::new(Poisson::of_rates()),
            Self::BinaryCrossEntropy => Box::new(BinaryCrossEntropy::new()),
            Self::CategoricalCrossEntropy => Box::new(CategoricalCrossEntropy::new()),
            Self::SigmoidCrossEntropy => Box::new(OnLogits::Each),
            Self::SoftmaxCrossEntropy => Box::new(OnLogits::Row),
            Self::SumSquared => Box::new(SumSquared::new()),
        })
    }
}

/// Cross-entropy on logits. Targets that are probabilities go to [`SigmoidCrossEntropy`] and [`SoftmaxCrossEntropy`]; any others are taken
/// as the formulas take them:
///
/// ```text
/// each    log(1 + exp(y)) - t y                        derivative  sigmoid(y) - t
/// row     (sum of t) log(sum of exp(y)) - sum of t y   derivative  (sum of t) softmax(y) - t
/// ```
#[derive(Debug, Clone, Copy)]
enum OnLogits {
    Each,
    Row,
}

impl<T: Float> Loss<T> for OnLogits {
    fn name(&self) -> &'static str {
        match self {
            Self::Each => "sigmoid_cross_entropy",
            Self::Row => "softmax_cross_entropy",
        }
    }

    fn evaluate(
        &self,
        out: Rows<'_, T>,
        target: Targets<'_, T>,
        mut grad: Option<RowsMut<'_, T>>,
    ) -> Result<f64, Error> {
        let Targets::Values(values) = target else {
            return SoftmaxCrossEntropy::new().evaluate(out, target, grad);
        };
        let probable = values.data().iter().all(|t| (T::zero()..=T::one()).contains(t));
        if probable && matches!(self, Self::Each) {
            return SigmoidCrossEntropy::new().evaluate(out, target, grad);
        }
        let values = target.values("cross-entropy", out.rows(), out.cols())?;
        if out.rows() == 0 {
            return Err(Error::Empty { what: "a batch" });
        }
        let share = 1.0 / if matches!(self, Self::Each) { out.data().len() } else { out.rows() } as f64;
        let mut sum = 0.0;
        for (at, (y, t)) in out.iter().zip(values.iter()).enumerate() {
            let pairs = || y.iter().zip(t).map(|(y, t)| (y.get(), t.get()));
            let mut slopes: Vec<f64> = Vec::with_capacity(y.len());
            match self {
                Self::Each => pairs().for_each(|(y, t)| {
                    sum += y.max(0.0) + (-y.abs()).exp().ln_1p() - t * y + 0.0 * y;
                    slopes.push(1.0 / (1.0 + (-y).exp()) - t);
                }),
                Self::Row => {
                    let largest = pairs().fold(f64::NEG_INFINITY, |largest, (y, _)| largest.max(y));
                    let of_exp: f64 = pairs().map(|(y, _)| (y - largest).exp()).sum();
                    let whole: f64 = pairs().map(|(_, t)| t).sum();
                    sum += whole * (largest + of_exp.ln()) - pairs().map(|(y, t)| t * y).sum::<f64>();
                    slopes.extend(pairs().map(|(y, t)| whole * (y - largest).exp() / of_exp - t));
                }
            }
            if let Some(grad) = &mut grad {
                grad.row_mut(at).iter_mut().zip(slopes).for_each(|(grad, slope)| *grad = T::of(share * slope));
            }
        }
        Ok(share * sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluated(loss: &dyn Loss<f64>, y: &[f64], t: &[f64], cols: usize) -> (f64, Vec<f64>) {
        let mut grad = vec![f64::NAN; y.len()];
        let (out, target) = (Rows::new(y, cols).unwrap(), Targets::Values(Rows::new(t, cols).unwrap()));
        let value = loss.evaluate(out, target, Some(RowsMut::new(&mut grad, cols).unwrap())).unwrap();
        (value, grad)
    }

    #[test]
    fn derivatives_are_those_of_the_value_whatever_the_targets() {
        let (y, t) = ([0.3, -1.2, 2.0, 0.7, -0.4, 1.1], [2.0, -1.0, 0.5, 3.0, 0.0, 1.5]);
        for (loss, cols) in [(OnLogits::Each, 3), (OnLogits::Row, 3), (OnLogits::Row, 1), (OnLogits::Each, 1)] {
            let (_, grad) = evaluated(&loss, &y, &t, cols);
            for at in 0..y.len() {
                // Central differences of a smooth function: wrong by about h^2 = 1e-10, and rounding / h = 1e-11.
                let moved = |by: f64| {
                    let mut y = y;
                    y[at] += by;
                    evaluated(&loss, &y, &t, cols).0
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - grad[at]).abs() < 1e-8, "{loss:?}, {cols} columns: {slope}, not {}", grad[at]);
            }
        }
    }

    #[test]
    fn probabilities_give_what_the_usual_losses_give() {
        let (y, t) = ([0.3, -1.2, 2.0, 0.7], [0.0, 1.0, 1.0, 0.25]);
        assert_eq!(evaluated(&OnLogits::Each, &y, &t, 2), evaluated(&SigmoidCrossEntropy::new(), &y, &t, 2));
        // Told as a row of zeros with a one, or as the place of that one.
        let one_hot = [0.0, 1.0, 1.0, 0.0];
        let classes = Targets::Classes(&[1, 0]);
        let by_class = SoftmaxCrossEntropy::new().evaluate(Rows::new(&y, 2).unwrap(), classes, None).unwrap();
        assert!((evaluated(&OnLogits::Row, &y, &one_hot, 2).0 - by_class).abs() < 1e-15);
    }

    #[test]
    fn what_is_not_finite_shows() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for loss in [OnLogits::Each, OnLogits::Row] {
                assert!(!evaluated(&loss, &[bad, 1.0], &[2.0, 3.0], 2).0.is_finite(), "{loss:?}, {bad}");
            }
        }
    }
}
