//! Convolutional, recurrent, attending, normalized and residual networks drawn at random: whichever of them learns gets no finding.
//!
//! Whether a network learns is decided by its score on rows it has not seen, before its report is looked at; none is left out afterwards.
//! `NETWORKS=100 cargo test --test all healthy_kinds` draws more of them.

mod common;

use std::ops::ControlFlow;

use evenkeel::*;
use rand::RngExt;

/// The digits are images of 8 x 8, or sequences of eight steps.
const SIDE: usize = 8;

/// A network of one of eight kinds, with what the kind leaves open drawn.
fn network(kind: u64, generator: &mut Generator) -> NetworkBuilder<f32> {
    let mut one_of = |choices: &[usize]| choices[generator.below(choices.len() as u64) as usize];
    let width = one_of(&[16, 32, 64]);
    let deep = one_of(&[1, 2, 3]);
    let mut builder = Network::builder(SIDE * SIDE);
    match kind {
        0 => {
            let channels = one_of(&[4, 8, 16]);
            let conv = |input| Conv2d::new((SIDE, SIDE, input), channels, 3).padding(Padding::Same);
            builder = builder.layer(conv(1)).layer(Relu).layer(conv(channels)).layer(Relu);
            builder = builder.layer(MaxPool2d::new((SIDE, SIDE, channels), 2));
        }
        1 => {
            let channels = one_of(&[4, 8, 16]);
            let conv = Conv2d::new((SIDE, SIDE, 1), channels, 3);
            builder = builder.layer(conv).layer(BatchNorm::channels(channels)).layer(Relu);
            builder = builder.layer(AveragePool2d::new((SIDE - 2, SIDE - 2, channels), 2));
        }
        2 => builder = builder.layer(Lstm::new(SIDE, SIDE, width).unwrap().last()),
        3 => builder = builder.layer(Gru::new(SIDE, SIDE, width).unwrap()),
        4 => builder = builder.layer(Rnn::new(SIDE, SIDE, width).unwrap().last()),
        5 => {
            let norm = || LayerNorm::over(SIDE);
            let inner =
                || PerStep::new(SIDE, Sequential::new().layer(Linear::new(width)).layer(Gelu).layer(Linear::new(SIDE)));
            for _ in 0..deep {
                builder = builder.layer(Residual::new().layer(norm()).layer(MultiHeadAttention::new(SIDE, 2)));
                builder = builder.layer(Residual::new().layer(norm()).layer(inner()));
            }
        }
        6 => {
            builder = builder.layer(Linear::new(width));
            for _ in 0..4 * deep {
                let branch = Residual::new().layer(LayerNorm::new()).layer(Linear::new(width)).layer(Relu);
                builder = builder.layer(branch.layer(Linear::new(width)));
            }
        }
        _ => {
            for _ in 0..deep {
                builder = builder.layer(Linear::without_bias(width)).layer(BatchNorm::new()).layer(Relu);
                builder = builder.layer(Dropout::new(0.2).unwrap());
            }
        }
    }
    builder.layer(Linear::new(10))
}

#[test]
fn whoever_learns_gets_no_finding() {
    let count = std::env::var("NETWORKS").ok().and_then(|count| count.parse().ok()).unwrap_or(16);
    let (train, test) = common::digits();
    let mut generator = Generator::named(4, "kinds of networks");
    let (mut learned, mut alarms) = (0, Vec::new());
    for seed in 0..count {
        let network = network(seed % 8, &mut generator).seed(seed).build().unwrap();
        let rate = 10_f64.powf(generator.random_range(-3.0..-2.0));
        let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(rate).unwrap());
        let mut trainer = trainer.batch(32).epochs(8).seed(seed).watch(Monitor::new()).build().unwrap();
        trainer.fit(&train, None, |_| ControlFlow::Continue(())).unwrap();
        // Eight of ten digits right.
        let learns = trainer.evaluate(&test).unwrap().accuracy.unwrap() > 0.8;
        let report = trainer.report().unwrap();
        learned += u64::from(learns);
        if learns && !report.findings.is_empty() {
            alarms.push(format!("kind {}, rate {rate}\n{report}", seed % 8));
        }
    }
    assert!(4 * learned > 3 * count, "only {learned} of {count} learned: the draws are no test");
    assert!(alarms.is_empty(), "{} of {learned} got a finding:\n{}", alarms.len(), alarms.join("\n\n"));
    println!("{learned} of {count} networks learned, none got a finding");
}
