//! The same seed gives the same bits: twice, watched or not, and after an interruption at any place.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use evenkeel::schedule::{Cosine, ReduceOnPlateau};
use evenkeel::*;
use proptest::prelude::*;

/// Nineteen rows: in batches of five, the last of an epoch has four, and an epoch has four steps.
fn data(shift: f64) -> Dataset<f64> {
    let x: Vec<f64> = (0..19 * 2).map(|at| (at as f64 * 1.3 + shift).sin()).collect();
    let y = x.chunks(2).map(|x| x[0] * x[1] + 0.1 * shift).collect();
    Dataset::values(x, 2, y, 1).unwrap()
}

const EPOCHS: u64 = 8;
const STEPS: u64 = EPOCHS * 4;

/// Limits the norm to a running mean of the norms so far: a clipper with a memory.
#[derive(Debug, Default)]
struct RunningLimit(Option<f64>);

impl GradientClipper<f64> for RunningLimit {
    fn clip(&mut self, gradients: &mut Gradients<'_, f64>) -> Clipped {
        let norm = gradients.norm();
        if let Some(place) = gradients.first_non_finite() {
            return Clipped { non_finite: Some(place), ..Clipped::untouched(norm) };
        }
        let limit = self.0.unwrap_or(norm);
        self.0 = Some(0.8 * limit + 0.2 * norm);
        let pending = if norm > limit { limit / norm } else { 1.0 };
        let touched = if norm > limit { gradients.values().len() } else { 0 };
        Clipped { norm_after: norm * pending, pending, touched, ..Clipped::untouched(norm) }
    }

    fn memory(&self) -> Vec<f64> {
        self.0.into_iter().collect()
    }

    fn restore(&mut self, memory: &[f64]) -> Result<(), Error> {
        let ([] | [_]) = memory else { return Err(Error::Foreign { what: "the clipper's memory" }) };
        self.0 = memory.first().copied();
        Ok(())
    }
}

/// A layer that passes rows on, with a little noise while training, and with a count of the passes that were applied. After so many
/// passes it refuses one: an interruption at any place of a run.
#[derive(Debug, Clone)]
struct Noisy(Arc<AtomicU64>);

impl Layer<f64> for Noisy {
    fn kind(&self) -> &'static str {
        "noisy"
    }

    fn plan(&self, n_in: usize) -> Result<Plan, Error> {
        Ok(Plan::new(n_in).state(vec![0.0]))
    }

    fn forward(&self, x: Rows<'_, f64>, mut y: RowsMut<'_, f64>, pass: &mut Pass<'_, f64>) -> Result<(), Error> {
        // Probe rows, of which there are seven, are no part of the run.
        if x.rows() != 7 && self.0.fetch_sub(1, Ordering::Relaxed) == 0 {
            return Err(Error::Order { call: "an interrupted pass", needs: "a restart" });
        }
        let noise = if pass.mode == Mode::Train { 1e-2 } else { 0.0 };
        for (row, (x, y)) in x.iter().zip(y.iter_mut()).enumerate() {
            let mut rng = Generator::numbered(pass.seed ^ pass.step, "noise", (pass.first_row + row) as u64);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x + noise * (rng.below(1000) as f64 / 1000.0 - 0.5));
        }
        Ok(())
    }

    fn backward(
        &self,
        _: Rows<'_, f64>,
        _: Rows<'_, f64>,
        dy: Rows<'_, f64>,
        dx: Option<RowsMut<'_, f64>>,
        _: &mut [f64],
        _: &mut Pass<'_, f64>,
    ) {
        if let Some(mut dx) = dx {
            dx.data_mut().copy_from_slice(dy.data());
        }
    }

    fn commit(&self, _: &Passed<'_, f64>, state: &mut [f64]) {
        state[0] += 1.0;
    }
}

/// What a run is made of; everything that a snapshot has to hold is in it.
#[derive(Debug, Clone, Copy)]
struct Run {
    adam: bool,
    clipper: bool,
    stopping: bool,
    validation: bool,
    plateau: bool,
    micro: Option<usize>,
    watch: Option<u64>,
}

fn runs() -> impl Strategy<Value = Run> {
    let watch = prop_oneof![Just(None), Just(Some(1)), Just(Some(Monitor::PERIOD))];
    let micro = prop_oneof![Just(None), Just(Some(2)), Just(Some(3))];
    let run = |(adam, clipper, stopping, validation, plateau, micro, watch)| Run {
        adam,
        clipper,
        stopping,
        validation,
        plateau,
        micro,
        watch,
    };
    let any = any::<bool>;
    (any(), any(), any(), any(), any(), micro, watch).prop_map(run)
}

impl Run {
    /// A trainer made from nothing, whose network refuses a pass after `passes` others.
    fn trainer(self, seed: u64, passes: u64) -> Trainer<f64> {
        let noisy = Noisy(Arc::new(AtomicU64::new(passes)));
        let dropped = Residual::new().layer(Dropout::new(0.2).unwrap()).layer(Linear::new(7));
        let hidden = Sequential::new().layer(dropped).layer(Tanh);
        let builder = Network::builder(2).layer(Linear::new(7)).layer(hidden).layer(noisy).layer(Linear::new(1));
        let network = builder.seed(seed).build().unwrap();
        let builder = if self.adam {
            Trainer::builder(network, MeanSquared::new(), Adam::new(0.02).unwrap())
        } else {
            Trainer::builder(network, MeanSquared::new(), Sgd::new(0.1).unwrap().momentum(0.9).unwrap())
        };
        let builder = builder.batch(5).epochs(EPOCHS).seed(seed).schedule(Cosine::new(STEPS).unwrap()).probe_rows(7);
        let builder = if self.clipper { builder.clip(RunningLimit::default()) } else { builder };
        let patience = EarlyStopping::new(1).unwrap().improvement(0.01).unwrap();
        let builder = if self.stopping { builder.early_stopping(patience) } else { builder };
        let reduce = ReduceOnPlateau::new(0.5, 0).unwrap().relative(0.05).unwrap().cooldown(1);
        let builder = if self.plateau { builder.reduce_on_plateau(reduce) } else { builder };
        let builder = if let Some(rows) = self.micro { builder.micro_batch(rows) } else { builder };
        match self.watch {
            Some(period) => builder.watch(Monitor::new().period(period).unwrap()).build().unwrap(),
            None => builder.build().unwrap(),
        }
    }

    fn fit(self, trainer: &mut Trainer<f64>) -> Result<(), Error> {
        let validation = self.validation.then(|| data(0.3));
        trainer.fit(&data(0.0), validation.as_ref(), |_| ControlFlow::Continue(())).map(drop)
    }
}

/// Everything that shows of a run, floats by their bits.
fn bits(trainer: &Trainer<f64>) -> (Vec<u64>, Vec<u64>, Vec<Vec<u64>>, u64) {
    let all = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
    let epoch = |epoch: &Epoch| {
        let validation = epoch.validation.map_or(0, |validation| validation.loss.to_bits());
        vec![epoch.epoch, epoch.steps, epoch.loss.to_bits(), epoch.rate.to_bits(), validation]
    };
    let network = trainer.network();
    let history = trainer.history().iter().map(epoch).collect();
    (all(network.parameters()), all(network.state()), history, trainer.steps())
}

const WITHOUT_END: u64 = u64::MAX;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_gives_the_same_bits(run in runs(), seed: u64) {
        let mut trainers = [run, run, Run { watch: None, ..run }].map(|run| run.trainer(seed, WITHOUT_END));
        for trainer in &mut trainers {
            run.fit(trainer).unwrap();
        }
        prop_assert_eq!(bits(&trainers[0]), bits(&trainers[1]));
        prop_assert_eq!(bits(&trainers[0]), bits(&trainers[2]), "watching changed the run");
        let mut other = run.trainer(seed ^ 1, WITHOUT_END);
        run.fit(&mut other).unwrap();
        prop_assert_ne!(bits(&trainers[0]).0, bits(&other).0);
    }

    /// At every pass of a run, be it of training or of validation, it is broken off and taken up by a new trainer.
    #[test]
    fn resumed_as_if_never_broken_off(run in runs(), seed: u64, passes in 0..STEPS + 4 * EPOCHS) {
        let mut unbroken = run.trainer(seed, WITHOUT_END);
        run.fit(&mut unbroken).unwrap();
        let mut broken = run.trainer(seed, passes);
        if let Err(error) = run.fit(&mut broken) {
            prop_assert!(error.to_string().starts_with("layer 2.noisy: an interrupted pass"), "{}", error);
        }
        let snapshot = broken.snapshot();
        // Settings and seeds are the trainer's, all else is in the snapshot.
        let mut resumed = run.trainer(seed, WITHOUT_END);
        resumed.restore(&snapshot).unwrap();
        prop_assert_eq!(bits(&resumed), bits(&broken));
        run.fit(&mut resumed).unwrap();
        prop_assert_eq!(bits(&resumed), bits(&unbroken));
        // The snapshot is a copy: what was trained since does not show in it.
        let stood = bits(&broken);
        broken.restore(&snapshot).unwrap();
        prop_assert_eq!(bits(&broken), stood);
    }

    /// Step by step, with snapshots in the middle and at the end of an epoch alike.
    #[test]
    fn resumed_at_every_step(run in runs(), seed: u64, at in 0..STEPS) {
        let mut unbroken = run.trainer(seed, WITHOUT_END);
        let mut snapshots = Vec::new();
        let mut outcomes = Vec::new();
        for _ in 0..STEPS {
            snapshots.push(unbroken.snapshot());
            outcomes.push(unbroken.step(&data(0.0)).unwrap());
        }
        let mut resumed = run.trainer(seed, WITHOUT_END);
        resumed.restore(&snapshots[at as usize]).unwrap();
        for outcome in &outcomes[at as usize..] {
            prop_assert_eq!(&resumed.step(&data(0.0)).unwrap(), outcome);
        }
        prop_assert_eq!(bits(&resumed), bits(&unbroken));
        prop_assert_eq!(outcomes.iter().filter(|outcome| outcome.ends_epoch && outcome.rows == 4).count() as u64, EPOCHS);
        // The same trainer may go back, too.
        unbroken.restore(&snapshots[at as usize]).unwrap();
        run.fit(&mut unbroken).unwrap();
        let mut fitted = run.trainer(seed, WITHOUT_END);
        fitted.restore(&snapshots[at as usize]).unwrap();
        run.fit(&mut fitted).unwrap();
        prop_assert_eq!(bits(&unbroken), bits(&fitted));
    }
}

#[test]
fn early_stopping_stops_and_takes_back_the_best() {
    let (plateau, micro) = (false, None);
    let run = Run { adam: false, clipper: true, stopping: true, validation: true, plateau, micro, watch: None };
    let stopped = (0..20_u64).filter(|&seed| {
        let mut trainer = run.trainer(seed, WITHOUT_END);
        run.fit(&mut trainer).unwrap();
        (trainer.history().len() as u64) < EPOCHS
    });
    // Else the tests above would say nothing about it.
    assert!(stopped.count() > 4);
}

#[test]
fn a_plateau_reduces_the_rate() {
    let (plateau, micro) = (true, None);
    let run = Run { adam: false, clipper: true, stopping: false, validation: false, plateau, micro, watch: None };
    let reduced = (0..20_u64).filter(|&seed| {
        let mut trainers = [run, Run { plateau: false, ..run }].map(|run| run.trainer(seed, WITHOUT_END));
        for trainer in &mut trainers {
            run.fit(trainer).unwrap();
        }
        bits(&trainers[0]) != bits(&trainers[1])
    });
    // Else the tests above would say nothing about it.
    assert!(reduced.count() > 4);
}

/// What a run of some steps looks like while every gradient of a step is NaN.
#[test]
fn a_skipped_step_changes_nothing() {
    let noisy = Noisy(Arc::new(AtomicU64::new(WITHOUT_END)));
    let builder = Network::builder(2).layer(Linear::new(7)).layer(noisy).layer(Linear::new(1));
    let mut network = builder.seed(5).build().unwrap();
    let optimizer = Adam::new(0.02).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    let mut workspace = network.workspace(19).unwrap();
    let mut clipper = RunningLimit::default();
    for step in 0..12 {
        let (parameters, layers, remembered) = (network.parameters().to_vec(), network.state().to_vec(), state.clone());
        let (limit, bad) = (clipper.memory(), step % 3 == 1);
        let mut x = data(0.0).inputs().data().to_vec();
        if bad {
            x[9] = f64::NAN;
        }
        network.forward(Rows::new(&x, 2).unwrap(), Mode::Train, &mut workspace).unwrap();
        network.loss(&MeanSquared::new(), data(0.0).targets(), &mut workspace).unwrap();
        network.backward(&mut workspace).unwrap();
        let mut gradients = network.gradients(&mut workspace).unwrap();
        let verdict = NonFinite::Skip.decide(Some(&mut clipper), &mut gradients, step).unwrap();
        assert_eq!(verdict.apply, !bad);
        if verdict.apply {
            network.update(&optimizer, &mut state, &mut workspace, verdict.clipped.pending, 0.02).unwrap();
        }
        assert_eq!(network.parameters() == parameters, bad);
        assert_eq!(network.state() == layers, bad);
        assert_eq!(state == remembered, bad);
        assert_eq!(clipper.memory() == limit, bad);
    }
    assert_eq!(network.state(), [8.0]);
}

/// A layer before it makes the gradients of two batches NaN: the trainer skips them and nothing but the place in the epoch moves.
#[test]
fn the_trainer_skips_like_the_loop_by_hand() {
    #[derive(Debug)]
    struct Poisoned(AtomicU64);
    impl GradientClipper<f64> for Poisoned {
        fn clip(&mut self, gradients: &mut Gradients<'_, f64>) -> Clipped {
            if self.0.fetch_add(1, Ordering::Relaxed) % 4 == 2 {
                gradients.values_mut()[3] = f64::NAN;
            }
            Clipped { non_finite: gradients.first_non_finite(), ..Clipped::untouched(gradients.norm()) }
        }
    }
    let noisy = Noisy(Arc::new(AtomicU64::new(WITHOUT_END)));
    let network = Network::builder(2).layer(Linear::new(7)).layer(noisy).layer(Linear::new(1)).build().unwrap();
    let builder = Trainer::builder(network, MeanSquared::new(), Adam::new(0.02).unwrap());
    let mut trainer = builder.batch(5).clip(Poisoned(AtomicU64::new(0))).non_finite(NonFinite::Skip).build().unwrap();
    let mut skipped = 0;
    for step in 0..20 {
        let before = bits(&trainer);
        let outcome = trainer.step(&data(0.0)).unwrap();
        let after = bits(&trainer);
        assert_eq!(outcome.applied, step % 4 != 2);
        assert_eq!((before.0 == after.0, before.1 == after.1), (!outcome.applied, !outcome.applied));
        assert_eq!(after.3, step + 1);
        skipped += u64::from(!outcome.applied);
    }
    assert_eq!((trainer.network().updates(), skipped), (15, 5));
}

/// Twelve steps of a network of nine numbers. What changes these values changes every user's runs, and the CHANGELOG must say so.
#[test]
fn values_are_stable() {
    let network = Network::builder(2).layer(Linear::new(2)).layer(Tanh).layer(Linear::new(1)).seed(11).build().unwrap();
    let builder = Trainer::builder(network, MeanSquared::new(), Adam::new(0.05).unwrap()).batch(5).seed(11);
    let mut trainer = builder.clip(GlobalNorm::new(0.1).unwrap()).build().unwrap();
    for _ in 0..12 {
        trainer.step(&data(0.0)).unwrap();
    }
    let recorded: [f64; 9] = [
        -0.6219948692421682,
        -0.7005053381128317,
        1.0618609439696607,
        0.5721308844208507,
        0.04491724159465246,
        -0.1266343363278949,
        0.502858352531023,
        -0.3683466434109598,
        0.0570529271472666,
    ];
    let found = trainer.network().parameters();
    assert_eq!(found.len(), recorded.len(), "{found:?}");
    for (found, recorded) in found.iter().zip(recorded) {
        // Not to the bit: with fused multiply-adds and without, sums are rounded differently.
        assert!((found - recorded).abs() <= 1e-12 * recorded.abs(), "{found:?} is not {recorded:?}");
    }
}
