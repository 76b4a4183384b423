//! What the forecast takes layers for: by what they are, not by what they are called, and inside of others as well.

use evenkeel::*;

use super::super::one_way::{Forward, OneWay};
use super::Claimed;

fn constant() -> Constant {
    Constant::new(0.1).unwrap()
}

fn tied(network: NetworkBuilder<f64>) -> Vec<String> {
    let forecast = Forecast::of(&network.build().unwrap(), 1.0).unwrap();
    let of = forecast.concerns.iter().find_map(|concern| match concern {
        Concern::TiedUnits { layers } => Some(layers.clone()),
        _ => None,
    });
    of.unwrap_or_default()
}

#[test]
fn equal_channels_are_tied() {
    let conv = |channels| Conv2d::new((6, 6, channels), 4, 3).padding(Padding::Same).weights(constant());
    let network = |last: Linear<f64>| {
        let network = Network::builder(6 * 6 * 2).layer(conv(2)).layer(Relu).layer(conv(4)).layer(Relu);
        network.layer(MaxPool2d::new((6, 6, 4), 2)).layer(Flatten).layer(last)
    };
    assert_eq!(tied(network(Linear::new(3).weights(He::normal()))), ["0.conv2d"]);
    assert_eq!(tied(network(Linear::new(3).weights(constant()))), ["0.conv2d", "2.conv2d"]);
}

#[test]
fn equal_units_inside_others_are_tied() {
    let linear = || Linear::new(5).weights(constant());
    // The way around tells the units of the second apart.
    let residual = || Residual::new().layer(linear()).layer(Tanh).layer(linear());
    let network = Network::builder(5).layer(residual()).layer(Tanh).layer(residual()).layer(linear());
    assert_eq!(tied(network), ["0.residual.0.linear", "2.residual.0.linear"]);
    let sequential = Sequential::new().layer(linear()).layer(Tanh);
    let network = Network::builder(5).layer(sequential).layer(linear()).layer(Linear::new(2).weights(He::normal()));
    assert_eq!(tied(network), ["0.sequential.0.linear"]);
}

#[test]
fn what_tells_units_apart_unties_them() {
    let linear = || Linear::new(5).weights(constant());
    let between = |layer: Box<dyn Layer<f64>>| tied(Network::builder(5).layer(linear()).boxed(layer).layer(linear()));
    assert_eq!(between(Box::new(LayerNorm::new())), ["0.linear"]);
    assert_eq!(between(Box::new(Dropout::new(0.0).unwrap())), ["0.linear"]);
    // Every unit is left out in rows of its own.
    assert!(between(Box::new(Dropout::new(0.5).unwrap())).is_empty());
    assert!(between(Box::new(Linear::new(5).weights(He::normal()))).is_empty());
    let biased = Network::builder(5).layer(linear().biases(Normal::new(0.0, 1.0).unwrap())).layer(linear());
    assert!(tied(biased).is_empty());
}

/// A user's own layer that is called like one of ours, and is none.
#[derive(Debug)]
struct Called(&'static str);

impl Forward<f64> for Called {
    fn kind(&self) -> &'static str {
        self.0
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).param(Param::weight(1, n_in)))
    }
    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, gains: &[f64]) {
        for (x, y) in x.iter().zip(y.iter_mut()) {
            y.iter_mut().zip(x).zip(gains).for_each(|((y, x), gain)| *y = gain * x);
        }
    }
}

#[test]
fn names_say_nothing() {
    for name in ["linear", "dropout", "layer_norm", "rms_norm", "sequential", "residual", "conv2d"] {
        let network =
            Network::builder(8).layer(Linear::new(8)).layer(OneWay(Called(name))).layer(Tanh).layer(Linear::new(2));
        let forecast = Forecast::of(&network.build().unwrap(), 1.0).unwrap();
        assert_eq!(forecast.outlook(), Outlook::Unknown, "{name}: {forecast}");
        assert_eq!(forecast.regime, None, "{name}: {forecast}");
    }
    // Nor does it to what scales weights: a layer of sums may be called a lookup.
    let network = Network::builder(8).layer(OneWay(Called("embedding")));
    let mut network = network.weights(Normal::new(0.0, 3.0).unwrap()).seed(1).build().unwrap();
    let rows: Vec<f64> = (0..32 * 8).map(|i| (f64::from(i) * 0.7).sin()).collect();
    let report = Lsuv::new().apply(&mut network, Rows::new(&rows, 8).unwrap()).unwrap();
    assert_eq!(report.layers.len(), 1, "{report}");
}

/// With padding that keeps nothing but whole windows no position differs: a convolution does what a layer of as many inputs does.
#[test]
fn a_convolution_is_a_block() {
    let (weights, biases) = (1.3, 0.05);
    let start = Claimed { weights, biases };
    let mut network = Network::builder(20 * 20 * 3).weights(start).biases(start);
    for layer in 0..6 {
        let size = 20 - 2 * layer;
        network = network.layer(Conv2d::new((size, size, if layer == 0 { 3 } else { 4 }), 4, 3)).layer(Tanh);
    }
    let of = |network: &Network<f64>| Forecast::of(network, 1.0).unwrap().regime.unwrap();
    let conv = of(&network.layer(Linear::new(2)).build().unwrap());
    let linear = of(&super::stack(7, 16, "tanh", start));
    assert_eq!((conv.layer.as_str(), conv.blocks, conv.phase), ("10.conv2d", 6, linear.phase));
    for (conv, linear) in [
        (conv.chi_1, linear.chi_1),
        (conv.chi_parallel, linear.chi_parallel),
        (conv.second_moment, linear.second_moment),
        (conv.correlation_depth.unwrap(), linear.correlation_depth.unwrap()),
    ] {
        assert!((conv / linear - 1.0).abs() < 1e-12, "{conv} {linear}");
    }
}
