//! `evaluate`: how good a network is on a data set.

use crate::{Dataset, Error, Float, Loss, Mode, Network, Rows, Targets, Workspace};

/// How good a network is on a data set.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Evaluation {
    /// The loss, as of one batch of all rows: averaged over them, or added up where the loss does that.
    pub loss: f64,
    /// The share of rows whose largest output is their class; `None` where the targets are values. A row with a NaN counts as wrong.
    pub accuracy: Option<f64>,
}

/// Computes loss and accuracy of a network on a data set, as many rows at a time as the workspace has room for.
///
/// ```
/// use evenkeel::*;
/// let network = Network::<f32>::builder(2).layer(Linear::new(2)).weights(Constant::new(1.0)?).build()?;
/// let data = Dataset::classes(vec![0.5, 0.5, 1.0, 2.0], 2, vec![0, 1])?;
/// let result = evaluate(&network, &SoftmaxCrossEntropy::new(), &data, &mut network.workspace(8)?)?;
/// assert!((result.loss - 2_f64.ln()).abs() < 1e-15);
/// assert_eq!(result.accuracy, Some(0.5)); // of two equal outputs the first counts as the largest
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of [`Network::forward`] and [`Loss::evaluate`].
pub fn evaluate<T: Float>(
    network: &Network<T>,
    loss: &dyn Loss<T>,
    data: &Dataset<T>,
    workspace: &mut Workspace<T>,
) -> Result<Evaluation, Error> {
    let (inputs, targets) = (data.inputs(), data.targets());
    let at_once = workspace.capacity();
    let (mut sum, mut right, mut done) = (0.0, 0, 0);
    for x in inputs.data().chunks(at_once * inputs.cols()) {
        let x = Rows::of(x, inputs.cols());
        let targets = targets.part(done..done + x.rows());
        if !data.lengths().is_empty() {
            workspace.set_lengths(&data.lengths()[done..done + x.rows()])?;
        }
        let out = network.forward(x, Mode::Infer, workspace)?;
        sum += loss.evaluate(out, targets, None)? * loss.divisor(targets);
        if let Targets::Classes(classes) = targets {
            right += out.iter().zip(classes).filter(|(out, class)| largest(out) == Some(**class)).count();
        }
        done += x.rows();
    }
    let accuracy = matches!(targets, Targets::Classes(_)).then_some(right as f64 / inputs.rows() as f64);
    Ok(Evaluation { loss: sum / loss.divisor(targets), accuracy })
}

/// The index of the largest number, the first of equals; none where there is a NaN.
fn largest<T: Float>(numbers: &[T]) -> Option<usize> {
    let mut best = 0;
    for (at, number) in numbers.iter().enumerate() {
        if number.is_nan() {
            return None;
        }
        if *number > numbers[best] {
            best = at;
        }
    }
    Some(best)
}
