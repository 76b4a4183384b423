//! What an LSTM makes of the moments of its inputs, and of its gradients.

use super::gate::{Gate, covariance, lasting};
use super::moments::{BackStep, Returned, Unfolded, Unrolled, plus};
use super::squares::{Chain, Lasting, Products};
use crate::moments::Mixture;
use crate::{InitMoments, Moments, Sigmoid, Tanh};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Generator;
    use crate::layer::recurrent::one_by_one::{STEPS, UNITS, layer, mean, normal};

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
}
