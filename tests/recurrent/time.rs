//! What a report says of the way back through the steps.

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

/// Trains on the sum of the first two of thirty numbers, in steps so small that the weights stay what they are.
fn report(layer: impl Layer<f64> + 'static) -> StabilityReport {
    let network = Network::builder(30).layer(layer).layer(Linear::new(1)).seed(3).build().unwrap();
    let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(1e-9).unwrap()).batch(8).epochs(8);
    let mut trainer = trainer.clip(GlobalNorm::new(1.0).unwrap()).watch(Monitor::new()).build().unwrap();
    let x: Vec<f64> = (0..64 * 30).map(|at| (at as f64 * 0.7).sin()).collect();
    let y = x.chunks(30).map(|x| x[0] + x[1]).collect();
    let data = Dataset::values(x, 30, y, 1).unwrap();
    trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
    trainer.report().unwrap()
}

/// Recurrent weights that multiply a derivative by that factor a step, as long as no activation does.
fn factor(factor: f64) -> impl Initializer<f64> {
    #[derive(Debug)]
    struct Diagonal(f64);
    impl Initializer<f64> for Diagonal {
        fn fill(&self, param: &Param, out: &mut [f64], _: &mut Generator) -> Result<(), Error> {
            out.fill(0.0);
            out.iter_mut().step_by(param.cols + 1).for_each(|w| *w = self.0);
            Ok(())
        }
        fn moments(&self, _: &Param) -> Option<InitMoments> {
            None
        }
    }
    Diagonal(factor)
}

fn plain(slope: f64) -> Rnn<f64> {
    let rnn = Rnn::new(30, 1, 6).unwrap().last().recurrent_weights(factor(slope));
    // So small that tanh is its argument.
    rnn.weights(Uniform::new(-1e-6, 1e-6).unwrap())
}

#[test]
pub fn what_vanishes_over_time_is_told_with_its_lag() {
    // 0.5^13 is above 1e-4, and 0.5^14 below.
    let report = report(plain(0.5));
    let finding = report.finding(Symptom::VanishingOverTime).unwrap_or_else(|| panic!("{report}"));
    assert_eq!((finding.layers[0].as_str(), finding.cause), ("0.rnn", Cause::SequenceTooLong));
    assert!(finding.message.contains("at lag 14"), "{finding}");
    assert!(report.finding(Symptom::ExplodingOverTime).is_none());
    let through_time = report.layer("0.rnn").unwrap().through_time.as_ref().unwrap();
    let lags: Vec<usize> = through_time.norms.iter().map(|(lag, _)| *lag).collect();
    assert_eq!(lags, [0, 1, 2, 4, 8, 16, 29]);
    let norm = |at: usize| through_time.norms[at].1.start().unwrap();
    assert!((norm(3) / norm(0) - 0.0625).abs() < 1e-6);
    assert!(report.to_string().contains("0.rnn: gradient so many steps back: 0: "), "{report}");
}

#[test]
pub fn what_explodes_over_time_is_told_with_its_lag() {
    // 1.4^13 is below 100, and 1.4^14 above.
    let report = report(plain(1.4));
    let finding = report.finding(Symptom::ExplodingOverTime).unwrap_or_else(|| panic!("{report}"));
    assert!(finding.message.contains("at lag 14"), "{finding}");
    assert!(report.finding(Symptom::VanishingOverTime).is_none());
    assert!(report.finding(Symptom::ExplodingGradients).is_none(), "{report}");
}

#[test]
pub fn what_stays_is_not_told() {
    let report = report(plain(0.99));
    assert!(report.findings.iter().all(|finding| finding.cause != Cause::SequenceTooLong), "{report}");
    assert!(report.finding(Symptom::ExplodingOverTime).is_none(), "{report}");
}

/// The report on one that is to follow a mean of what it has seen, told after every step or after the last one.
fn on_waves(layer: Rnn<f64>, steps: usize, every: bool) -> StabilityReport {
    let builder = Network::builder(steps).seed(3);
    let network = match every {
        true => builder.layer(layer).layer(PerStep::new(16, Linear::new(1))),
        false => builder.layer(layer.last()).layer(Linear::new(1)),
    };
    let trainer = Trainer::builder(network.build().unwrap(), MeanSquared::new(), Adam::new(1e-3).unwrap()).batch(8);
    let mut trainer = trainer.epochs(4).watch(Monitor::new()).build().unwrap();
    let x: Vec<f64> = (0..64 * steps).map(|at| 0.5 * (at as f64 * 0.7).sin()).collect();
    let means = x.chunks(steps).flat_map(|x| {
        let mut mean = 0.0;
        let means = x.iter().map(|x| {
            mean += 0.1 * (x - mean);
            mean
        });
        means.collect::<Vec<_>>().split_off(if every { 0 } else { steps - 1 })
    });
    let data = Dataset::values(x.clone(), steps, means.collect(), if every { steps } else { 1 }).unwrap();
    trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
    trainer.report().unwrap()
}

#[test]
fn weights_that_grow_are_told_from_those_that_do_not() {
    let rnn = || Rnn::new(40, 1, 16).unwrap();
    for every in [true, false] {
        // Normal weights of variance 1.5^2 / n have their largest eigenvalue near 1.5 (Girko); ReLU lets half of the squares pass.
        let growing = Normal::new(0.0, 1.5 * (2.0_f64 / 16.0).sqrt()).unwrap();
        let report = on_waves(rnn().relu().recurrent_weights(growing), 40, every);
        assert!(report.finding(Symptom::ExplodingOverTime).is_some(), "{report}");
        for healthy in [rnn(), rnn().recurrent_weights(Orthogonal::new(1.0).unwrap()), rnn().relu()] {
            let report = on_waves(healthy, 40, every);
            assert!(report.finding(Symptom::ExplodingOverTime).is_none(), "{report}");
        }
    }
}

#[test]
fn what_many_outputs_add_up_to_has_not_grown() {
    // The state is kept as it is, and every step asks for more of it: the derivative is a sum of one for each step behind.
    let layer = Rnn::new(400, 1, 6).unwrap().relu().weights(Uniform::new(1e-6, 2e-6).unwrap());
    let network = Network::builder(400).layer(layer).layer(PerStep::new(6, Linear::new(1))).seed(3).build().unwrap();
    let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(1e-9).unwrap()).batch(8);
    let mut trainer = trainer.epochs(8).watch(Monitor::new()).build().unwrap();
    let data = Dataset::values(vec![0.5; 64 * 400], 400, vec![1.0; 64 * 400], 400).unwrap();
    trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
    let kept = trainer.report().unwrap();
    let norms = &kept.layer("0.rnn").unwrap().through_time.as_ref().unwrap().norms;
    let at = |at: usize| norms[at].1.start().unwrap();
    let sum = at(norms.len() - 1) / at(0);
    assert!((sum / 400.0 - 1.0).abs() < 0.01, "{sum}");
    assert!(kept.finding(Symptom::ExplodingOverTime).is_none(), "{kept}");

    // Such a sum of growing ones, (1.03^400 - 1) / 0.03, is 4.5e6.
    let mut monitor = Monitor::new();
    let state = monitor.watch_lags("grown", 400);
    let norms: Vec<f64> = (1..=400).map(|terms| (1.03_f64.powi(terms) - 1.0) / 0.03).collect();
    for step in 0..20 {
        monitor.begin(step);
        monitor.lag_norms(state, &norms).unwrap();
        monitor.end(1.0);
    }
    let grown = monitor.report();
    assert!(grown.finding(Symptom::ExplodingOverTime).is_some(), "{grown}");
}

#[test]
fn starts_are_those_of_the_papers() {
    let weights = |layer: Box<dyn Layer<f64>>| Network::builder(50 * 3).boxed(layer).seed(1).build().unwrap();
    let relu = weights(Box::new(Rnn::new(50, 3, 8).unwrap().relu()));
    for (row, weights) in relu.parameter("0.rnn.recurrent_weight").unwrap().iter().enumerate() {
        assert!(weights.iter().enumerate().all(|(col, &w)| w == f64::from(u8::from(row == col))));
    }
    let lstm = weights(Box::new(Lstm::new(50, 3, 200).unwrap()));
    let bias = lstm.parameter("0.lstm.bias").unwrap().data();
    assert!(bias.iter().enumerate().all(|(at, &b)| b == if (200..400).contains(&at) { 1.0 } else { 0.0 }));
    // Each gate as a layer of its own: variance 1 / hidden, here of 160 000 draws, whose sample variance is within 2 % of it but for
    // one seed in 10^7 (5.6 standard deviations of sqrt(2 / 160 000)).
    let recurrent = lstm.parameter("0.lstm.recurrent_weight").unwrap().data();
    let variance = recurrent.iter().map(|w| w * w).sum::<f64>() / recurrent.len() as f64;
    assert!((variance * 200.0 - 1.0).abs() < 0.02, "{variance}");
    let chrono = weights(Box::new(Lstm::new(50, 3, 200).unwrap().chrono(50).unwrap()));
    let bias = chrono.parameter("0.lstm.bias").unwrap().data();
    let kept: Vec<f64> = bias[200..400].iter().map(|b| b.exp()).collect();
    assert!(bias[..200].iter().zip(&bias[200..400]).all(|(i, f)| *i == -f) && bias[400..].iter().all(|&b| b == 0.0));
    assert!(kept.iter().all(|kept| (1.0 - 1e-9..=49.0 + 1e-9).contains(kept)));
    // The mean of 200 draws, evenly between 1 and 49: 25, within five standard deviations of 48 / sqrt(12 * 200).
    let mean = kept.iter().sum::<f64>() / 200.0;
    assert!((mean - 25.0).abs() < 5.0 * 48.0 / 2400_f64.sqrt(), "{mean}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (steps, width, hidden, argument) in [(0, 1, 1, "steps"), (1, 0, 1, "width"), (1, 1, 0, "hidden")] {
        let refused = Lstm::<f32>::new(steps, width, hidden).unwrap_err();
        assert_eq!(refused, Error::Argument { of: "Lstm", argument, value: 0.0, must: "at least 1" });
    }
    assert!(matches!(Gru::<f32>::new(1, 1, 1).unwrap().truncate(0), Err(Error::Argument { argument: "reach", .. })));
    assert!(matches!(Lstm::<f32>::new(1, 1, 1).unwrap().chrono(1), Err(Error::Argument { argument: "longest", .. })));
    let not_finite = Lstm::<f32>::new(1, 1, 1).unwrap().forget_bias(f64::NAN);
    assert!(matches!(not_finite, Err(Error::Argument { argument: "forget_bias", .. })));
    let wrong = Network::<f32>::builder(7).layer(Rnn::new(2, 3, 4).unwrap()).build().unwrap_err();
    assert!(wrong.to_string().contains("expected 6, found 7"), "{wrong}");
    // Sizes beyond all memory are an error too.
    let beyond = Rnn::new(usize::MAX, 2, usize::MAX).unwrap();
    assert!(Network::<f32>::builder(3).layer(beyond).build().is_err());
    let beyond = Gru::new(1, 1, usize::MAX / 2).unwrap();
    assert!(Network::<f32>::builder(1).layer(beyond).build().is_err());
}

/// A short memory is all that this needs: the last number, up to noise.
#[test]
fn a_network_that_has_learned_what_needs_no_memory_is_healthy() {
    let steps = 50;
    for seed in [1, 2] {
        let mut noise = Generator::named(seed, "noise");
        let mut normal = || noise.sample::<f64, _>(StandardNormal);
        let x: Vec<f64> = (0..256 * steps).map(|_| 0.5 * normal()).collect();
        let y: Vec<f64> = x.chunks(steps).map(|x| x[steps - 1] + 0.17 * normal()).collect();
        let data = Dataset::values(x, steps, y, 1).unwrap();
        let network = Network::builder(steps).layer(Gru::new(steps, 1, 8).unwrap().last()).layer(Linear::new(1));
        let trainer =
            Trainer::builder(network.seed(seed).build().unwrap(), MeanSquared::new(), Adam::new(0.01).unwrap());
        let mut trainer = trainer.batch(32).epochs(60).watch(Monitor::new()).build().unwrap();
        trainer.fit(&data, None, |_| std::ops::ControlFlow::Continue(())).unwrap();
        let report = trainer.report().unwrap();
        assert!(trainer.evaluate(&data).unwrap().loss < 0.06, "{report}");
        assert!(report.is_healthy(), "{report}");
    }
}

#[test]
fn lag_norms_are_those_of_a_backward_pass_or_none() {
    let network =
        Network::<f64>::builder(5).layer(Rnn::new(5, 1, 4).unwrap().last()).layer(Linear::new(1)).build().unwrap();
    let mut workspace = network.workspace(2).unwrap();
    let lags = |workspace: &Workspace<f64>| workspace.lag_norms("0.rnn").unwrap().len();
    let (x, y) = (vec![0.5; 10], [0.0, 1.0]);
    let (x, y) = (Rows::new(&x, 5).unwrap(), Targets::Values(Rows::new(&y, 1).unwrap()));
    assert_eq!(lags(&workspace), 0);
    network.forward(x, Mode::Train, &mut workspace).unwrap();
    assert_eq!(lags(&workspace), 0);
    network.loss(&MeanSquared::new(), y, &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    assert_eq!(lags(&workspace), 5);
    workspace.set_lengths(&[9, 9]).unwrap();
    assert!(network.forward(x, Mode::Train, &mut workspace).is_err());
    assert_eq!(lags(&workspace), 0);
}

#[test]
fn what_is_recorded_over_time_keeps_to_its_budget() {
    let time = report(Rnn::new(30, 1, 4).unwrap().last()).layer("0.rnn").unwrap().through_time.clone().unwrap();
    // Lag 0, the powers of two below 29, and 29; then two series of lags.
    let lags: Vec<usize> = time.norms.iter().map(|(lag, _)| *lag).collect();
    assert_eq!(lags, [0, 1, 2, 4, 8, 16, 29]);
    assert!(lags.len() + 2 <= 5 + 30_usize.ilog2() as usize);
}
