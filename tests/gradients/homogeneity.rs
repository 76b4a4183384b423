//! What must hold in every ReLU network without biases.

use evenkeel::*;
use proptest::prelude::*;

use super::drawn::{check, numbers, size};
use super::failed;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// One weight matrix W of a network: its name, <W, dL/dW> - <o, dL/do>, and |W| |dL/dW|.
struct Gap {
    name: String,
    gap: f64,
    size: f64,
}

fn gaps(network: &Network<f64>, x: &[f64], loss: &dyn Loss<f64>, targets: Targets<'_, f64>) -> Result<Vec<Gap>, Error> {
    let x = Rows::new(x, network.n_in())?;
    let mut workspace = network.workspace(x.rows())?;
    let output = network.forward(x, Mode::Train, &mut workspace)?;
    let mut gradient = vec![0.0; output.data().len()];
    loss.evaluate(output, targets, Some(RowsMut::new(&mut gradient, network.n_out())?))?;
    let expected = dot(output.data(), &gradient);
    network.loss(loss, targets, &mut workspace)?;
    network.backward(&mut workspace)?;
    let gap = |slot: &Slot| {
        let (weight, gradient) =
            (&network.parameters()[slot.range.clone()], &workspace.gradients()[slot.range.clone()]);
        let size = (dot(weight, weight) * dot(gradient, gradient)).sqrt();
        Gap { name: slot.param.name.clone(), gap: dot(weight, gradient) - expected, size }
    };
    Ok(network.layout().slots().iter().map(gap).collect())
}

/// The gaps for one of five losses.
fn gaps_with(index: usize, network: &Network<f64>, x: &[f64], seed: u64) -> Result<Vec<Gap>, Error> {
    let (rows, cols) = (x.len() / network.n_in(), network.n_out());
    let values = numbers(rows * cols, 1.0, seed, "targets");
    let shares: Vec<f64> = values.iter().map(|t| t.abs()).collect();
    let classes: Vec<usize> = (0..rows).map(|row| (row * row + 1) % cols).collect();
    let [values, shares] = [Rows::new(&values, cols)?, Rows::new(&shares, cols)?].map(Targets::Values);
    match index {
        0 => gaps(network, x, &MeanSquared::new(), values),
        1 => gaps(network, x, &MeanAbsolute::new(), values),
        2 => gaps(network, x, &Huber::new(0.5)?, values),
        3 => gaps(network, x, &SoftmaxCrossEntropy::new().smoothing(0.1)?, Targets::Classes(&classes)),
        _ => gaps(network, x, &SigmoidCrossEntropy::new(), shares),
    }
}

/// The output o of such a network is homogeneous of degree one in each weight matrix W: so by Euler, whatever the loss L,
/// <W, dL/dW> = <o, dL/do> for every one of them.
#[test]
fn weights_times_their_gradient_are_the_output_times_its_own() {
    let widths = prop::collection::vec(size(), 0..=5);
    check((size(), size(), widths, size(), 0..5_usize, any::<u64>()), |(rows, n_in, widths, n_out, loss, seed)| {
        let hidden = widths.iter().fold(Network::<f64>::builder(n_in).seed(seed), |builder, &width| {
            builder.layer(Linear::without_bias(width)).layer(Relu)
        });
        let network = hidden.layer(Linear::without_bias(n_out)).build().map_err(failed)?;
        let gaps = gaps_with(loss, &network, &numbers(rows * n_in, 1.5, seed, "x"), seed).map_err(failed)?;
        prop_assert_eq!(gaps.len(), widths.len() + 1);
        for Gap { name, gap, size } in gaps {
            prop_assert!(gap.abs() <= 1e-12 * size, "{}: {:e} of {:e}", name, gap, size);
        }
        Ok(())
    });
}

/// So that the identity above cannot hold by saying nothing: a bias breaks it, and a network that is alive has sizes above zero.
#[test]
fn a_bias_breaks_the_identity() {
    let network = |bias: bool| {
        let first = if bias { Linear::new(9) } else { Linear::without_bias(9) };
        let builder = Network::builder(7).layer(first.biases(Constant::new(0.5).unwrap())).layer(Relu);
        builder.layer(Linear::without_bias(3)).seed(1).build().unwrap()
    };
    let x = numbers(7 * 8, 1.5, 1, "x");
    for loss in 0..5 {
        let [with, without] = [true, false].map(|bias| gaps_with(loss, &network(bias), &x, 1).unwrap());
        assert!(with[0].gap.abs() > 1e-3 * with[0].size, "loss {loss}: {:e}", with[0].gap);
        assert!(without.iter().all(|w| w.size > 0.0 && w.gap.abs() <= 1e-12 * w.size));
    }
}
