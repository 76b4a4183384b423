//! `Gru`: a state that moves part of the way to a candidate.

use super::cell::{Cell, Step, StepBack};
use super::moments::{Unfolded, Unrolled};
use super::{Recurrent, gru_moments};
use crate::linalg::elementwise::{Sigmoid, Tanh, replace};
use crate::linalg::{Isa, Work, dispatch, vectorized};
use crate::{Float, Initializer, Role};

/// The gated recurrent unit: a state that moves part of the way to a candidate n, behind a reset gate r and an update gate z.
///
/// ```text
/// r, z = sigmoid(x_t W + h_(t-1) U + b)      n = tanh(x_t W + b + r (h_(t-1) U + b_U))      each with its own columns of W, U and b
/// h_t = (1 - z) n + z h_(t-1)      h_0 = 0
/// dn = dh_t (1 - z)      dz = dh_t (h_(t-1) - n)      dr = dn (1 - n^2) (h_(t-1) U + b_U)      dh_(t-1) += dh_t z
/// ```
///
/// With W (`weight`) of width x 3 hidden and U (`recurrent_weight`) of hidden x 3 hidden numbers, in which the columns of r come first, then
/// those of z and of n; a `bias` b of 3 hidden, and a `recurrent_bias` b_U of hidden. For rows, outputs, lengths and truncation see
/// [`Recurrent`].
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(50 * 3).layer(Gru::new(50, 3, 24)?).build()?;
/// assert_eq!(network.n_out(), 50 * 24); // the state after every step
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`new`](Recurrent::new), as all of its settings, refuses a 0.
///
/// # Notes
/// Cho and others, "Learning phrase representations using RNN encoder-decoder for statistical machine translation", 2014. As PyTorch and
/// cuDNN have it the reset gate acts *after* the product with U, and so needs a bias there, where the paper resets the state before; and z is
/// the share that is kept. All biases start at 0. A forecast takes the gates of different steps for independent, as the theory of such layers
/// does, but for what the mean of the inputs and the biases make of candidates: at a width of 200 it is 1 or 2 % off where inputs have mean 0, and up
/// to 6 % where that is half of their deviation; of the squares of the gradient by the recurrent weight up to 9 %.
pub type Gru<T> = Recurrent<T, GruCell>;

/// The cell of a GRU. Of each row it keeps what the candidate got from the state, before the reset.
#[derive(Debug, Clone, Copy, Default)]
pub struct GruCell;

impl<T: Float> Cell<T> for GruCell {
    const NAME: &'static str = "Gru";
    const KIND: &'static str = "gru";
    const GATES: usize = 3;
    const KEPT: usize = 1;
    const SCRATCH: usize = 3;
    const SPLITS_CANDIDATE: bool = true;

    fn forward(&self, step: Step<'_, T>) {
        dispatch(Forward(step));
    }

    fn backward(&self, step: StepBack<'_, T>) {
        let h = step.hidden;
        vectorized(|| {
            let rows = step.gates.chunks_exact_mut(3 * h).zip(step.before.chunks_exact(h));
            let deltas = step.kept.chunks_exact_mut(h).zip(step.delta.chunks_exact_mut(h));
            for ((gates, before), (kept, delta)) in rows.zip(deltas) {
                let (reset, rest) = gates.split_at_mut(h);
                let (update, candidate) = rest.split_at_mut(h);
                back_row([reset, update, candidate], before, kept, delta);
            }
        });
    }

    fn moments(&self, unrolled: &Unrolled) -> Option<Unfolded> {
        gru_moments::gru(unrolled)
    }

    fn initializer(&self, _: Role, _: bool) -> Option<Box<dyn Initializer<T>>> {
        None
    }
}

struct Forward<'a, T>(Step<'a, T>);

impl<T: Float> Work for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Step { hidden: h, gates, mixed, mixed_bias, before, state, kept, .. } = self.0;
        let gates = gates.chunks_exact_mut(3 * h).zip(mixed.chunks_exact(3 * h));
        let states = before.chunks_exact(h).zip(state.chunks_exact_mut(h)).zip(kept.chunks_exact_mut(h));
        for ((gates, mixed), ((before, state), kept)) in gates.zip(states) {
            let (open, candidate) = gates.split_at_mut(2 * h);
            for (open, &mixed) in open.iter_mut().zip(mixed) {
                *open += mixed;
            }
            replace::<I, T>(&Sigmoid, open);
            let (reset, update) = open.split_at(h);
            for ((kept, &mixed), &bias) in kept.iter_mut().zip(&mixed[2 * h..]).zip(mixed_bias) {
                *kept = mixed + bias;
            }
            for ((candidate, &kept), &reset) in candidate.iter_mut().zip(&*kept).zip(reset) {
                *candidate += reset * kept;
            }
            replace::<I, T>(&Tanh, candidate);
            for ((state, &before), (&n, &z)) in state.iter_mut().zip(before).zip(candidate.iter().zip(update)) {
                *state = (T::one() - z) * n + z * before;
            }
        }
    }
}

/// The way back through one row. A function of its own, so that the compiler knows its slices to be apart.
#[inline(always)]
fn back_row<T: Float>(gates: [&mut [T]; 3], before: &[T], kept: &mut [T], delta: &mut [T]) {
    let [reset, update, candidate] = gates;
    let one = T::one();
    let gates = reset.iter_mut().zip(update).zip(candidate);
    let states = before.iter().zip(kept).zip(delta);
    for (((reset, update), candidate), ((&before, kept), delta)) in gates.zip(states) {
        let (r, z, n) = (*reset, *update, *candidate);
        let own = *delta * (one - z) * (one - n * n);
        *update = *delta * (before - n) * z * (one - z);
        *reset = own * *kept * r * (one - r);
        *candidate = own * r;
        *kept = own;
        *delta *= z;
    }
}
