//! What is told of losses, gradients and updates.

use evenkeel::*;

use super::{evidence, found, not_found, report, usual};

fn plain() -> Sgd {
    Sgd::new(0.1).unwrap()
}

#[test]
pub fn clipping_most_steps_or_nearly_all_of_a_gradient() {
    let run = |limit: f64| {
        report(usual(), SoftmaxCrossEntropy::new(), plain(), |trainer| trainer.clip(GlobalNorm::new(limit).unwrap()))
    };
    let always = run(1e-3);
    let finding = found(&always, Symptom::ClipSaturation);
    assert_eq!(evidence(finding, "clipped_steps"), 1.0);
    // What is left of the length, as a geometric mean: the limit over norms of about 1.
    let mean = always.clipping.log_reduction;
    assert!((evidence(finding, "length_left") - (-mean).exp()).abs() < 1e-12 && (2.0..8.0).contains(&mean), "{mean}");
    not_found(&run(100.0), Symptom::ClipSaturation);
    // The few gradients that are out of line are what clipping is for.
    let mut monitor = Monitor::new();
    for step in 0..100 {
        monitor.begin(step);
        let (touched, norm_before) = if step % 20 == 0 { (5, 50.0) } else { (0, 1.0) };
        monitor.clipped(&Clipped { touched, norm_after: 1.0, ..Clipped::untouched(norm_before) });
        monitor.end(1.0 / (step + 1) as f64);
    }
    assert!((monitor.report().clipping.log_reduction - 50_f64.ln()).abs() < 1e-12);
    not_found(&monitor.report(), Symptom::ClipSaturation);
}

#[test]
pub fn gradients_that_a_format_has_no_digits_for() {
    // Entries between 2^-30 and 2^-20 and their like, evenly spread over powers of two.
    let run = |power: i32, format: Option<NumberFormat>| {
        let thresholds = Thresholds { gradient_format: format, ..Thresholds::default() };
        let mut monitor = Monitor::new().thresholds(thresholds);
        let id = monitor.watch_parameter("hidden", &Param::weight(10, 10));
        let gradient: Vec<f64> = (0..100).map(|at| 2_f64.powi(power - at % 10) * 1.5).collect();
        for step in 0..12 {
            monitor.begin(step);
            monitor.gradient(id, &gradient).unwrap();
            monitor.end(1.0);
        }
        monitor.report()
    };
    let report = run(-20, Some(NumberFormat::F16));
    let finding = found(&report, Symptom::GradientUnderflow);
    // Of -20 to -29 those from -25 on are lost: half. Multiplied by 2^5 none is.
    assert_eq!(finding.layers, ["hidden"]);
    assert_eq!((evidence(finding, "lost_share"), evidence(finding, "lost_share_then")), (0.5, 0.0));
    assert_eq!(finding.remedies, [Remedy::ScaleLoss { factor: 32.0 }]);
    // With the loss so much larger the gradients are as well, and nothing is left to be told.
    not_found(&run(-15, Some(NumberFormat::F16)), Symptom::GradientUnderflow);
    not_found(&run(-20, Some(NumberFormat::Bf16)), Symptom::GradientUnderflow);
    not_found(&run(-20, None), Symptom::GradientUnderflow);
    let report = run(-130, Some(NumberFormat::Bf16));
    assert_eq!(evidence(found(&report, Symptom::GradientUnderflow), "loss_scale"), 64.0);
}

#[test]
pub fn a_spike_of_the_loss_and_the_layer_that_spiked_first() {
    let run = |spike: bool| {
        let mut monitor = Monitor::new();
        let ids = ["a", "b", "c"].map(|name| monitor.watch_parameter(name, &Param::weight(2, 2)));
        for step in 0..400_u64 {
            monitor.begin(step);
            // What batches differ by: some 10 %.
            let noise = 1.0 + 0.1 * (step as f64 * 1.7).sin();
            for (at, id) in ids.into_iter().enumerate() {
                let begins = if at == 1 { 199 } else { 200 };
                let factor = if spike && (begins..206).contains(&step) { 20.0 } else { 1.0 };
                monitor.gradient(id, &[noise * factor; 4]).unwrap();
            }
            monitor.end(if spike && (200..206).contains(&step) { 9.0 } else { noise });
        }
        monitor.report()
    };
    let report = run(true);
    let finding = found(&report, Symptom::LossSpikes);
    assert_eq!((finding.step, &finding.layers[..]), (200, &["b".to_owned()][..]));
    assert_eq!((evidence(finding, "spikes"), evidence(finding, "layer_step")), (1.0, 199.0));
    not_found(&run(false), Symptom::LossSpikes);
}

/// A loss, and a derivative that is so many times the right one.
#[derive(Debug)]
struct Times<L>(f32, L);

impl<L: Loss<f32>> Loss<f32> for Times<L> {
    fn name(&self) -> &'static str {
        "times"
    }

    fn evaluate(
        &self,
        out: Rows<'_, f32>,
        target: Targets<'_, f32>,
        grad: Option<RowsMut<'_, f32>>,
    ) -> Result<f64, Error> {
        let Some(mut grad) = grad else { return self.1.evaluate(out, target, None) };
        let mut right = vec![0.0; out.data().len()];
        let loss = self.1.evaluate(out, target, Some(RowsMut::new(&mut right, out.cols())?))?;
        grad.data_mut().iter_mut().zip(right).for_each(|(to, right)| *to = self.0 * right);
        Ok(loss)
    }
}

#[test]
pub fn a_flipped_sign_is_found_by_what_the_loss_does() {
    for seed in 1..4 {
        let flipped = Times(-1.0, SoftmaxCrossEntropy::new());
        let report = report(usual(), flipped, Sgd::new(0.003).unwrap(), |trainer| trainer.epochs(8).seed(seed));
        let slope = evidence(found(&report, Symptom::WrongGradient), "slope_to_predicted");
        assert!((slope + 1.0).abs() < 0.1, "{slope}");
        not_found(&report, Symptom::Overshooting);
    }
    // A right one, at any rate.
    for rate in [0.003, 0.1, 1.0, 10.0, 100.0] {
        let report = report(usual(), SoftmaxCrossEntropy::new(), Sgd::new(rate).unwrap(), |trainer| trainer);
        not_found(&report, Symptom::WrongGradient);
    }
}

#[test]
pub fn steps_that_are_too_long_are_found_by_what_the_loss_does() {
    // One weight, and the loss (x w)^2 with its second derivative 2 over all rows: a rate of r multiplies w by 1 - 2 r, and the loss falls by
    // 1 - r times what the gradient says.
    for (rate, expected) in [(0.25, false), (0.5, false), (0.99, false), (2.5, true)] {
        let data = Dataset::values(vec![1.0_f64, -1.0], 1, vec![0.0, 0.0], 1).unwrap();
        let network = Network::builder(1).layer(Linear::without_bias(1)).weights(Constant::new(1.0).unwrap());
        let trainer = Trainer::builder(network.build().unwrap(), MeanSquared::new(), Sgd::new(rate).unwrap());
        let mut trainer = trainer.batch(2).epochs(20).watch(Monitor::new().period(1).unwrap()).build().unwrap();
        trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
        let report = trainer.report().unwrap();
        // At a rate of a half the first step is the last.
        let gains = report.trials.gain.recent().filter(|_| rate != 0.5 || report.trials.gain.len() == 1);
        gains.for_each(|(_, gain)| assert!((gain - (1.0 - rate)).abs() < 1e-9, "{rate} {gain}"));
        report.trials.slope.recent().for_each(|(_, slope)| assert!((slope - 1.0).abs() < 1e-6, "{rate} {slope}"));
        if expected {
            drop(found(&report, Symptom::Overshooting).clone())
        } else {
            not_found(&report, Symptom::Overshooting)
        }
        not_found(&report, Symptom::WrongGradient);
    }
}

#[test]
pub fn an_epsilon_that_takes_the_place_of_the_gradient() {
    let run = |epsilon: f64| {
        let adam = Adam::new(0.001).unwrap().epsilon(epsilon).unwrap();
        report(usual(), SoftmaxCrossEntropy::new(), adam, |trainer| trainer)
    };
    let report = run(1.0);
    let share = evidence(found(&report, Symptom::EpsilonRegime), "share_by_epsilon");
    assert!(share > 0.99, "{share}");
    not_found(&run(1e-8), Symptom::EpsilonRegime);
}

#[test]
fn the_share_is_that_of_counting_whatever_the_optimizer() {
    fn check(optimizer: impl Optimizer<f64>, squares: impl Fn(f64) -> f64, epsilon: f64) {
        let mut network = Network::<f64>::builder(3).layer(Linear::without_bias(5)).seed(1).build().unwrap();
        let mut state = network.optimizer_state(&optimizer).unwrap();
        assert_eq!(state.epsilon_share(&optimizer), None);
        let mut workspace = network.workspace(1).unwrap();
        network.forward(Rows::new(&[0.0, 1e-3, 1.0], 3).unwrap(), Mode::Train, &mut workspace).unwrap();
        let targets = [1.0, 0.1, 0.01, 0.0, -1.0];
        let targets = Targets::Values(Rows::new(&targets, 5).unwrap());
        network.loss(&MeanSquared::new(), targets, &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        let gradients: Vec<f64> = workspace.gradients().iter().copied().filter(|g| *g != 0.0).collect();
        assert_eq!(gradients.len(), 10);
        network.update(&optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
        let below = gradients.iter().filter(|g| squares(**g).sqrt() < epsilon).count();
        assert!((1..10).contains(&below));
        assert_eq!(state.epsilon_share(&optimizer), Some(below as f64 / 10.0));
        let boxed: Box<dyn Optimizer<f64>> = Box::new(Sgd::new(0.1).unwrap());
        assert_eq!(state.epsilon_share(&boxed), None);
    }
    // After one step Adam's corrected average of the squares is the square.
    check(Adam::new(0.1).unwrap().epsilon(1e-3).unwrap(), |g| g * g, 1e-3);
    check(AdamW::new(0.1, 0.1).unwrap().epsilon(1e-3).unwrap(), |g| g * g, 1e-3);
    check(RmsProp::new(0.1).unwrap().epsilon(1e-3).unwrap(), |g| 0.01 * g * g, 1e-3);
    check(RmsProp::new(0.1).unwrap().centered().momentum(0.9).unwrap().epsilon(1e-3).unwrap(), |g| 0.01 * g * g, 1e-3);
}

#[test]
pub fn statistics_that_are_not_those_of_training() {
    let run = |momentum: f64| {
        let norm = BatchNorm::new().momentum(momentum).unwrap();
        let builder = Network::builder(64).layer(Linear::new(32)).layer(norm).layer(Relu).layer(Linear::new(10));
        let network = builder.seed(1).build().unwrap();
        report(network, SoftmaxCrossEntropy::new(), Sgd::new(0.1).unwrap(), |trainer| trainer)
    };
    // A running average that never gets to where the statistics are.
    let report = run(1e-6);
    assert!(evidence(found(&report, Symptom::ModeMismatch), "loss_in_use_to_training") > 1.5);
    not_found(&run(0.1), Symptom::ModeMismatch);
}
