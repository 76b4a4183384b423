//! Whole networks: right ones pass, at every depth, and a wrong factor in one initializer is found where it is.

use evenkeel::check::strategies::{AnyActivation, AnyBlock, AnyInitializer, AnyNetwork, network};
use evenkeel::check::{Failure, propagation};
use evenkeel::*;
use proptest::prelude::*;

#[test]
fn what_a_network_starts_with_by_itself_passes() {
    let draw = |seed| {
        let network = Network::builder(20).layer(Linear::new(30)).layer(Relu).layer(Linear::new(40)).layer(Tanh);
        network.layer(Linear::new(3).biases(Normal::new(0.2, 0.5)?)).seed(seed).build()
    };
    propagation(draw).run().unwrap();
}

#[test]
fn drawn_networks_pass() {
    // The rate is that of all cases together.
    let rate = 1e-6 / 24.0;
    proptest!(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() },
    |(network in network(1..=24, 0..=3), seed in any::<u64>())| {
        let weights = network.weights.initializer();
        let outcome = propagation(|seed| network.build(seed)).weights(&weights).rate(rate).seed(seed).run();
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    });
}

/// He's claim, with weights multiplied and moved.
#[derive(Debug)]
struct Planted {
    factor: f64,
    mean: f64,
}

impl Initializer<f64> for Planted {
    fn fill(&self, param: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
        He::normal().fill(param, out, rng)?;
        out.iter_mut().for_each(|w| *w = self.factor * *w + self.mean);
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        Initializer::<f64>::moments(&He::normal(), param)
    }
}

fn outcome(factor: f64, mean: f64) -> Result<(), Failure> {
    let draw = move |seed| {
        let network = Network::builder(16).layer(Linear::new(32)).layer(Relu);
        network
            .layer(Linear::new(24).weights(Planted { factor, mean }))
            .layer(Relu)
            .layer(Linear::new(4))
            .seed(seed)
            .build()
    };
    propagation(draw).run()
}

#[test]
fn planted_mistakes_are_found_in_their_layer() {
    outcome(1.0, 0.0).unwrap();
    // Half and twice the variance, a third of it (the missing sqrt(3)), and weights off centre.
    for (factor, mean) in [(0.5_f64.sqrt(), 0.0), (2.0_f64.sqrt(), 0.0), ((1.0 / 3.0_f64).sqrt(), 0.0), (1.0, 0.1)] {
        let failure = outcome(factor, mean).unwrap_err();
        let Failure::Unlikely { what, probability, .. } = &failure else { panic!("{failure}") };
        assert!(what.contains("2.linear") && *probability < 1e-9, "{failure}");
    }
}

#[test]
fn a_claim_for_the_wrong_fan_is_refused() {
    // Same network, 2 / n_in against 2 / (n_in + n_out).
    let hidden = vec![AnyBlock::plain(48, AnyActivation::Relu)];
    let drawn = AnyNetwork { n_in: 16, hidden, n_out: 16, weights: AnyInitializer::HeNormal };
    let failure = propagation(|seed| drawn.build(seed)).weights(&Xavier::normal()).run().unwrap_err();
    assert!(failure.to_string().contains("0.linear"), "{failure}");
}

#[test]
fn what_is_right_fails_as_seldom_as_the_rate_says() {
    // A rate of 1/2 is shared by mean and variance of one layer, each with a probability that is doubled: one of the two fails with
    // probability 1 - (7 / 8)^2 = 0.234. So 23 of 100 calls are expected to, with a standard deviation of 4.2; here are five and more,
    // to either side (below 1e-6).
    let draw = |seed| Network::builder(8).layer(Linear::new(32)).seed(seed).build();
    let failed = (0..100).filter(|&seed| propagation(draw).rate(0.5).seed(seed).run().is_err()).count();
    assert!((2..=46).contains(&failed), "{failed} of 100");
}

#[test]
fn nothing_to_judge_is_no_success() {
    let failure = propagation(|_| Network::builder(3).layer(Tanh).build()).run().unwrap_err();
    assert!(matches!(failure, Failure::Broken { .. }), "{failure}");
}
