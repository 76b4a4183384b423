//! Layers whose moments theory knows only in a limit: networks that hold them, drawn and measured.

use evenkeel::*;

use super::fill_normal;

/// How far what is measured in the mean may lie from the forecast: this many standard errors, which a Student's t of 29 degrees of freedom passes
/// with probability below 1e-8, and what the theory itself is off at that width.
const ERRORS: f64 = 8.0;

/// What was measured of a network whose first layer is the identity: mean and mean square of every output, and of the gradient by the input.
struct Seen {
    networks: u64,
    rows: usize,
    /// The mean of the input; its variance is 1.
    mean: f64,
}

impl Seen {
    /// Checks mean squares of signals and gradients of every layer.
    fn meets(&self, off: f64, build: impl Fn(u64) -> Network<f64>) {
        let input = Moments { mean: self.mean, second: 1.0 + self.mean * self.mean };
        let forecast = Forecast::builder(&build(0)).input(input).build().unwrap();
        let all: Vec<Measured> = (0..self.networks)
            .map(|seed| {
                let network = build(seed);
                let mut x = vec![0.0; self.rows * network.n_in()];
                fill_normal(&mut Generator::numbered(seed, "maps.rows", 1), self.mean, 1.0, &mut x);
                let rows = Rows::new(&x, network.n_in()).unwrap();
                Measured::of(&network, rows, OutputGradient::Random(seed)).unwrap()
            })
            .collect();
        let near = |what: &str, of: &dyn Fn(&Measured) -> f64, expected: f64| {
            let values: Vec<f64> = all.iter().map(of).collect();
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let spread = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let error = (spread / n).sqrt();
            println!("{what}: {mean:.6} +- {error:.6}, forecast {expected:.6}, off {:.4}", mean / expected - 1.0);
            let allowed = ERRORS * error + off * expected + 1e-12;
            assert!((mean - expected).abs() <= allowed, "{what}: {mean} +- {error}, not {expected}");
            assert!(error <= 0.06 * expected, "{what}: {error} says nothing of {expected}");
        };
        for (index, layer) in forecast.layers.iter().enumerate() {
            let name = &layer.name;
            near(name, &|measured| measured.layers[index].moments.second, layer.moments.unwrap().second);
            near(
                &format!("gradient by {name}"),
                &|measured| measured.layers[index].gradient.unwrap(),
                layer.gradient.unwrap(),
            );
        }
        if let Some(norm) = forecast.gradient_norm {
            // Rows have gradients of their own, which are added up.
            let of_row = |measured: &Measured| measured.gradient_norm.powi(2) / measured.output_gradient;
            near("squared norm", &|measured| of_row(measured) / self.rows as f64, norm * norm);
        }
    }
}

const FEW: Seen = Seen { networks: 30, rows: 4, mean: 0.0 };
const SHIFTED: Seen = Seen { networks: 30, rows: 4, mean: 0.5 };

/// Rows are a batch: what its size makes of the gradient is a share of 1 / rows for each layer.
#[test]
fn gradients_explode_behind_batch_normalization() {
    const DEPTH: usize = 8;
    let build = |seed| {
        let layers = (0..DEPTH).fold(Network::<f64>::builder(128).layer(Identity), |network, _| {
            network.layer(Linear::without_bias(128)).layer(BatchNorm::new()).layer(Relu)
        });
        layers.layer(Linear::without_bias(128)).weights(He::normal()).seed(seed).build().unwrap()
    };
    let forecast = Forecast::of(&build(0), 1.0).unwrap();
    // The rows' gradients add up to 0 in front of a norm: a product with what sums behind ReLU have in common, 1 / pi, does not show.
    let layer = &forecast.layers[4];
    let of_batch = layer.weight_gradient.unwrap() / layer.gradient.unwrap();
    assert!((of_batch - 0.5 * (1.0 - std::f64::consts::PI.recip())).abs() < 1e-4, "{of_batch}");
    assert!(forecast.gradient_norm.is_some());
    // Yang and others: pi / (pi - 1) for every layer behind the first, whose sums differ from row to row with all of their second moment, 2.
    let growth = std::f64::consts::PI / (std::f64::consts::PI - 1.0);
    let of = |layer: usize| forecast.layers[1 + 3 * layer].gradient.unwrap();
    for layer in 1..DEPTH {
        let found = of(layer - 1) / of(layer);
        let expected = if layer == 1 { 0.5 } else { growth };
        assert!((found / expected - 1.0).abs() < 1e-4, "{layer}: {found}, {expected}");
    }
    // (n - 2) / (n - 3) for each layer of normal numbers, and about 5 / 3 of that behind ReLU, at 128 rows: 8 layers make 8 %.
    Seen { networks: 30, rows: 128, mean: 0.0 }.meets(0.12, build);
}

/// In front of a batch norm the gradient by weights is smaller than that of single rows, by what their input has in common.
#[test]
fn weights_in_front_of_batch_normalization() {
    const ROWS: usize = 128;
    let build = |seed| {
        let network = Network::<f64>::builder(128).layer(Linear::new(128)).layer(Relu).layer(Linear::new(128));
        let network = network.layer(BatchNorm::new()).layer(Relu).layer(Linear::new(128));
        network.weights(He::normal()).seed(seed).build().unwrap()
    };
    let forecast = Forecast::of(&build(0), 1.0).unwrap();
    let all: Vec<Measured> = (0..30)
        .map(|seed| {
            let mut x = vec![0.0; ROWS * 128];
            fill_normal(&mut Generator::numbered(seed, "maps.weights", 1), 0.0, 1.0, &mut x);
            Measured::of(&build(seed), Rows::new(&x, 128).unwrap(), OutputGradient::Random(seed)).unwrap()
        })
        .collect();
    let met = |what: &str, of: &dyn Fn(&Measured) -> f64, expected: f64| {
        let mean = all.iter().map(of).sum::<f64>() / 30.0;
        let spread = all.iter().map(|measured| (of(measured) - mean).powi(2)).sum::<f64>() / 29.0;
        // The mean of a batch is off by 1 / rows of each sum, and units of 128 by as much.
        let allowed = ERRORS * (spread / 30.0).sqrt() + 0.03 * expected;
        println!("{what}: {mean} +- {}, forecast {expected}", (spread / 30.0).sqrt());
        assert!((mean - expected).abs() <= allowed, "{what}: {mean}, not {expected} +- {allowed}");
        allowed / expected
    };
    for index in [0, 2, 5] {
        let expected = forecast.layers[index].weight_gradient.unwrap();
        // The mean of so many rows' gradients, each of its own.
        let of = |measured: &Measured| measured.layers[index].weight_gradient.unwrap() * ROWS as f64;
        let allowed = met(&forecast.layers[index].name, &of, expected);
        // That of single rows is half as large again where it is not known what they have in common.
        assert!(index != 2 || allowed < 0.2, "{allowed} says nothing");
    }
    let norm = |measured: &Measured| measured.gradient_norm.powi(2) / measured.output_gradient / ROWS as f64;
    met("squared norm", &norm, forecast.gradient_norm.unwrap().powi(2));
}

/// Normalization inside of a block is known there, too.
#[test]
fn residual_blocks_with_batch_normalization() {
    let build = |seed| {
        let block =
            || Residual::new().layer(Linear::new(128)).layer(BatchNorm::new()).layer(Relu).layer(Linear::new(128));
        let network = Network::<f64>::builder(128).layer(Identity).layer(block()).layer(block()).layer(Relu);
        network.layer(Linear::new(32)).weights(He::normal()).seed(seed).build().unwrap()
    };
    Seen { networks: 30, rows: 64, mean: 0.0 }.meets(0.08, build);
}

/// Behind the first pooling pixels are what ReLU left of them, all above 0, and have that in common.
#[test]
fn images_that_are_pooled() {
    let build = |seed| {
        let network = Network::<f64>::builder(16 * 16 * 8).layer(Identity);
        let network = network.layer(Conv2d::new((16, 16, 8), 48, 3)).layer(Relu).layer(MaxPool2d::new((14, 14, 48), 2));
        let network = network.layer(Conv2d::new((7, 7, 48), 64, 2)).layer(Relu).layer(MaxPool2d::new((6, 6, 64), 2));
        network.layer(Linear::new(100)).weights(He::normal()).seed(seed).build().unwrap()
    };
    Seen { networks: 60, ..FEW }.meets(0.05, build);
}

#[test]
fn shares() {
    let build = |seed| {
        let network = Network::<f64>::builder(200).layer(Identity).layer(Linear::new(40)).layer(Softmax);
        network.weights(LeCun::normal()).seed(seed).build().unwrap()
    };
    Seen { networks: 100, rows: 20, mean: 0.0 }.meets(0.03, build);
}

/// With the identity as its recurrent weight, and with one that is drawn.
#[test]
fn plain_recurrent_layers_with_relu() {
    let build = |seed, rnn: Rnn<f64>| Network::builder(8 * 300).layer(Identity).layer(rnn).seed(seed).build().unwrap();
    let rnn = || Rnn::new(8, 300, 300).unwrap().relu();
    for seen in [FEW, SHIFTED] {
        println!("mean {}", seen.mean);
        seen.meets(0.03, |seed| build(seed, rnn()));
        seen.meets(0.03, |seed| build(seed, rnn().last()));
        seen.meets(0.03, |seed| build(seed, rnn().recurrent_weights(LeCun::normal())));
    }
    FEW.meets(0.03, |seed| build(seed, rnn().biases(Normal::new(0.1, 0.3).unwrap())));
}

/// With one draw of the weights for all steps, states have more in common than the forecast takes them to have: of an LSTM that is seen.
#[test]
fn gated_recurrent_layers() {
    fn build(seed: u64, layer: impl Layer<f64> + 'static) -> Network<f64> {
        Network::builder(8 * 200).layer(Identity).layer(layer).seed(seed).build().unwrap()
    }
    println!("lstm");
    FEW.meets(0.1, |seed| build(seed, Lstm::new(8, 200, 200).unwrap()));
    FEW.meets(0.1, |seed| build(seed, Lstm::new(8, 200, 200).unwrap().last()));
    FEW.meets(0.1, |seed| build(seed, Lstm::new(8, 200, 200).unwrap().forget_bias(3.0).unwrap()));
    FEW.meets(0.1, |seed| build(seed, Lstm::new(8, 200, 200).unwrap().weights(LeCun::normal().gain(2.0).unwrap())));
    println!("gru");
    FEW.meets(0.02, |seed| build(seed, Gru::new(8, 200, 200).unwrap()));
    FEW.meets(0.02, |seed| build(seed, Gru::new(8, 200, 200).unwrap().last()));
    FEW.meets(0.02, |seed| build(seed, Gru::new(8, 200, 200).unwrap().weights(LeCun::normal().gain(2.0).unwrap())));
}

#[test]
fn attention() {
    fn build(seed: u64, layer: MultiHeadAttention<f64>) -> Network<f64> {
        Network::builder(10 * 128).layer(Identity).layer(layer).seed(seed).build().unwrap()
    }
    let layer = |heads| MultiHeadAttention::new(128, heads);
    for seen in [FEW, SHIFTED] {
        println!("mean {}", seen.mean);
        seen.meets(0.04, |seed| build(seed, layer(2)));
        seen.meets(0.04, |seed| build(seed, layer(1).causal()));
        seen.meets(0.04, |seed| build(seed, layer(2).without_bias().weights(LeCun::normal().gain(0.5).unwrap())));
    }
}

/// What is left out is 0 and no normal number, also to a function right behind: of tanh that is as large as what is kept, of the others not. The
/// sums of 256 normal numbers have a variance that scatters by sqrt(2 / 256) of itself, and f of them a second moment that is off by half its
/// curvature times that variance, 0.4 % a layer.
#[test]
fn functions_right_behind_dropout() {
    fn build(seed: u64, mean: f64) -> Network<f64> {
        let dropout = || Dropout::new(0.4).unwrap();
        let start = Normal::new(0.0, 1.0 / 16.0).unwrap();
        let network = Network::builder(256).layer(Identity).layer(Linear::new(256)).layer(dropout()).layer(Tanh);
        let network = network.layer(Linear::new(256)).layer(dropout()).layer(Gelu);
        let network = network.layer(Linear::new(256)).layer(dropout()).layer(Sigmoid);
        let network = network.layer(Linear::new(256)).layer(dropout()).layer(Relu).layer(Linear::new(256));
        let biases = Normal::new(mean, 0.2).unwrap();
        network.weights(start).biases(biases).seed(seed).build().unwrap()
    }
    for mean in [0.0, 0.3] {
        FEW.meets(0.02, |seed| build(seed, mean));
    }
}

/// Inside of another layer, and twice in a row.
#[test]
fn functions_right_behind_dropout_inside_of_others() {
    let build = |seed| {
        let branch = || {
            let dropout = || Dropout::new(0.3).unwrap();
            let branch = Sequential::new().layer(Linear::new(256)).layer(dropout()).layer(dropout());
            branch.layer(Sigmoid).layer(Linear::new(256))
        };
        let network =
            Network::<f64>::builder(256).layer(Identity).layer(branch()).layer(Residual::new().layer(branch()));
        network.weights(LeCun::normal()).seed(seed).build().unwrap()
    };
    FEW.meets(0.02, build);
}
