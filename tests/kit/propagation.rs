//! Whole networks: right ones pass, at every depth, and a wrong factor in one initializer is found where it is.

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

/// How many of so many networks that a property test draws fail the check at a rate of 1 %; it prints which.
fn failing(cases: usize, widths: std::ops::RangeInclusive<usize>, hidden: std::ops::RangeInclusive<usize>) -> usize {
    let config = ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() };
    let mut runner = TestRunner::new(config);
    let drawn = (0..cases).map(|_| network(widths.clone(), hidden.clone()).new_tree(&mut runner).unwrap().current());
    let fails = |(seed, network): (usize, AnyNetwork)| {
        let weights = network.weights.initializer();
        let check = propagation(|seed| network.build(seed)).weights(&weights).rate(0.01).seed(seed as u64);
        check.run().map_err(|failure| println!("{seed}, {network:?}: {failure}")).is_err()
    };
    drawn.enumerate().filter(|case| fails(case.clone())).count()
}

/// Everything that is drawn, at a rate of 1 %: of 120 networks 1.2 are expected to fail at the most, and ten or more with a probability of 5e-7 at
/// the most, that of a binomial distribution.
#[test]
fn drawn_networks_fail_as_seldom_as_the_rate_says() {
    let failed = failing(120, 4..=24, 0..=4);
    assert!(failed < 10, "{failed} of 120");
}

/// The narrowest of all, down to a single unit, which need thousands of networks: of 30, seven or more fail with a probability of 2e-8.
#[test]
fn narrow_networks_fail_as_seldom_as_the_rate_says() {
    let failed = failing(30, 1..=5, 0..=3);
    assert!(failed < 7, "{failed} of 30");
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

/// A wrong factor of 2 in an initializer is found, whatever the layer makes of its weights.
#[test]
fn a_wrong_factor_is_found_in_layers_whose_signal_is_not_followed() {
    const TWICE: Planted = Planted { factor: 2.0, mean: 0.0 };
    type Draw = fn(f64, u64) -> Result<Network<f64>, Error>;
    let cases: [(&str, Draw); 5] = [
        ("0.rnn", |factor, seed| {
            let rnn = Rnn::new(4, 3, 6)?.weights(Planted { factor, ..TWICE });
            Network::builder(12).layer(rnn).layer(Linear::new(2)).seed(seed).build()
        }),
        ("0.lstm", |factor, seed| {
            let lstm = Lstm::new(4, 3, 6)?.recurrent_weights(Planted { factor, ..TWICE });
            Network::builder(12).layer(lstm).layer(Linear::new(2)).seed(seed).build()
        }),
        ("0.gru", |factor, seed| {
            let gru = Gru::new(4, 3, 6)?.weights(Planted { factor, ..TWICE });
            Network::builder(12).layer(Sequential::new().layer(gru)).layer(Linear::new(2)).seed(seed).build()
        }),
        ("0.multi_head_attention", |factor, seed| {
            let attention = MultiHeadAttention::new(4, 2).weights(Planted { factor, ..TWICE });
            Network::builder(12).layer(attention).layer(Linear::new(2)).seed(seed).build()
        }),
        ("0.embedding", |factor, seed| {
            let embedding = Embedding::new(7, 5).weights(Planted { factor, ..TWICE });
            Network::builder(3).layer(embedding).layer(Linear::new(2)).seed(seed).build()
        }),
    ];
    for (name, draw) in cases {
        propagation(|seed| draw(1.0, seed)).rate(1e-6 / 5.0).run().unwrap();
        for factor in [2.0, 0.5] {
            let what = named(|seed| draw(factor, seed));
            assert!(what.contains(name.trim_start_matches("0.")), "{name}: {what}");
        }
    }
}

/// Weights of a mean that is not 0, in a convolution: claimed, and drawn twice as large.
#[derive(Debug)]
struct OffCentre {
    factor: f64,
}

impl Initializer<f64> for OffCentre {
    fn fill(&self, param: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
        Normal::new(0.05, 0.2)?.fill(param, out, rng)?;
        out.iter_mut().for_each(|w| *w *= self.factor);
        Ok(())
    }
    fn moments(&self, _: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: 0.05, variance: 0.04, kurtosis: Some(3.0) })
    }
}

#[test]
fn a_wrong_factor_is_found_in_a_convolution_off_centre() {
    let draw = |factor: f64| {
        move |seed| {
            let conv = Conv2d::new((4, 4, 2), 3, 3).weights(OffCentre { factor });
            Network::builder(32).layer(conv).layer(Linear::new(2)).seed(seed).build()
        }
    };
    let report = propagation(draw(1.0)).report().unwrap();
    assert_eq!(report.not_by_signal, ["0.conv2d"]);
    assert!(named(draw(2.0)).contains("0.conv2d.weight"));
}

/// What leaves little to chance, or nothing, is held to just that.
#[test]
fn numbers_that_hang_together_are_judged_by_what_they_leave_to_chance() {
    let draw = |weights: std::sync::Arc<dyn Initializer<f64>>| {
        move |seed| {
            Network::builder(12)
                .layer(Linear::new(12).weights(weights.clone()))
                .layer(Relu)
                .layer(Linear::new(12).weights(weights.clone()))
                .seed(seed)
                .build()
        }
    };
    type Scaled = fn(f64) -> std::sync::Arc<dyn Initializer<f64>>;
    let scaled: [Scaled; 4] = [
        |factor| std::sync::Arc::new(Claims(factor, Orthogonal::default())),
        |factor| std::sync::Arc::new(Claims(factor, Sparse::new(3, 1.0).unwrap())),
        |factor| std::sync::Arc::new(Claims(factor, Eye::default())),
        |factor| std::sync::Arc::new(Claims(factor, Constant::new(0.3).unwrap())),
    ];
    for weights in scaled {
        propagation(draw(weights(1.0))).rate(1e-6 / 4.0).run().unwrap();
        for factor in [2.0, 0.5] {
            let failure = propagation(draw(weights(factor))).run().unwrap_err();
            assert!(failure.to_string().contains(".linear"), "{failure}");
        }
    }
    // A digit is enough where nothing is left to chance.
    let failure = propagation(draw(std::sync::Arc::new(Claims(1.000_01, Orthogonal::default())))).run().unwrap_err();
    assert!(matches!(&failure, Failure::Broken { what, .. } if what.contains("0.linear.weight")), "{failure}");
}

/// Draws what another initializer draws, times a factor that it keeps to itself.
#[derive(Debug)]
struct Claims<I>(f64, I);

impl<I: Initializer<f64>> Initializer<f64> for Claims<I> {
    fn fill(&self, param: &Param, out: &mut [f64], rng: &mut Generator) -> Result<(), Error> {
        self.1.fill(param, out, rng)?;
        out.iter_mut().for_each(|w| *w *= self.0);
        Ok(())
    }
    fn moments(&self, param: &Param) -> Option<InitMoments> {
        self.1.moments(param)
    }
    fn draws(&self, param: &Param) -> Draws {
        self.1.draws(param)
    }
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

/// The mean of neighbours, as a user may write it: what it is judged by hangs on what it says of itself, not on its name.
#[derive(Debug)]
struct Pairs {
    kind: &'static str,
    structure: Structure,
}

impl Layer<f64> for Pairs {
    fn kind(&self) -> &'static str {
        self.kind
    }
    fn structure(&self) -> Structure {
        self.structure
    }
    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in / 2))
    }
    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, _: &mut Pass<'_, f64>) -> Result<(), Error> {
        y.data_mut().iter_mut().zip(x.data().chunks(2)).for_each(|(y, x)| *y = (x[0] + x[1]) / 2.0);
        Ok(())
    }
    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        _: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
    }
    fn moments(&self, _: &Plan, x: Moments, _: &[InitMoments]) -> Option<Propagated> {
        let y = Moments { mean: x.mean, second: x.mean * x.mean + x.variance() / 2.0 };
        Some(Propagated { y, back: None })
    }
}

#[test]
fn names_do_not_decide_what_is_judged() {
    let judged = |kind: &'static str, structure: Structure| {
        let draw = move |seed| {
            let network = Network::builder(9).layer(Linear::new(64)).layer(Pairs { kind, structure });
            network.layer(Linear::new(4)).seed(seed).build()
        };
        propagation(draw).report().unwrap().by_signal.contains(&format!("1.{kind}"))
    };
    for kind in ["pairs", "average_pool2d", "identity", "softmax"] {
        assert!(!judged(kind, Structure::Joint) && judged(kind, Structure::Other), "{kind}");
    }
}
