//! How deep a network may be: what the forecast says beforehand, and what training shows.

use std::ops::ControlFlow;

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::Row;
use crate::common::{Failure, digits_in_two};

/// The share of the training digits that a network gets right after so many epochs of plain gradient descent; 0 where its numbers break down.
fn accuracy(network: Network<f32>, rate: f64, epochs: u64) -> Result<f64, Failure> {
    let (train, _) = digits_in_two(1)?;
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(rate)?);
    let mut trainer = trainer.batch(64).epochs(epochs).seed(1).build()?;
    match trainer.fit(&train, None, |_| ControlFlow::Continue(())) {
        Ok(_) => Ok(trainer.evaluate(&train)?.accuracy.unwrap_or(0.0)),
        Err(Error::NonFinite { .. }) => Ok(0.0),
        Err(error) => Err(error.into()),
    }
}

/// Halfway from a guess among ten digits to all of them right: what is above has been trained, what is below has not.
const TRAINED: f64 = 0.55;

/// The deepest network that is affordable with so many steps.
const DEEPEST: usize = 120;

/// A tanh network of that depth, 100 wide, with biases of variance 0.05.
fn tanh(weights: f64, depth: usize) -> Result<Network<f32>, Failure> {
    let layers = (0..depth).fold(Network::<f32>::builder(64), |network, _| network.layer(Linear::new(100)).layer(Tanh));
    let (start, biases) = (LeCun::normal().gain(weights.sqrt())?, Normal::new(0.0, 0.05_f64.sqrt())?);
    Ok(layers.layer(Linear::new(10)).weights(start).biases(biases).seed(1).build()?)
}

/// Schoenholz 2017: tanh networks train up to six times the correlation depth and no deeper, and the edge of chaos is the best at depth.
///
/// Their figure 5 draws the accuracy by depth and variance: bright below that border, dark above, and in between a transition that moves towards
/// it with the number of steps. So what is asked for is well on either side, half as deep and half as deep again, after 2000 steps.
pub fn schoenholz() -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    let mut best_at_depth = Vec::new();
    for weights in [0.8, 1.3, 1.76, 2.5, 4.0] {
        let long = tanh(weights, 60)?;
        let forecast = Forecast::builder(&long).correlation(0.5).build()?;
        let limit = forecast.regime.ok_or("there are blocks")?.trainable_depth();
        let below = ((limit / 2.0) as usize).clamp(1, DEEPEST / 2);
        let above = Some((1.5 * limit).ceil()).filter(|depth| *depth <= DEEPEST as f64).map(|depth| depth as usize);
        // 87 epochs of 23 steps each.
        let trained = accuracy(tanh(weights, below)?, 0.02, 87)?;
        let mut row = Row {
            paper: "Schoenholz 2017",
            setting: format!("tanh, sigma_w^2 {weights}, sigma_b^2 0.05, width 100: accuracy by depth"),
            expected: format!("6 xi {limit:.0}"),
            passes: format!("{below}: > {TRAINED}"),
            measured: format!("{below}: {trained:.2}"),
            holds: trained > TRAINED,
            note: "2001 steps of SGD 0.02, one seed".into(),
        };
        if let Some(depth) = above {
            let trained = accuracy(tanh(weights, depth)?, 0.02, 87)?;
            row.passes += &format!(", {depth}: < {TRAINED}");
            row.measured += &format!(", {depth}: {trained:.2}");
            row.holds &= trained < TRAINED;
        } else {
            row.note += "; that deeper ones do not train is not shown";
        }
        rows.push(row);
        // 30 epochs: 690 steps.
        best_at_depth.push((weights, accuracy(long, 0.02, 30)?));
    }
    let best = best_at_depth.iter().max_by(|one, other| one.1.total_cmp(&other.1)).ok_or("there are some")?;
    rows.push(Row {
        paper: "Schoenholz 2017",
        setting: "60 layers, 690 steps: the best variance".into(),
        expected: "1.76".into(),
        passes: "1.76".into(),
        measured: format!("{} ({:.2})", best.0, best.1),
        holds: best.0 == 1.76,
        note: "the edge of chaos at sigma_b^2 0.05".into(),
    });
    Ok(rows)
}

/// 200 layers of ReLU, plain and with a way around: He 2016, and Xiong 2020 for norms before the branches.
pub fn two_hundred() -> Result<Vec<Row>, Failure> {
    let (depth, width) = (200, 32);
    let branch = |norm: bool| {
        let branch = Residual::new();
        let branch = if norm { branch.layer(LayerNorm::new()) } else { branch };
        branch
            .layer(Linear::new(width).weights(He::normal()))
            .layer(Relu)
            .layer(Linear::new(width).weights(LeCun::normal()))
    };
    let mut rows = Vec::new();
    for (name, trains) in [("plain, He", false), ("residual, 1 / sqrt L", true), ("residual, norm before", true)] {
        let mut network = Network::<f32>::builder(64).layer(Linear::new(width));
        for _ in 0..depth / 2 {
            network = match name {
                "plain, He" => network
                    .layer(Relu)
                    .layer(Linear::new(width))
                    .layer(Relu)
                    .layer(Linear::new(width))
                    .weights(He::normal()),
                "residual, 1 / sqrt L" => network.layer(branch(false).scale((depth as f64 / 2.0).sqrt().recip())?),
                _ => network.layer(branch(true)),
            };
        }
        let network = if trains { network.layer(LayerNorm::new()) } else { network.layer(Relu) };
        let network = network.layer(Linear::new(10)).seed(1).build()?;
        let outlook = Forecast::of(&network, 1.0)?.outlook();
        let found = accuracy(network, 0.02, 10)?;
        rows.push(Row {
            paper: "He 2016",
            setting: format!("200 ReLU layers of {width}, {name}, 10 epochs of SGD 0.02: accuracy"),
            expected: if trains { "trains" } else { "does not" }.into(),
            passes: format!("{} {TRAINED}", if trains { "above" } else { "below" }),
            measured: format!("{found:.2}"),
            holds: (found > TRAINED) == trains,
            note: format!("the forecast of it is {}; one seed", outlook.name()),
        });
    }
    Ok(rows)
}

/// Mishkin and Matas 2016: weights scaled on data hold deep GELU networks, which no gain does.
pub fn lsuv() -> Result<Vec<Row>, Failure> {
    let (width, depth) = (128, 60);
    let mut generator = Generator::named(1, "rows");
    let data: Vec<f64> = (0..64 * width).map(|_| generator.sample::<f64, _>(StandardNormal)).collect();
    let rows = Rows::new(&data, width)?;
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for seed in 0..8 {
        // The fixed point is that before the activation: the first layer keeps the input's second moment, 1.
        let first = Linear::without_bias(width).weights(LeCun::normal());
        let first = Network::<f64>::builder(width).layer(first).layer(Gelu);
        let layers = (1..depth).fold(first, |network, _| network.layer(Linear::without_bias(width)).layer(Gelu));
        let gain = Gelu.expectations(0.0, 1.0).gain();
        let mut network = layers.weights(LeCun::normal().gain(gain)?).seed(seed).build()?;
        let last = |network: &Network<f64>| -> Result<f64, Error> {
            let measured = Measured::of(network, rows, OutputGradient::Random(seed))?;
            Ok(measured.layers[2 * depth - 2].moments.second.log10())
        };
        before.push(last(&network)?);
        Lsuv::new().apply(&mut network, rows)?;
        after.push(last(&network)?);
    }
    let range = |logs: &[f64]| {
        let least = logs.iter().copied().fold(f64::INFINITY, f64::min);
        (least, logs.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    };
    let ((low, high), (least, most)) = (range(&before), range(&after));
    Ok(vec![
        Row {
            paper: "Mishkin 2016",
            setting: format!("GELU at its gain, {depth} layers of {width}: log10 of the last sums' square, 8 networks"),
            expected: "off".into(),
            passes: "all over 1 off".into(),
            measured: format!("{low:.1} to {high:.1}"),
            holds: before.iter().all(|log: &f64| log.abs() > 1.0),
            note: "the fixed point repels; of 64 rows those that grow make up the mean".into(),
        },
        Row {
            paper: "Mishkin 2016",
            setting: "the same, after LSUV".into(),
            expected: "0".into(),
            passes: "within 0.5".into(),
            measured: format!("{least:.2} to {most:.2}"),
            holds: least > -0.5 && most < 0.5,
            note: "the variance is 1 within 1 %; the square has that of the mean besides".into(),
        },
    ])
}
