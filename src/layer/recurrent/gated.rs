//! What LSTM and GRU make of the moments of their inputs.

use super::moments::{BackStep, Returned, Unfolded, Unrolled, plus};
use super::squares::{Chain, Lasting, Products};
use crate::moments::{Mixture, expectation};
use crate::{Activation, InitMoments, Moments, Sigmoid, Tanh};

/// What a gate, or a candidate, is in the mean over the draw.
#[derive(Debug, Clone, Copy)]
struct Gate {
    /// E\[y\] to E\[y^4\].
    powers: [f64; 4],
    /// The mean square of its slope, its mean, and that of its product with y.
    slope: f64,
    mean_slope: f64,
    with_slope: f64,
}

impl Gate {
    fn of(activation: &impl Activation, sum: Moments) -> Self {
        let found = expectation(sum.mean, sum.variance().sqrt(), &[], |x| {
            let y: f64 = activation.value(x);
            let slope: f64 = activation.slope(x, y);
            [y, y * y, y * y * y, (y * y) * (y * y), slope * slope, slope, y * slope]
        });
        let [first, second, third, fourth, slope, mean_slope, with_slope] = found;
        Self { powers: [first, second, third, fourth], slope, mean_slope, with_slope }
    }
}

/// The covariance of f(x) and f(x') of two numbers of that correlation c and variance, in the mean the slope of f, and the variance of f(x): b c +
/// (v - b) c^3 with b = variance slope^2, as it is of an odd function where c is small, and where it is 1.
fn covariance(correlation: f64, variance: f64, mean_slope: f64, of_values: f64) -> f64 {
    let straight = variance * mean_slope * mean_slope;
    straight * correlation + (of_values - straight) * correlation.powi(3)
}

/// What candidates of that sum have in common at all steps, where the sums have a variance that lasts.
fn lasting(sum: Moments, lasting_variance: f64, mean: f64, second: f64, mean_slope: f64) -> f64 {
    if lasting_variance == 0.0 {
        return 0.0;
    }
    let correlation = (lasting_variance / sum.variance()).min(1.0);
    covariance(correlation, sum.variance(), mean_slope, second - mean * mean)
}

/// One step of an LSTM.
#[derive(Debug, Clone, Copy)]
struct LstmStep {
    input: Gate,
    forget: Gate,
    output: Gate,
    candidate: Gate,
    /// The cell before, and behind.
    before: Moments,
    cell: Moments,
    /// E\[tanh(c)\], E\[tanh(c)^2\], E\[1 - tanh(c)^2\] and E\[(1 - tanh(c)^2)^2\] of the cell behind.
    mean: f64,
    squashed: f64,
    mean_slope: f64,
    slope: f64,
    /// E\[c g\] of the cell before and a candidate, that of the cell behind and a later one, and E\[g g'\] of two candidates.
    with_candidate: f64,
    with_later: f64,
    candidates: f64,
}

/// Gates and the candidate are independent and drawn anew at every step, as if the weights were: so are the four first moments of the cell known,
/// and of it is taken the simplest law that has them.
///
/// ```text
/// E[c'^2] = E[f^2] E[c^2] + 2 E[f] E[i] E[c] E[g] + E[i^2] E[g^2]      E[h^2] = E[o^2] E[tanh(c)^2]
/// dc^2 = dc'^2 E[f'^2] + dh^2 E[o^2] E[(1 - tanh(c)^2)^2]
/// ```
///
/// As in Gilboa et al., "Dynamical isometry and a mean field theory of LSTMs and GRUs", 2019; but that candidates have in common what inputs have as
/// their mean, and the bias, so that a cell adds up what points the same way at every step. With one draw for all steps, states of
/// different steps have more in common, and gates with them: in wide layers states and gradients are then some percent larger.
pub(super) fn lstm(of: &Unrolled) -> Option<Unfolded> {
    if of.entry().is_some() {
        return None;
    }
    let forget_bias = of_forget_gates(of.bias);
    let bias_of = |is_forget: bool| match forget_bias {
        Some(bias) => InitMoments { mean: if is_forget { bias } else { 0.0 }, variance: 0.0, kurtosis: None },
        None => of.bias,
    };
    let (for_forget, for_others) = (of.of_input(bias_of(true)), of.of_input(bias_of(false)));
    let lasting_variance = of.lasting_variance(bias_of(false));
    // The cell, as if candidates had nothing in common; what it has with them, beside the product of the means, and what of its variance comes of that.
    let (mut alone, mut shared, mut added) = ([0.0; 4], 0.0, 0.0);
    let mut cell = [0.0; 4];
    Some(of.unrolled(|state| {
        let of_state = of.of_state(state, None);
        let others = plus(for_others, of_state);
        let (open, candidate) = (Gate::of(&Sigmoid, others), Gate::of(&Tanh, others));
        let forget = if forget_bias.is_some() { Gate::of(&Sigmoid, plus(for_forget, of_state)) } else { open };
        let moments = |cell: [f64; 4]| Moments { mean: cell[0], second: cell[1] };
        let before = moments(cell);
        let [mean, second, ..] = candidate.powers;
        let between = lasting(others, lasting_variance, mean, second, candidate.mean_slope);
        let with_candidate = before.mean * mean + shared;
        added = forget.powers[1] * added + 2.0 * forget.powers[0] * open.powers[0] * shared;
        shared = forget.powers[0] * shared + open.powers[0] * between;
        alone = next_cell(alone, &forget, &open, &candidate);
        cell = with_normal(alone, added);
        let (with_later, candidates) = (cell[0] * mean + shared, mean * mean + between);
        let [mean, squashed, mean_slope, slope] = Mixture::of_powers(cell).expectation(|c| {
            let value = c.tanh();
            let slope = 1.0 - value * value;
            [value, value * value, slope, slope * slope]
        });
        let gates = [open, forget, open, candidate];
        let [input, forget, output, candidate] = gates;
        let cell = moments(cell);
        let step = LstmStep {
            input,
            forget,
            output,
            candidate,
            before,
            cell,
            mean,
            squashed,
            mean_slope,
            slope,
            with_candidate,
            with_later,
            candidates,
        };
        (Moments { mean: output.powers[0] * mean, second: output.powers[1] * squashed }, step)
    }))
}

/// The bias that only forget gates have, if that is how it was drawn: a quarter of all numbers the same, all others 0.
fn of_forget_gates(bias: InitMoments) -> Option<f64> {
    let number = 4.0 * bias.mean;
    (number != 0.0 && bias == InitMoments::of_share(number, 0.25)).then_some(number)
}

/// E\[c\] to E\[c^4\] of f c + i g.
fn next_cell(cell: [f64; 4], forget: &Gate, input: &Gate, candidate: &Gate) -> [f64; 4] {
    const BINOMIALS: [[f64; 5]; 4] =
        [[1.0, 1.0, 0.0, 0.0, 0.0], [1.0, 2.0, 1.0, 0.0, 0.0], [1.0, 3.0, 3.0, 1.0, 0.0], [1.0, 4.0, 6.0, 4.0, 1.0]];
    let power = |of: [f64; 4], k: usize| if k == 0 { 1.0 } else { of[k - 1] };
    std::array::from_fn(|index| {
        let order = index + 1;
        let term = |k: usize| {
            let kept = power(forget.powers, k) * power(cell, k);
            let added = power(input.powers, order - k) * power(candidate.powers, order - k);
            BINOMIALS[index][k] * kept * added
        };
        (0..=order).map(term).sum()
    })
}

/// The first four moments of a number and a normal one of mean 0 that knows nothing of it.
fn with_normal([first, second, third, fourth]: [f64; 4], variance: f64) -> [f64; 4] {
    [
        first,
        second + variance,
        third + 3.0 * first * variance,
        fourth + 6.0 * second * variance + 3.0 * variance * variance,
    ]
}

impl BackStep for LstmStep {
    fn back(&self, by_state: f64, carried: f64) -> Returned {
        let by_cell = carried + by_state * self.output.powers[1] * self.slope;
        let by_sums = by_cell * self.candidate.powers[1] * self.input.slope
            + by_cell * self.before.second * self.forget.slope
            + by_cell * self.input.powers[1] * self.candidate.slope
            + by_state * self.squashed * self.output.slope;
        let carried = by_cell * self.forget.powers[1];
        Returned { by_input_sums: by_sums, by_state_sums: by_sums, carried, direct: by_cell, ..Returned::default() }
    }
}

/// A cell is left what the forget gates let through, and so is a gradient by it on its way back. Chains hold the mean products, over what the forget
/// gates between let through, of what makes of it the gradient by the candidate and by the input gate; and of what makes it that by the forget gate,
/// with the cell behind, and with a later candidate.
impl Lasting for LstmStep {
    fn leaves(&self) -> f64 {
        self.forget.powers[0]
    }

    fn states(&self, later: &Self, kept: f64) -> f64 {
        let variances = [self.cell.variance(), later.cell.variance()];
        let size = |[one, other]: [f64; 2]| (one * other).sqrt();
        let variance = size(variances);
        // What has come in between points the way of the candidates before.
        let since = (1.0 - kept) * self.later_inputs(later);
        let common = kept * variances[0] + since * (self.with_later - self.cell.mean * later.candidate.powers[0]);
        let correlation = if variance > 0.0 { (common / variance).min(1.0) } else { 0.0 };
        let of_values = size([self, later].map(|of| (of.squashed - of.mean * of.mean).max(0.0)));
        let mean_slope = size([self.mean_slope, later.mean_slope]);
        let together = self.mean * later.mean + covariance(correlation, variance, mean_slope, of_values);
        self.output.powers[0] * later.output.powers[0] * together
    }

    fn begin(&self) -> Chain {
        let Self { input, forget, candidate, before, .. } = self;
        let with_candidate = forget.mean_slope * self.with_candidate;
        [
            input.powers[0] * candidate.mean_slope,
            self.candidates * input.mean_slope,
            before.second * forget.with_slope + input.powers[0] * with_candidate,
            with_candidate,
        ]
    }

    fn pass(&self, [by_candidate, by_input, with_cell, by_forget]: Chain) -> Chain {
        let [kept, kept_square, ..] = self.forget.powers;
        let with_cell = kept_square * with_cell + kept * self.input.powers[0] * by_forget;
        [kept * by_candidate, kept * by_input, with_cell, kept * by_forget]
    }

    fn end(&self, [by_candidate, by_input, with_cell, _]: Chain) -> Products {
        let Self { input, forget, candidate, .. } = self;
        let by_candidate = by_candidate * input.powers[0] * candidate.mean_slope;
        let by_input = by_input * input.mean_slope;
        let sum = forget.powers[0] * (by_candidate + by_input) + forget.with_slope * with_cell;
        Products { input: sum, state: sum, mixed: 0.0 }
    }
}

impl LstmStep {
    /// How much of their candidates steps add, in proportion to what they take off the cell.
    fn later_inputs(&self, later: &Self) -> f64 {
        let taken = 1.0 - later.forget.powers[0];
        if taken > 0.0 { later.input.powers[0] / taken } else { 0.0 }
    }
}

/// One step of a GRU.
#[derive(Debug, Clone, Copy)]
struct GruStep {
    /// E\[z\], E\[z^2\], E\[(1 - z)^2\] and E\[z (1 - z)\] of the update gate, which also is its slope; and E\[(z (1 - z))^2\].
    share: f64,
    kept: f64,
    left: f64,
    both: f64,
    slope: f64,
    /// E\[z^2 (1 - z)\].
    with_slope: f64,
    /// The state before, and behind.
    before: Moments,
    state: Moments,
    candidate: Candidate,
    /// E\[(h - n)^2\] of the state before and the candidate; E\[h n\] of them, that of the state behind and a later one, and E\[n n'\].
    apart: f64,
    with_candidate: f64,
    with_later: f64,
    candidates: f64,
}

/// The candidate n = tanh(a + r k), and the mean squares of what comes back through it: of its slope s, of s r, and of s k r (1 - r).
#[derive(Debug, Clone, Copy, Default)]
struct Candidate {
    mean: f64,
    second: f64,
    slope: f64,
    by_mixed: f64,
    by_reset: f64,
    /// E\[s\] and E\[s r\].
    mean_slope: f64,
    mean_mixed: f64,
}

/// Gates and what goes into the candidate are independent and drawn anew at every step, as if the weights were.
///
/// ```text
/// E[h'^2] = E[z^2] E[h^2] + 2 E[z (1 - z)] E[h] E[n] + E[(1 - z)^2] E[n^2]
/// dh^2 = dh'^2 E[z^2] + (what comes through the gates)
/// ```
///
/// As in Gilboa et al., "Dynamical isometry and a mean field theory of LSTMs and GRUs", 2019. With one draw for all steps, states of
/// different steps have something in common, and candidates with them, by which states are about 1 % larger.
pub(super) fn gru(of: &Unrolled) -> Option<Unfolded> {
    if of.entry().is_some() {
        return None;
    }
    let of_input = of.of_input(of.bias);
    let lasting_variance = of.lasting_variance(of.bias);
    // What the state has in common with candidates, beside the product of the means.
    let mut shared = 0.0;
    Some(of.unrolled(|state| {
        let open = plus(of_input, of.of_state(state, None));
        let mixed = of.of_state(state, of.recurrent_bias);
        let candidate = Candidate::of(open, of_input, mixed);
        let found = expectation(open.mean, open.variance().sqrt(), &[], |x| {
            let z: f64 = Sigmoid.value(x);
            let rest: f64 = Sigmoid.value(-x);
            [z * z, rest * rest, z * rest, (z * rest).powi(2), z, z * z * rest]
        });
        let [kept, left, both, slope, share, with_slope] = found;
        let Candidate { mean, second, mean_slope, .. } = candidate;
        let with_candidate = state.mean * mean + shared;
        let next = Moments {
            mean: share * state.mean + (1.0 - share) * mean,
            second: kept * state.second + 2.0 * both * with_candidate + left * second,
        };
        let apart = state.second - 2.0 * with_candidate + second;
        // Half of what comes from the state, or so: it tells how the sum scatters.
        let sum = Moments { mean: 0.0, second: of_input.variance() + mixed.variance() / 4.0 };
        let between = lasting(sum, lasting_variance, mean, second, mean_slope);
        shared = share * shared + (1.0 - share) * between;
        let (with_later, candidates) = (next.mean * mean + shared, mean * mean + between);
        let step = GruStep {
            share,
            kept,
            left,
            both,
            slope,
            with_slope,
            before: state,
            state: next,
            candidate,
            apart,
            with_candidate,
            with_later,
            candidates,
        };
        (next, step)
    }))
}

impl Candidate {
    /// With a reset gate of that sum, and what comes from the input and from the state.
    fn of(reset: Moments, own: Moments, mixed: Moments) -> Self {
        let mut found = Self::default();
        for (share, at) in places(reset) {
            let r: f64 = Sigmoid.value(at);
            let (mean, variance) = (own.mean + r * mixed.mean, own.variance() + r * r * mixed.variance());
            // Given the sum a + r k, k is normal too.
            let lean = if variance > 0.0 { r * mixed.variance() / variance } else { 0.0 };
            let rest = (mixed.variance() * (1.0 - r * lean)).max(0.0);
            let [value, square, slope, with_mixed, mean_slope] = expectation(mean, variance.sqrt(), &[], |sum| {
                let n = sum.tanh();
                let (mean_slope, slope) = (1.0 - n * n, (1.0 - n * n).powi(2));
                let mixed = mixed.mean + lean * (sum - mean);
                [n, n * n, slope, slope * (mixed * mixed + rest), mean_slope]
            });
            found.mean += share * value;
            found.second += share * square;
            found.slope += share * slope;
            found.mean_slope += share * mean_slope;
            found.mean_mixed += share * r * mean_slope;
            found.by_mixed += share * r * r * slope;
            found.by_reset += share * (r * (1.0 - r)).powi(2) * with_mixed;
        }
        found
    }
}

impl BackStep for GruStep {
    fn back(&self, by_state: f64, _: f64) -> Returned {
        let Candidate { slope, by_mixed, by_reset, .. } = self.candidate;
        let by_gates = by_state * (self.left * by_reset + self.apart * self.slope);
        Returned {
            by_input_sums: by_gates + by_state * self.left * slope,
            by_state_sums: by_gates + by_state * self.left * by_mixed,
            by_mixed: by_state * self.left * by_mixed,
            direct: by_state,
            by_state: by_state * self.kept,
            carried: 0.0,
        }
    }
}

/// A state is left what the update gates keep, and so is a gradient by it on its way back. Chains hold the mean products, over what the update gates
/// between keep, of what makes of it the gradients by the candidate and by what that got from the state; and of what makes it that by the update
/// gate, with the state behind, and with a later candidate. What candidates of two steps get from the state has next to nothing in common, and so have reset gates.
impl Lasting for GruStep {
    fn leaves(&self) -> f64 {
        self.share
    }

    fn states(&self, later: &Self, kept: f64) -> f64 {
        let shared = self.with_later - self.state.mean * later.candidate.mean;
        self.state.mean * later.state.mean + self.state.variance() * kept + shared * (1.0 - kept)
    }

    fn begin(&self) -> Chain {
        let Self { share, both, with_slope, before, candidate, with_candidate, candidates, .. } = *self;
        let with_state =
            with_slope * (before.second - with_candidate) + (both - with_slope) * (with_candidate - candidate.second);
        let left = 1.0 - share;
        [left * candidate.mean_slope, left * candidate.mean_mixed, with_state, both * (with_candidate - candidates)]
    }

    fn pass(&self, [by_candidate, by_mixed, with_state, by_update]: Chain) -> Chain {
        let with_state = self.kept * with_state + self.both * by_update;
        [self.share * by_candidate, self.share * by_mixed, with_state, self.share * by_update]
    }

    fn end(&self, [by_candidate, by_mixed, with_state, by_update]: Chain) -> Products {
        let Candidate { mean_slope, mean_mixed, .. } = self.candidate;
        let by_update = self.with_slope * (with_state - by_update);
        let mixed = self.both * mean_mixed * by_mixed;
        Products { input: by_update + self.both * mean_slope * by_candidate, state: by_update + mixed, mixed }
    }
}

/// Places of a normal number and their shares, at equal distances: of a function as smooth as a gate the sum over them is as good as exact.
fn places(of: Moments) -> impl Iterator<Item = (f64, f64)> {
    const REACH: f64 = 7.0;
    let deviation = of.variance().sqrt();
    // The poles of the logistic function lie at pi / deviation.
    let step = (1.0 / deviation).clamp(0.02, 0.5);
    let count = (REACH / step).ceil() as i32;
    (-count..=count).map(move |place| {
        let z = step * f64::from(place);
        (step * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt(), of.mean + deviation * z)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;

    const UNITS: usize = 100_000;
    const STEPS: usize = 6;

    /// A layer of weights of variance 1 / n, with inputs of that second moment.
    fn layer(second: f64, bias: InitMoments) -> Unrolled {
        let weight = InitMoments { mean: 0.0, variance: 0.01, kurtosis: Some(3.0) };
        Unrolled {
            steps: STEPS,
            width: 100,
            hidden: 100,
            last: true,
            whole: true,
            x: Moments { mean: 0.0, second },
            weight,
            recurrent: weight,
            bias,
            recurrent_bias: Some(bias),
        }
    }

    fn normal(generator: &mut Generator, variance: f64) -> Vec<f64> {
        let mut out = vec![0.0; UNITS];
        generator.fill_normal(0.0, variance.sqrt(), &mut out);
        out
    }

    fn mean(values: impl Iterator<Item = f64>) -> f64 {
        values.sum::<f64>() / UNITS as f64
    }

    const NONE: InitMoments = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };

    /// Units whose gates are drawn anew at every step, and the way back through them. The forecast of the state is off by what the simplest law
    /// of a cell with four moments is, that of the gradient by what cells and their gates have in common.
    #[test]
    fn an_lstm_of_units_drawn_one_by_one() {
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        for (second, forget_bias) in [(1.0, 1.0), (9.0, 1.0), (0.1, 1.0), (1.0, 4.0)] {
            let of = layer(second, InitMoments::of_share(forget_bias, 0.25));
            let says = lstm(&of).unwrap();
            let mut generator = Generator::named(1, "lstm");
            let (mut cells, mut states) = (vec![vec![0.0; UNITS]], 0.0);
            let mut gates = Vec::new();
            for step in 0..STEPS {
                let mut draw = |bias: f64| -> Vec<f64> {
                    normal(&mut generator, second + states).iter().map(|z| z + bias).collect()
                };
                let [i, f, o] =
                    [0.0, forget_bias, 0.0].map(|bias| draw(bias).into_iter().map(sigmoid).collect::<Vec<_>>());
                let g: Vec<f64> = draw(0.0).into_iter().map(f64::tanh).collect();
                let next: Vec<f64> = (0..UNITS).map(|u| f[u] * cells[step][u] + i[u] * g[u]).collect();
                states = mean((0..UNITS).map(|u| (o[u] * next[u].tanh()).powi(2)));
                cells.push(next);
                gates.push([i, f, o, g]);
            }
            // Six standard errors of a mean of so many squares, whose kurtosis is below 20; and the law.
            let statistical = 6.0 * (20.0 / UNITS as f64).sqrt();
            println!("{second} {forget_bias}: {states} {}", says.y.second);
            assert!((states / says.y.second - 1.0).abs() < statistical + 0.01, "{states} {says:?}");
            let (mut by_state, mut sums, mut carried) = (1.0_f64, 0.0, vec![0.0; UNITS]);
            for (step, [i, f, o, g]) in gates.iter().enumerate().rev() {
                let dh = normal(&mut generator, by_state);
                let mut squares = 0.0;
                for u in 0..UNITS {
                    let squashed = cells[step + 1][u].tanh();
                    let dc = carried[u] + dh[u] * o[u] * (1.0 - squashed * squashed);
                    squares += (dc * g[u] * i[u] * (1.0 - i[u])).powi(2)
                        + (dc * cells[step][u] * f[u] * (1.0 - f[u])).powi(2)
                        + (dh[u] * squashed * o[u] * (1.0 - o[u])).powi(2)
                        + (dc * i[u] * (1.0 - g[u] * g[u])).powi(2);
                    carried[u] = dc * f[u];
                }
                by_state = squares / UNITS as f64;
                sums += by_state;
            }
            println!("{} {:?}", sums / STEPS as f64, says.back);
            let off = sums / STEPS as f64 / says.back.unwrap() - 1.0;
            assert!(off.abs() < statistical + 0.03, "{second}, {forget_bias}: {off}");
        }
    }

    /// Here no law is needed: the moments are those of independent gates.
    #[test]
    fn a_gru_of_units_drawn_one_by_one() {
        let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
        let bias = InitMoments { mean: 0.2, variance: 0.3, kurtosis: Some(3.0) };
        for (second, bias) in [(1.0, NONE), (9.0, NONE), (1.0, bias)] {
            let of = layer(second, bias);
            let says = gru(&of).unwrap();
            let mut generator = Generator::named(1, "gru");
            // Of the biases those of the candidate are seen to be the same at all steps.
            let own: Vec<f64> = normal(&mut generator, bias.variance).iter().map(|z| z + bias.mean).collect();
            let mut states = vec![vec![0.0; UNITS]];
            let mut gates = Vec::new();
            for step in 0..STEPS {
                let square = mean(states[step].iter().map(|h| h * h));
                let mut draw = |variance: f64, bias: InitMoments| -> Vec<f64> {
                    normal(&mut generator, variance + bias.variance).iter().map(|z| z + bias.mean).collect()
                };
                let r: Vec<f64> = draw(second + square, bias).into_iter().map(sigmoid).collect();
                let z: Vec<f64> = draw(second + square, bias).into_iter().map(sigmoid).collect();
                let (mut a, k) = (draw(second, NONE), draw(square, bias));
                a.iter_mut().zip(&own).for_each(|(a, own)| *a += own);
                let n: Vec<f64> = (0..UNITS).map(|u| (a[u] + r[u] * k[u]).tanh()).collect();
                let next = (0..UNITS).map(|u| (1.0 - z[u]) * n[u] + z[u] * states[step][u]).collect();
                states.push(next);
                gates.push([r, z, n, k]);
            }
            let statistical = 6.0 * (20.0 / UNITS as f64).sqrt();
            let square = mean(states[STEPS].iter().map(|h| h * h));
            println!("{second}: {square} {}", says.y.second);
            assert!((square / says.y.second - 1.0).abs() < statistical, "{square} {says:?}");
            let (mut by_state, mut sums, mut directly) = (1.0_f64, 0.0, vec![0.0; UNITS]);
            for (step, [r, z, n, k]) in gates.iter().enumerate().rev() {
                let dh = normal(&mut generator, by_state);
                let (mut by_input, mut by_mixed) = (0.0, 0.0);
                for u in 0..UNITS {
                    let delta = dh[u] + directly[u];
                    let own = delta * (1.0 - z[u]) * (1.0 - n[u] * n[u]);
                    let by_gates = (own * k[u] * r[u] * (1.0 - r[u])).powi(2)
                        + (delta * (states[step][u] - n[u]) * z[u] * (1.0 - z[u])).powi(2);
                    by_input += by_gates + own * own;
                    by_mixed += by_gates + (own * r[u]).powi(2);
                    directly[u] = delta * z[u];
                }
                by_state = by_mixed / UNITS as f64;
                sums += by_input / UNITS as f64;
            }
            println!("{} {:?}", sums / STEPS as f64, says.back);
            let off = sums / STEPS as f64 / says.back.unwrap() - 1.0;
            assert!(off.abs() < statistical, "{second}: {off}");
        }
    }
}
