//! `sharpness`: how strongly the loss curves, and whether a learning rate can follow.

use super::finding::short;
use super::{Cause, Evidence, Finding, Remedy, Severity, Symptom};
use crate::{Error, Float, Generator, Loss, Mode, Network, Rows, Targets, Workspace};
use rand::RngExt;

/// Power iteration ends where what is left of a step is below this share of the eigenvalue, which is then known to it at least.
const SETTLED: f64 = 1e-3;

/// How strongly a loss curves, at most: the largest eigenvalue of its Hessian.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Sharpness {
    /// The eigenvalue; NaN where loss or gradient are not finite.
    pub value: f64,
    /// An eigenvalue is within this distance of `value`: |H v - value v| for the unit vector v that was found.
    pub residual: f64,
    /// How many products of the Hessian and a vector that took, two passes back and forth each.
    pub iterations: usize,
}

/// The largest eigenvalue of the Hessian of the loss by the parameters on some rows, by at most `iterations` steps of power iteration.
///
/// ```text
/// H v = (g(w + h v) - g(w - h v)) / (2 h),  |v| = 1,  h = (machine epsilon)^(1/3) max(|w|, 1)
/// ```
///
/// Gradient descent on a quadratic loss diverges once the rate is above 2 / sharpness, and on a network the sharpness of the full batch rises
/// until it is there, and stays: [`limit`](Sharpness::limit) says where that is with momentum. Only the gradient is asked for, so that it
/// works with any layer. The parameters are afterwards as they were, to the bit; the workspace holds the last pass.
///
/// ```
/// use evenkeel::*;
/// // The loss is the mean of (w x - t)^2 over rows: its second derivative by w is twice the mean of x^2.
/// let mut network = Network::<f64>::builder(1).layer(Linear::without_bias(1)).build()?;
/// let mut workspace = network.workspace(2)?;
/// let (x, t) = ([1.0, 3.0], [0.0, 1.0]);
/// let (x, t) = (Rows::new(&x, 1)?, Targets::Values(Rows::new(&t, 1)?));
/// let found = sharpness(&mut network, &mut workspace, x, t, &MeanSquared::new(), 10)?;
/// assert!((found.value - 10.0).abs() < 1e-6);
/// assert!(found.finding(0.19, 0.0, 0).is_none()); // 2 / 10 is more
/// assert!(found.finding(0.21, 0.0, 0).is_some());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] for no iterations; those of [`Network::forward`] and [`Network::loss`].
///
/// # Notes
/// Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability", 2021. Where the eigenvalue of the largest
/// size is below 0, a second iteration, of H shifted by it, looks for the largest one. Layers that draw noise draw the same in all passes.
/// Two eigenvalues that are nearly the same take long to be told apart, but either of them will do. For Adam the Hessian that counts is that of the
/// preconditioned loss, which this is not (Cohen et al., "Adaptive gradient methods at the edge of stability", 2022).
pub fn sharpness<T: Float>(
    network: &mut Network<T>,
    workspace: &mut Workspace<T>,
    inputs: Rows<'_, T>,
    targets: Targets<'_, T>,
    loss: &dyn Loss<T>,
    iterations: usize,
) -> Result<Sharpness, Error> {
    Error::at_least_one("sharpness", "iterations", iterations)?;
    let start = network.parameters().to_vec();
    let size = start.iter().map(|w| w.get() * w.get()).sum::<f64>().sqrt();
    let step = T::epsilon().get().cbrt() * size.max(1.0);
    let mut gradient_at = |direction: &[f64], step: f64| -> Result<Vec<f64>, Error> {
        let moved = start.iter().zip(direction).map(|(w, d)| T::of(w.get() + step * d));
        network.parameters_mut().iter_mut().zip(moved).for_each(|(w, moved)| *w = moved);
        network.forward(inputs, Mode::Train, workspace)?;
        network.loss(loss, targets, workspace)?;
        network.backward(workspace)?;
        Ok(workspace.gradients().iter().map(|g| g.get()).collect())
    };
    let mut times_hessian = |direction: &[f64]| -> Result<Vec<f64>, Error> {
        let (up, down) = (gradient_at(direction, step)?, gradient_at(direction, -step)?);
        Ok(up.iter().zip(down).map(|(up, down)| (up - down) / (2.0 * step)).collect())
    };
    let found = largest_eigenvalue(start.len(), iterations, &mut times_hessian);
    network.parameters_mut().copy_from_slice(&start);
    found
}

impl Sharpness {
    /// The sharpness above which gradient descent with that rate and momentum diverges on a quadratic loss: 2 (1 + momentum) / rate.
    pub fn limit(rate: f64, momentum: f64) -> f64 {
        2.0 * (1.0 + momentum) / rate
    }

    /// That the sharpness is above this limit, where it certainly is: by more than the residual. `step` is the training step at hand.
    pub fn finding(&self, rate: f64, momentum: f64, step: u64) -> Option<Finding> {
        let limit = Self::limit(rate, momentum);
        if self.value.is_nan() || self.value - self.residual <= limit {
            return None;
        }
        // Half of the rate that the limit asks for: on the edge itself every second step overshoots.
        let factor = 0.5 * limit / self.value;
        Some(Finding {
            symptom: Symptom::EdgeOfStability,
            severity: Severity::Info,
            layers: Vec::new(),
            step,
            cause: Cause::Unknown,
            evidence: vec![
                Evidence { what: "sharpness", value: self.value },
                Evidence { what: "limit", value: limit },
                Evidence { what: "residual", value: self.residual },
            ],
            message: format!(
                "the loss curves by {}, and steps of that rate follow no more than {}: along its steepest direction they overshoot",
                short(self.value),
                short(limit),
            ),
            remedies: vec![Remedy::ScaleLearningRate { factor }],
        })
    }
}

/// The product of a symmetric matrix and a vector.
type Times<'a> = dyn FnMut(&[f64]) -> Result<Vec<f64>, Error> + 'a;

/// The largest eigenvalue of a symmetric matrix, of which only products with vectors of that length are known.
fn largest_eigenvalue(len: usize, iterations: usize, times: &mut Times<'_>) -> Result<Sharpness, Error> {
    let first = power_iteration(len, iterations, 0.0, times)?;
    if first.value < 0.0 {
        // All others are above it: without it the largest has the largest size.
        let second = power_iteration(len, iterations, first.value, times)?;
        return Ok(Sharpness { iterations: first.iterations + second.iterations, ..second });
    }
    Ok(first)
}

/// The eigenvalue of the largest size of a symmetric matrix less `shift` times the identity, plus `shift`.
fn power_iteration(len: usize, iterations: usize, shift: f64, times: &mut Times<'_>) -> Result<Sharpness, Error> {
    let mut generator = Generator::named(0, "sharpness");
    let mut direction: Vec<f64> = (0..len).map(|_| generator.random_range(-1.0..1.0)).collect();
    normalize(&mut direction);
    let mut found = Sharpness { value: 0.0, residual: f64::INFINITY, iterations: 0 };
    for iteration in 1..=iterations {
        let mut product = times(&direction)?;
        product.iter_mut().zip(&direction).for_each(|(p, d)| *p -= shift * d);
        let value: f64 = product.iter().zip(&direction).map(|(p, d)| p * d).sum();
        let rest: f64 = product.iter().zip(&direction).map(|(p, d)| (p - value * d).powi(2)).sum();
        found = Sharpness { value: value + shift, residual: rest.sqrt(), iterations: iteration };
        if !value.is_finite() {
            return Ok(Sharpness { value: f64::NAN, ..found });
        }
        // Along a direction in which nothing curves there is nothing to follow.
        if found.residual <= SETTLED * value.abs() || !normalize(&mut product) {
            break;
        }
        direction = product;
    }
    Ok(found)
}

/// Brings a vector to length 1; whether it has a direction.
fn normalize(vector: &mut [f64]) -> bool {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|x| *x /= length);
    }
    length > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_eigenvalue_is_not_that_of_the_largest_size() {
        let of = |diagonal: &[f64]| {
            let mut times =
                |v: &[f64]| Ok(v.iter().zip(diagonal).map(|(v, eigenvalue)| v * eigenvalue).collect::<Vec<f64>>());
            largest_eigenvalue(diagonal.len(), 500, &mut times).unwrap()
        };
        for (diagonal, expected) in [
            (&[1.0, 2.0, 5.0][..], 5.0),
            (&[-9.0, 2.0, 5.0], 5.0),
            (&[-9.0, -2.0], -2.0),
            (&[3.0, 3.0, 3.0], 3.0),
            (&[0.0, 0.0], 0.0),
        ] {
            let found = of(diagonal);
            assert!((found.value - expected).abs() <= 2.0 * found.residual.max(1e-9), "{found:?} is not {expected}");
            // The shift of the second iteration is part of what settles.
            assert!(found.residual <= SETTLED * 14.0, "{found:?}");
        }
        assert!(of(&[f64::NAN]).value.is_nan());
        let none = largest_eigenvalue(0, 5, &mut |_| Ok(Vec::new())).unwrap();
        assert_eq!((none.value, none.residual), (0.0, 0.0));
    }
}
