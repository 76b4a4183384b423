//! What a GRU makes of the moments of its inputs, and of its gradients.

use super::gate::lasting;
use super::moments::{BackStep, Returned, Unfolded, Unrolled, plus};
use super::squares::{Chain, Lasting, Products};
use crate::moments::expectation;
use crate::{Activation, Moments, Sigmoid};

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
    use crate::layer::recurrent::one_by_one::{STEPS, UNITS, layer, mean, normal};
    use crate::{Generator, InitMoments};

    const NONE: InitMoments = InitMoments { mean: 0.0, variance: 0.0, kurtosis: None };

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
