//! Networks drawn at random: whichever of them learns gets no finding.
//!
//! Whether a network learns is decided by its own score, before its report is looked at; none is left out afterwards. The number of
//! networks can be raised: `NETWORKS=300 cargo test --test all healthy_at_random`.

mod common;

use std::ops::ControlFlow;

use evenkeel::*;
use rand::RngExt;

/// What is drawn of a network.
#[derive(Debug)]
struct Draw {
    classifies: bool,
    depth: usize,
    width: usize,
    activation: u64,
    optimizer: u64,
    rate: f64,
    batch: usize,
    seed: u64,
}

impl Draw {
    fn new(generator: &mut Generator, seed: u64) -> Self {
        let mut one_of = |choices: &[usize]| choices[generator.below(choices.len() as u64) as usize];
        let (depth, width, batch) =
            (1 + one_of(&[0, 1, 2, 3, 5, 7]), one_of(&[8, 16, 32, 64, 128]), one_of(&[1, 4, 16, 32, 128]));
        let (activation, optimizer) = (generator.below(10), generator.below(3));
        // A deep sigmoid network does not learn.
        let depth = if activation == 9 { depth.min(3) } else { depth };
        let rate = 10_f64.powf(generator.random_range(-3.5..-0.5));
        Self { classifies: generator.random(), depth, width, activation, optimizer, rate, batch, seed }
    }

    fn activation(&self) -> Box<dyn Layer<f32>> {
        match self.activation {
            0 => Box::new(Relu),
            1 => Box::new(Tanh),
            2 => Box::new(Gelu),
            3 => Box::new(Silu),
            4 => Box::new(Elu::default()),
            5 => Box::new(Selu),
            6 => Box::new(LeakyRelu::default()),
            7 => Box::new(Mish),
            8 => Box::new(Softsign),
            _ => Box::new(Sigmoid),
        }
    }

    /// Whether it learned, and its report.
    fn train(&self) -> (bool, StabilityReport) {
        if self.classifies {
            self.train_on(common::digits(), (64, 10), SoftmaxCrossEntropy::new())
        } else {
            self.train_on(common::waves(), (3, 1), MeanSquared::new())
        }
    }

    fn train_on(
        &self,
        (train, test): (Dataset<f32>, Dataset<f32>),
        (n_in, n_out): (usize, usize),
        loss: impl Loss<f32> + 'static,
    ) -> (bool, StabilityReport) {
        let mut network = Network::builder(n_in).seed(self.seed);
        for _ in 0..self.depth {
            network = network.layer(Linear::new(self.width)).boxed(self.activation());
        }
        let network = network.layer(Linear::new(n_out)).build().unwrap();
        let trainer = match self.optimizer {
            0 => Trainer::builder(network, loss, Adam::new(self.rate / 10.0).unwrap()),
            1 => Trainer::builder(network, loss, Sgd::new(self.rate / 3.0).unwrap().momentum(0.9).unwrap()),
            _ => Trainer::builder(network, loss, Sgd::new(self.rate).unwrap()),
        };
        let epochs = if self.batch == 1 { 4 } else { 20 };
        let trainer = trainer.batch(self.batch).epochs(epochs).seed(self.seed).watch(Monitor::new());
        let mut trainer = trainer.build().unwrap();
        let finished = trainer.fit(&train, None, |_| ControlFlow::Continue(())).is_ok();
        let score = trainer.evaluate(&test).unwrap();
        // Eight of ten digits right; or less than a third of the targets' variance left.
        let good = score.accuracy.map_or(score.loss < 0.3, |accuracy| accuracy > 0.8);
        (finished && good, trainer.report().unwrap())
    }
}

#[test]
fn whoever_learns_gets_no_finding() {
    let count = std::env::var("NETWORKS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let mut generator = Generator::named(12, "networks");
    let mut learned = 0;
    let mut alarms = Vec::new();
    for seed in 0..count {
        let draw = Draw::new(&mut generator, seed);
        let (learns, report) = draw.train();
        learned += u64::from(learns);
        if learns && !report.findings.is_empty() {
            alarms.push(format!("{draw:?}\n{report}"));
        }
    }
    assert!(2 * learned > count, "only {learned} of {count} learned: the draws are no test");
    assert!(alarms.is_empty(), "{} of {learned} got a finding:\n{}", alarms.len(), alarms.join("\n\n"));
    println!("{learned} of {count} networks learned, none got a finding");
}
