//! The sums of squares of the gradients by the parameters of a recurrent layer.

use super::moments::{Returned, Unrolled};
use crate::Moments;

/// What the gradient of one step has in common with those of the steps behind it. Through a weight that is drawn with mean 0 nothing is: what a
/// state gets from the next one that way points anywhere. What a gate lets through directly is a multiple of what was there.
pub(super) trait Lasting {
    /// How much of what is carried directly a step leaves, in the mean.
    fn leaves(&self) -> f64;

    /// E\[h h'\] of the state behind this step and that behind a later one, which is left that share of what is carried.
    fn states(&self, later: &Self, kept: f64) -> f64;

    /// What is to be known of this step's gates, whose gradients are multiples of what the next step hands back directly.
    fn begin(&self) -> Chain;

    /// The same, one step later.
    fn pass(&self, chain: Chain) -> Chain;

    /// Given where a chain ends, in front of this step: the mean products of the gradients of both steps, where the mean square of the gradient by
    /// what this step carries on is 1.
    fn end(&self, chain: Chain) -> Products;
}

/// Mean products of what lies between two steps; what they are of every cell knows for itself.
pub(super) type Chain = [f64; 4];

/// Sums over the gates of mean products of gradients: by what they get from the input, and from the state; and that of the part of a candidate that
/// has a bias of its own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Products {
    pub(super) input: f64,
    pub(super) state: f64,
    pub(super) mixed: f64,
}

/// Products below this share of a gradient are none.
const NOTHING: f64 = 1e-12;

impl Unrolled {
    /// The squares, in the order of the parameters: of steps that have those states before them, and what each hands back. `None` for a recurrent
    /// weight whose mean is not 0.
    pub(super) fn squares<S: Lasting>(
        &self,
        steps: &[S],
        states: &[Moments],
        returned: &[Returned],
    ) -> Option<Vec<f64>> {
        if self.recurrent.mean != 0.0 {
            return None;
        }
        let shared = self.x.mean * self.x.mean;
        let mut sums = Sums::default();
        for (of, state) in returned.iter().zip(states) {
            let alone = Products { input: of.by_input_sums, state: of.by_state_sums, mixed: of.by_mixed };
            sums.add(alone, 1.0, self.x.second, state.second);
        }
        for (first, step) in steps.iter().enumerate() {
            let mut chain = step.begin();
            // Of the states before the two steps.
            let mut kept = 1.0;
            for last in first + 1..steps.len() {
                if chain.iter().all(|product| product.abs() <= NOTHING) {
                    break;
                }
                kept *= steps[last - 1].leaves();
                let state = if first == 0 { 0.0 } else { steps[first - 1].states(&steps[last - 1], kept) };
                let products = steps[last].end(chain);
                sums.add(products, 2.0 * returned[last].direct, shared, state);
                chain = steps[last].pass(chain);
            }
        }
        let hidden = self.hidden as f64;
        let mut squares =
            vec![self.width as f64 * hidden * sums.weight, hidden * hidden * sums.recurrent, hidden * sums.bias];
        squares.extend(self.recurrent_bias.map(|_| hidden * sums.mixed));
        Some(squares)
    }
}

/// The squares, of a single number of each parameter.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    weight: f64,
    recurrent: f64,
    bias: f64,
    mixed: f64,
}

impl Sums {
    /// So many times the products of two steps, whose inputs and states have these products.
    fn add(&mut self, of: Products, times: f64, input: f64, state: f64) {
        self.weight += times * of.input * input;
        self.recurrent += times * of.state * state;
        self.bias += times * of.input;
        self.mixed += times * of.mixed;
    }
}
