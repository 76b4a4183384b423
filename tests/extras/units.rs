//! What is told of units and their outputs.

use evenkeel::*;

use super::{evidence, found, not_found, report, usual};

/// A monitor that sees these outputs of 16 units behind a ReLU, step by step, on four rows.
fn seen(steps: u64, output: impl Fn(u64, usize) -> f64) -> StabilityReport {
    let mut monitor = Monitor::new();
    let hidden = monitor.watch_parameter("hidden", &Param::weight(2, 16));
    let outputs = monitor.watch_activation("hidden", 16, Activation::bounds(&Relu));
    let last = monitor.watch_parameter("last", &Param::weight(16, 1));
    for step in 0..steps {
        monitor.begin(step);
        if monitor.looking() {
            let rows: Vec<f64> = (0..4 * 16).map(|at| output(step, at % 16) * (at / 16) as f64).collect();
            monitor.activations(outputs, Rows::new(&rows, 16).unwrap()).unwrap();
        }
        monitor.gradient(hidden, &[0.1; 32]).unwrap();
        monitor.gradient(last, &[0.1; 16]).unwrap();
        monitor.end(1.0 / (step + 1) as f64);
    }
    monitor.report()
}

#[test]
pub fn units_born_dead_are_told_from_those_that_died() {
    let units_off = |off: bool| if off { 0.0 } else { 1.0 };
    let born = seen(200, |_, unit| units_off(unit < 9));
    let finding = found(&born, Symptom::BornDeadUnits);
    assert_eq!((&finding.layers[..], finding.step), (&["hidden".to_owned()][..], 0));
    assert_eq!(["born_dead_units", "died_later", "units"].map(|what| evidence(finding, what)), [9.0, 0.0, 16.0]);
    not_found(&born, Symptom::DyingUnits);

    // One unit at every look from the fifth on, up to eight.
    let dying = seen(200, |step, unit| units_off(unit < 8 && step >= 4 + unit as u64 / 2));
    let finding = found(&dying, Symptom::DyingUnits);
    assert_eq!((evidence(finding, "died_units"), evidence(finding, "born_dead_units")), (8.0, 0.0));
    assert_eq!((finding.step, evidence(finding, "half_by_step")), (4, 6.0));
    not_found(&dying, Symptom::BornDeadUnits);

    // Off now and then is not dead, and a quarter is few.
    let mixed = seen(200, |step, unit| units_off(unit < 4 || (unit < 12 && step % 100 == 0)));
    let deaths = mixed.layer("hidden").unwrap().close.deaths.unwrap();
    assert_eq!((deaths.units, deaths.born, deaths.died), (16, 4, 0));
    not_found(&mixed, Symptom::BornDeadUnits);
    not_found(&mixed, Symptom::DyingUnits);
}

#[test]
fn deaths_of_a_network_are_those_that_were_made() {
    let mut network = usual();
    let mut bias = network.parameter_mut("0.linear.bias").unwrap();
    // Twenty that nothing reaches, and twelve that nothing turns off.
    bias.data_mut()[..20].fill(-1e3);
    bias.data_mut()[20..].fill(10.0);
    let report = report(network, SoftmaxCrossEntropy::new(), Sgd::new(1e-3).unwrap(), |trainer| trainer);
    let deaths = report.layer("1.relu").unwrap().close.deaths.unwrap();
    assert_eq!((deaths.born, deaths.died), (20, 0));
    assert_eq!(evidence(found(&report, Symptom::BornDeadUnits), "born_dead_units"), 20.0);
}

#[test]
pub fn units_that_become_alike() {
    let run = |grows: bool| {
        let mut monitor = Monitor::new();
        let hidden = monitor.watch_parameter("hidden", &Param::weight(32, 16));
        let last = monitor.watch_parameter("last", &Param::weight(16, 1));
        for step in 0..200 {
            monitor.begin(step);
            monitor.gradient(hidden, &[0.1; 512]).unwrap();
            monitor.gradient(last, &[0.1; 16]).unwrap();
            // Weights that are all different at first; if that grows, less and less of it is left beside what units have in common, up to
            // a sign of their own. Input by input; units stand side by side.
            let (own, common) = if grows { ((1.0 + step as f64).powi(-2), 1.0) } else { (1.0, 0.0) };
            let sign = |unit: usize| if unit.is_multiple_of(3) { -1.0 } else { 1.0 };
            let weight =
                |at: usize| 3.0 * own * (at as f64 * 1.3).sin() + common * sign(at % 16) * ((at / 16) as f64).cos();
            let weights: Vec<f64> = (0..512).map(weight).collect();
            monitor.weights(hidden, &weights, 0.01).unwrap();
            monitor.weights(last, &[0.3; 16], 0.01).unwrap();
            monitor.end(1.0);
        }
        monitor.report()
    };
    let report = run(true);
    let finding = found(&report, Symptom::GrowingSymmetry);
    assert_eq!(finding.layers, ["hidden"]);
    assert!(evidence(finding, "mean_cosine") > 0.99 && evidence(finding, "mean_cosine_at_first") < 0.7, "{finding}");
    not_found(&run(false), Symptom::GrowingSymmetry);
}

#[test]
pub fn outputs_that_differ_in_one_direction_alone() {
    // Without normalization a stack of sixty layers makes all rows more alike than their differences can bear, and these line up.
    let run = |normalized: bool| {
        let mut builder = Network::builder(64).seed(1).weights(He::normal());
        for _ in 0..60 {
            builder = builder.layer(Linear::new(32));
            builder = if normalized { builder.layer(BatchNorm::new()).layer(Relu) } else { builder.layer(Relu) };
        }
        let network = builder.layer(Linear::new(10)).build().unwrap();
        report(network, SoftmaxCrossEntropy::new(), Sgd::new(1e-6).unwrap(), |trainer| trainer.epochs(3))
    };
    let report = run(false);
    let finding = found(&report, Symptom::RankCollapse);
    assert!(evidence(finding, "effective_rank") <= 1.3 && evidence(finding, "of_first_layer") > 4.0, "{finding}");
    not_found(&run(true), Symptom::RankCollapse);
}
