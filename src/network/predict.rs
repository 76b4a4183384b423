//! `Predictor`: the use of a network, without anything that training needs.

use std::sync::Arc;

use super::Network;
use super::geometry::Geometry;
use super::lengths::Lengths;
use super::room::{Room, allocate};
use crate::linalg::in_pool;
use crate::{Error, Float, Mode, Rows, RowsMut};

/// The little memory that inference needs: the values before and after one layer.
///
/// Made by [`Network::predictor`], and used again for every call of [`Network::predict_with`], which then allocates nothing:
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(2).layer(Linear::new(3)).layer(Tanh).layer(Linear::new(1)).seed(1).build()?;
/// let mut predictor = network.predictor(1)?;
/// for x in [[0.5, -0.5], [1.0, 2.0]] {
///     let y = network.predict_with(Rows::new(&x, 2)?, &mut predictor)?;
///     assert_eq!(y.data(), network.predict(Rows::new(&x, 2)?)?);
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Predictor<T> {
    geometry: Arc<Geometry>,
    rows: usize,
    lengths: Lengths,
    values: [Room<T>; 2],
    saved: Room<T>,
    scratch: Room<T>,
}

impl<T: Float> Predictor<T> {
    fn new(geometry: &Arc<Geometry>, rows: usize) -> Result<Self, Error> {
        Error::at_least_one("Predictor", "rows", rows)?;
        let what = "the memory of a prediction";
        Error::within(what, Self::bytes(geometry, rows), geometry.memory_limit)?;
        let [values, saved, scratch] = Self::sizes(geometry, rows);
        Ok(Self {
            geometry: Arc::clone(geometry),
            rows,
            lengths: Lengths::of_up_to(rows)?,
            values: [Room::zeros(what, values)?, Room::zeros(what, values)?],
            saved: Room::zeros(what, saved)?,
            scratch: Room::zeros(what, scratch)?,
        })
    }

    /// The largest number of rows it has room for.
    pub fn capacity(&self) -> usize {
        self.rows
    }

    /// Says how many steps of each row's sequence there are in the next prediction; the one after that has all steps again.
    ///
    /// # Errors
    /// Those of [`Workspace::set_lengths`](crate::Workspace::set_lengths).
    pub fn set_lengths(&mut self, lengths: &[usize]) -> Result<(), Error> {
        self.lengths.set(lengths.iter().copied())
    }

    /// How many numbers each of `values`, `saved` and `scratch` has: enough for the layer that needs most.
    fn sizes(geometry: &Geometry, rows: usize) -> [usize; 3] {
        let plans = || geometry.plans.iter();
        // The input is read where it is; only what layers write needs room.
        let widest = geometry.widths[1..].iter().copied().max().unwrap_or(0);
        [
            widest.saturating_mul(rows),
            plans().map(|p| p.saved_forwards(rows)).max().unwrap_or(0),
            plans().map(|p| p.scratch_per_row.saturating_mul(rows)).max().unwrap_or(0),
        ]
    }

    fn bytes(geometry: &Geometry, rows: usize) -> u64 {
        let [values, saved, scratch] = Self::sizes(geometry, rows);
        let len = values.saturating_mul(2).saturating_add(saved).saturating_add(scratch);
        len.saturating_mul(size_of::<T>()) as u64
    }
}

impl<T: Float> Network<T> {
    /// Room for predictions of up to `rows` rows at once.
    ///
    /// # Errors
    /// [`Error::Argument`] for no rows; [`Error::TooLarge`] beyond the network's memory limit; [`Error::OutOfMemory`].
    pub fn predictor(&self, rows: usize) -> Result<Predictor<T>, Error> {
        Predictor::new(&self.geometry, rows)
    }

    /// The outputs for some rows, without allocating.
    ///
    /// # Errors
    /// [`Error::Size`] where a row has the wrong length, or there are more rows than the predictor has room for, or lengths were set, but not one a row;
    /// [`Error::Foreign`] for another network's predictor; [`Error::Layer`] where a layer refuses the rows.
    pub fn predict_with<'a>(&self, x: Rows<'_, T>, predictor: &'a mut Predictor<T>) -> Result<Rows<'a, T>, Error> {
        Error::same_size("the numbers of an input row", self.n_in(), x.cols())?;
        self.geometry.same_as(&predictor.geometry, "the predictor")?;
        let rows = x.rows();
        if rows > predictor.rows {
            return Err(Error::Size { what: "the rows of a prediction", expected: predictor.rows, found: rows });
        }
        predictor.lengths.begin(rows)?;
        if rows == 0 {
            return Ok(Rows::of(&[], self.n_out()));
        }
        let forward = |predictor: &mut Predictor<T>| {
            for (index, layer) in self.layers.iter().enumerate() {
                let [from, to] = &mut predictor.values;
                let (n_in, n_out) = (self.geometry.widths[index], self.geometry.widths[index + 1]);
                let x = if index == 0 { x } else { Rows::of(&from[..rows * n_in], n_in) };
                let y = RowsMut::of(&mut to[..rows * n_out], n_out);
                let (lengths, scratch) = (predictor.lengths.of_pass(), &mut predictor.scratch);
                let saved = &mut predictor.saved[..self.geometry.plans[index].saved_forwards(rows)];
                let mut pass = self.pass(index, rows, lengths, Mode::Infer, saved, scratch);
                layer.forward(x, y, &mut pass).map_err(|error| error.in_layer(&self.geometry.names[index]))?;
                predictor.values.swap(0, 1);
            }
            Ok(())
        };
        in_pool(self.operations(rows), || forward(predictor))?;
        Ok(Rows::of(&predictor.values[0][..rows * self.n_out()], self.n_out()))
    }

    /// The outputs for any number of rows, row after row.
    ///
    /// # Errors
    /// [`Error::Size`] where a row has the wrong length; [`Error::Layer`] where a layer refuses the rows; [`Error::TooLarge`] beyond
    /// the network's memory limit; [`Error::OutOfMemory`].
    pub fn predict(&self, x: Rows<'_, T>) -> Result<Vec<T>, Error> {
        Error::same_size("the numbers of an input row", self.n_in(), x.cols())?;
        const AT_ONCE: usize = 256;
        let len = x.rows().saturating_mul(self.n_out());
        Error::within("the outputs", len.saturating_mul(size_of::<T>()) as u64, self.geometry.memory_limit)?;
        // Some rows at a time, so that memory does not grow with the rows; and as few as the limit asks for.
        let mut at_once = AT_ONCE.min(x.rows()).max(1);
        while at_once > 1 && Predictor::<T>::bytes(&self.geometry, at_once) > self.geometry.memory_limit {
            at_once /= 2;
        }
        let mut predictor = self.predictor(at_once)?;
        let mut outputs = allocate("the outputs", len)?;
        let (inputs, results) = (x.data().chunks(at_once * self.n_in()), outputs.chunks_mut(at_once * self.n_out()));
        for (x, y) in inputs.zip(results) {
            y.copy_from_slice(self.predict_with(Rows::of(x, self.n_in()), &mut predictor)?.data());
        }
        Ok(outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2d, Padding};

    #[test]
    fn what_backward_alone_uses_takes_no_memory() {
        let layer = Conv2d::new((8, 8, 16), 32, 3).padding(Padding::Same);
        let network = Network::<f32>::builder(8 * 8 * 16).layer(layer).seed(1).build().unwrap();
        let plan = &network.geometry.plans[0];
        // A kernel of nine numbers as sixteen; and four sums of their gradients, which a prediction has not.
        let kernel = 16 * 16 * 32;
        assert_eq!((plan.saved, Predictor::<f32>::sizes(&network.geometry, 3)[1]), (5 * kernel, kernel));
        let x: Vec<f32> = (0..2 * 8 * 8 * 16).map(|at| (at as f32 * 0.7).sin()).collect();
        let x = Rows::new(&x, 8 * 8 * 16).unwrap();
        let mut workspace = network.workspace(3).unwrap();
        let trained = network.forward(x, Mode::Infer, &mut workspace).unwrap();
        let mut predictor = network.predictor(3).unwrap();
        assert_eq!(network.predict_with(x, &mut predictor).unwrap(), trained);
    }
}
