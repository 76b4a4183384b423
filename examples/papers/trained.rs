//! Results that training shows.

use std::ops::ControlFlow;

use evenkeel::*;

use crate::Row;
use crate::common::{Failure, digits_in_two};

/// He 2015: thirty ReLU layers train with He's variance and stall with Xavier's.
///
/// Stalled is a network whose outputs do not depend on its input, for which no loss is below the entropy of the classes' shares; one that has
/// learned more than half of what there is to be learned is below half of it.
pub fn he() -> Result<Vec<Row>, Failure> {
    let (train, _) = digits_in_two(1)?;
    let after = |xavier: bool| -> Result<f64, Failure> {
        let network = Network::<f32>::builder(64).seed(1);
        let network = if xavier { network.weights(Xavier::normal()) } else { network.weights(He::normal()) };
        let network = (0..29).fold(network, |network, _| network.layer(Linear::new(128)).layer(Relu));
        let network = network.layer(Linear::new(10)).build()?;
        let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(0.02)?);
        let mut trainer = trainer.batch(64).epochs(18).seed(1).build()?; // 23 steps each: 414
        trainer.fit(&train, None, |_| ControlFlow::Continue(()))?;
        Ok(trainer.evaluate(&train)?.loss)
    };
    let entropy = entropy(train.targets());
    // With Xavier's variance the last hidden layer has a size of 2^(-29 / 2), 4e-5, of the input's: what logits owe to it is below that.
    let least = entropy - 1e-4;
    let row = |name: &str, passes: String, loss: f64, holds: bool| Row {
        paper: "He 2015",
        setting: format!("30 ReLU layers of 128, digits, 414 steps of SGD 0.02, {name}: loss"),
        expected: if name == "He" { format!("< {entropy:.3}") } else { format!("{entropy:.6}") },
        passes,
        measured: format!("{loss:.6}"),
        holds,
        note: "the entropy of the classes is the loss of what does not look at its input; one seed: no standard error"
            .into(),
    };
    let (he, xavier) = (after(false)?, after(true)?);
    Ok(vec![
        row("He", format!("below {:.3}", entropy / 2.0), he, he < entropy / 2.0),
        row("Xavier", format!("above {least:.6}"), xavier, xavier > least),
    ])
}

/// That of the shares of the classes.
fn entropy(targets: Targets<'_, f32>) -> f64 {
    let Targets::Classes(classes) = targets else { return 0.0 };
    let mut counts = std::collections::BTreeMap::new();
    classes.iter().for_each(|class| *counts.entry(class).or_insert(0.0) += 1.0);
    let share = |count: &f64| count / classes.len() as f64;
    -counts.values().map(|count| share(count) * share(count).ln()).sum::<f64>()
}

/// How many steps of full-batch descent a deep linear network takes until it has halved the loss of one that says 0, at the best of some
/// rates; `None` where no rate gets there in `most`.
fn learning_time(data: &Dataset<f32>, depth: usize, is_orthogonal: bool, most: u64) -> Result<Option<u64>, Failure> {
    let width = data.inputs().cols();
    // A tenth of what is to be said are ones.
    let enough = 0.5 * 0.1;
    let mut best = None;
    // As many rates as it takes, a factor of two apart, shared by the layers: descent on all of them moves their product by about as much.
    for power in -4..=5 {
        let rate = 2_f64.powi(power) / depth as f64;
        let network = Network::<f32>::builder(width).seed(1);
        let network =
            if is_orthogonal { network.weights(Orthogonal::default()) } else { network.weights(LeCun::normal()) };
        let network = (1..depth).fold(network, |network, _| network.layer(Linear::without_bias(width)));
        let network = network.layer(Linear::without_bias(10)).build()?;
        let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(rate)?).non_finite(NonFinite::Skip);
        let mut trainer = trainer.batch(data.rows()).epochs(best.unwrap_or(most)).seed(1).build()?;
        let mut learned = None;
        trainer.fit(data, None, |epoch| {
            if epoch.loss <= enough {
                learned = Some(epoch.epoch);
            }
            // One that has diverged does not come back.
            if epoch.loss <= enough || epoch.loss.is_nan() || epoch.loss >= 1e3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        best = learned.or(best);
    }
    Ok(best)
}

/// Saxe 2013, figure 6: the time that a deep linear network takes to learn, at the best rate for its depth, does not depend on depth from
/// orthogonal weights, and grows with it from Gaussian ones of the same variance.
pub fn saxe() -> Result<Vec<Row>, Failure> {
    const DEPTHS: [usize; 2] = [4, 32];
    const MOST: u64 = 150;
    let (train, _) = digits_in_two(1)?;
    let train = train.select(&(0..128).collect::<Vec<_>>())?;
    let Targets::Classes(classes) = train.targets() else { unreachable!("digits are classes") };
    let values = classes.iter().flat_map(|&class| (0..10).map(move |k| if k == class { 1.0 } else { 0.0 })).collect();
    let data = Dataset::values(train.inputs().data().to_vec(), train.inputs().cols(), values, 10)?;
    let mut rows = Vec::new();
    for (name, is_orthogonal) in [("orthogonal", true), ("Gaussian", false)] {
        let [shallow, deep] = DEPTHS.map(|depth| learning_time(&data, depth, is_orthogonal, MOST));
        let (shallow, deep) = (shallow?, deep?);
        let ratio = shallow.zip(deep).map(|(shallow, deep)| deep as f64 / shallow.max(1) as f64);
        let steps = |time: Option<u64>| time.map_or_else(|| format!("> {MOST}"), |time| time.to_string());
        let measured = format!("{} steps, {} steps", steps(shallow), steps(deep));
        rows.push(Row {
            paper: "Saxe 2013",
            setting: format!(
                "linear layers of 64, 128 digits, {} and {} of them, {name}: time to half the loss",
                DEPTHS[0], DEPTHS[1]
            ),
            expected: if is_orthogonal { "independent of depth" } else { "grows" }.into(),
            passes: if is_orthogonal { "at most doubled" } else { "more than doubled" }.into(),
            measured,
            holds: shallow.is_some() && ratio.is_some_and(|ratio| ratio <= 2.0) == is_orthogonal,
            note: "each at the best of ten rates; one seed: no standard error".into(),
        });
    }
    Ok(rows)
}
