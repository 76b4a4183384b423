//! What is right passes, and fails as seldom as the rate says.

use std::ops::RangeInclusive;

use evenkeel::check::strategies::{AnyActivation, AnyBlock, AnyInitializer, AnyNetwork, BlockKind, network};
use evenkeel::check::{Failure, propagation};
use evenkeel::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};

#[test]
fn what_a_network_starts_with_by_itself_passes() {
    let draw = |seed| {
        let network = Network::builder(20).layer(Linear::new(30)).layer(Relu).layer(Linear::new(40)).layer(Tanh);
        network.layer(Linear::new(3).biases(Normal::new(0.2, 0.5)?)).seed(seed).build()
    };
    propagation(draw).run().unwrap();
}

/// A whole network of everything that is followed, to be drawn from any seed.
fn of_all_kinds(variant: usize, seed: u64) -> Result<Network<f64>, Error> {
    let branch = |width: usize| Residual::new().layer(Linear::new(2 * width)).layer(Tanh).layer(Linear::new(width));
    let network = Network::builder(6 * 6 * 2).seed(seed);
    let conv = |depth: usize, units: usize| Conv2d::new((6, 6, depth), units, 3).padding(Padding::Same);
    match variant % 4 {
        0 => {
            network.layer(conv(2, 8)).layer(Tanh).layer(conv(8, 8).groups(2)).layer(Relu).layer(Linear::new(9)).build()
        }
        1 => {
            let network = network.layer(Linear::new(24)).layer(LayerNorm::new()).layer(branch(24)).layer(Gelu);
            network
                .layer(Linear::new(16))
                .layer(branch(16).scale(0.5)?)
                .layer(RmsNorm::new())
                .layer(Linear::new(3))
                .build()
        }
        2 => {
            let inner = Residual::new().layer(conv(8, 8)).layer(Relu).layer(conv(8, 8).weights(Xavier::uniform()));
            let network = network.layer(conv(2, 8)).layer(Silu).layer(inner).layer(Dropout::new(0.2)?);
            let network = network.layer(MaxPool2d::new((6, 6, 8), 2)).layer(Linear::new(12)).layer(Elu::default());
            network.layer(Linear::new(4)).build()
        }
        _ => {
            let steps = Sequential::new().layer(PerStep::new(12, Linear::new(8))).layer(Sigmoid).layer(Linear::new(20));
            let network = network.layer(steps).layer(BatchNorm::new()).layer(Softsign);
            network.layer(Linear::new(10).weights(LeCun::uniform()).biases(Normal::new(0.1, 0.3)?)).layer(Mish).build()
        }
    }
}

/// The rate of the checks that are counted.
const RATE: f64 = 0.01;

/// The least count of failures, of so many checks at that rate, that is reached with a probability of 1e-6 at the most: by a binomial
/// distribution. A check that fails for a share of `count / checks` of all networks is then found every second time.
fn too_many(checks: usize) -> usize {
    let mut of_count = (1.0 - RATE).powi(checks as i32);
    let (mut count, mut above) = (1, 1.0 - of_count);
    while above > 1e-6 {
        of_count *= (checks + 1 - count) as f64 / count as f64 * (RATE / (1.0 - RATE));
        above -= of_count;
        count += 1;
    }
    count
}

#[test]
fn what_is_too_many_is_seldom() {
    // Of 40 checks six fail with a probability of 2.9e-6, seven with 1.4e-7; of 120 nine with 3.9e-6, ten with 4.3e-7.
    assert_eq!([1, 12, 15, 30, 40, 120].map(too_many), [2, 5, 5, 6, 7, 10]);
}

/// Three draws of the check on each of four networks that have everything in them.
#[test]
fn networks_of_all_kinds_pass() {
    let fails = |case: usize| {
        let outcome = propagation(move |seed| of_all_kinds(case, seed)).rate(RATE).seed(case as u64).run();
        outcome.err().map(|failure| println!("case {case}: {failure}"))
    };
    let failed = (0..12).filter(|&case| fails(case).is_some()).count();
    assert!(failed < too_many(12), "{failed} of 12");
}

/// Holds that networks that a property test draws fail the check as seldom as its rate says; it prints which. `NETWORKS` draws more of them.
fn hold(usual: usize, widths: RangeInclusive<usize>, hidden: RangeInclusive<usize>) {
    let asked = std::env::var("NETWORKS").ok().and_then(|count| count.parse().ok());
    let count = asked.unwrap_or(usual);
    let config = ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let drawn = (0..count).map(|_| network(widths.clone(), hidden.clone()).new_tree(&mut runner).unwrap().current());
    let fails = |(seed, network): &(usize, AnyNetwork)| {
        let weights = network.weights.initializer();
        let check = propagation(|seed| network.build(seed)).weights(&weights).rate(RATE).seed(*seed as u64);
        check.run().map_err(|failure| println!("{seed}, {network:?}: {failure}")).is_err()
    };
    let failed = drawn.enumerate().filter(fails).count();
    assert!(failed < too_many(count), "{failed} of {count}");
}

/// Everything that is drawn.
#[test]
fn drawn_networks_fail_as_seldom_as_the_rate_says() {
    hold(40, 4..=24, 0..=4);
}

/// The narrowest of all, down to a single unit, which need thousands of draws.
#[test]
fn narrow_networks_fail_as_seldom_as_the_rate_says() {
    hold(15, 1..=5, 0..=3);
}

/// Values that are normalized by few are not normal, and right for that.
#[test]
fn narrow_norms_pass() {
    let of = |units: usize, activation: AnyActivation, kind: BlockKind| AnyBlock { units, activation, kind };
    let rms = of(4, AnyActivation::Mish, BlockKind::RmsNorm);
    let layer = of(12, AnyActivation::Selu, BlockKind::LayerNorm);
    for (first, second) in [
        (rms, of(13, AnyActivation::Selu, BlockKind::BatchNorm)),
        (layer, of(21, AnyActivation::Elu, BlockKind::BatchNorm)),
    ] {
        let drawn = AnyNetwork { n_in: 9, hidden: vec![first, second], n_out: 5, weights: AnyInitializer::LeCunNormal };
        let weights = drawn.weights.initializer();
        for seed in 0..4 {
            propagation(|seed| drawn.build(seed)).weights(&weights).rate(1e-6 / 8.0).seed(seed).run().unwrap();
        }
    }
}

#[test]
fn what_is_right_fails_as_seldom_as_the_rate_says() {
    // A rate of 1/2 is shared by mean and variance of the sums of one layer and of its weights, each with a probability that is doubled. If all four
    // were independent one of them would fail with probability 1 - (15 / 16)^4 = 0.228, and if those of the sums were those of the weights,
    // 1 - (15 / 16)^2 = 0.121: so 24 to 46 of 200 calls are expected to, with a standard deviation of 4.6 or 5.9; here are five of these, to
    // either side (below 1e-6).
    let draw = |seed| Network::builder(8).layer(Linear::new(32)).seed(seed).build();
    let failed = (0..200).filter(|&seed| propagation(draw).rate(0.5).seed(seed).run().is_err()).count();
    assert!((2..=75).contains(&failed), "{failed} of 200");
}

#[test]
fn nothing_to_judge_is_no_success() {
    // What a softmax makes of its inputs hangs together.
    let failure = propagation(|_| Network::builder(3).layer(Softmax).build()).run().unwrap_err();
    assert!(matches!(failure, Failure::Broken { .. }), "{failure}");
}

#[test]
fn a_network_that_begins_with_a_lookup_is_given_indices() {
    let draw = |seed| {
        let words = Sequential::new().layer(Embedding::new(50, 6)).layer(Dropout::new(0.1)?);
        Network::builder(4).layer(words).layer(Linear::new(8)).layer(Tanh).layer(Linear::new(2)).seed(seed).build()
    };
    let report = propagation(draw).report().unwrap();
    assert!(report.by_signal.contains(&"0.sequential.0.embedding".to_owned()), "{report}");
    // And rows of one's own: no index, and few of them.
    let refused = propagation(draw).rows(|_, x| x.fill(0.5)).run().unwrap_err();
    assert!(matches!(refused, Failure::Network(Error::Layer { .. })), "{refused}");
    propagation(draw).rows(|generator, x| x.fill_with(|| generator.below(3) as f64)).run().unwrap();
}
