//! What the states of a random walk that 0 holds up have in common, and the gradients that go back through them.

use std::f64::consts::PI;

use super::copied::Walk;
use super::moments::Unrolled;

/// How many products of numbers are worth the squares: about a second.
const WORTH: f64 = 5e8;

/// The squares of the gradients by weight, recurrent weight and bias of a plain recurrent layer whose state starts as a copy of the one before.
///
/// A gradient goes through every state above 0 as it is. So those of two steps t <= s have in common all that reaches the first through both:
///
/// ```text
/// E[d_t d_s] = sum over outputs u >= s of P(h_t, ..., h_u are all above 0)
/// |dU|^2     = hidden^2 sum over t and s of E[h_(t-1) h_(s-1)] E[d_t d_s]
/// ```
///
/// for a state and a gradient of two units, whose walks know nothing of each other. `None` where there are too many steps, and kinds of units, for
/// what states have in common to be worth it.
pub(super) fn squares(of: &Unrolled, walks: &[(f64, Walk)]) -> Option<Vec<f64>> {
    let steps = of.steps;
    let lattices: Vec<_> = walks.iter().map(|&(share, walk)| (share, Lattice::of(walk))).collect();
    let cost: f64 = lattices.iter().map(|(_, lattice)| lattice.cost()).sum();
    if cost.is_nan() || cost > WORTH {
        return None;
    }
    // By the first step, and how much later the second one is.
    let (mut gradients, mut states) = (vec![0.0; steps * steps], vec![0.0; steps * steps]);
    for (share, lattice) in &lattices {
        lattice.walk.add_gradients(*share, of.last, &mut gradients);
        lattice.add_states(*share, &mut states);
    }
    let (mut weight, mut recurrent, mut bias) = (0.0, 0.0, 0.0);
    for first in 0..steps {
        for later in 0..steps - first {
            let (times, input) = if later == 0 { (1.0, of.x.second) } else { (2.0, of.x.mean * of.x.mean) };
            let gradient = times * gradients[first * steps + later];
            weight += gradient * input;
            bias += gradient;
            if let Some(before) = first.checked_sub(1) {
                recurrent += gradient * states[before * steps + later];
            }
        }
    }
    let hidden = of.hidden as f64;
    Some(vec![of.width as f64 * hidden * weight, hidden * hidden * recurrent, hidden * bias])
}

impl Walk {
    /// Adds E\[d_t d_s\], that share of it.
    fn add_gradients(&self, share: f64, last: bool, to: &mut [f64]) {
        let steps = self.steps;
        let [above, below] = self.sides();
        // The chance that the states behind the steps from this one on to each later one are all above 0: what was 0 last is one before.
        let mut passes = vec![0.0; steps];
        for first in 0..steps {
            for (end, passes) in passes.iter_mut().enumerate().skip(first) {
                *passes += below[first] * above[end + 1 - first];
            }
            let mut reached = 0.0;
            for later in (0..steps - first).rev() {
                if !last || first + later + 1 == steps {
                    reached += passes[first + later];
                }
                to[first * steps + later] += share * reached;
            }
        }
    }
}

/// A walk among places at equal distances, from 0 on, up to where it hardly ever comes.
#[derive(Debug, Clone, Copy)]
struct Lattice {
    walk: Walk,
    distance: f64,
    places: usize,
}

/// How far normal numbers go, in deviations.
const REACH: f64 = 6.5;

impl Lattice {
    /// The sum over a kink at 0 is off by a twelfth of the square of the distance: below 1 % of what walks have in common.
    fn of(walk: Walk) -> Self {
        let steps = walk.steps as f64;
        let deviation = walk.variance.sqrt();
        let distance = deviation * (steps.sqrt() / 24.0).clamp(0.125, 0.4);
        let most = walk.drift.max(0.0) * steps + REACH * deviation * steps.sqrt();
        let places = if distance > 0.0 { (most / distance).ceil() } else { 0.0 };
        Self { walk, distance, places: places as usize + 1 }
    }

    /// How many products it takes to follow it.
    fn cost(&self) -> f64 {
        let (steps, places) = (self.walk.steps as f64, self.places as f64);
        let kernel = 2.0 * REACH * self.walk.variance.sqrt() / self.distance;
        if self.distance > 0.0 { steps * places * (2.0 * kernel + steps / 2.0) } else { steps * steps }
    }

    /// Adds E\[h_t h_s\] of the states behind steps t <= s, that share of it.
    fn add_states(&self, share: f64, to: &mut [f64]) {
        let Self { walk: Walk { drift, steps, .. }, distance, places } = *self;
        if distance == 0.0 {
            let rise = drift.max(0.0);
            for first in 0..steps {
                for later in 0..steps - first {
                    to[first * steps + later] += share * rise * rise * ((first + 1) * (first + 1 + later)) as f64;
                }
            }
            return;
        }
        let kernel = Kernel::of(self);
        let here: Vec<f64> = (0..places).map(|place| distance * place as f64).collect();
        // The mean of the state so many steps later, by the state.
        let mut later = vec![here.clone()];
        for _ in 1..steps {
            let next = kernel.expected(&later[later.len() - 1]);
            later.push(next);
        }
        let mut law = vec![0.0; places];
        law[0] = 1.0;
        for first in 0..steps {
            law = kernel.step(&law);
            let weighted: Vec<f64> = law.iter().zip(&here).map(|(share, place)| share * place).collect();
            for (index, later) in later.iter().enumerate().take(steps - first) {
                let product: f64 = weighted.iter().zip(later).map(|(weighted, later)| weighted * later).sum();
                to[first * steps + index] += share * product;
            }
        }
    }
}

/// The chances of steps from place to place; what would come below 0 comes to 0.
#[derive(Debug)]
struct Kernel {
    /// Of steps of so many places, from `first` on.
    shares: Vec<f64>,
    first: i64,
    places: usize,
}

impl Kernel {
    fn of(lattice: &Lattice) -> Self {
        let (drift, distance) = (lattice.walk.drift, lattice.distance);
        let deviation = lattice.walk.variance.sqrt();
        let [first, last] = [drift - REACH * deviation, drift + REACH * deviation].map(|end| (end / distance).floor());
        let (first, last) = (first as i64, last as i64 + 1);
        let share = |places: i64| {
            let z = (distance * places as f64 - drift) / deviation;
            distance / deviation * (-z * z / 2.0).exp() / (2.0 * PI).sqrt()
        };
        Self { shares: (first..=last).map(share).collect(), first, places: lattice.places }
    }

    /// Where a step from that place leads, and how often; beyond the last place it is not followed.
    fn from(&self, place: usize) -> impl Iterator<Item = (usize, f64)> {
        let from = place as i64 + self.first;
        let to = move |(index, &share): (usize, &f64)| ((from + index as i64).max(0) as usize, share);
        self.shares.iter().enumerate().map(to).take_while(|&(to, _)| to < self.places)
    }

    fn step(&self, law: &[f64]) -> Vec<f64> {
        let mut next = vec![0.0; self.places];
        for (place, here) in law.iter().enumerate().filter(|&(_, &here)| here > 1e-30) {
            for (to, share) in self.from(place) {
                next[to] += here * share;
            }
        }
        next
    }

    fn expected(&self, of: &[f64]) -> Vec<f64> {
        (0..self.places).map(|place| self.from(place).map(|(to, share)| share * of[to]).sum()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of two steps: E[h_1 h_2] = E[h_1^2] P + E[h_1 (h_1 + z)^+] by a double integral; and the squares of states as Spitzer has them.
    #[test]
    fn states_of_a_walk() {
        for drift in [0.0, 0.5, -0.5] {
            let walk = Walk { drift, variance: 4.0, steps: 2 };
            let mut states = [0.0; 4];
            Lattice::of(walk).add_states(1.0, &mut states);
            let phi = |z: f64| (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
            let (step, mut products) = (0.001, 0.0);
            for place in 1..20_000 {
                let h = step * f64::from(place);
                let mean = h + drift;
                let above = libm::erfc(-mean / 2.0 / std::f64::consts::SQRT_2) / 2.0;
                products += step * phi((h - drift) / 2.0) / 2.0 * h * (mean * above + 2.0 * phi(mean / 2.0));
            }
            assert!((states[1] / products - 1.0).abs() < 0.002, "{drift}: {states:?}, {products}");
        }
    }

    /// A gradient through two states: 3 / 8 of walks without drift have both above 0, and 1 / 2 the first.
    #[test]
    fn gradients_through_a_walk() {
        let walk = Walk { drift: 0.0, variance: 1.0, steps: 2 };
        let mut gradients = [0.0; 4];
        walk.add_gradients(1.0, false, &mut gradients);
        let expected = [0.5 + 0.375, 0.375, 0.625, 0.0];
        assert!(
            gradients.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-14),
            "{gradients:?}"
        );
        let mut of_last = [0.0; 4];
        walk.add_gradients(1.0, true, &mut of_last);
        let expected = [0.375, 0.375, 0.625, 0.0];
        assert!(of_last.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-14), "{of_last:?}");
    }

    /// What only rises: every state is the sum of the steps.
    #[test]
    fn without_noise() {
        let mut states = [0.0; 9];
        Lattice::of(Walk { drift: 2.0, variance: 0.0, steps: 3 }).add_states(1.0, &mut states);
        assert_eq!(states, [4.0, 8.0, 12.0, 16.0, 24.0, 0.0, 36.0, 0.0, 0.0]);
    }
}
