//! `gradients`: is a hand-written derivative the derivative?

use rand::RngExt;

use super::Failure;
use crate::{Error, Float, Generator, Loss, Mode, Network, Rows, RowsMut, Targets, Workspace};

/// What a gradient check that passed has looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// How many entries were compared.
    pub entries: usize,
    /// How many were left out, since a kink lay between the two points of their difference.
    pub skipped: usize,
    /// The largest relative error of a parameter.
    pub worst: f64,
}

/// How large the error of a parameter may be, relative to its largest gradient.
const LIMIT: f64 = 1e-6;
/// How many roundings of the loss a difference may be off by, besides: all that is left of it where gradients have vanished.
const ROUNDING: f64 = 4.0;
/// Which share of the entries may be left out for a kink.
const SKIPPED: f64 = 0.05;
/// The step of a difference, for a parameter of size 1: near the cube root of the machine epsilon, where the error of the formula
/// (about the step squared) and that of rounding (about epsilon over the step) meet.
const STEP: f64 = 1e-5;

/// Checks every gradient of a network against central differences, on the rows of `x`.
///
/// The loss is a random linear function of the outputs, drawn from `seed`. For each parameter, the largest |a - n| is compared with the
/// largest |a| or |n|, where a = dL/dw as backward says, and n = (L(w + h) - L(w - h)) / 2h; at most 1e-6 is allowed, beside four
/// roundings of the loss divided by 2h. Entries for which
/// an input of some layer crosses one of its [kinks](crate::Layer::kinks) between the two points are left out, at most 5 % of all.
///
/// The derivative by the *input* of a layer shows in the gradients of the layers before it: put a [`Linear`](crate::Linear) in front of
/// a layer that is to be checked.
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f64>::builder(3).layer(Linear::new(5)).layer(Gelu).layer(Linear::new(2)).build()?;
/// let checked = check::gradients(&network, Rows::new(&[0.3, -0.8, 0.5, 1.0, 0.2, -0.1], 3)?, 1)?;
/// assert_eq!(checked.entries, 3 * 5 + 5 + 5 * 2 + 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Failure::Mismatch`] for the worst entry that is wrong; [`Failure::TooManyKinks`]; [`Failure::Network`] for rows that do not fit, for none,
/// and for a network without parameters, of which nothing would be compared.
pub fn gradients(network: &Network<f64>, x: Rows<'_, f64>, seed: u64) -> Result<Checked, Failure> {
    gradients_of_sequences(network, x, &[], seed)
}

/// As [`gradients`], of rows that are sequences of these lengths: one a row, or none where all have all their steps.
///
/// # Errors
/// Those of [`gradients`].
pub fn gradients_of_sequences(
    network: &Network<f64>,
    x: Rows<'_, f64>,
    lengths: &[usize],
    seed: u64,
) -> Result<Checked, Failure> {
    for (count, what) in [(x.rows(), "the batch"), (network.layout().len(), "the list of parameters")] {
        if count == 0 {
            return Err(Error::Empty { what }.into());
        }
    }
    let mut network = network.clone();
    let projection = Projection::new(x.rows() * network.n_out(), seed);
    let nothing = vec![0.0; x.rows() * network.n_out()];
    let targets = Targets::Values(Rows::new(&nothing, network.n_out())?);
    let mut workspaces = [network.workspace(x.rows())?, network.workspace(x.rows())?, network.workspace(x.rows())?];
    let [centre, up, down] = &mut workspaces;
    centre.set_lengths(lengths)?;
    network.forward(x, Mode::Train, centre)?;
    network.loss(&projection, targets, centre)?;
    network.backward(centre)?;

    // The size of the terms that a loss is summed of, which its rounding goes with.
    let terms: f64 = centre.output().data().iter().zip(&projection.0).map(|(y, factor)| (y * factor).abs()).sum();
    let slots = network.layout().slots().to_vec();
    let mut checked = Checked { entries: network.layout().len(), skipped: 0, worst: 0.0 };
    for slot in slots {
        let mut largest = 0.0_f64;
        // (error, index, analytic, numeric) of the worst entry.
        let mut worst = (0.0_f64, 0, 0.0, 0.0);
        for at in slot.range.clone() {
            let weight = network.parameters()[at];
            let step = STEP * weight.abs().max(1.0);
            let mut loss_at = |weight: f64, workspace: &mut Workspace<f64>| {
                network.parameters_mut()[at] = weight;
                workspace.set_lengths(lengths)?;
                network.forward(x, Mode::Train, workspace)?;
                network.loss(&projection, targets, workspace)
            };
            let (high, low) = (loss_at(weight + step, up)?, loss_at(weight - step, down)?);
            network.parameters_mut()[at] = weight;
            if crosses_a_kink(&network, up, down) {
                checked.skipped += 1;
                continue;
            }
            let analytic = centre.gradients()[at];
            let numeric = (high - low) / ((weight + step) - (weight - step));
            largest = largest.max(analytic.abs()).max(numeric.abs());
            let rounding = ROUNDING * f64::EPSILON * terms / (2.0 * step);
            let error = ((analytic - numeric).abs() - rounding).max(0.0);
            let error = if numeric.is_nan() || analytic.is_nan() { f64::NAN } else { error };
            if error > worst.0 || error.is_nan() {
                worst = (error, at - slot.range.start, analytic, numeric);
            }
        }
        let (error, index, analytic, numeric) = worst;
        let error = if error == 0.0 { 0.0 } else { error / largest };
        if error > LIMIT || error.is_nan() {
            let parameter = slot.param.name;
            return Err(Failure::Mismatch { parameter, index, analytic, numeric, error, limit: LIMIT });
        }
        checked.worst = checked.worst.max(error);
    }
    if checked.skipped as f64 > SKIPPED * checked.entries as f64 {
        return Err(Failure::TooManyKinks { skipped: checked.skipped, entries: checked.entries });
    }
    Ok(checked)
}

/// Whether a kink of some layer lies between the two passes.
fn crosses_a_kink(network: &Network<f64>, up: &Workspace<f64>, down: &Workspace<f64>) -> bool {
    network.layers().enumerate().any(|(index, layer)| layer.crosses_a_kink(&up.passed(index), &down.passed(index)))
}

/// A random linear function of the outputs: as a loss it has a gradient everywhere, and no curvature of its own.
#[derive(Debug)]
struct Projection(Vec<f64>);

impl Projection {
    fn new(len: usize, seed: u64) -> Self {
        let mut generator = Generator::named(seed, "projection");
        Self((0..len).map(|_| generator.random_range(-1.0..1.0)).collect())
    }
}

impl<T: Float> Loss<T> for Projection {
    fn name(&self) -> &'static str {
        "projection"
    }

    fn evaluate(&self, out: Rows<'_, T>, _: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        if let Some(mut grad) = grad {
            grad.data_mut().iter_mut().zip(&self.0).for_each(|(grad, &factor)| *grad = T::of(factor));
        }
        Ok(out.data().iter().zip(&self.0).map(|(y, factor)| y.get() * factor).sum())
    }
}
