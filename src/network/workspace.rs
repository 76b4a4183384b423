//! `Workspace`: all memory that passes through a network need.

use std::sync::Arc;

use super::geometry::Geometry;
use super::lengths::Lengths;
use super::room::{Room, allocate};
use crate::linalg::Norm;
use crate::{Error, Float, Mode, Passed, Rows, RowsMut};

/// How far the passes in a workspace have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Empty,
    Forward(Mode),
    Loss,
    Backward,
}

/// All memory that passes through a network need: activations, what layers save, gradients.
///
/// Made by [`Network::workspace`](crate::Network::workspace) for a largest number of rows, and used again for every batch up to that:
/// after it is made, a training step allocates nothing. What the last passes left can be read by name, without copying:
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(2).layer(Linear::new(3)).layer(Relu).build()?;
/// let mut workspace = network.workspace(8)?;
/// network.forward(Rows::new(&[1.0, 2.0], 2)?, Mode::Train, &mut workspace)?;
/// assert_eq!(workspace.activation("1.relu")?.rows(), 1);
/// network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&[0.0; 3], 3)?), &mut workspace)?;
/// network.backward(&mut workspace)?;
/// assert_eq!(workspace.gradient("0.linear.weight")?.rows(), 2);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Workspace<T> {
    pub(super) geometry: Arc<Geometry>,
    pub(super) capacity: usize,
    /// The rows of the last forward pass.
    pub(super) rows: usize,
    /// Which row of its batch the first of them is.
    pub(super) first: usize,
    /// How many rows of the batch at hand the gradients are of.
    pub(super) done: usize,
    pub(super) stage: Stage,
    pub(super) lengths: Lengths,
    /// The input, and the output of each layer.
    pub(super) values: Vec<Room<T>>,
    /// What each layer saved.
    pub(super) saved: Vec<Room<T>>,
    pub(super) scratch: Room<T>,
    /// The derivative by the output of the layer at hand, and room for that by its input.
    pub(super) deltas: [Room<T>; 2],
    pub(super) gradients: Room<T>,
    /// The norm of each parameter's gradient, as backward left it.
    pub(super) norms: Vec<Option<Norm>>,
    /// What the layers' state is to become with the update.
    pub(super) state: Vec<T>,
}

impl<T: Float> Workspace<T> {
    pub(super) fn new(geometry: Arc<Geometry>, capacity: usize) -> Result<Self, Error> {
        Error::at_least_one("Workspace", "rows", capacity)?;
        let sizes = Sizes::of(&geometry, capacity as u128);
        let bytes = u64::try_from(sizes.total() * size_of::<T>() as u128).unwrap_or(u64::MAX);
        let what = "a workspace";
        Error::within(what, bytes, geometry.memory_limit)?;
        // What is beyond `usize` no system can give.
        let room = |count: u128| Room::zeros(what, usize::try_from(count).unwrap_or(usize::MAX));
        let all = |counts: Vec<u128>| counts.into_iter().map(room).collect::<Result<_, _>>();
        Ok(Self {
            capacity,
            rows: 0,
            first: 0,
            done: 0,
            stage: Stage::Empty,
            values: all(sizes.values)?,
            saved: all(sizes.saved)?,
            scratch: room(sizes.scratch)?,
            deltas: [room(sizes.delta)?, room(sizes.delta)?],
            gradients: Room::zeros(what, geometry.layout.len())?,
            lengths: Lengths::of_up_to(capacity)?,
            norms: vec![None; geometry.layout.slots().len()],
            state: allocate(what, geometry.state_len())?,
            geometry,
        })
    }

    /// The largest number of rows it has room for.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The rows of the last forward pass.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The output of the last forward pass: no rows before the first.
    pub fn output(&self) -> Rows<'_, T> {
        self.values_of(self.values.len() - 1)
    }

    /// The output of the layer of that name, such as `1.relu`, in the last forward pass.
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn activation(&self, layer: &str) -> Result<Rows<'_, T>, Error> {
        Ok(self.values_of(self.geometry.layer(layer)? + 1))
    }

    /// The gradient of one parameter by its full name, such as `0.linear.weight`, as the last backward pass left it.
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn gradient(&self, parameter: &str) -> Result<Rows<'_, T>, Error> {
        let slot = self.geometry.layout.find(parameter)?;
        Ok(Rows::of(&self.gradients[slot.range.clone()], slot.param.cols))
    }

    /// The Euclidean norm of the gradient of each parameter, in the order of the network's layout, as the last backward pass left it.
    /// They were computed there, so reading them costs nothing; NaN before the first pass, and where a clipper has changed the gradient.
    pub fn gradient_norms(&self) -> impl ExactSizeIterator<Item = f64> {
        self.norms.iter().map(|norm| norm.map_or(f64::NAN, Norm::value))
    }

    /// The norm of the derivative of the loss by the state of a recurrent layer of that name, at each lag, as the last backward pass left it;
    /// nothing before one, and of a layer without a state.
    ///
    /// At lag k it is the Euclidean norm, over all rows of the batch, of the total derivative dL/dh by the state k steps before the
    /// last real one of each row. Where the loss depends on the last step alone that is how much of its derivative is left after k steps back;
    /// where every step is output, the losses of the steps between join in, so that it shows growth, but hides fading. Lags that no row has,
    /// or that [truncation](crate::Recurrent::truncate) cuts off, are left out; where some rows are too short for a lag, the norm
    /// over the others is scaled up by the root of the share they are of all. Of a batch that goes through the network in parts it tells of
    /// the last part. Once the update is applied there are none again.
    ///
    /// ```
    /// use evenkeel::*;
    /// let network = Network::<f64>::builder(5).layer(Rnn::new(5, 1, 4)?.last()).layer(Linear::new(1)).build()?;
    /// let mut workspace = network.workspace(1)?;
    /// network.forward(Rows::new(&[1.0; 5], 5)?, Mode::Train, &mut workspace)?;
    /// network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&[0.0], 1)?), &mut workspace)?;
    /// network.backward(&mut workspace)?;
    /// assert_eq!(workspace.lag_norms("0.rnn")?.len(), 5);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`], listing the names there are.
    pub fn lag_norms(&self, layer: &str) -> Result<&[T], Error> {
        Ok(self.lag_norms_of(self.geometry.layer(layer)?))
    }

    /// The norms at each lag that layer `index` left.
    pub(super) fn lag_norms_of(&self, index: usize) -> &[T] {
        let plan = &self.geometry.plans[index];
        if plan.lags == 0 || self.stage != Stage::Backward {
            return &[];
        }
        let end = plan.saved_for(self.rows);
        let lags = &self.saved[index][end - plan.lags - 1..end];
        // The count is a whole number, or was no layer's of this crate.
        &lags[1..][..(lags[0].get() as usize).min(plan.lags)]
    }

    /// Says how many steps of each row's sequence there are in the next forward pass, and in the backward pass after it; the one after that
    /// has all steps again. Recurrent layers and attention heed it.
    ///
    /// They are steps of the network's input. Layers that do not heed them take what stands behind the end of a sequence for numbers like
    /// all others: a loss on every step counts it, as do the statistics of a batch normalization over steps; and where a convolution or a
    /// pooling leaves fewer steps than there were, the layer behind it refuses lengths of more.
    ///
    /// # Errors
    /// [`Error::Size`] for more lengths than there is room for rows. That there is one a row is checked in the forward pass, and
    /// by each layer that they are lengths it can have: [`Error::Length`].
    pub fn set_lengths(&mut self, lengths: &[usize]) -> Result<(), Error> {
        self.take_lengths(lengths.iter().copied())
    }

    /// As [`set_lengths`](Self::set_lengths), for lengths that are gathered.
    pub(crate) fn take_lengths(&mut self, lengths: impl ExactSizeIterator<Item = usize>) -> Result<(), Error> {
        self.lengths.set(lengths)
    }

    /// All gradients, flat, in the order of the network's layout.
    pub fn gradients(&self) -> &[T] {
        &self.gradients
    }

    /// The input (0) or the output of layer `index - 1`.
    pub(crate) fn values_of(&self, index: usize) -> Rows<'_, T> {
        let width = self.geometry.widths[index];
        Rows::of(&self.values[index][..self.rows * width], width)
    }

    /// What the last forward pass left of layer `index`.
    pub(crate) fn passed(&self, index: usize) -> Passed<'_, T> {
        let plan = &self.geometry.plans[index];
        let saved = &self.saved[index][..plan.saved_for(self.rows)];
        Passed { plan, x: self.values_of(index), y: self.values_of(index + 1), saved }
    }

    /// Where the input of the next forward pass is to be written, for a caller who gathers rows himself.
    ///
    /// # Errors
    /// [`Error::Empty`] for no rows; [`Error::Size`] for more rows than it has room for.
    pub fn input(&mut self, rows: usize) -> Result<RowsMut<'_, T>, Error> {
        self.input_part(rows, 0)
    }

    /// As [`input`](Self::input), for rows that are part of a larger batch, the first of them its row `first`: see
    /// [`Network::forward_part`](crate::Network::forward_part).
    ///
    /// # Errors
    /// [`Error::Size`] unless `first` is 0, which begins a batch, or as many rows as have been through backward since; else as
    /// [`input`](Self::input).
    pub fn input_part(&mut self, rows: usize, first: usize) -> Result<RowsMut<'_, T>, Error> {
        if rows == 0 {
            return Err(Error::Empty { what: "a batch" });
        }
        if rows > self.capacity {
            return Err(Error::Size { what: "the rows of a batch", expected: self.capacity, found: rows });
        }
        if first > 0 {
            Error::same_size("the rows of the batch before this part", self.done, first)?;
        }
        (self.rows, self.first) = (rows, first);
        self.stage = Stage::Empty;
        let width = self.geometry.widths[0];
        Ok(RowsMut::of(&mut self.values[0][..rows * width], width))
    }
}

/// How many numbers each part of a workspace has, counted so that nothing can overflow.
struct Sizes {
    values: Vec<u128>,
    saved: Vec<u128>,
    scratch: u128,
    delta: u128,
    /// With the state beside them.
    gradients: u128,
}

impl Sizes {
    fn of(geometry: &Geometry, rows: u128) -> Self {
        let wide = |count: usize| rows.saturating_mul(count as u128);
        let values: Vec<u128> = geometry.widths.iter().map(|&width| wide(width)).collect();
        let plans = || geometry.plans.iter();
        Self {
            delta: values.iter().copied().max().unwrap_or(0),
            values,
            saved: plans().map(|plan| wide(plan.saved_per_row).saturating_add(plan.saved as u128)).collect(),
            scratch: plans().map(|plan| wide(plan.scratch_per_row)).max().unwrap_or(0),
            gradients: geometry.layout.len() as u128 + geometry.state_len() as u128,
        }
    }

    fn total(&self) -> u128 {
        let parts = self.values.iter().chain(&self.saved).chain([&self.scratch, &self.delta, &self.delta]);
        parts.fold(self.gradients, |sum, part| sum.saturating_add(*part)).min(u128::from(u64::MAX))
    }
}
