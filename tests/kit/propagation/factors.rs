//! A wrong factor in one initializer is found where it is.

use evenkeel::check::strategies::{AnyActivation, AnyBlock, AnyInitializer, AnyNetwork};
use evenkeel::check::{Failure, propagation};
use evenkeel::*;

use super::named;

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

#[test]
fn a_claim_for_the_wrong_fan_is_refused() {
    // Same network, 2 / n_in against 2 / (n_in + n_out).
    let hidden = vec![AnyBlock::plain(48, AnyActivation::Relu)];
    let drawn = AnyNetwork { n_in: 16, hidden, n_out: 16, weights: AnyInitializer::HeNormal };
    let failure = propagation(|seed| drawn.build(seed)).weights(&Xavier::normal()).run().unwrap_err();
    assert!(failure.to_string().contains("0.linear"), "{failure}");
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
