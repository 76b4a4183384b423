//! The losses of recipes, which take whatever targets there are.

use super::LossKind;
use crate::{
    BinaryCrossEntropy, CategoricalCrossEntropy, Error, Float, Huber, Loss, MeanAbsolute, MeanSquared, Poisson, Rows,
    RowsMut, SigmoidCrossEntropy, SoftmaxCrossEntropy, SumSquared, Targets,
};

impl LossKind {
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
