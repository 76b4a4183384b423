//! `Plan` and `Pass`: what a layer asks for, and what it gets.

use crate::{Error, Float, Layer, Param, Rows};

/// What a layer needs and gives, for a given number of inputs.
///
/// ```
/// use evenkeel::{Param, Plan};
/// let plan = Plan::new(10).param(Param::weight(64, 10)).param(Param::bias(10)).saved_per_row(10);
/// assert_eq!(plan.n_out, 10);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many numbers an output row has.
    pub n_out: usize,
    /// Its parameters, in the order in which their numbers stand in [`Pass::params`].
    pub params: Vec<Param>,
    /// The start values of its state: what is saved with the network but not trained, such as running statistics.
    pub state: Vec<f64>,
    /// How many numbers forward keeps for backward, for each row.
    pub saved_per_row: usize,
    /// How many numbers forward keeps for backward, whatever the rows. They stand behind those of the rows.
    pub saved: usize,
    /// How many of [`saved`](Self::saved), the last of them, backward alone uses: forward does not find them there in a
    /// [`Predictor`](crate::Predictor), which has no backward.
    pub saved_by_backward: usize,
    /// How many numbers it needs for the time of one call, for each row.
    pub scratch_per_row: usize,
    /// How many multiplications and additions a row takes forwards, where that is more than two for each parameter: what the use of a second
    /// thread is judged by.
    pub operations_per_row: usize,
    /// At how many lags, at most, backward takes the norm of the derivative by a state: see [`lags`](Self::lags).
    pub lags: usize,
    /// Whether backward *writes* its gradients wherever [`Pass::fresh`] says that they are to be, instead of adding to zeros.
    pub writes_gradients: bool,
    /// How many numbers each position of an output has, where it is an image or a sequence: to the monitor a unit is one of these, at all
    /// positions. `None` for a layer that leaves positions as they are.
    pub channels: Option<usize>,
    /// The plans of the layers inside, where it is made of others.
    pub inside: Vec<Plan>,
}

impl Plan {
    /// Rows of `n_out` numbers; nothing else.
    pub fn new(n_out: usize) -> Self {
        Self {
            n_out,
            params: Vec::new(),
            state: Vec::new(),
            saved_per_row: 0,
            saved: 0,
            saved_by_backward: 0,
            scratch_per_row: 0,
            operations_per_row: 0,
            lags: 0,
            writes_gradients: false,
            channels: None,
            inside: Vec::new(),
        }
    }

    /// With one more parameter.
    pub fn param(mut self, param: Param) -> Self {
        self.params.push(param);
        self.writes_gradients = false;
        self
    }

    /// With a state that starts as these numbers.
    pub fn state(self, state: Vec<f64>) -> Self {
        Self { state, ..self }
    }

    /// With that many numbers kept for backward, for each row.
    pub fn saved_per_row(self, saved_per_row: usize) -> Self {
        Self { saved_per_row, ..self }
    }

    /// With that many numbers kept for backward, whatever the rows.
    pub fn saved(self, saved: usize) -> Self {
        Self { saved, ..self }
    }

    /// With that many of the numbers kept whatever the rows, the last of them, used by backward alone.
    pub fn saved_by_backward(self, saved_by_backward: usize) -> Self {
        Self { saved_by_backward, ..self }
    }

    /// With that many numbers of scratch, for each row.
    pub fn scratch_per_row(self, scratch_per_row: usize) -> Self {
        Self { scratch_per_row, ..self }
    }

    /// With that many multiplications and additions, for each row.
    pub fn operations_per_row(self, operations_per_row: usize) -> Self {
        Self { operations_per_row, ..self }
    }

    /// About how many multiplications and additions a row takes forwards.
    pub(crate) fn operations(&self) -> usize {
        let of_params = self.params.iter().filter_map(Param::count).fold(0, usize::saturating_add).saturating_mul(2);
        let of_inside = self.inside.iter().map(Self::operations).fold(0, usize::saturating_add);
        self.operations_per_row.max(of_params).max(of_inside)
    }

    /// With a backward that takes the norm of the derivative by a state of the layer at up to that many lags, counted from the end of the
    /// sequence. They are the last of what is saved, for which this makes room: how many lags there were, and then so many norms; forward
    /// says that there are none yet. [`Workspace::lag_norms`](crate::Workspace::lag_norms) and the monitor read them.
    pub fn lags(self, lags: usize) -> Self {
        Self { lags, saved: self.saved.saturating_add(lags).saturating_add(1), ..self }
    }

    /// With outputs of so many numbers a position; as many as `n_out` where there is but one.
    pub fn channels(self, channels: usize) -> Self {
        Self { channels: Some(channels), ..self }
    }

    /// With the plans of the layers inside: a pass hands them back in [`Pass::plan`].
    pub fn inside(self, inside: Vec<Plan>) -> Self {
        Self { inside, ..self }
    }

    /// How many numbers forward keeps for backward in a pass over so many rows.
    pub fn saved_for(&self, rows: usize) -> usize {
        self.saved_per_row.saturating_mul(rows).saturating_add(self.saved)
    }

    /// How many of them a pass has that no backward follows.
    pub(crate) fn saved_forwards(&self, rows: usize) -> usize {
        self.saved_for(rows).saturating_sub(self.saved_by_backward)
    }

    /// With a backward that looks at [`Pass::fresh`], which saves setting the gradients to zero first. To be said last: a parameter that is
    /// added afterwards takes it back, since whoever adds it may not know.
    pub fn writes_gradients(self) -> Self {
        Self { writes_gradients: true, ..self }
    }
}

/// Whether a pass is one of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Noise on, statistics of the batch; backward may follow.
    Train,
    /// As the network is used: no noise, running statistics.
    Infer,
}

/// What a layer may read and write during one pass.
#[derive(Debug)]
pub struct Pass<'a, T> {
    /// What the layer planned for rows of this width.
    pub plan: &'a Plan,
    /// Training or not.
    pub mode: Mode,
    /// Its parameters, in the order of its plan.
    pub params: &'a [T],
    /// Its state.
    pub state: &'a [T],
    /// What forward keeps for backward: `saved_per_row` numbers for each row of the pass, then `saved` more. In a pass of inference it
    /// is there as well, but for what [backward alone](Plan::saved_by_backward) uses, and nobody reads it afterwards.
    pub saved: &'a mut [T],
    /// `scratch_per_row` numbers for each row of the pass, of unknown content; gone after the call.
    pub scratch: &'a mut [T],
    /// How many steps of each row's sequence there are; empty where all of them are there.
    pub lengths: &'a [usize],
    /// Which row of its batch the first row of the pass is: not 0 where a batch goes through the network in parts. Noise counts rows from
    /// there.
    pub first_row: usize,
    /// In backward: whether the gradients hold nothing yet, not even zeros, and are to be overwritten instead of added to. Only ever so for
    /// a layer whose plan says [`writes_gradients`](Plan::writes_gradients).
    pub fresh: bool,
    /// A seed of the layer's own: noise must be a function of it, of the step and of the row in the batch, and of nothing else.
    pub seed: u64,
    /// How many updates the network has had.
    pub step: u64,
}

impl<T> Pass<'_, T> {
    /// Whether [`lengths`](Self::lengths) fit rows of so many steps: what a layer over sequences asks first of all in forward.
    ///
    /// # Errors
    /// [`Error::Size`] where there are lengths, but not one a row; [`Error::Length`] where one is 0, or beyond the steps.
    pub fn check_lengths(&self, rows: usize, steps: usize) -> Result<(), Error> {
        if !self.lengths.is_empty() {
            Error::same_size("the lengths of a pass, one a row", rows, self.lengths.len())?;
        }
        match self.lengths.iter().position(|&length| length == 0 || length > steps) {
            Some(row) => Err(Error::Length { row, length: self.lengths[row], steps }),
            None => Ok(()),
        }
    }
}

/// What a forward pass through a layer left behind.
#[derive(Debug, Clone, Copy)]
pub struct Passed<'a, T> {
    /// What the layer planned.
    pub plan: &'a Plan,
    /// What went in.
    pub x: Rows<'a, T>,
    /// What came out.
    pub y: Rows<'a, T>,
    /// What forward kept for backward, as in [`Pass::saved`].
    pub saved: &'a [T],
}

/// A layer inside another, and what a forward pass through that left of it.
#[derive(Debug)]
pub struct PassedInside<'a, T: Float> {
    /// What stands in front of its parameters' names, without the last dot; empty where nothing does.
    pub name: String,
    /// The layer.
    pub layer: &'a dyn Layer<T>,
    /// What it was given, and what it made of it.
    pub passed: Passed<'a, T>,
}
