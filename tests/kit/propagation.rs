//! Whole networks: right ones pass, at every depth, and a wrong factor in one initializer is found where it is.

use evenkeel::check::strategies::{AnyActivation, AnyBlock, AnyInitializer, AnyNetwork, BlockKind, network};
use evenkeel::check::{Failure, propagation};
use evenkeel::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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

/// Three draws of the check on each of four networks that have everything in them, at a rate of 1 % a call: 0.12 are expected to fail at the
/// most, and five or more once in five million.
#[test]
fn networks_of_all_kinds_pass() {
    let fails = |case: usize| {
        let outcome = propagation(move |seed| of_all_kinds(case, seed)).rate(0.01).seed(case as u64).run();
        outcome.err().map(|failure| println!("case {case}: {failure}"))
    };
    let failed = (0..12).filter(|&case| fails(case).is_some()).count();
    assert!(failed <= 4, "{failed} of 12");
}

/// Norms of a few units are far from what moments say of wide ones: those are drawn in the test above.
fn is_without_norms(network: &AnyNetwork) -> bool {
    network.hidden.iter().all(|block| matches!(block.kind, BlockKind::Plain | BlockKind::Dropout))
}

#[test]
fn drawn_networks_pass() {
    // The rate is that of all cases together.
    let rate = 1e-6 / 320.0;
    proptest!(ProptestConfig { cases: 320, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() },
    |(network in network(6..=24, 0..=3), seed in any::<u64>())| {
        prop_assume!(is_without_norms(&network));
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

/// The narrowest of all, down to a single unit.
#[test]
fn narrow_networks_pass() {
    let rate = 1e-6 / 12.0;
    proptest!(ProptestConfig { cases: 12, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() },
    |(network in network(1..=5, 0..=3), seed in any::<u64>())| {
        prop_assume!(is_without_norms(&network));
        let weights = network.weights.initializer();
        let outcome = propagation(|seed| network.build(seed)).weights(&weights).rate(rate).seed(seed).run();
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    });
}

/// The layer that a check names, and how unlikely it finds that.
fn named(draw: impl Fn(u64) -> Result<Network<f64>, Error>) -> String {
    let failure = propagation(draw).run().unwrap_err();
    let Failure::Unlikely { what, probability, expected, found, .. } = &failure else { panic!("{failure}") };
    assert!(*probability < 1e-9 && expected != found, "{failure}");
    what.clone()
}

const HALF: Planted = Planted { factor: std::f64::consts::FRAC_1_SQRT_2, mean: 0.0 };

#[test]
fn a_missing_factor_is_found_in_a_convolution() {
    let what = named(|seed| {
        let network =
            Network::builder(5 * 5 * 3).layer(Conv2d::new((5, 5, 3), 8, 3).padding(Padding::Same)).layer(Relu);
        let conv = Conv2d::new((5, 5, 8), 6, 3).padding(Padding::Same).weights(HALF);
        network.layer(conv).layer(Relu).layer(Linear::new(4)).seed(seed).build()
    });
    assert!(what.contains("2.conv2d"), "{what}");
}

#[test]
fn a_missing_factor_is_found_inside_of_other_layers() {
    let what = named(|seed| {
        let branch = Residual::new().layer(Relu).layer(Linear::new(16).weights(HALF));
        let block = Sequential::new().layer(LayerNorm::new()).layer(branch.scale(0.5)?);
        Network::builder(9).layer(Linear::new(16)).layer(block).layer(Linear::new(4)).seed(seed).build()
    });
    assert!(what.contains("1.sequential.1.residual.1.linear"), "{what}");
    let what = named(|seed| {
        let conv = |units: usize| Conv2d::new((4, 4, 8), units, 3).padding(Padding::Same);
        let block = Residual::new().layer(conv(8)).layer(Relu).layer(conv(8).weights(HALF));
        let first = Conv2d::new((4, 4, 2), 8, 3).padding(Padding::Same);
        Network::builder(4 * 4 * 2).layer(first).layer(block).layer(Linear::new(4)).seed(seed).build()
    });
    assert!(what.contains("1.residual.2.conv2d"), "{what}");
}

/// Twice its input; of its second moment it says less.
#[derive(Debug)]
struct Doubled {
    claimed: f64,
}

impl Layer<f64> for Doubled {
    fn kind(&self) -> &'static str {
        "doubled"
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in))
    }
    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        y.data_mut().iter_mut().zip(x.data()).for_each(|(y, x)| *y = 2.0 * x);
        Ok(())
    }
    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        if let Some(mut dx) = dx {
            dx.data_mut().iter_mut().zip(dy.data()).for_each(|(dx, dy)| *dx = 2.0 * dy);
        }
    }
    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        let y = Moments { mean: 2.0 * x.mean, second: self.claimed * x.second };
        Some(Propagated { y, back: Some(4.0) })
    }
}

/// ReLU with a quarter too much said of its second moment.
#[derive(Debug)]
struct Boast;

impl Activation for Boast {
    fn name(&self) -> &'static str {
        "boast"
    }
    fn value<T: Float>(&self, x: T) -> T {
        Relu.value(x)
    }
    fn slope<T: Float>(&self, x: T, y: T) -> T {
        Relu.slope(x, y)
    }
    fn expectations(&self, mean: f64, variance: f64) -> Expectations {
        let right = Relu.expectations(mean, variance);
        Expectations { second: 1.25 * right.second, ..right }
    }
}

#[test]
fn a_wrong_map_is_found_in_a_layer_of_ones_own() {
    let draw = |claimed: f64| {
        move |seed| {
            let network = Network::builder(9).layer(Linear::new(24)).layer(Doubled { claimed }).layer(Linear::new(4));
            network.seed(seed).build()
        }
    };
    propagation(draw(4.0)).run().unwrap();
    assert!(named(draw(2.0)).contains("mean square of 1.doubled"));
    let boast = named(|seed| {
        let network = Network::builder(9).layer(Linear::new(24)).layer(Boast).layer(Linear::new(4));
        network.seed(seed).build()
    });
    assert!(boast.contains("mean square of 1.boast"), "{boast}");
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
    // What a softmax makes of its inputs hangs together.
    let failure = propagation(|_| Network::builder(3).layer(Softmax).build()).run().unwrap_err();
    assert!(matches!(failure, Failure::Broken { .. }), "{failure}");
}
