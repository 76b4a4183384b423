//! The troubles are recognised, with their symptoms, layers and cause; and what cures them leaves nothing to be found.

use super::common;

use std::ops::ControlFlow;

use common::digits;
use evenkeel::*;

/// A stack of equal hidden layers whose weights all start as one initializer says.
fn stack(
    depth: usize,
    activation: fn() -> Box<dyn Layer<f32>>,
    weights: impl Initializer<f32> + 'static,
) -> Network<f32> {
    let mut network = Network::builder(64).seed(1).weights(weights);
    for _ in 0..depth {
        network = network.layer(Linear::new(64)).boxed(activation());
    }
    network.layer(Linear::new(10)).build().unwrap()
}

/// Plain gradient descent on the digits; the report, and how the run ended.
fn descend(network: Network<f32>, rate: f64, clipper: Option<Box<dyn GradientClipper<f32>>>) -> (StabilityReport, f64) {
    let (train, test) = digits();
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(rate).unwrap()).epochs(20);
    let trainer = match clipper {
        Some(clipper) => trainer.clip_boxed(clipper),
        None => trainer,
    };
    let mut trainer = trainer.watch(Monitor::new()).build().unwrap();
    match trainer.fit(&train, None, |_| ControlFlow::Continue(())) {
        Ok(_) | Err(Error::NonFinite { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    (trainer.report().unwrap(), trainer.evaluate(&test).unwrap().accuracy.unwrap())
}

fn relu() -> Box<dyn Layer<f32>> {
    Box::new(Relu)
}

fn tanh() -> Box<dyn Layer<f32>> {
    Box::new(Tanh)
}

fn sigmoid() -> Box<dyn Layer<f32>> {
    Box::new(Sigmoid)
}

/// Asserts that each of these was found, and that the first of them has that cause.
fn assert_found(report: &StabilityReport, symptoms: &[Symptom], cause: Cause) {
    for &symptom in symptoms {
        let finding = report.finding(symptom).unwrap_or_else(|| panic!("no {symptom:?} in\n{report}"));
        assert!(!finding.evidence.is_empty() && !finding.remedies.is_empty() && !finding.message.is_empty());
        assert_ne!(finding.severity, Severity::Info, "{report}");
    }
    assert_eq!(report.finding(symptoms[0]).unwrap().cause, cause, "{report}");
}

#[test]
fn large_weights_explode() {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let (report, accuracy) = descend(stack(30, relu, normal), 0.02, None);
    let symptoms = [Symptom::ExplodingGradients, Symptom::NonFinite, Symptom::UnstableLoss, Symptom::ExplodingWeights];
    assert_found(&report, &symptoms, Cause::WeightsTooLarge);
    assert!(accuracy < 0.2);
    // The bias gradient shows how the gradient grows from layer to layer: by sqrt(64 / 2) on average, and by a lognormal spread
    // that 30 layers average out.
    let bias = |layer: &str| report.layer(layer).unwrap().bias_gradient.start().unwrap();
    let growth = (bias("0.linear") / bias("58.linear")).powf(1.0 / 29.0);
    assert!((growth / 32_f64.sqrt() - 1.0).abs() < 0.2, "{growth}");

    // Clipped, it neither breaks down nor learns; its units die, and the gradient is the same in every step.
    let clipper = Box::new(ByValue::new(1.0).unwrap());
    let (report, accuracy) = descend(stack(30, relu, normal), 0.02, Some(clipper));
    let symptoms = [
        Symptom::ExplodingGradients,
        Symptom::DeadUnits,
        Symptom::ConstantGradients,
        Symptom::ExplodingWeights,
        Symptom::LossNotDecreasing,
    ];
    assert_found(&report, &symptoms, Cause::WeightsTooLarge);
    assert!(accuracy < 0.2);
}

#[test]
fn large_steps_explode_and_clipping_mends_it() {
    let wide = || He::normal().gain(1.5).unwrap();
    let (report, accuracy) = descend(stack(10, relu, wide()), 0.5, None);
    let symptoms = [Symptom::NonFinite, Symptom::ExplodingGradients, Symptom::UnstableLoss, Symptom::ExplodingWeights];
    assert_found(&report, &symptoms, Cause::LearningRateTooHigh);
    assert!(accuracy < 0.2);
    let first = &report.non_finite[0];
    assert!(first.kind == "activation" && first.step == report.steps - 1, "{first:?}");

    let (report, accuracy) = descend(stack(10, relu, wide()), 0.5, Some(Box::new(GlobalNorm::new(1.0).unwrap())));
    assert!(accuracy > 0.8 && report.is_healthy(), "{accuracy}\n{report}");
    assert!(report.clipping.clipped > 0 && report.clipping.clipped <= report.clipping.steps);
}

#[test]
fn sigmoid_layers_vanish() {
    let (report, accuracy) = descend(stack(10, sigmoid, Xavier::normal()), 0.5, None);
    let symptoms = [Symptom::VanishingGradients, Symptom::LossNotDecreasing];
    assert_found(&report, &symptoms, Cause::SaturatingActivation);
    assert!(accuracy < 0.2);
    let ratio = |layer: &str| report.layer(layer).unwrap().update_ratio.recent_median().unwrap();
    assert!(ratio("0.linear") < 1e-4 * ratio("20.linear"), "layers near the input hardly change");

    let (report, accuracy) = descend(stack(1, sigmoid, Xavier::normal()), 0.5, None);
    assert!(accuracy > 0.85 && report.findings.is_empty(), "{accuracy}\n{report}");
}

#[test]
fn small_weights_vanish() {
    let (report, accuracy) = descend(stack(10, tanh, Normal::new(0.0, 0.01).unwrap()), 0.05, None);
    let symptoms = [Symptom::VanishingGradients, Symptom::VanishingWeights, Symptom::LossNotDecreasing];
    assert_found(&report, &symptoms, Cause::WeightsTooSmall);
    assert!(accuracy < 0.2);

    let (report, accuracy) = descend(stack(10, tanh, Xavier::normal()), 0.05, None);
    assert!(accuracy > 0.85 && report.findings.is_empty(), "{accuracy}\n{report}");
}

#[test]
fn equal_weights_stay_equal() {
    for (weights, name) in [(0.02, "constant"), (0.0, "zero")] {
        let (report, accuracy) = descend(stack(2, tanh, Constant::new(weights).unwrap()), 0.1, None);
        assert_found(&report, &[Symptom::SymmetricUnits], Cause::ConstantInitialization);
        assert!(accuracy < 0.5, "{name}: {accuracy}");
        // What equal units do to the gradient is no trouble of its own.
        assert!(report.finding(Symptom::VanishingGradients).is_none(), "{name}\n{report}");
        for layer in ["0.linear", "2.linear"] {
            let record = report.layer(layer).unwrap();
            assert_eq!((record.tied.now(), record.distinct), (Some(64.0), Some(1)), "{name}: {layer}");
        }
    }
    let (report, accuracy) = descend(stack(2, tanh, Xavier::normal()), 0.1, None);
    assert!(accuracy > 0.85 && report.findings.is_empty(), "{accuracy}\n{report}");
}

#[test]
fn flat_ends_are_recognised() {
    let (report, _) = descend(stack(2, tanh, Normal::new(0.0, 10.0).unwrap()), 0.01, None);
    assert_found(&report, &[Symptom::SaturatedUnits], Cause::WeightsTooLarge);
    assert!(report.finding(Symptom::SaturatedUnits).unwrap().layers.contains(&"1.tanh".to_owned()));
}

#[test]
fn units_that_never_were_alive_are_recognised() {
    let mut network = Network::builder(64).seed(1);
    for _ in 0..2 {
        network = network.layer(Linear::new(64).biases(Constant::new(-20.0).unwrap())).layer(Relu);
    }
    let (report, accuracy) = descend(network.layer(Linear::new(10)).build().unwrap(), 0.05, None);
    let finding = report.finding(Symptom::DeadUnits).unwrap_or_else(|| panic!("{report}"));
    assert_eq!((finding.layers[0].as_str(), finding.step, finding.severity), ("1.relu", 0, Severity::Critical));
    assert!(report.finding(Symptom::ConstantGradients).is_some() && accuracy < 0.2);
}

#[test]
fn steps_too_small_to_matter_are_recognised() {
    let (report, _) = descend(stack(1, relu, He::normal()), 1e-8, None);
    assert_found(&report, &[Symptom::LossNotDecreasing], Cause::LearningRateTooLow);
}

#[test]
fn one_nan_in_the_weights_is_found_where_it_is() {
    let (train, _) = digits();
    let mut network = stack(3, relu, He::normal());
    network.parameter_mut("2.linear.weight").unwrap().row_mut(5)[7] = f32::NAN;
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(0.1).unwrap());
    let mut trainer = trainer.watch(Monitor::new()).build().unwrap();
    let error = trainer.step(&train).unwrap_err();
    assert!(matches!(error, Error::NonFinite { step: 0, .. }), "{error}");
    let report = trainer.report().unwrap();
    let finding = report.finding(Symptom::NonFinite).unwrap();
    assert_eq!((finding.layers[0].as_str(), finding.step), ("2.linear", 0), "{report}");
}
