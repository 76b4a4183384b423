//! Results that training shows.

use std::ops::ControlFlow;

use evenkeel::*;
use rand::RngExt;

use crate::Row;
use crate::common::{Failure, digits_in_two};
use crate::stack::mean_square;

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
        expected: if name == "He" { format!("< {entropy:.3}") } else { format!("{entropy:.3}") },
        passes,
        measured: format!("{loss:.4}"),
        holds,
        note: "the entropy of the classes is the loss of what does not look at its input; one seed: no standard error"
            .into(),
    };
    let (he, xavier) = (after(false)?, after(true)?);
    Ok(vec![
        row("He", format!("below {:.3}", entropy / 2.0), he, he < entropy / 2.0),
        row("Xavier", format!("above {least:.4}"), xavier, xavier > least),
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

/// A square matrix of orthonormal rows.
fn orthogonal(n: usize, generator: &mut Generator) -> Result<Vec<f64>, Error> {
    let mut matrix = vec![0.0; n * n];
    Orthogonal::default().fill(&Param::weight(n, n), &mut matrix, generator)?;
    Ok(matrix)
}

/// Saxe 2013: deep linear networks learn from orthogonal weights, and hardly from Gaussian ones of the same variance.
pub fn saxe() -> Result<Vec<Row>, Failure> {
    let (n, depth, steps) = (48, 32, 1000);
    let mut generator = Generator::named(1, "target");
    let (u, v) = (orthogonal(n, &mut generator)?, orthogonal(n, &mut generator)?);
    let singular: Vec<f64> = (0..n).map(|_| generator.random_range(0.5..1.5)).collect();
    let entry = |i: usize| -> f64 { (0..n).map(|k| u[k * n + i / n] * singular[k] * v[k * n + i % n]).sum() };
    let target: Vec<f64> = (0..n * n).map(entry).collect();
    let identity = (0..n * n).map(|i| if i % (n + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let data = Dataset::values(identity, n, target.clone(), n)?;
    // Half the sum of the squares, at a rate of 0.1 shared by the layers.
    let rate = 0.1 / depth as f64 * (n * n) as f64 / 2.0;
    let mut rows = Vec::new();
    for (name, is_orthogonal) in [("orthogonal", true), ("Gaussian", false)] {
        let network = Network::<f64>::builder(n).seed(1);
        let network =
            if is_orthogonal { network.weights(Orthogonal::default()) } else { network.weights(LeCun::normal()) };
        let network = (0..depth).fold(network, |network, _| network.layer(Linear::without_bias(n))).build()?;
        let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(rate)?);
        let mut trainer = trainer.batch(n).epochs(steps).seed(1).build()?;
        trainer.fit(&data, None, |_| ControlFlow::Continue(()))?;
        let left = trainer.evaluate(&data)?.loss / mean_square(&target);
        rows.push(Row {
            paper: "Saxe 2013",
            setting: format!("{depth} linear layers of {n}, {steps} full steps, {name}: loss left"),
            expected: if is_orthogonal { "< 0.01" } else { "> 0.01" }.into(),
            passes: if is_orthogonal { "below 0.01" } else { "above 0.01" }.into(),
            measured: format!("{left:.5}"),
            holds: (left < 0.01) == is_orthogonal,
            note: "relative to a network that says 0; one seed: no standard error".into(),
        });
    }
    Ok(rows)
}
