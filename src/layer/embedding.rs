//! `Embedding`: a learned row of numbers for every index.

use std::sync::Arc;

use super::moments::second;
use super::{Layer, Moments, Pass, Plan, Propagated, Structure};
use crate::{Error, Fans, Float, InitMoments, Initializer, Normal, Param, Rows, RowsMut};

/// A learned vector of `dim` numbers for each of `count` things, named by their index: words, users, classes.
///
/// ```text
/// y = (W[x_1], W[x_2], ...)          dW[x_k] += dy_k          dx = 0
/// ```
///
/// A row of `n_in` indices, written as numbers, becomes one of `n_in * dim`. W has a row for each thing, so y is that of the linear
/// layer `one_hot(x) W`, without its multiplications.
///
/// ```
/// use evenkeel::{Embedding, Linear, Network, Rows};
/// let network = Network::<f32>::builder(2).layer(Embedding::new(10, 4)).layer(Linear::new(1)).build()?;
/// assert_eq!(network.parameter("0.embedding.weight")?.rows(), 10);
/// assert_eq!(network.predict(Rows::new(&[3.0, 9.0, 0.0, 3.0], 2)?)?.len(), 2);
/// let refused = network.predict(Rows::new(&[3.0, 10.0], 2)?).unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "layer 0.embedding: row 0, column 1 is 10, but an index must be a whole number from 0 to 9"
/// );
/// # Ok::<(), evenkeel::Error>(())
/// ```
///
/// # Errors
/// When the network is built: [`Error::Argument`] where `count` or `dim` is 0, or there are more indices than numbers of the network's type
/// can tell apart (2^24 for `f32`, 2^53 for `f64`). In a forward pass: [`Error::Index`] for anything but a whole number below `count`.
///
/// # Notes
/// Unless told otherwise, each number starts as a draw of N(0, 1), as in PyTorch. The gradient is dense: rows whose index is not in
/// the batch have a gradient of 0, and an optimizer with a memory moves them still.
#[derive(Debug, Clone)]
pub struct Embedding<T> {
    count: usize,
    dim: usize,
    start: Option<Arc<dyn Initializer<T>>>,
}

impl<T: Float> Embedding<T> {
    /// Of `count` things, each with `dim` numbers.
    pub fn new(count: usize, dim: usize) -> Self {
        Self { count, dim, start: None }
    }

    /// With numbers that start as that initializer says.
    pub fn weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { start: Some(Arc::new(initializer)), ..self }
    }

    /// The index that a number stands for, if it is one.
    fn index(&self, x: T) -> Option<usize> {
        // A NaN becomes no index, and what is not whole becomes another number.
        x.to_usize().filter(|&index| index < self.count && T::of(index as f64) == x)
    }
}

impl<T: Float> Layer<T> for Embedding<T> {
    fn kind(&self) -> &'static str {
        "embedding"
    }

    fn structure(&self) -> Structure {
        Structure::Lookup
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Error::at_least_one("Embedding", "count", self.count)?;
        Error::at_least_one("Embedding", "dim", self.dim)?;
        // Whole numbers up to 2 / epsilon are all there.
        let exact = self.count as f64 <= 2.0 / T::epsilon().get();
        let must = "small enough for the network's numbers to tell every index from the next";
        Error::require(exact, "Embedding", "count", self.count as f64, must)?;
        // As in `one_hot(x) W`, a unit is a column; of the inputs of one position, all but one are zero.
        let fans = Fans { fan_in: 1, fan_out: self.dim };
        let weight = Param { fans, ..Param::weight(self.count, self.dim) };
        Ok(Plan::new(n_in.saturating_mul(self.dim)).param(weight).channels(self.dim))
    }

    fn forward(&self, x: Rows<'_, T>, mut y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        let table = pass.params;
        for (at, (&x_k, y_k)) in x.data().iter().zip(y.data_mut().chunks_exact_mut(self.dim)).enumerate() {
            let index = self.index(x_k).ok_or_else(|| {
                let (row, column) = (at / x.cols(), at % x.cols());
                Error::Index { row, column, value: x_k.get(), count: self.count }
            })?;
            y_k.copy_from_slice(&table[index * self.dim..][..self.dim]);
        }
        Ok(())
    }

    fn backward(
        &self,
        x: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        _: &mut Pass<'_, T>,
    ) {
        // Position by position, so that what is added to one row always comes in the same order.
        for (&x_k, dy_k) in x.data().iter().zip(dy.data().chunks_exact(self.dim)) {
            // Forward has seen to it that every one is an index.
            if let Some(index) = self.index(x_k) {
                let gradient = &mut gradients[index * self.dim..][..self.dim];
                gradient.iter_mut().zip(dy_k).for_each(|(gradient, &dy)| *gradient += dy);
            }
        }
        // From one index to the next there is nothing in between: no way to move it a little.
        if let Some(mut dx) = dx {
            dx.data_mut().fill(T::zero());
        }
    }

    fn moments(&self, _: &Plan, _: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let &table = weights.first()?;
        Some(Propagated { y: Moments { mean: table.mean, second: second(table) }, back: Some(0.0) })
    }

    /// Every number of a gradient goes to one entry of the table. Where a row of it is looked up more than once the sum of independent gradients has
    /// the sum of their squares, in the mean.
    fn gradient_squares(&self, plan: &Plan, _: Moments, _: &[InitMoments]) -> Option<Vec<f64>> {
        Some(vec![plan.n_out as f64])
    }

    fn initializer(&self, _: &Param) -> Option<&dyn Initializer<T>> {
        self.start.as_deref()
    }

    fn fitting_initializer(&self, _: &Param, _: Option<Box<dyn Initializer<T>>>) -> Option<Box<dyn Initializer<T>>> {
        // What is looked up is not summed over: its size follows from no fan.
        Normal::new(0.0, 1.0).ok().map(|normal| Box::new(normal) as Box<dyn Initializer<T>>)
    }
}
