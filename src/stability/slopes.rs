//! `slopes`: does the loss do along each parameter what its gradient says?

use super::finding::short;
use super::{Cause, Evidence, Finding, Remedy, Severity, Symptom};
use crate::{Error, Float, Loss, Mode, Network, Rows, Targets, Workspace};

/// How the loss changes along the gradient of one parameter, as a multiple of what the gradient says.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Slope {
    /// The name of the layer.
    pub layer: String,
    /// The name of the parameter.
    pub parameter: String,
    /// The norm of its gradient.
    pub gradient: f64,
    /// 1 where the gradient is right, -1 where its sign is wrong, 1/2 where it is twice too large; `None` where it is so small that the
    /// loss is not known well enough to tell.
    pub ratio: Option<f64>,
}

/// How far from 1 a ratio is wrong: halfway to what a gradient of another size, or of no use, has. Kinks move it by far less.
const WRONG: f64 = 0.5;

/// How the loss changes along the gradient of each parameter alone: which of them is wrong, where one is.
///
/// ```text
/// ratio = (L(w + h g / |g|) - L(w - h g / |g|)) / (2 h |g|),    h = (machine epsilon)^(1/3) max(|w|, 1)
/// ```
///
/// with w and g of that parameter, the others as they are. Two passes forward a parameter, so it is for a look now and then, or once
/// [`WrongGradient`](Symptom::WrongGradient) was found. `gradients` are those of all parameters on these rows, as a backward pass, or what
/// has changed it since, left them. The parameters are afterwards as they were, to the bit.
///
/// ```
/// use evenkeel::*;
/// let mut network = Network::<f64>::builder(2).layer(Linear::new(3)).layer(Tanh).layer(Linear::new(1)).seed(1).build()?;
/// let mut workspace = network.workspace(2)?;
/// let (x, t) = ([0.1, 0.7, -0.4, 0.3], [0.5, -1.0]);
/// let (x, t) = (Rows::new(&x, 2)?, Targets::Values(Rows::new(&t, 1)?));
/// let loss = MeanSquared::new();
/// network.forward(x, Mode::Train, &mut workspace)?;
/// network.loss(&loss, t, &mut workspace)?;
/// network.backward(&mut workspace)?;
/// let mut gradients = workspace.gradients().to_vec();
/// gradients[..6].iter_mut().for_each(|g| *g = -*g); // the weights of the first layer
/// let found = slopes(&mut network, &mut workspace, x, t, &loss, &gradients)?;
/// assert!((found[0].ratio.unwrap() + 1.0).abs() < 1e-6 && (found[1].ratio.unwrap() - 1.0).abs() < 1e-6);
/// assert_eq!(Slope::finding(&found, 0).unwrap().layers, ["0.linear"]);
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::Size`] where there are not as many gradients as parameters; those of [`Network::forward`] and [`Network::loss`].
///
/// # Notes
/// Layers that draw noise draw the same in all passes.
pub fn slopes<T: Float>(
    network: &mut Network<T>,
    workspace: &mut Workspace<T>,
    inputs: Rows<'_, T>,
    targets: Targets<'_, T>,
    loss: &dyn Loss<T>,
    gradients: &[T],
) -> Result<Vec<Slope>, Error> {
    Error::same_size("the gradients", network.parameters().len(), gradients.len())?;
    let slots = network.layout().slots().to_vec();
    let names = network.layer_names().to_vec();
    let start = network.parameters().to_vec();
    let mut found = Vec::with_capacity(slots.len());
    let mut ends_well = Ok(());
    for slot in slots {
        let (weights, gradient) = (&start[slot.range.clone()], &gradients[slot.range.clone()]);
        let length = norm(gradient);
        let step = T::epsilon().get().cbrt() * norm(weights).max(1.0);
        let mut loss_at = |step: f64| -> Result<f64, Error> {
            let moved = weights.iter().zip(gradient).map(|(w, g)| T::of(w.get() + step * g.get() / length));
            let to = &mut network.parameters_mut()[slot.range.clone()];
            to.iter_mut().zip(moved).for_each(|(to, moved)| *to = moved);
            network.forward(inputs, Mode::Train, workspace)?;
            network.loss(loss, targets, workspace)
        };
        let tried = if length > 0.0 && length.is_finite() {
            loss_at(step).and_then(|up| Ok(ratio::<T>([loss_at(-step)?, up], step, length)))
        } else {
            Ok(None)
        };
        network.parameters_mut()[slot.range.clone()].copy_from_slice(weights);
        match tried {
            Ok(ratio) => found.push(Slope {
                layer: names[slot.layer].clone(),
                parameter: slot.param.name,
                gradient: length,
                ratio,
            }),
            Err(error) => {
                ends_well = Err(error);
                break;
            }
        }
    }
    ends_well.map(|()| found)
}

/// The ratio, where the change of the loss is a thousand of its roundings at least.
fn ratio<T: Float>([down, up]: [f64; 2], step: f64, gradient: f64) -> Option<f64> {
    const SPACINGS: f64 = 1000.0;
    let known = step * gradient > SPACINGS * T::epsilon().get() * down.abs().max(up.abs());
    let ratio = (up - down) / (2.0 * step * gradient);
    (known && ratio.is_finite()).then_some(ratio)
}

fn norm<T: Float>(numbers: &[T]) -> f64 {
    crate::linalg::norm(numbers).value()
}

impl Slope {
    /// Whether the gradient is wrong: the loss changes by less than half, or more than one and a half times, what it says.
    pub fn is_wrong(&self) -> bool {
        self.ratio.is_some_and(|ratio| (ratio - 1.0).abs() > WRONG)
    }

    /// That the gradients of some layers are wrong, where they are. `step` is the training step at hand.
    pub fn finding(slopes: &[Self], step: u64) -> Option<Finding> {
        let worst = slopes
            .iter()
            .filter(|slope| slope.is_wrong())
            .min_by(|a, b| a.ratio.partial_cmp(&b.ratio).unwrap_or(std::cmp::Ordering::Equal))?;
        let ratio = worst.ratio?;
        let mut layers: Vec<String> =
            slopes.iter().filter(|slope| slope.is_wrong()).map(|slope| slope.layer.clone()).collect();
        layers.dedup();
        Some(Finding {
            symptom: Symptom::WrongGradient,
            severity: Severity::Info,
            step,
            cause: Cause::Unknown,
            evidence: vec![
                Evidence { what: "slope_to_predicted", value: ratio },
                Evidence { what: "gradient", value: worst.gradient },
            ],
            message: format!(
                "along the gradient of {} the loss changes by {} times what it says",
                worst.parameter,
                short(ratio),
            ),
            layers,
            remedies: vec![Remedy::CheckGradients],
        })
    }
}
