//! Edges at which a plain implementation goes wrong: numbers that a type cannot hold, calls across data sets and networks, reports of
//! runs that are over, restored, or made of unusual losses.

use std::ops::ControlFlow;

use approx::assert_relative_eq;
use evenkeel::*;
use rand::RngExt;

/// One weight, and one update by an optimizer with that gradient.
fn updated(optimizer: &dyn Optimizer<f32>, gradients: &[f32]) -> Vec<f32> {
    let mut network = Network::<f32>::builder(1).layer(Linear::without_bias(1).weights(Zeros)).build().unwrap();
    let mut workspace = network.workspace(1).unwrap();
    let mut state = network.optimizer_state(optimizer).unwrap();
    let (x, t) = ([1.0], [0.0]);
    let step = |&gradient: &f32| {
        network.forward(Rows::new(&x, 1).unwrap(), Mode::Train, &mut workspace).unwrap();
        network.loss(&MeanSquared::new(), Targets::Values(Rows::new(&t, 1).unwrap()), &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        network.gradients(&mut workspace).unwrap().values_mut()[0] = gradient;
        network.update(optimizer, &mut state, &mut workspace, 1.0, 0.1).unwrap();
        network.parameters()[0]
    };
    gradients.iter().map(step).collect()
}

#[test]
fn adam_recovers_from_a_gradient_whose_square_is_beyond_f32() {
    let adam = Adam::new(0.1).unwrap().betas(0.5, 0.5).unwrap();
    let gradients: Vec<f32> = std::iter::once(-2e24).chain(std::iter::repeat_n(1.0, 400)).collect();
    let weights = updated(&adam, &gradients);
    assert!(weights.iter().all(|weight| weight.is_finite()), "{weights:?}");
    // The average of the squares halves every step, from 3e38: after some 130 steps it is near 1 again, and steps are of usual size.
    // The weight itself has gone far by then, and is rounded.
    let rounding = 2.0 * f32::EPSILON * weights[400].abs();
    assert_relative_eq!(weights[399] - weights[400], 0.1, epsilon = rounding, max_relative = 1e-5);
}

#[test]
fn sums_and_averages_of_squares_beyond_f32_stay_finite() {
    let rms = RmsProp::new(0.1).unwrap().alpha(0.5).unwrap();
    let optimizers: [Box<dyn Optimizer<f32>>; 4] = [
        Box::new(rms),
        Box::new(rms.centered()),
        Box::new(rms.momentum(0.9).unwrap()),
        Box::new(Adagrad::new(0.1).unwrap().initial_accumulator(1e300).unwrap()),
    ];
    let gradients: Vec<f32> = std::iter::once(-2e24).chain(std::iter::repeat_n(1.0, 400)).collect();
    for optimizer in optimizers {
        let weights = updated(&*optimizer, &gradients);
        assert!(weights.iter().all(|weight| weight.is_finite()), "{optimizer:?}: {weights:?}");
        // Nothing divides by zero where there is no gradient, and a gradient that is NaN shows.
        assert_eq!(updated(&*optimizer, &[0.0, 0.0]), [0.0, 0.0], "{optimizer:?}");
        assert!(updated(&*optimizer, &[1.0, f32::NAN])[1].is_nan(), "{optimizer:?}");
    }
    let tiny = rms.epsilon(1e-60).unwrap();
    assert_eq!(updated(&tiny, &[0.0, 0.0]), [0.0, 0.0]);
    assert_eq!(updated(&Adagrad::new(0.1).unwrap().epsilon(1e-60).unwrap(), &[0.0, 0.0]), [0.0, 0.0]);
    // A gradient that never changes has no spread; rounding makes none below it, whose root would be NaN.
    let weights = updated(&rms.centered(), &[0.3; 300]);
    assert!(weights.iter().all(|weight| weight.is_finite()), "{weights:?}");
}

#[test]
fn rms_prop_goes_on_behind_a_gradient_whose_square_is_beyond_f32() {
    let rms = RmsProp::new(0.1).unwrap();
    for optimizer in [rms, rms.centered()] {
        // Of a size that does not matter: steps are those of gradients of 1.
        let (large, usual) = (updated(&optimizer, &[1e22; 50]), updated(&optimizer, &[1.0; 50]));
        for (large, usual) in large.iter().zip(usual) {
            // The spread of equal numbers around their mean is a small difference of large ones.
            assert_relative_eq!(*large, usual, max_relative = 1e-3);
        }
        // The first step is of 0.1 / sqrt(0.01 - 0.01^2) at most; those behind it are far below it.
        let gradients: Vec<f32> = std::iter::once(1e22).chain(std::iter::repeat_n(1.0, 2000)).collect();
        let weights = updated(&optimizer, &gradients);
        let steps = weights.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        assert!(weights[0].abs() <= 1.01 && steps.fold(0.0, f32::max) <= 1.01, "{optimizer:?}");
        assert!(
            updated(&optimizer, &[f32::INFINITY])[0].is_nan() || updated(&optimizer, &[f32::INFINITY])[0].is_infinite()
        );
    }
}

/// How long each step of a single weight is, at a rate of 0.1.
fn steps<T: Float>(optimizer: &dyn Optimizer<T>, gradients: &[f64]) -> Vec<f64> {
    let network = Network::<T>::builder(1).layer(Linear::without_bias(1).weights(Zeros)).build().unwrap();
    let (mut weights, mut slots, mut norms) = ([T::zero()], vec![T::zero(); optimizer.slots()], [0.0]);
    let step = |(gradient, step): (&f64, u64)| {
        let (layout, gradients) = (network.layout(), &[T::of(*gradient)][..]);
        let (weights, slots, norms) = (&mut weights[..], &mut slots[..], &mut norms[..]);
        optimizer.update(Update { layout, weights, gradients, slots, step, rate: 0.1, scale: 1.0, norms });
        norms[0]
    };
    gradients.iter().zip(1..).map(step).collect()
}

/// No gradients of any size make a step longer than the rule itself can: see [`Bound`].
fn keeps_its_bounds<T: Float>(largest: f64) {
    let adam = Adam::new(0.1).unwrap();
    let (quick, still) = (adam.betas(0.5, 0.6).unwrap(), adam.betas(0.0, 0.0).unwrap());
    let optimizers: [(Box<dyn Optimizer<T>>, Bound); 6] = [
        (Box::new(adam), Bound::Adam(0.9, 0.999)),
        (Box::new(quick), Bound::Adam(0.5, 0.6)),
        (Box::new(still), Bound::Adam(0.0, 0.0)),
        (Box::new(AdamW::new(0.1, 0.0).unwrap()), Bound::Adam(0.9, 0.999)),
        (Box::new(Adagrad::new(0.1).unwrap()), Bound::OfAll),
        (Box::new(RmsProp::new(0.1).unwrap()), Bound::Recent(0.99)),
    ];
    for (optimizer, bound) in optimizers {
        // The longest step that there is: nothing, and then all at once.
        let sudden = [vec![1.0; 3], vec![0.0; 10], vec![largest]].concat();
        let drawn = (0..40).map(|seed| {
            let mut generator = Generator::named(seed, "sizes");
            (0..60)
                .map(|_| {
                    largest
                        * 10_f64.powf(generator.random_range(-40.0..0.0))
                        * generator.random_range(-1.0..1.0_f64).signum()
                })
                .collect()
        });
        for gradients in drawn.chain([sudden, vec![largest; 60], vec![-largest, largest, 1.0, 1.0]]) {
            for (step, length) in steps(&*optimizer, &gradients).into_iter().enumerate() {
                let bound = bound.at(step as i32 + 1);
                // Both averages are right to a rounding or two a step, relative to what they are bounded by.
                let rounding = 1.0 + 4.0 * (step + 4) as f64 * T::epsilon().get();
                assert!(length <= bound * rounding, "{optimizer:?}, step {step}: {length} > {bound} of {gradients:?}");
            }
        }
        // It shows what is not finite.
        assert!(!steps(&*optimizer, &[1.0, f64::INFINITY])[1].is_finite(), "{optimizer:?}");
        assert!(!steps(&*optimizer, &[1.0, f64::NAN])[1].is_finite(), "{optimizer:?}");
    }
}

/// What bounds a step at a rate of 0.1, whatever the gradients were.
#[derive(Clone, Copy)]
enum Bound {
    /// By Cauchy's inequality m^2 <= (1 - b1)^2 / (1 - b2) v times the sum over k < t of (b1^2 / b2)^k, before both are corrected.
    Adam(f64, f64),
    /// g^2 is part of the sum.
    OfAll,
    /// (1 - a) g^2 is part of the average.
    Recent(f64),
}

impl Bound {
    fn at(self, step: i32) -> f64 {
        match self {
            Self::Adam(b1, b2) => {
                let ratio = if b2 > 0.0 { b1 * b1 / b2 } else { 0.0 };
                let sum: f64 = (0..step).map(|k| ratio.powi(k)).sum();
                0.1 * (1.0 - b1) / (1.0 - b1.powi(step)) * (sum * (1.0 - b2.powi(step)) / (1.0 - b2)).sqrt()
            }
            Self::OfAll => 0.1,
            Self::Recent(alpha) => 0.1 / (1.0 - alpha).sqrt(),
        }
    }
}

#[test]
fn no_gradient_makes_a_step_longer_than_its_rule() {
    keeps_its_bounds::<f32>(f64::from(f32::MAX));
    keeps_its_bounds::<f64>(f64::MAX);
}

#[test]
fn adam_does_not_divide_zero_by_zero() {
    let adam = Adam::new(0.1).unwrap().epsilon(1e-60).unwrap();
    assert_eq!(updated(&adam, &[0.0, 0.0]), [0.0, 0.0]);
}

#[test]
fn a_limit_that_f32_cannot_hold_erases_nothing() {
    let network = Network::<f32>::builder(2).layer(Linear::without_bias(1)).build().unwrap();
    let clippers: [Box<dyn GradientClipper<f32>>; 3] = [
        Box::new(GlobalNorm::new(1e-50).unwrap()),
        Box::new(PerLayerNorm::new(1e-50).unwrap()),
        Box::new(ByValue::new(1e-50).unwrap()),
    ];
    for mut clipper in clippers {
        let mut values = [1.0_f32, 1.0];
        let mut outcome =
            clipper.clip(&mut Gradients::new(network.layout(), network.parameters(), &mut values).unwrap());
        outcome.settle(&mut values);
        assert!(values[0] > 0.0 && values[0] == values[1], "{clipper:?}: {values:?}");
        let norm = f64::from(values[0]).hypot(f64::from(values[1]));
        assert_relative_eq!(outcome.norm_after, norm, max_relative = 1e-6);
    }
}

#[test]
fn gradients_belong_to_a_workspace_of_their_network_after_backward() {
    let build = |width| Network::<f32>::builder(2).layer(Linear::new(width)).build().unwrap();
    let (one, other) = (build(3), build(20));
    let mut workspace = other.workspace(1).unwrap();
    assert!(matches!(one.gradients(&mut workspace), Err(Error::Foreign { what: "the workspace" })));
    assert!(matches!(other.gradients(&mut workspace), Err(Error::Order { call: "gradients", needs: "backward" })));
    let mut values = [0.0; 9];
    let wrong = Gradients::new(other.layout(), other.parameters(), &mut values);
    assert!(matches!(wrong, Err(Error::Size { expected: 60, found: 9, .. })));
}

fn line(rows: usize) -> Dataset<f64> {
    let x: Vec<f64> = (0..rows).map(|row| row as f64 / rows as f64).collect();
    let y = x.iter().map(|x| 0.5 - x).collect();
    Dataset::values(x, 1, y, 1).unwrap()
}

fn trainer(network: Network<f64>) -> TrainerBuilder<f64> {
    Trainer::builder(network, MeanSquared::new(), Adam::new(0.01).unwrap()).watch(Monitor::new())
}

fn small() -> Network<f64> {
    Network::builder(1).layer(Linear::new(4)).layer(Tanh).layer(Linear::new(1)).seed(2).build().unwrap()
}

#[test]
fn an_epoch_is_not_begun_on_one_data_set_and_ended_on_another() {
    let mut trainer = trainer(small()).batch(8).build().unwrap();
    trainer.step(&line(40)).unwrap();
    trainer.step(&line(40)).unwrap();
    let refused = trainer.epoch(&line(10), None);
    assert!(matches!(refused, Err(Error::Size { what: "the rows of the data set", expected: 40, found: 10 })));
    assert_eq!(trainer.epoch(&line(40), None).unwrap().map(|epoch| (epoch.epoch, epoch.steps)), Some((0, 5)));
}

#[test]
fn a_state_of_another_optimizer_is_refused() {
    let adam = trainer(small()).build().unwrap().snapshot();
    let builder = Trainer::builder(small(), MeanSquared::new(), AdamW::new(0.01, 0.1).unwrap());
    let refused = builder.build().unwrap().restore(&adam);
    assert_eq!(refused, Err(Error::Foreign { what: "the optimizer's state" }));
}

#[test]
fn early_stopping_gives_the_best_network_back_epoch_by_epoch_too() {
    let (train, test) = line(40).split(0.5, 1).unwrap();
    let stopping = EarlyStopping::new(3).unwrap();
    // A rate so high that the validation loss goes up and down.
    let builder = Trainer::builder(small(), MeanSquared::new(), Adam::new(0.5).unwrap()).batch(4).epochs(60);
    let mut trainer = builder.early_stopping(stopping).build().unwrap();
    let mut best = f64::INFINITY;
    while let Some(epoch) = trainer.epoch(&train, Some(&test)).unwrap() {
        best = best.min(epoch.validation.unwrap().loss);
    }
    assert_eq!(trainer.evaluate(&test).unwrap().loss, best);
}

#[test]
fn a_restored_run_is_watched_from_its_own_start() {
    let data = line(40);
    let mut first = trainer(small()).batch(8).epochs(30).build().unwrap();
    first.fit(&data, None, |_| ControlFlow::Continue(())).unwrap();
    let snapshot = first.snapshot();
    let mut resumed = trainer(small()).batch(8).epochs(38).build().unwrap();
    resumed.restore(&snapshot).unwrap();
    let norm = resumed.network().parameter("0.linear.weight").unwrap().data().iter().map(|w| w * w).sum::<f64>().sqrt();
    resumed.fit(&data, None, |_| ControlFlow::Continue(())).unwrap();
    let report = resumed.report().unwrap();
    let layer = report.layer("0.linear").unwrap();
    assert_relative_eq!(layer.weight.start().unwrap(), norm, max_relative = 1e-12);
    assert_eq!((layer.update_ratio.len(), report.loss.first()[0].0, report.steps), (10, 150, 40));
}

#[test]
fn parameters_of_a_layer_need_not_be_neighbours() {
    let mut monitor = Monitor::new();
    let a = monitor.watch_parameter("a", &Param::weight(1, 1));
    let b = monitor.watch_parameter("b", &Param::weight(1, 1));
    let a_bias = monitor.watch_parameter("a", &Param::bias(1));
    monitor.begin(0);
    for (id, gradient) in [(a, 3.0), (b, 7.0), (a_bias, 4.0)] {
        monitor.gradient(id, &[gradient]).unwrap();
    }
    monitor.end(1.0);
    let report = monitor.report();
    let norms = |layer: &str| report.layer(layer).unwrap().gradient.first().to_vec();
    assert_eq!((norms("a"), norms("b")), (vec![(0, 5.0)], vec![(0, 7.0)]));
}

#[test]
fn a_correct_network_whose_gradients_vanish_passes_the_check() {
    let mut network = Network::<f64>::builder(3).seed(4);
    for _ in 0..12 {
        network = network.layer(Linear::new(6)).layer(Sigmoid);
    }
    let network = network.layer(Linear::new(2)).build().unwrap();
    check::gradients(&network, Rows::new(&[0.3, -0.4, 0.9, 0.1, 0.8, -0.7], 3).unwrap(), 1).unwrap();
}

/// The report of a loop fed by hand, of one layer, with these losses and gradients.
fn report_of(losses: impl Fn(u64) -> f64, gradient: impl Fn(u64) -> f64) -> StabilityReport {
    let mut monitor = Monitor::new();
    let id = monitor.watch_parameter("own", &Param::weight(1, 1));
    for step in 0..400 {
        monitor.begin(step);
        monitor.gradient(id, &[gradient(step)]).unwrap();
        monitor.weights(id, &[1.0 - 1e-3 * step as f64], 1e-3).unwrap();
        monitor.end(losses(step));
    }
    monitor.report()
}

#[test]
fn unusual_losses_raise_no_alarm() {
    let nothing_left = report_of(|_| 0.0, |_| 0.0);
    assert!(nothing_left.findings.is_empty(), "{nothing_left}");
    let absolute_error = report_of(|step| 10.0 - 0.01 * step as f64, |_| 1.0);
    assert!(absolute_error.findings.is_empty(), "{absolute_error}");
    let at_its_floor = report_of(|step| 0.02 + 1e-3 * (step as f64).sin(), |step| (0.1 + (step as f64).cos()).abs());
    assert!(at_its_floor.is_healthy(), "{at_its_floor}");
    let negative = report_of(|step| -1.0 - 0.01 * step as f64, |step| 1.0 + (step as f64).sin() / 2.0);
    assert!(negative.findings.is_empty(), "{negative}");
}

#[test]
fn a_loss_that_blows_up_late_is_told_with_its_step() {
    let report = report_of(|step| if step < 300 { 1.0 } else { 1e6 }, |step| 1.0 + (step as f64).sin() / 2.0);
    let finding = report.finding(Symptom::UnstableLoss).unwrap();
    assert!((280..=300).contains(&finding.step), "{finding}");
}

#[test]
fn large_inputs_alone_are_no_vanishing_gradient() {
    let rows = 200;
    let x: Vec<f64> = (0..rows).map(|row| 1e5 * ((row % 20) as f64 / 10.0 - 0.95)).collect();
    let y = x.iter().map(|x| x.signum()).collect();
    let data = Dataset::values(x, 1, y, 1).unwrap();
    let network = Network::builder(1).layer(Linear::new(16)).layer(Tanh).layer(Linear::new(16)).layer(Tanh);
    let network = network.layer(Linear::new(1)).seed(3).build().unwrap();
    let mut trainer = trainer(network).epochs(60).build().unwrap();
    trainer.fit(&data, None, |_| ControlFlow::Continue(())).unwrap();
    let report = trainer.report().unwrap();
    assert!(report.finding(Symptom::VanishingGradients).is_none(), "{report}");
}
