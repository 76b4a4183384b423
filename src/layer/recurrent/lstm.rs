//! `Lstm`: a cell that is added to, behind three gates.

use std::sync::Arc;

use rand::RngExt;

use super::cell::{Cell, Step, StepBack};
use super::moments::{Unfolded, Unrolled};
use super::{Recurrent, lstm_moments};
use crate::init::check_size;
use crate::linalg::elementwise::{Sigmoid, Tanh, replace};
use crate::linalg::{Isa, Work, dispatch, vectorized};
use crate::{Draws, Error, Float, Generator, InitMoments, Initializer, Param, Role};

/// The long short-term memory: a cell c to which a step adds, behind an input gate i, a forget gate f and an output gate o.
///
/// ```text
/// i, f, o = sigmoid(x_t W + h_(t-1) U + b)      g = tanh(x_t W + h_(t-1) U + b)      each with its own columns of W, U and b
/// c_t = f c_(t-1) + i g      h_t = o tanh(c_t)      c_0 = h_0 = 0
/// dc_t += dh_t o (1 - tanh(c_t)^2)      dc_(t-1) = dc_t f      di = dc_t g      df = dc_t c_(t-1)      dg = dc_t i      do = dh_t tanh(c_t)
/// ```
///
/// With W (`weight`) of width x 4 hidden and U (`recurrent_weight`) of hidden x 4 hidden numbers, in which the columns of i come first, then
/// those of f, of o and of g; one `bias` of 4 hidden. For rows, outputs, lengths and truncation see [`Recurrent`].
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(100 * 2)
///     .layer(Lstm::new(100, 2, 32)?.chrono(100)?.last()) // made to remember for up to 100 steps
///     .layer(Linear::new(1))
///     .build()?;
/// assert_eq!(network.parameter("0.lstm.weight")?.cols(), 4 * 32);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`new`](Recurrent::new), as all of its settings, refuses a 0.
///
/// # Notes
/// Hochreiter and Schmidhuber, "Long short-term memory", 1997, with the forget gate of Gers, Schmidhuber and Cummins, 2000. The bias of the
/// forget gate starts at 1 (Jozefowicz, Zaremba and Sutskever, "An empirical exploration of recurrent network architectures", 2015), all
/// others at 0: half of a cell is left after two steps. What has to be remembered longer asks for [`chrono`](Recurrent::chrono).
/// A forecast takes the gates of different steps for independent, as the theory of such layers does, but for what the mean of the inputs and the
/// biases make of candidates: of 8 steps at a width of 200 it says by 2 to 6 % too little of the states, by 2 to 7 % of the squares of the gradient
/// by the inputs and by the weight, which is nearly all of its norm, and by up to 13 % of those by the recurrent weight and the bias.
/// An initializer for all biases of a network, such as [`Zeros`](crate::Zeros) given to its builder, replaces these, too.
pub type Lstm<T> = Recurrent<T, LstmCell>;

/// The cell of an LSTM. Of each row it keeps the cell, and its tanh.
#[derive(Debug, Clone, Copy, Default)]
pub struct LstmCell;

impl<T: Float> Lstm<T> {
    /// With biases of the forget gate that start at `bias`; all others at 0.
    ///
    /// # Errors
    /// [`Error::Argument`] where it is not finite.
    pub fn forget_bias(self, bias: f64) -> Result<Self, Error> {
        let start = Gates::Forget(Error::finite("Lstm", "forget_bias", bias)?);
        Ok(Self { bias_start: Some(Arc::new(start)), ..self })
    }

    /// Chrono initialization, for dependencies over up to `longest` steps: the bias of each forget gate starts at log(u), with u
    /// drawn evenly between 1 and `longest` - 1, and that of its input gate at the negative of that.
    ///
    /// # Errors
    /// [`Error::Argument`] where `longest` is below 2.
    ///
    /// # Notes
    /// Tallec and Ollivier, "Can recurrent neural networks warp time?", 2018. A forget gate of bias log(u) keeps a cell for about u steps.
    pub fn chrono(self, longest: usize) -> Result<Self, Error> {
        let fine = longest >= 2;
        let longest = Error::require(fine, "Lstm", "longest", longest as f64, "at least 2")?;
        Ok(Self { bias_start: Some(Arc::new(Gates::Chrono { longest })), ..self })
    }
}

impl<T: Float> Cell<T> for LstmCell {
    const NAME: &'static str = "Lstm";
    const KIND: &'static str = "lstm";
    const GATES: usize = 4;
    const KEPT: usize = 2;
    const SCRATCH: usize = 2;

    fn forward(&self, step: Step<'_, T>) {
        dispatch(Forward(step));
    }

    fn backward(&self, step: StepBack<'_, T>) {
        let h = step.hidden;
        vectorized(|| {
            let gates = step.gates.chunks_exact_mut(4 * h);
            let kept = step.kept_before.chunks_exact(2 * h).zip(step.kept.chunks_exact(2 * h));
            let deltas = step.delta.chunks_exact(h).zip(step.carried.chunks_exact_mut(h));
            for ((gates, (before, kept)), (delta, carried)) in gates.zip(kept).zip(deltas) {
                let (input, rest) = gates.split_at_mut(h);
                let (forget, rest) = rest.split_at_mut(h);
                let (output, candidate) = rest.split_at_mut(h);
                back_row([input, forget, output, candidate], &before[..h], &kept[h..], delta, carried);
            }
        });
    }

    fn moments(&self, unrolled: &Unrolled) -> Option<Unfolded> {
        lstm_moments::lstm(unrolled)
    }

    fn initializer(&self, role: Role, _: bool) -> Option<Box<dyn Initializer<T>>> {
        (role == Role::Bias).then(|| Box::new(Gates::Forget(1.0)) as Box<dyn Initializer<T>>)
    }
}

struct Forward<'a, T>(Step<'a, T>);

impl<T: Float> Work for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Step { hidden: h, gates, state, kept_before, kept, .. } = self.0;
        let gates = gates.chunks_exact_mut(4 * h).zip(state.chunks_exact_mut(h));
        let kept = kept_before.chunks_exact(2 * h).zip(kept.chunks_exact_mut(2 * h));
        for ((gates, state), (before, kept)) in gates.zip(kept) {
            let (open, candidate) = gates.split_at_mut(3 * h);
            replace::<I, T>(&Sigmoid, open);
            replace::<I, T>(&Tanh, candidate);
            let (cell, squashed) = kept.split_at_mut(h);
            let (input, rest) = open.split_at(h);
            let (forget, output) = rest.split_at(h);
            for ((cell, &before), ((&i, &f), &g)) in
                cell.iter_mut().zip(before).zip(input.iter().zip(forget).zip(&*candidate))
            {
                *cell = f * before + i * g;
            }
            squashed.copy_from_slice(cell);
            replace::<I, T>(&Tanh, squashed);
            for ((state, &o), &squashed) in state.iter_mut().zip(output).zip(&*squashed) {
                *state = o * squashed;
            }
        }
    }
}

/// The way back through one row. A function of its own, so that the compiler knows its slices to be apart.
#[inline(always)]
fn back_row<T: Float>(gates: [&mut [T]; 4], before: &[T], squashed: &[T], delta: &[T], carried: &mut [T]) {
    let [input, forget, output, candidate] = gates;
    let one = T::one();
    let gates = input.iter_mut().zip(forget).zip(output.iter_mut().zip(candidate));
    let cells = before.iter().zip(squashed).zip(delta.iter().zip(carried));
    for (((input, forget), (output, candidate)), ((&before, &squashed), (&delta, carried))) in gates.zip(cells) {
        let (i, f, o, g) = (*input, *forget, *output, *candidate);
        let cell = *carried + delta * o * (one - squashed * squashed);
        *input = cell * g * i * (one - i);
        *forget = cell * before * f * (one - f);
        *output = delta * squashed * o * (one - o);
        *candidate = cell * i * (one - g * g);
        *carried = cell * f;
    }
}

/// How the biases of the gates start.
#[derive(Debug)]
enum Gates {
    /// Those of the forget gate at that number, all others at 0.
    Forget(f64),
    /// Those of the forget gate so that cells are kept for up to `longest` steps.
    Chrono { longest: f64 },
}

impl<T: Float> Initializer<T> for Gates {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        check_size(param, out)?;
        let hidden = param.cols / 4;
        out.fill(T::zero());
        for unit in 0..hidden {
            match *self {
                Self::Forget(bias) => out[hidden + unit] = T::of(bias),
                Self::Chrono { longest } => {
                    let keeps: f64 = 1.0 + (longest - 2.0) * rng.random::<f64>();
                    (out[unit], out[hidden + unit]) = (T::of(-keeps.ln()), T::of(keeps.ln()));
                }
            }
        }
        Ok(())
    }

    fn moments(&self, _: &Param) -> Option<InitMoments> {
        match *self {
            Self::Forget(bias) => Some(InitMoments::of_share(bias, 0.25)),
            Self::Chrono { .. } => None,
        }
    }

    fn draws(&self, _: &Param) -> Draws {
        match self {
            Self::Forget(_) => Draws::FixedNorm,
            Self::Chrono { .. } => Draws::Independent,
        }
    }
}
