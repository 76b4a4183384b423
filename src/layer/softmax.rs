//! `Softmax`: a row of numbers into a row of shares.

use super::{Layer, Moments, Pass, Plan, Propagated, Signal, Through};
use crate::linalg::{Isa, Work, dispatch, elementwise};
use crate::moments::Shares as Expected;
use crate::{Error, Float, InitMoments, Initializer, Rows, RowsMut, Xavier};

/// Softmax of each row: y_i = exp(x_i) / sum of exp(x_j). Its outputs are positive and sum to 1.
///
/// dx_i = y_i (dy_i - sum of dy_j y_j)
///
/// ```
/// use evenkeel::{Network, Rows, Softmax};
/// let shares = Network::<f32>::builder(2).layer(Softmax).build()?.predict(Rows::new(&[3.0, 3.0], 2)?)?;
/// assert_eq!(shares, [0.5, 0.5]);
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Notes
/// The largest entry of a row is subtracted first, so nothing overflows. To train a classifier leave it out and use
/// [`SoftmaxCrossEntropy`](crate::SoftmaxCrossEntropy), which takes the logits.
///
/// A forecast takes the inputs of a row for independent and normal: then E\[y^2\] and E\[dx^2\] are integrals over a single variable, exact for
/// any number of inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Softmax;

impl<T: Float> Layer<T> for Softmax {
    fn kind(&self) -> &'static str {
        "softmax"
    }

    fn structure(&self) -> crate::Structure {
        crate::Structure::Joint
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        dispatch(Shares { x, y: y.reborrow() });
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        y: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        _: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
        let Some(mut dx) = dx else { return };
        for ((dx, y), dy) in dx.iter_mut().zip(y.iter()).zip(dy.iter()) {
            let mean = dy.iter().zip(y).fold(T::zero(), |sum, (&dy, &y)| sum + dy * y);
            for ((dx, &y), &dy) in dx.iter_mut().zip(y).zip(dy) {
                *dx = y * (dy - mean);
            }
        }
    }

    /// Of independent normal numbers, however many.
    fn moments(&self, plan: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Through { y, back, .. } = Layer::<T>::propagate(self, plan, Signal::independent(x), weights)?;
        Some(Propagated { y: y.moments, back })
    }

    fn propagate<'a>(&'a self, plan: &Plan, x: Signal<'a>, _: &[InitMoments]) -> Option<Through<'a>> {
        let share = Expected::of(x.moments.variance(), plan.n_out)?.of_count(plan.n_out);
        let mean = 1.0 / plan.n_out as f64;
        // Of rows that have but the mean in common, so have the shares.
        let apart = x.shared.is_some_and(|shared| Signal::correlation(x.moments, shared) == 0.0);
        let shared = apart.then_some(mean * mean);
        let y = Signal { shared, ..Signal::unknown(Moments { mean, second: share.second }) };
        Some(Through { chooses: 1.0, y, back: Some(share.back), squares: Some(Vec::new()) })
    }

    fn feeding_initializer(&self) -> Option<Box<dyn Initializer<T>>> {
        Some(Box::new(Xavier::normal()))
    }
}

/// The forward pass: the exponentials of all rows at once, so that narrow rows fill vectors too.
struct Shares<'a, T> {
    x: Rows<'a, T>,
    y: RowsMut<'a, T>,
}

impl<T: Float> Work for Shares<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(mut self) {
        for (x, y) in self.x.iter().zip(self.y.iter_mut()) {
            let largest = elementwise::largest(x);
            for (y, &x) in y.iter_mut().zip(x) {
                *y = x - largest;
            }
        }
        elementwise::replace::<I, T>(&elementwise::Exp, self.y.data_mut());
        for y in self.y.iter_mut() {
            let sum = elementwise::sum(y);
            for y in y {
                *y /= sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Network;
    use proptest::prelude::*;

    fn shares<T: Float>(x: &[T], cols: usize) -> Vec<T> {
        let network = Network::<T>::builder(cols).layer(Softmax).build().unwrap();
        network.predict(Rows::new(x, cols).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn agrees_with_its_formula(cols in 1_usize..70, rows in 1_usize..6, seed in any::<u32>(), size in 0.0..300.0_f64) {
            let at = |i: usize| size * ((i as f64 + f64::from(seed)) * 0.37).sin();
            let x: Vec<f64> = (0..rows * cols).map(at).collect();
            let (y, single) = (shares(&x, cols), shares(&x.iter().map(|&x| x as f32).collect::<Vec<_>>(), cols));
            for (row, x) in x.chunks(cols).enumerate() {
                let largest = x.iter().fold(f64::NEG_INFINITY, |largest, &x| largest.max(x));
                let sum: f64 = x.iter().map(|x| (x - largest).exp()).sum();
                for (column, x) in x.iter().enumerate() {
                    let expected = (x - largest).exp() / sum;
                    let (y, single) = (y[row * cols + column], f64::from(single[row * cols + column]));
                    prop_assert!((y - expected).abs() <= 2e-15 * expected, "{y}, not {expected}");
                    prop_assert!((single - expected).abs() <= 1e-4 * expected + 1e-38, "{single}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_shows() {
        for bad in [f32::NAN, f32::INFINITY] {
            let y = shares(&[1.0, bad, 2.0, 1.0, 1.0, 1.0], 3);
            assert!(y[..3].iter().all(|y| y.is_nan()) && y[3..].iter().all(|y| (y - 1.0 / 3.0).abs() < 1e-7), "{y:?}");
        }
        assert_eq!(shares(&[f32::NEG_INFINITY, 0.0], 2), [0.0, 1.0]);
    }
}
