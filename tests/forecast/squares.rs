//! The squares of the gradients by every parameter of layers that theory knows only in a limit.

use evenkeel::*;

use super::fill_normal;

/// How many standard errors a mean over the networks may be off, as in `maps`.
const ERRORS: f64 = 8.0;
const ROWS: usize = 4;
const NETWORKS: u64 = 30;

/// The inputs: normal numbers of variance 1, of that mean; or indices below that count.
#[derive(Debug, Clone, Copy)]
enum Input {
    Mean(f64),
    Below(usize),
}

impl Input {
    fn moments(self) -> Moments {
        match self {
            Self::Mean(mean) => Moments { mean, second: 1.0 + mean * mean },
            Self::Below(_) => Moments { mean: 0.0, second: 1.0 },
        }
    }

    fn fill(self, generator: &mut Generator, x: &mut [f64]) {
        match self {
            Self::Mean(mean) => fill_normal(generator, mean, 1.0, x),
            Self::Below(count) => x.iter_mut().for_each(|x| *x = generator.below(count as u64) as f64),
        }
    }
}

/// The sums of squares of the gradients by the parameters, over the rows, where those by the outputs are normal numbers of variance 1.
fn measured(network: &Network<f64>, input: Input, seed: u64) -> Vec<f64> {
    let mut generator = Generator::numbered(seed, "squares", 1);
    let mut x = vec![0.0; ROWS * network.n_in()];
    input.fill(&mut generator, &mut x);
    let mut workspace = network.workspace(ROWS).unwrap();
    let rows = Rows::new(&x, network.n_in()).unwrap();
    let mut targets = network.forward(rows, Mode::Train, &mut workspace).unwrap().data().to_vec();
    let mut by_output = vec![0.0; targets.len()];
    fill_normal(&mut generator, 0.0, 1.0, &mut by_output);
    targets.iter_mut().zip(&by_output).for_each(|(target, by_output)| *target -= by_output);
    // The derivative of the mean of squares is twice the difference over their number.
    let scale = targets.len() as f64 / 2.0;
    network
        .loss(&MeanSquared::new(), Targets::Values(Rows::new(&targets, network.n_out()).unwrap()), &mut workspace)
        .unwrap();
    network.backward(&mut workspace).unwrap();
    let slots = network.layout().slots().iter();
    slots.map(|slot| workspace.gradients()[slot.range.clone()].iter().map(|g| (scale * g).powi(2)).sum()).collect()
}

/// Checks every parameter of the first layer; `off` is what the theory itself is off at that width.
fn meets(input: Input, off: f64, build: impl Fn(u64) -> Network<f64>) {
    let network = build(0);
    let layer = network.layers().next().unwrap();
    let plan = layer.plan(network.n_in()).unwrap();
    let weights: Vec<InitMoments> = network.init_moments().map(Option::unwrap).collect();
    let expected = layer.gradient_squares(&plan, input.moments(), &weights).unwrap();
    let all: Vec<Vec<f64>> = (0..NETWORKS).map(|seed| measured(&build(seed), input, seed)).collect();
    let mut failed = Vec::new();
    for (index, (slot, expected)) in network.layout().slots().iter().zip(expected).enumerate() {
        let of: Vec<f64> = all.iter().map(|squares| squares[index] / ROWS as f64).collect();
        let count = NETWORKS as f64;
        let mean = of.iter().sum::<f64>() / count;
        let spread = of.iter().map(|square| (square - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let error = (spread / count).sqrt();
        let name = &slot.param.name;
        println!("{name}: {mean:.4} +- {error:.4}, expected {expected:.4}, off {:.4}", mean / expected - 1.0);
        if (mean - expected).abs() > ERRORS * error + off * expected {
            failed.push(format!("{name}: {mean} +- {error}, not {expected}"));
        }
        assert!(error <= 0.04 * expected, "{name}: {error} says nothing of {expected}");
    }
    assert!(failed.is_empty(), "{failed:?}");
}

fn alone(n_in: usize, seed: u64, layer: impl Layer<f64> + 'static) -> Network<f64> {
    Network::builder(n_in).layer(layer).seed(seed).build().unwrap()
}

const INPUTS: [Input; 2] = [Input::Mean(0.0), Input::Mean(0.5)];

#[test]
fn embeddings() {
    // Of 40 words and 30 positions most are looked up again.
    meets(Input::Below(40), 0.0, |seed| alone(30, seed, Embedding::new(40, 16)));
}

#[test]
fn plain_recurrent_layers() {
    for input in INPUTS {
        println!("{input:?}");
        let rnn = || Rnn::new(8, 200, 200).unwrap();
        println!("tanh");
        meets(input, 0.02, |seed| alone(8 * 200, seed, rnn()));
        meets(input, 0.02, |seed| alone(8 * 200, seed, rnn().last()));
        meets(input, 0.02, |seed| alone(8 * 200, seed, rnn().recurrent_weights(Orthogonal::default())));
        meets(input, 0.02, |seed| alone(8 * 200, seed, rnn().biases(Normal::new(0.1, 0.3).unwrap())));
        println!("relu");
        meets(input, 0.02, |seed| alone(8 * 200, seed, rnn().relu().recurrent_weights(LeCun::normal())));
    }
}

/// With the identity as its recurrent weight: gradients of different steps have much in common.
#[test]
fn recurrent_layers_that_copy_their_state() {
    for input in INPUTS {
        println!("{input:?}");
        let rnn = || Rnn::new(8, 200, 200).unwrap().relu();
        meets(input, 0.03, |seed| alone(8 * 200, seed, rnn()));
        meets(input, 0.03, |seed| alone(8 * 200, seed, rnn().last()));
        meets(input, 0.03, |seed| alone(8 * 200, seed, rnn().biases(Normal::new(0.1, 0.3).unwrap())));
    }
}

#[test]
fn long_short_term_memory() {
    for input in INPUTS {
        let lstm = || Lstm::new(8, 200, 200).unwrap();
        println!("{input:?}");
        meets(input, 0.1, |seed| alone(8 * 200, seed, lstm()));
        println!("last");
        meets(input, 0.1, |seed| alone(8 * 200, seed, lstm().last()));
        println!("forget bias 3");
        meets(input, 0.1, |seed| alone(8 * 200, seed, lstm().forget_bias(3.0).unwrap()));
        println!("large weights");
        meets(input, 0.1, |seed| alone(8 * 200, seed, lstm().weights(LeCun::normal().gain(2.0).unwrap())));
        println!("biases");
        meets(input, 0.1, |seed| alone(8 * 200, seed, lstm().biases(Normal::new(0.5, 0.2).unwrap())));
    }
}

#[test]
fn gated_recurrent_units() {
    for input in INPUTS {
        let gru = || Gru::new(8, 200, 200).unwrap();
        println!("{input:?}");
        meets(input, 0.05, |seed| alone(8 * 200, seed, gru()));
        println!("last");
        meets(input, 0.05, |seed| alone(8 * 200, seed, gru().last()));
        println!("large weights");
        meets(input, 0.05, |seed| alone(8 * 200, seed, gru().weights(LeCun::normal().gain(2.0).unwrap())));
        println!("biases");
        meets(input, 0.05, |seed| alone(8 * 200, seed, gru().biases(Normal::new(0.5, 0.2).unwrap())));
    }
}

#[test]
fn attention() {
    for input in INPUTS {
        println!("{input:?}");
        let layer = |heads| MultiHeadAttention::new(128, heads);
        meets(input, 0.04, |seed| alone(10 * 128, seed, layer(2)));
        meets(input, 0.04, |seed| alone(10 * 128, seed, layer(1).causal()));
        let wide = || layer(2).without_bias().weights(LeCun::normal().gain(0.5).unwrap());
        meets(input, 0.04, |seed| alone(10 * 128, seed, wide()));
        meets(input, 0.04, |seed| alone(10 * 128, seed, layer(2).biases(Normal::new(0.1, 0.3).unwrap())));
    }
}
