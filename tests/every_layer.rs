//! What holds of every layer that the crate has, in a small network of its own.

#[path = "drawn/mod.rs"]
mod drawn;

use drawn::numbers;
use evenkeel::*;

/// A network around each kind of layer, and its name. Convolutions take all their ways: filtered, unfolded, of groups, and channel by
/// channel. Batch statistics are in a list of their own, since a part of a batch has others.
fn networks() -> Vec<(&'static str, NetworkBuilder<f64>)> {
    let image = (8, 8, 4);
    let conv = |kernel: usize| Conv2d::new(image, 8, kernel).padding(Padding::Same);
    let of_image = |layer: Box<dyn Layer<f64>>| Network::builder(256).boxed(layer).layer(Linear::new(2));
    let of_steps = |layer: Box<dyn Layer<f64>>| Network::builder(12).boxed(layer).layer(Linear::new(2));
    let dense =
        |layer: Box<dyn Layer<f64>>| Network::builder(5).layer(Linear::new(9)).boxed(layer).layer(Linear::new(2));
    let block = || Sequential::new().layer(Linear::new(9)).layer(Tanh).layer(Linear::new(9));
    vec![
        ("convolution, filtered", of_image(Box::new(conv(3)))),
        ("convolution, unfolded", of_image(Box::new(conv(5).stride(2)))),
        ("convolution, groups", of_image(Box::new(conv(3).groups(2)))),
        ("convolution, depthwise", of_image(Box::new(conv(3).groups(4)))),
        ("convolution, two", of_image(Box::new(conv(3))).layer(Relu).layer(Linear::new(2))),
        ("max pool", of_image(Box::new(MaxPool2d::new(image, 2)))),
        ("average pool", of_image(Box::new(AveragePool2d::new(image, 3).stride(2)))),
        ("global pool", of_image(Box::new(AveragePool2d::global(image)))),
        ("channels last", of_image(Box::new(ChannelsLast::new((4, 8, 8))))),
        ("flatten", of_image(Box::new(Flatten))),
        ("rnn", of_steps(Box::new(Rnn::new(4, 3, 5).unwrap()))),
        ("rnn, last", of_steps(Box::new(Rnn::new(4, 3, 5).unwrap().last()))),
        ("lstm", of_steps(Box::new(Lstm::new(4, 3, 5).unwrap()))),
        ("gru", of_steps(Box::new(Gru::new(4, 3, 5).unwrap().last()))),
        ("attention", of_steps(Box::new(MultiHeadAttention::new(3, 1)))),
        ("attention, causal", of_steps(Box::new(MultiHeadAttention::new(6, 2).causal()))),
        ("per step", of_steps(Box::new(PerStep::new(3, Linear::new(5))))),
        ("embedding", Network::builder(3).layer(Embedding::new(6, 4)).layer(Linear::new(2))),
        ("layer norm", dense(Box::new(LayerNorm::new()))),
        ("rms norm", dense(Box::new(RmsNorm::new()))),
        ("dropout", dense(Box::new(Dropout::new(0.3).unwrap()))),
        ("residual", dense(Box::new(Residual::new().layer(block()).learned_scale(0.5).unwrap()))),
        ("projection", dense(Box::new(Residual::new().layer(Linear::new(4)).projection(Linear::new(4))))),
        ("sequential", dense(Box::new(block()))),
        ("softmax", dense(Box::new(Softmax))),
        ("gelu", dense(Box::new(Gelu))),
        ("identity", dense(Box::new(Identity))),
        ("elu", dense(Box::new(Elu::new(1.0).unwrap()))),
    ]
}

fn with_batch_statistics() -> Vec<(&'static str, NetworkBuilder<f64>)> {
    let norm = |layer: BatchNorm| Network::builder(6).layer(layer).layer(Linear::new(2));
    vec![("batch norm", norm(BatchNorm::new())), ("batch norm of channels", norm(BatchNorm::channels(3)))]
}

/// Rows for a network: numbers of either sign, or, for an embedding, indices.
fn rows(name: &str, n_in: usize, rows: usize) -> Vec<f64> {
    let drawn = numbers(rows * n_in, 1.0, 7, name);
    if name == "embedding" { drawn.iter().map(|x| (x.abs() * 10.0).floor() % 6.0).collect() } else { drawn }
}

#[test]
fn no_rows_give_no_outputs() {
    for (name, builder) in networks().into_iter().chain(with_batch_statistics()) {
        let network = builder.seed(1).build().unwrap_or_else(|error| panic!("{name}: {error}"));
        let none = Rows::new(&[], network.n_in()).unwrap();
        let mut predictor = network.predictor(3).unwrap();
        assert_eq!(network.predict_with(none, &mut predictor).unwrap().rows(), 0, "{name}");
        assert!(network.predict(none).unwrap().is_empty(), "{name}");
        // And the next prediction is what it would have been.
        let x = rows(name, network.n_in(), 2);
        let x = Rows::new(&x, network.n_in()).unwrap();
        assert_eq!(network.predict_with(x, &mut predictor).unwrap().data(), network.predict(x).unwrap(), "{name}");
    }
}

/// Gradients of seven rows as one batch, and in parts of at most `part` rows.
fn gradients(network: &Network<f64>, x: &[f64], part: usize) -> Vec<f64> {
    let (n_in, targets) = (network.n_in(), numbers(7 * 2, 1.0, 8, "targets"));
    let all = Targets::Values(Rows::new(&targets, 2).unwrap());
    let loss = MeanSquared::new();
    let divisor = Loss::<f64>::divisor(&loss, all);
    let mut workspace = network.workspace(part).unwrap();
    for (at, (x, t)) in x.chunks(part * n_in).zip(targets.chunks(part * 2)).enumerate() {
        network.forward_part(Rows::new(x, n_in).unwrap(), part * at, &mut workspace).unwrap();
        let targets = Targets::Values(Rows::new(t, 2).unwrap());
        network.loss_part(&loss, targets, divisor, &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
    }
    workspace.gradients().to_vec()
}

#[test]
fn a_batch_in_parts_has_the_gradients_of_the_whole() {
    for (name, builder) in networks() {
        let network = builder.seed(1).build().unwrap_or_else(|error| panic!("{name}: {error}"));
        let x = rows(name, network.n_in(), 7);
        let whole = gradients(&network, &x, 7);
        for part in [1, 2, 3] {
            let parts = gradients(&network, &x, part);
            for slot in network.layout().slots() {
                let (found, expected) = (&parts[slot.range.clone()], &whole[slot.range.clone()]);
                let largest = expected.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
                // A bias behind which softmax takes the mean away, or a padded entry, may have no gradient; all others have.
                for (found, expected) in found.iter().zip(expected) {
                    let off = (found - expected).abs();
                    assert!(
                        off <= 1e-12 * largest.max(1e-3),
                        "{name}, {}, parts of {part}: {found}, not {expected}",
                        slot.param.name
                    );
                }
            }
        }
        // Or this says nothing.
        assert!(whole.iter().any(|gradient| gradient.abs() > 1e-3), "{name}");
    }
}
