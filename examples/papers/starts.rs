//! Results that hold at the start: nothing is trained.

use evenkeel::*;

use crate::common::Failure;
use crate::stack::{Recorder, Sample, pass};
use crate::{Row, SIGMAS};

/// The forecast of how the mean square behind the last layer scatters.
fn at_the_end(network: &Network<f64>) -> Result<Spread, Failure> {
    let forecast = Forecast::of(network, 1.0)?;
    Ok(forecast.layers.last().and_then(|layer| layer.spread).ok_or("theory gives no bars")?)
}

/// What the forecast says the mean square of the gradient by the output of layer `to` is, relative to that of layer `from`.
fn gradient_growth(forecast: &Forecast, to: usize, from: usize) -> Result<f64, Failure> {
    let gradient = |index: usize| forecast.layers[index].gradient.ok_or("theory gives no gradient");
    Ok(gradient(to)? / gradient(from)?)
}

/// Hanin and Rolnick 2018: how far networks of one kind differ is exponential in the sum of 1 / width.
pub fn hanin() -> Result<Vec<Row>, Failure> {
    let (depth, nets) = (30, 600);
    let mut rows = Vec::new();
    for n in [8, 16, 32, 64, 128] {
        let build = |seed| {
            let network = Network::builder(n).weights(He::normal()).seed(seed);
            (0..depth).fold(network, |network, _| network.layer(Linear::without_bias(n)).layer(Relu)).build()
        };
        let expected = at_the_end(&build(0)?)?.log_variance;
        let mut logs = Vec::new();
        for seed in 0..nets {
            logs.push(pass(&build(seed)?, 1, seed)?.ln());
        }
        logs.retain(|log| log.is_finite()); // the law is that of the networks of which no layer is dead
        let sample = Sample::of(&logs);
        rows.push(Row {
            paper: "Hanin, Rolnick 2018",
            setting: format!("ReLU, He, {depth} layers of {n}: variance of ln |h|^2"),
            expected: format!("{expected:.3}"),
            passes: format!("within {SIGMAS} s.e."),
            measured: format!("{:.3} +- {:.3}", sample.variance, sample.variance_error),
            holds: (sample.variance - expected).abs() <= SIGMAS * sample.variance_error,
            note: format!(
                "{} of {nets} networks alive; exact law, 5 L / n = {:.2} to first order",
                logs.len(),
                5.0 * f64::from(depth) / n as f64
            ),
        });
    }
    Ok(rows)
}

/// Dive into Deep Learning, "Numerical Stability": a hundred 4x4 matrices of standard normals.
pub fn d2l() -> Result<Vec<Row>, Failure> {
    let weights = Normal::new(0.0, 1.0)?;
    let build = |seed| {
        let network = Network::builder(4).weights(weights).seed(seed);
        (0..100).fold(network, |network, _| network.layer(Linear::without_bias(4))).build()
    };
    let law = at_the_end(&build(0)?)?;
    let [expected, spread] = [law.log_mean, law.log_variance.sqrt()].map(|of_square| of_square / 2.0 / 10.0_f64.ln());
    let mut logs = Vec::new();
    for seed in 0..2000 {
        logs.push(pass(&build(seed)?, 1, seed)?.log10() / 2.0);
    }
    let sample = Sample::of(&logs);
    Ok(vec![Row {
        paper: "d2l",
        setting: "a vector times 100 matrices 4x4 of N(0,1): mean log10 of its growth".into(),
        expected: format!("{expected:.2}"),
        passes: format!("within {SIGMAS} s.e."),
        measured: format!("{:.2} +- {:.2}", sample.mean, sample.mean_error),
        holds: (sample.mean - expected).abs() <= SIGMAS * sample.mean_error,
        note: format!(
            "one product differs from the next by {spread:.2} decades (measured {:.2})",
            sample.variance.sqrt()
        ),
    }])
}

/// Yang and others 2019: batch normalization makes the gradient of a ReLU network explode.
pub fn batch_norm() -> Result<Vec<Row>, Failure> {
    let n = 256;
    let block = |network: NetworkBuilder<f64>| {
        network.layer(Linear::without_bias(n)).layer(BatchNorm::new()).layer(Relu).weights(He::normal())
    };
    // The norm divides by the variance of what ReLU made of the norm before.
    let relu = Relu.expectations(0.0, 1.0);
    let expected = relu.slope_second / (relu.second - relu.mean * relu.mean);
    let mut factors = Vec::new();
    for seed in 0..4 {
        let (late, early) = (Recorder::default(), Recorder::default());
        let mut network = Network::builder(n).weights(He::normal()).seed(seed);
        for layer in 0..24 {
            if layer == 4 {
                network = network.layer(early.clone());
            } else if layer == 20 {
                network = network.layer(late.clone());
            }
            network = block(network);
        }
        pass(&network.build()?, 256, seed)?;
        factors.push((early.mean_square() / late.mean_square()).powf(1.0 / 16.0));
    }
    let sample = Sample::of(&factors);
    Ok(vec![Row {
        paper: "Yang 2019",
        setting: "batch norm, ReLU, 256 wide, batch 256: squared gradient per layer".into(),
        expected: format!("{expected:.4}"),
        passes: "within 1 %".into(),
        measured: format!("{:.4} +- {:.4}", sample.mean, sample.mean_error),
        holds: (sample.mean / expected - 1.0).abs() <= 0.01,
        note: "pi / (pi - 1) for an infinite batch; 1 % leaves room for the finite one".into(),
    }])
}

/// Residual branches: 2^L as they are, (1 + 1/L)^L where each is scaled by 1 / sqrt L.
///
/// How far a mean over networks may be from that follows from the second moment of |x'|^2, x' = x + s W_2 relu(W_1 x), given |x|^2 = a. With A
/// = |relu(W_1 x)|^2, whose mean is a, and that of whose square a^2 (1 + 5 / n), and y = W_2 relu(W_1 x), of n normal entries of variance A / n,
///
/// ```text
/// E|x'|^4 = a^2 + 2 s^2 a E|y|^2 + 4 s^2 E(x y)^2 + s^4 E|y|^4 = a^2 (1 + 2 s^2 + 4 s^2 / n + s^4 (1 + 5 / n) (1 + 2 / n))
/// ```
pub fn residual() -> Result<Vec<Row>, Failure> {
    let (n, nets) = (64, 600);
    let mut rows = Vec::new();
    for (depth, scaled) in [(10, false), (50, false), (10, true), (50, true)] {
        let square = if scaled { 1.0 / f64::from(depth) } else { 1.0 };
        let build = |seed| {
            (0..depth)
                .try_fold(Network::builder(n).seed(seed), |network, _| {
                    let first = Linear::without_bias(n).weights(He::normal());
                    let second = Linear::without_bias(n).weights(LeCun::normal());
                    Ok::<_, Error>(
                        network.layer(Residual::new().layer(first).layer(Relu).layer(second).scale(square.sqrt())?),
                    )
                })?
                .build()
        };
        // (1 + square)^depth.
        let forecast = Forecast::of(&build(0)?, 1.0)?;
        let expected = forecast.layers.last().and_then(|layer| layer.moments).ok_or("theory knows it")?.second;
        let mut sizes = Vec::new();
        for seed in 0..nets {
            sizes.push(pass(&build(seed)?, 1, seed)?);
        }
        let sample = Sample::of(&sizes);
        let width = n as f64;
        let second =
            1.0 + 2.0 * square + 4.0 * square / width + square * square * (1.0 + 5.0 / width) * (1.0 + 2.0 / width);
        let scatter = (second / (1.0 + square).powi(2)).powi(depth) - 1.0;
        let error = expected * (scatter / nets as f64).sqrt();
        rows.push(Row {
            paper: "Zhang 2019",
            setting: format!("{depth} residual ReLU branches, scale {:.3}: growth of |x|^2", square.sqrt()),
            expected: format!("{expected:.3e}"),
            passes: format!("within {SIGMAS} s.e."),
            measured: format!("{:.3e} +- {error:.1e}", sample.mean),
            holds: (sample.mean - expected).abs() <= SIGMAS * error,
            note: format!("mean of {nets} networks {n} wide; expectation and standard error are exact at any width"),
        });
    }
    Ok(rows)
}

/// Klambauer 2017: SELU keeps the signal over 50 layers.
pub fn selu() -> Result<Vec<Row>, Failure> {
    let layers = (0..50).fold(Network::<f64>::builder(256), |network, _| {
        network.layer(Linear::without_bias(256)).layer(Selu).weights(LeCun::normal())
    });
    let network = layers.build()?;
    let (signal, gradient) = (at_the_end(&network)?.log_mean, gradient_growth(&Forecast::of(&network, 1.0)?, 0, 98)?);
    let (mut signals, mut gradients) = (Vec::new(), Vec::new());
    for seed in 0..40 {
        let (first, last) = (Recorder::default(), Recorder::default());
        let mut network = Network::builder(256).weights(LeCun::normal()).seed(seed);
        for layer in 0..50 {
            network = network.layer(Linear::without_bias(256));
            if layer == 0 {
                network = network.layer(first.clone());
            } else if layer == 49 {
                network = network.layer(last.clone());
            }
            network = network.layer(Selu);
        }
        signals.push(pass(&network.build()?, 1, seed)?.log10());
        gradients.push((first.mean_square() / last.mean_square()).log10());
    }
    let row = |what: &str, expected: f64, sample: &Sample, note: &str| Row {
        paper: "Klambauer 2017",
        setting: format!("SELU, LeCun, 50 layers of 256: log10 of the {what}"),
        expected: format!("{expected:.3}"),
        passes: format!("within {SIGMAS} s.e."),
        measured: format!("{:.3} +- {:.3}", sample.mean, sample.mean_error),
        holds: (sample.mean - expected).abs() <= SIGMAS * sample.mean_error,
        note: note.into(),
    };
    let (signals, gradients) = (Sample::of(&signals), Sample::of(&gradients));
    let ten = 10.0_f64.ln();
    // The forecast's is the mean over networks; that of the logarithm is lower by half of its variance, as of a log-normal number.
    let gradient = gradient.log10() - ten * gradients.variance / 2.0;
    Ok(vec![
        row("signal's square", signal / ten, &signals, "the fixed point of the second moment is 1"),
        row("gradient's growth", gradient, &gradients, "E selu'(z)^2 for each of 49 layers: the gradient is not kept"),
    ])
}

/// Glorot and Bengio 2010: the gradient over five tanh layers.
pub fn glorot() -> Result<Vec<Row>, Failure> {
    let n = 500;
    let mut rows = Vec::new();
    for (name, variance) in [("U(+-1/sqrt n)", 1.0_f64 / 3.0), ("Xavier", 1.0)] {
        let weights = Xavier::uniform().gain(variance.sqrt())?;
        let layers = (0..5).fold(Network::<f64>::builder(n), |network, _| {
            network.layer(Linear::without_bias(n)).layer(Tanh).weights(weights)
        });
        let expected = gradient_growth(&Forecast::of(&layers.build()?, 1.0)?, 0, 8)?;
        let mut ratios = Vec::new();
        for seed in 0..60 {
            let (first, last) = (Recorder::default(), Recorder::default());
            let mut network = Network::builder(n).weights(weights).seed(seed);
            for layer in 0..5 {
                network = network.layer(Linear::without_bias(n));
                if layer == 0 {
                    network = network.layer(first.clone());
                } else if layer == 4 {
                    network = network.layer(last.clone());
                }
                network = network.layer(Tanh);
            }
            pass(&network.build()?, 8, seed)?;
            ratios.push(first.mean_square() / last.mean_square());
        }
        let sample = Sample::of(&ratios);
        rows.push(Row {
            paper: "Glorot 2010",
            setting: format!("5 tanh layers of {n}, {name}: squared gradient, first to last"),
            expected: format!("{expected:.5}"),
            passes: "within 5 %".into(),
            measured: format!("{:.5} +- {:.5}", sample.mean, sample.mean_error),
            holds: (sample.mean / expected - 1.0).abs() <= 0.05,
            note: "60 networks, 8 normal rows each".into(),
        });
    }
    Ok(rows)
}

/// GELU at the gain that keeps the second moment has a fixed point that repels: deep networks go one way or the other.
pub fn gelu() -> Result<Vec<Row>, Failure> {
    let at_one = Gelu.expectations(0.0, 1.0);
    // By the square of the gain: above 1 a deviation of the second moment grows from layer to layer.
    let gain = at_one.gain();
    let growth = gain * gain * at_one.growth;
    let mut logs = Vec::new();
    for seed in 0..16 {
        let mut network = Network::builder(256).weights(LeCun::normal().gain(gain)?).seed(seed);
        // The fixed point is that before the activation: the first layer keeps the input's second moment, 1.
        network = network.layer(Linear::without_bias(256).weights(LeCun::normal())).layer(Gelu);
        for _ in 1..60 {
            network = network.layer(Linear::without_bias(256)).layer(Gelu);
        }
        logs.push(pass(&network.build()?, 1, seed)?.log10());
    }
    let least = logs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Ok(vec![Row {
        paper: "Roberts 2022",
        setting: format!("GELU, gain {gain:.4}, 60 layers of 256: log10 |h|^2 of 16 networks"),
        expected: "both ways".into(),
        passes: "< -6 and > 2".into(),
        measured: format!("{least:.1} to {most:.1}"),
        holds: least < -6.0 && most > 2.0,
        note: format!("a deviation from the fixed point grows {growth:.4} times a layer"),
    }])
}
