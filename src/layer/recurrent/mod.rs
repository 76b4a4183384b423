//! Recurrent layers: a row is a sequence, and every step sees what the steps before it left.

mod cell;
mod copied;
mod copied_products;
mod gate;
mod gru;
mod gru_moments;
mod lstm;
mod lstm_moments;
mod moments;
#[cfg(test)]
mod one_by_one;
mod pass;
mod rnn;
mod sequence;
mod squares;

pub use gru::Gru;
pub use lstm::Lstm;
pub use rnn::Rnn;

use std::sync::Arc;

use super::{Layer, Pass, Passed, Plan, Signal, Through};
use crate::{Bounds, Error, Fans, Float, InitMoments, Initializer, Moments, Param, Propagated, Role, Rows, RowsMut};
use cell::Cell;
pub(crate) use cell::Cell as RecurrentCell;
use moments::{Unfolded, Unrolled};

/// What [`Rnn`], [`Lstm`] and [`Gru`] share: a layer whose rows are sequences of `steps` steps of `width` numbers each, and which carries a
/// state of `hidden` numbers from step to step.
///
/// A row has `steps * width` numbers, step after step. The output is the state after every step, `steps * hidden` numbers, or with
/// [`last`](Self::last) that after the last one, `hidden` numbers. All gates of the cell stand side by side in two weights: `weight` of
/// `width x gates * hidden` numbers, `recurrent_weight` of `hidden x gates * hidden`, and a `bias` of `gates * hidden`. The state starts at
/// zero.
///
/// Where a batch has lengths ([`Workspace::set_lengths`](crate::Workspace::set_lengths),
/// [`Dataset::with_lengths`](crate::Dataset::with_lengths)), only the first `lengths[r]` steps of row `r` are there: what stands behind them
/// is not read, outputs there are 0, the last step is the last real one, and no gradient comes from or goes to what is not there.
///
/// ```
/// use evenkeel::*;
/// // Ten steps of two numbers; what is left of them after the last.
/// let network = Network::<f32>::builder(20).layer(Gru::new(10, 2, 16)?.last()).layer(Linear::new(1)).build()?;
/// let mut predictor = network.predictor(2)?;
/// predictor.set_lengths(&[10, 3])?; // of the second sequence only three steps
/// let y = network.predict_with(Rows::new(&[0.5; 40], 20)?, &mut predictor)?;
/// assert_eq!((y.rows(), y.cols()), (2, 1));
/// # Ok::<(), Error>(())
/// ```
///
/// # Notes
/// After each backward pass [`Workspace::lag_norms`](crate::Workspace::lag_norms) tells how large the derivative of the loss by the state
/// still is after so many steps back. Weights start as [`Xavier`](crate::Xavier) says for each gate on its own, the recurrent ones with
/// fans of `hidden` and `hidden`: variance 1 / hidden, at which such a matrix has its eigenvalues in the unit circle (Girko's circular
/// law), so that a state neither fades nor grows by the weights alone. What differs is said where the cell is.
#[derive(Debug, Clone)]
pub struct Recurrent<T, C> {
    cell: C,
    steps: usize,
    width: usize,
    hidden: usize,
    /// Whether only the last step is output.
    last: bool,
    /// How many steps a derivative goes back at most.
    reach: usize,
    weight_start: Option<Arc<dyn Initializer<T>>>,
    recurrent_start: Option<Arc<dyn Initializer<T>>>,
    bias_start: Option<Arc<dyn Initializer<T>>>,
}

impl<T: Float, C: Cell<T>> Recurrent<T, C> {
    /// For sequences of `steps` steps of `width` numbers, with a state of `hidden` numbers; it outputs the state after every step.
    ///
    /// # Errors
    /// [`Error::Argument`] where one of them is 0.
    pub fn new(steps: usize, width: usize, hidden: usize) -> Result<Self, Error> {
        Ok(Self {
            cell: C::default(),
            steps: Error::at_least_one(C::NAME, "steps", steps)?,
            width: Error::at_least_one(C::NAME, "width", width)?,
            hidden: Error::at_least_one(C::NAME, "hidden", hidden)?,
            last: false,
            reach: usize::MAX,
            weight_start: None,
            recurrent_start: None,
            bias_start: None,
        })
    }

    /// With the state after the last step as its only output.
    pub fn last(self) -> Self {
        Self { last: true, ..self }
    }

    /// Truncated backpropagation through time: no derivative goes through more than `reach` steps, that of the loss included.
    ///
    /// Counted from the last (real) step of each row, its steps are taken in stretches of `reach`; the first stretch may be shorter. In
    /// backward, what a stretch begins with, the state that the one before it left, counts as a constant: the derivative by that state
    /// is set to 0, of an LSTM by its cell as well. Nothing else is cut: forward is the same, every step still adds to the gradients of
    /// the weights what its own stretch says, and a reach of `steps` or more cuts nothing.
    ///
    /// # Errors
    /// [`Error::Argument`] where `reach` is 0.
    pub fn truncate(self, reach: usize) -> Result<Self, Error> {
        Ok(Self { reach: Error::at_least_one(C::NAME, "reach", reach)?, ..self })
    }

    /// With weights of the inputs that start as that initializer says.
    pub fn weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { weight_start: Some(Arc::new(initializer)), ..self }
    }

    /// With weights of the state that start as that initializer says.
    pub fn recurrent_weights(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { recurrent_start: Some(Arc::new(initializer)), ..self }
    }

    /// With biases that start as that initializer says.
    pub fn biases(self, initializer: impl Initializer<T> + 'static) -> Self {
        Self { bias_start: Some(Arc::new(initializer)), ..self }
    }

    /// What it makes of moments, where theory says it.
    fn unfolded(&self, x: Moments, weights: &[InitMoments]) -> Option<Unfolded> {
        let &[weight, recurrent, bias, ref rest @ ..] = weights else { return None };
        let recurrent_bias = rest.first().copied();
        let &Self { steps, width, hidden, last, .. } = self;
        let whole = self.reach >= steps;
        self.cell.moments(&Unrolled { steps, width, hidden, last, whole, x, weight, recurrent, bias, recurrent_bias })
    }

    /// How many numbers all gates of a row have.
    fn gates(&self) -> usize {
        C::GATES.saturating_mul(self.hidden)
    }
}

/// The name of the weight that the state goes through.
const RECURRENT: &str = "recurrent_weight";

impl<T: Float, C: Cell<T>> Layer<T> for Recurrent<T, C> {
    fn kind(&self) -> &'static str {
        C::KIND
    }

    fn structure(&self) -> crate::Structure {
        crate::Structure::Joint
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        let (steps, hidden) = (self.steps, self.hidden);
        Error::same_size("the numbers of a row, which are steps x width", steps.saturating_mul(self.width), n_in)?;
        let weight = |name: &str, n_in: usize| Param {
            name: name.to_owned(),
            // A gate is a layer of its own: that others stand beside it changes no fan.
            fans: Fans { fan_in: n_in, fan_out: hidden },
            ..Param::weight(n_in, self.gates())
        };
        let plan = Plan::new(if self.last { hidden } else { steps.saturating_mul(hidden) })
            .param(weight("weight", self.width))
            .param(weight(RECURRENT, hidden))
            .param(Param::bias(self.gates()));
        let plan = if C::SPLITS_CANDIDATE {
            plan.param(Param { name: "recurrent_bias".to_owned(), ..Param::bias(hidden) })
        } else {
            plan
        };
        let rooms = self.rooms(1);
        let operations = plan.operations().saturating_mul(steps);
        Ok(plan
            .channels(hidden)
            .operations_per_row(operations)
            .saved_per_row(rooms.iter().fold(0, |sum, &room| sum.saturating_add(room)))
            .saved(hidden.saturating_mul(self.gates()))
            .scratch_per_row(C::SCRATCH.saturating_mul(hidden))
            .lags(steps)
            .writes_gradients())
    }

    fn forward(&self, x: Rows<'_, T>, y: RowsMut<'_, T>, pass: &mut Pass<'_, T>) -> Result<(), Error> {
        self.run(x, y, pass)
    }

    fn backward(
        &self,
        _: Rows<'_, T>,
        _: Rows<'_, T>,
        dy: Rows<'_, T>,
        dx: Option<RowsMut<'_, T>>,
        gradients: &mut [T],
        pass: &mut Pass<'_, T>,
    ) {
        self.run_back(dy, dx, gradients, pass);
    }

    fn moments(&self, _: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Propagated> {
        let Unfolded { y, back, .. } = self.unfolded(x, weights)?;
        Some(Propagated { y, back })
    }

    fn gradient_squares(&self, _: &Plan, x: Moments, weights: &[InitMoments]) -> Option<Vec<f64>> {
        self.unfolded(x, weights)?.squares
    }

    fn propagate<'a>(&'a self, _: &Plan, x: Signal<'a>, weights: &[InitMoments]) -> Option<Through<'a>> {
        let Unfolded { y, back, squares } = self.unfolded(x.moments, weights)?;
        Some(Through { chooses: 1.0, y: Signal::unknown(y), back, squares })
    }

    fn initializer(&self, param: &Param) -> Option<&dyn Initializer<T>> {
        match param.role {
            Role::Weight if param.name.ends_with(RECURRENT) => self.recurrent_start.as_deref(),
            Role::Weight => self.weight_start.as_deref(),
            _ => self.bias_start.as_deref(),
        }
    }

    fn fitting_initializer(
        &self,
        param: &Param,
        _: Option<Box<dyn Initializer<T>>>,
    ) -> Option<Box<dyn Initializer<T>>> {
        self.cell.initializer(param.role, param.name.ends_with(RECURRENT))
    }

    fn bounds(&self) -> Bounds {
        self.cell.bounds()
    }

    fn crosses_a_kink(&self, one: &Passed<'_, T>, other: &Passed<'_, T>) -> bool {
        let states = |passed: &Passed<'_, T>| {
            let [inputs, gates, states, _] = self.rooms(passed.x.rows());
            inputs + gates..inputs + gates + states
        };
        let mut pairs = one.saved[states(one)].iter().zip(&other.saved[states(other)]);
        self.cell.has_kinks() && pairs.any(|(&one, &other)| (one > T::zero()) != (other > T::zero()))
    }
}
