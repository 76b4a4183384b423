//! Every layer, alone and in whole networks.

use evenkeel::check::gradients;
use evenkeel::*;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::drawn::{check, numbers, size};
use super::{Boxed, failed, linear, network};

/// Checks a layer between two linear ones, for inputs up to `spread`; `layer` is given a width of its own, if it has one.
pub(crate) fn layer_agrees(spread: f64, layer: impl Fn(usize) -> Boxed) {
    check((size(), size(), [size(), size()], size(), any::<u64>()), |(rows, n_in, [before, width], n_out, seed)| {
        let layers = vec![linear(before), layer(width), linear(n_out)];
        let network = network(n_in, layers, seed).map_err(failed)?;
        let x = numbers(rows * n_in, spread, seed, "x");
        passes(&network, &x, seed)
    });
}

pub(crate) fn passes(network: &Network<f64>, x: &[f64], seed: u64) -> TestCaseResult {
    let x = Rows::new(x, network.n_in()).map_err(failed)?;
    let checked = gradients(network, x, seed).map_err(failed)?;
    prop_assert_eq!(checked.entries, network.parameters().len());
    Ok(())
}

#[test]
fn linear_agrees() {
    layer_agrees(1.5, linear);
}

#[test]
fn linear_without_bias_agrees() {
    layer_agrees(1.5, |width| Box::new(Linear::without_bias(width)));
}

#[test]
fn identity_agrees() {
    layer_agrees(1.5, |_| Box::new(Identity));
}

#[test]
fn relu_agrees() {
    layer_agrees(1.5, |_| Box::new(Relu));
}

#[test]
fn leaky_relu_agrees() {
    layer_agrees(1.5, |_| Box::new(LeakyRelu::default()));
    layer_agrees(1.5, |_| Box::new(LeakyRelu::new(-0.25).unwrap()));
}

#[test]
fn elu_agrees() {
    layer_agrees(1.5, |_| Box::new(Elu::default()));
    layer_agrees(1.5, |_| Box::new(Elu::new(2.5).unwrap()));
}

#[test]
fn selu_agrees() {
    layer_agrees(1.5, |_| Box::new(Selu));
}

#[test]
fn gelu_agrees() {
    layer_agrees(1.5, |_| Box::new(Gelu));
}

#[test]
fn silu_agrees() {
    layer_agrees(1.5, |_| Box::new(Silu));
}

#[test]
fn mish_agrees() {
    layer_agrees(1.5, |_| Box::new(Mish));
}

#[test]
fn tanh_agrees() {
    layer_agrees(1.5, |_| Box::new(Tanh));
}

#[test]
fn sigmoid_agrees() {
    layer_agrees(1.5, |_| Box::new(Sigmoid));
}

#[test]
fn hard_sigmoid_agrees() {
    // Wide enough for all three of its pieces.
    layer_agrees(4.0, |_| Box::new(HardSigmoid));
}

#[test]
fn softplus_agrees() {
    layer_agrees(1.5, |_| Box::new(Softplus));
}

#[test]
fn softsign_agrees() {
    layer_agrees(1.5, |_| Box::new(Softsign));
}

#[test]
fn exponential_agrees() {
    layer_agrees(1.5, |_| Box::new(Exponential));
}

#[test]
fn softmax_agrees() {
    layer_agrees(1.5, |_| Box::new(Softmax));
}

/// A layer of a mixed network. Softmax and the exponential are not among them: several in a row shrink a gradient below the rounding of
/// the differences, or overflow.
fn mixed(index: usize) -> Boxed {
    match index {
        0 => Box::new(Identity),
        1 => Box::new(Relu),
        2 => Box::new(LeakyRelu::default()),
        3 => Box::new(Elu::default()),
        4 => Box::new(Selu),
        5 => Box::new(Gelu),
        6 => Box::new(Silu),
        7 => Box::new(Mish),
        8 => Box::new(Tanh),
        9 => Box::new(Sigmoid),
        10 => Box::new(HardSigmoid),
        11 => Box::new(Softplus),
        _ => Box::new(Softsign),
    }
}

#[test]
fn whole_networks_agree() {
    // One softmax or exponential at most, as the last layer.
    let hidden = prop::collection::vec((size(), 0..13_usize), 1..=5);
    check((size(), size(), hidden, size(), 0..3_usize, any::<u64>()), |(rows, n_in, hidden, n_out, last, seed)| {
        let mut layers: Vec<Boxed> =
            hidden.iter().flat_map(|&(width, activation)| [linear(width), mixed(activation)]).collect();
        layers.push(linear(n_out));
        match last {
            0 => {}
            1 => layers.push(Box::new(Softmax)),
            _ => layers.push(Box::new(Exponential)),
        }
        let network = network(n_in, layers, seed).map_err(failed)?;
        passes(&network, &numbers(rows * n_in, 1.5, seed, "x"), seed)
    });
}

#[test]
fn more_rows_than_a_block_agree() {
    // A weight's gradient sums over the rows: here over more than one block of the product.
    let network = network(3, vec![linear(67), Box::new(Tanh), linear(2)], 1).unwrap();
    let x = numbers(3 * 300, 1.5, 1, "x");
    assert!(gradients(&network, Rows::new(&x, 3).unwrap(), 1).is_ok());
}
