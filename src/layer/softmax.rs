//! `Softmax`: a row of numbers into a row of shares.

use super::{Layer, Pass, Plan};
use crate::{Error, Float, Initializer, Rows, RowsMut, Xavier};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Softmax;

impl<T: Float> Layer<T> for Softmax {
    fn kind(&self) -> &'static str {
        "softmax"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, _: &mut Pass<'_, T>) -> Result<(), Error> {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            let largest = x.iter().fold(T::neg_infinity(), |largest, &x| largest.max(x));
            let mut sum = T::zero();
            for (y, &x) in y.iter_mut().zip(x) {
                *y = (x - largest).exp();
                sum += *y;
            }
            y.iter_mut().for_each(|y| *y /= sum);
        }
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

    fn feeding_initializer(&self) -> Option<Box<dyn Initializer<T>>> {
        Some(Box::new(Xavier::normal()))
    }
}
