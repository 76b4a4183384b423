//! What is told besides the symptoms that have names: each is found where it is, and not where it is not.

use super::common;
pub mod sharpness;
pub mod steps;
pub mod units;

use std::ops::ControlFlow;

use evenkeel::*;

/// Trains on the digits under watch, and reports.
fn report<L: Loss<f32> + 'static, O: Optimizer<f32> + 'static>(
    network: Network<f32>,
    loss: L,
    optimizer: O,
    change: impl FnOnce(TrainerBuilder<f32>) -> TrainerBuilder<f32>,
) -> StabilityReport {
    let (train, _) = common::digits();
    let trainer = Trainer::builder(network, loss, optimizer).epochs(15).watch(Monitor::new());
    let mut trainer = change(trainer).build().unwrap();
    match trainer.fit(&train, None, |_| ControlFlow::Continue(())) {
        Ok(_) | Err(Error::NonFinite { .. }) => trainer.report().unwrap(),
        Err(error) => panic!("{error}"),
    }
}

/// 64 -> 32 ReLU -> 10, which learns the digits.
fn usual() -> Network<f32> {
    let builder = Network::builder(64).layer(Linear::new(32)).layer(Relu).layer(Linear::new(10));
    builder.weights(He::normal()).seed(1).build().unwrap()
}

/// Asserts that it was found, as what it is, and gives it.
#[track_caller]
fn found(report: &StabilityReport, symptom: Symptom) -> &Finding {
    let finding = report.finding(symptom).unwrap_or_else(|| panic!("no {symptom} in\n{report}"));
    assert!(symptom.is_extra() && finding.severity == Severity::Info);
    assert!(!finding.evidence.is_empty() && !finding.remedies.is_empty() && !finding.message.is_empty());
    assert!(finding.evidence.iter().all(|evidence| !evidence.value.is_nan()), "{finding}");
    finding
}

#[track_caller]
fn not_found(report: &StabilityReport, symptom: Symptom) {
    assert!(report.finding(symptom).is_none(), "{report}");
}

/// The number of that name that speaks for a finding.
#[track_caller]
fn evidence(finding: &Finding, what: &str) -> f64 {
    finding.evidence.iter().find(|evidence| evidence.what == what).unwrap_or_else(|| panic!("{finding}")).value
}

#[test]
fn a_usual_run_has_none_of_them() {
    let report = report(usual(), SoftmaxCrossEntropy::new(), Adam::new(0.01).unwrap(), |trainer| trainer);
    assert!(report.findings.is_empty(), "{report}");
    // And it was looked for all that costs more: at looks 1, 4, 10 and 12 at least.
    let Trials { slope, gain, inferred_to_trained, by_epsilon } = &report.trials;
    assert!([slope, gain, inferred_to_trained, by_epsilon].iter().all(|series| series.len() >= 4), "{report:?}");
    // The gradient is right: within what ReLU's kinks make of a change of a hundredth of the loss.
    assert!(slope.recent().all(|(_, slope)| (slope - 1.0).abs() < 0.1), "{slope:?}");
    // No layer differs between training and use.
    assert!(inferred_to_trained.recent().all(|(_, ratio)| (ratio - 1.0).abs() < 1e-6), "{inferred_to_trained:?}");
    let close = &report.layer("0.linear").unwrap().close;
    assert!(close.likeness.len() >= 4 && close.rank.len() >= 4 && !close.gradient.is_empty());
    assert_eq!(report.layer("1.relu").unwrap().close.deaths.unwrap().units, 32);
}

#[test]
fn fading_over_time_is_one_of_them() {
    assert!(Symptom::VanishingOverTime.is_extra() && Symptom::ExplodingOverTime.is_extra());
    assert!(!Symptom::VanishingGradients.is_extra() && !Symptom::Overfitting.is_extra());
    // Weights of the state that halve it at every step, over 40 steps.
    let x: Vec<f64> = (0..40 * 8).map(|at| (at as f64 * 0.7).sin()).collect();
    let data = Dataset::values(x, 40, (0..8).map(|row| f64::from(row % 2)).collect(), 1).unwrap();
    let report = |gain: f64| {
        let rnn = Rnn::new(40, 1, 8).unwrap().last();
        let mut network = Network::<f64>::builder(40).layer(rnn).layer(Linear::new(1)).seed(1).build().unwrap();
        let name = network.layout().slots()[1].param.name.clone();
        let mut state = network.parameter_mut(&name).unwrap();
        assert_eq!((state.rows(), state.cols()), (8, 8), "{name}");
        state.data_mut().fill(0.0);
        (0..8).for_each(|at| state.row_mut(at)[at] = gain);
        let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(1e-4).unwrap()).batch(8).epochs(40);
        let mut trainer = trainer.watch(Monitor::new()).build().unwrap();
        trainer.fit(&data, None, |_| ControlFlow::Continue(())).unwrap();
        trainer.report().unwrap()
    };
    let fading = report(0.5);
    let finding = fading.finding(Symptom::VanishingOverTime).unwrap_or_else(|| panic!("{fading}"));
    // 0.5^14 is the first power below 1e-4; tanh takes more.
    assert!((3.0..=14.0).contains(&evidence(finding, "lag")), "{finding}");
    not_found(&report(1.0), Symptom::VanishingOverTime);
}

/// What is tried beside training leaves no trace: noise, statistics and weights are those of a run that nobody watches.
#[test]
fn a_watched_run_is_the_same_to_the_bit() {
    let (train, _) = common::digits();
    let run = |watched: bool| {
        let builder = Network::<f32>::builder(64).layer(Linear::new(16)).layer(BatchNorm::new()).layer(Relu);
        let network = builder.layer(Dropout::new(0.3).unwrap()).layer(Linear::new(10)).seed(1).build().unwrap();
        let adam = Adam::new(0.01).unwrap();
        let mut trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), adam).epochs(3);
        if watched {
            trainer = trainer.watch(Monitor::new().period(1).unwrap());
        }
        let mut trainer = trainer.build().unwrap();
        trainer.fit(&train, None, |_| ControlFlow::Continue(())).unwrap();
        let looks = trainer.report().map_or(0, |report| report.trials.slope.len());
        (trainer.history().to_vec(), trainer.into_network().parameters().to_vec(), looks)
    };
    let ((history, weights, none), (watched_history, watched_weights, looks)) = (run(false), run(true));
    assert_eq!((history, weights), (watched_history, watched_weights));
    assert!(none == 0 && looks >= 4, "{looks}");
}
