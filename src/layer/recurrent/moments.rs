//! What a plain recurrent layer makes of the moments of its inputs, step by step.

use crate::layer::moments::{Terms, of_sums, second};
use crate::{Activation, Expectations, InitMoments, Moments, Propagated};

/// A plain recurrent layer, as theory sees it: every step draws its products anew, which for wide states leaves the same moments as one
/// draw for all steps (Chen, Pennington and Schoenholz, "Dynamical isometry and a mean field theory of RNNs", 2018).
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
}

impl Unrolled {
    /// What `h_t = activation(x_t W + h_(t-1) U + b)` makes of them, in the mean over what it outputs.
    pub(super) fn through(&self, activation: &impl Activation) -> Propagated {
        let of_input = of_sums(Terms::each(self.width), self.x, self.weight, Some(self.bias));
        let mut state = Moments { mean: 0.0, second: 0.0 };
        let steps: Vec<Expectations> = (0..self.steps)
            .map(|_| {
                let of_state = of_sums(Terms::each(self.hidden), state, self.recurrent, None);
                let of =
                    activation.expectations(of_input.mean + of_state.mean, of_input.variance() + of_state.variance());
                state = Moments { mean: of.mean, second: of.second };
                of
            })
            .collect();
        let y = if self.last {
            state
        } else {
            let mean_over = |of: fn(&Expectations) -> f64| steps.iter().map(of).sum::<f64>() / self.steps as f64;
            Moments { mean: mean_over(|of| of.mean), second: mean_over(|of| of.second) }
        };
        Propagated { y, back: self.whole.then(|| self.back(&steps)) }
    }

    /// The mean square of the gradient by the inputs, where that by each output is 1.
    fn back(&self, steps: &[Expectations]) -> f64 {
        let hidden = self.hidden as f64;
        let (mut by_state, mut sum) = (0.0, 0.0);
        for (lag, of) in steps.iter().rev().enumerate() {
            // What comes from the output of the step, and what from the step behind it.
            by_state += if self.last && lag > 0 { 0.0 } else { 1.0 };
            let by_sum = by_state * of.slope_second;
            sum += hidden * second(self.weight) * by_sum;
            by_state = hidden * second(self.recurrent) * by_sum;
        }
        sum / self.steps as f64
    }
}
