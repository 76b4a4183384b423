//! What recurrent layers make of the moments of their inputs, step by step.

use super::squares::{Chain, Lasting, Products};
use crate::layer::mean_of;
use crate::layer::moments::{Terms, of_sums, second};
use crate::{Activation, Expectations, InitMoments, Moments};

/// A recurrent layer, as theory sees it: every step draws its products anew, which for wide states of a plain layer leaves the same moments as
/// one draw for all steps (Chen, Pennington and Schoenholz, "Dynamical isometry and a mean field theory of RNNs", 2018). Steps of the input are
/// taken for independent.
#[derive(Debug, Clone, Copy)]
pub struct Unrolled {
    pub(super) steps: usize,
    pub(super) width: usize,
    pub(super) hidden: usize,
    /// Whether only the last step is output.
    pub(super) last: bool,
    /// Whether every derivative goes back to the first step.
    pub(super) whole: bool,
    pub(super) x: Moments,
    pub(super) weight: InitMoments,
    pub(super) recurrent: InitMoments,
    pub(super) bias: InitMoments,
    /// The bias of what a split candidate gets from the state.
    pub(super) recurrent_bias: Option<InitMoments>,
}

/// What a recurrent layer makes of moments: of its outputs; of the gradient by its inputs, where every derivative goes back to the first step; and
/// the squares of the gradients by its parameters, where theory says them as well.
#[derive(Debug, Clone)]
pub struct Unfolded {
    pub(super) y: Moments,
    pub(super) back: Option<f64>,
    pub(super) squares: Option<Vec<f64>>,
}

/// One step back: how the mean square of the gradient by a state, 1 beside what else is carried, shows in all sums together and in what is
/// carried on.
pub(super) trait BackStep {
    /// Given the mean square of the gradient by the state and what else is carried, the sums over the gates of the mean squares of the gradient
    /// by what they get from the input, and from the state; and what is carried on, by the state itself and beside it.
    fn back(&self, by_state: f64, carried: f64) -> Returned;
}

/// What a step hands back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Returned {
    pub(super) by_input_sums: f64,
    pub(super) by_state_sums: f64,
    /// Of these, that by what has a bias of its own.
    pub(super) by_mixed: f64,
    /// The mean square of the gradient by what the step carries on directly.
    pub(super) direct: f64,
    /// What reaches the state before directly.
    pub(super) by_state: f64,
    /// What else goes on to the step before.
    pub(super) carried: f64,
}

impl Unrolled {
    /// What `h_t = activation(x_t W + h_(t-1) U + b)` makes of them, in the mean over what it outputs.
    pub(super) fn through(&self, activation: &impl Activation) -> Option<Unfolded> {
        if self.entry().is_some() {
            return None;
        }
        let of_input = self.of_input(self.bias);
        Some(self.unrolled(|state| {
            let of_state = self.of_state(state, None);
            let sum = plus(of_input, of_state);
            let of = activation.expectations(sum.mean, sum.variance());
            (Moments { mean: of.mean, second: of.second }, of)
        }))
    }

    /// From step to step by the moments of the state; `step` says those after a step, and what the way back needs of it.
    pub(super) fn unrolled<S: BackStep + Lasting>(&self, mut step: impl FnMut(Moments) -> (Moments, S)) -> Unfolded {
        let mut states = vec![Moments { mean: 0.0, second: 0.0 }];
        let mut steps = Vec::with_capacity(self.steps);
        for _ in 0..self.steps {
            let (mut state, of) = step(states[steps.len()]);
            // Of an odd function rounding alone is left, which no weights should make larger.
            if state.mean.abs() <= 1e-14 * state.second.sqrt() {
                state.mean = 0.0;
            }
            states.push(state);
            steps.push(of);
        }
        let y = if self.last { states[self.steps] } else { mean_of(&states[1..]) };
        if !self.whole {
            return Unfolded { y, back: None, squares: None };
        }
        let returned = self.back(&steps);
        let by_inputs: f64 = returned.iter().map(|of| of.by_input_sums).sum();
        let back = self.hidden as f64 * second(self.weight) * by_inputs / self.steps as f64;
        Unfolded { y, back: Some(back), squares: self.squares(&steps, &states, &returned) }
    }

    /// What every step hands back, where the mean square of the gradient by each output is 1.
    fn back(&self, steps: &[impl BackStep]) -> Vec<Returned> {
        let hidden = self.hidden as f64;
        let (mut by_state, mut carried) = (0.0, 0.0);
        let one = |(lag, of): (usize, &_)| {
            // What comes from the output of the step, and what from the step behind it.
            by_state += if self.last && lag > 0 { 0.0 } else { 1.0 };
            let returned = BackStep::back(of, by_state, carried);
            by_state = hidden * second(self.recurrent) * returned.by_state_sums + returned.by_state;
            carried = returned.carried;
            returned
        };
        let mut returned: Vec<_> = steps.iter().rev().enumerate().map(one).collect();
        returned.reverse();
        returned
    }

    /// The moments of what a gate with that bias gets from the input.
    pub(super) fn of_input(&self, bias: InitMoments) -> Moments {
        of_sums(Terms::each(self.width), self.x, self.weight, Some(bias))
    }

    /// The moments of what a gate gets from the state.
    pub(super) fn of_state(&self, state: Moments, bias: Option<InitMoments>) -> Moments {
        of_sums(Terms::each(self.hidden), state, self.recurrent, bias)
    }

    /// What the sums of a gate with that bias have in common at all steps: what the input has as its mean, and the bias.
    pub(super) fn lasting_variance(&self, bias: InitMoments) -> f64 {
        self.width as f64 * self.weight.variance * self.x.mean * self.x.mean + bias.variance
    }

    /// The entry of a recurrent weight of which each column has one that is not 0, as the identity has; `None` for any other. Its products are
    /// no sums, and not drawn anew from step to step.
    pub(super) fn entry(&self) -> Option<f64> {
        let (recurrent, entry) = (self.recurrent, self.recurrent.mean * self.hidden as f64);
        let of_one = InitMoments::of_share(entry, 1.0 / self.hidden as f64);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
        let same_shape = match (recurrent.kurtosis, of_one.kurtosis) {
            (Some(one), Some(other)) => near(one, other),
            (one, other) => one == other,
        };
        (entry != 0.0 && near(recurrent.variance, of_one.variance) && same_shape).then_some(entry)
    }
}

/// The moments of a sum of two that know nothing of each other.
pub(super) fn plus(one: Moments, other: Moments) -> Moments {
    let mean = one.mean + other.mean;
    Moments { mean, second: mean * mean + one.variance() + other.variance() }
}

impl BackStep for Expectations {
    fn back(&self, by_state: f64, _: f64) -> Returned {
        let by_sum = by_state * self.slope_second;
        Returned { by_input_sums: by_sum, by_state_sums: by_sum, ..Returned::default() }
    }
}

/// Nothing reaches the next state but through the weight.
impl Lasting for Expectations {
    fn leaves(&self) -> f64 {
        0.0
    }

    fn states(&self, later: &Self, _: f64) -> f64 {
        self.mean * later.mean
    }

    fn begin(&self) -> Chain {
        Chain::default()
    }

    fn pass(&self, chain: Chain) -> Chain {
        chain
    }

    fn end(&self, _: Chain) -> Products {
        Products::default()
    }
}
