//! The cells in plain loops, one row and one number at a time.

use super::{Kind, Shape};

/// The state and the cell after each step.
pub type States = Vec<(Vec<f64>, Vec<f64>)>;

/// What is done to the plain loops.
#[derive(Default, Clone, Copy)]
pub struct Change<'a> {
    /// The states that count as constants where a stretch of a truncated layer begins.
    pub frozen: Option<&'a States>,
    /// What is added to the state after a step: step, unit, how much.
    pub nudge: Option<(usize, usize, f64)>,
}

/// The states of one row of `length` steps.
pub fn states(shape: &Shape, params: &[f64], x: &[f64], length: usize, change: Change<'_>) -> States {
    let (h, all) = (shape.hidden, shape.gates());
    let (weight, rest) = params.split_at(shape.width * all);
    let (recurrent, rest) = rest.split_at(h * all);
    let (bias, mixed_bias) = rest.split_at(all);
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let mut states: States = Vec::new();
    for (step, x) in x.chunks(shape.width).enumerate().take(length) {
        let begins = (length - step).is_multiple_of(shape.reach);
        let (state, cell) = match (step, change.frozen.filter(|_| begins)) {
            (0, _) => (vec![0.0; h], vec![0.0; h]),
            (_, Some(frozen)) => frozen[step - 1].clone(),
            _ => states[step - 1].clone(),
        };
        let of_input =
            |gate: usize| bias[gate] + x.iter().enumerate().map(|(i, x)| x * weight[i * all + gate]).sum::<f64>();
        let of_state = |gate: usize| state.iter().enumerate().map(|(i, s)| s * recurrent[i * all + gate]).sum::<f64>();
        let sum = |gate: usize| of_input(gate) + of_state(gate);
        let mut next = (vec![0.0; h], vec![0.0; h]);
        for unit in 0..h {
            match shape.kind {
                Kind::Tanh => next.0[unit] = sum(unit).tanh(),
                Kind::Relu => next.0[unit] = sum(unit).max(0.0),
                Kind::Lstm => {
                    let [i, f, o] = [0, 1, 2].map(|gate| sigmoid(sum(gate * h + unit)));
                    next.1[unit] = f * cell[unit] + i * sum(3 * h + unit).tanh();
                    next.0[unit] = o * next.1[unit].tanh();
                }
                Kind::Gru => {
                    let [r, z] = [0, 1].map(|gate| sigmoid(sum(gate * h + unit)));
                    let n = (of_input(2 * h + unit) + r * (of_state(2 * h + unit) + mixed_bias[unit])).tanh();
                    next.0[unit] = (1.0 - z) * n + z * state[unit];
                }
            }
        }
        if let Some((_, unit, much)) = change.nudge.filter(|&(at, ..)| at == step) {
            next.0[unit] += much;
        }
        states.push(next);
    }
    states
}

/// The row that the layer outputs: the last state, or all of them and zeros behind.
pub fn outputs(shape: &Shape, states: &States) -> Vec<f64> {
    if shape.last {
        return states.last().unwrap().0.clone();
    }
    let mut row: Vec<f64> = states.iter().flat_map(|(state, _)| state).copied().collect();
    row.resize(shape.steps * shape.hidden, 0.0);
    row
}
