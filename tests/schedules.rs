//! Every schedule against its plain formula.

use super::drawn;

use std::f64::consts::PI;
use std::ops::ControlFlow;

use drawn::check;
use evenkeel::schedule::{Constant, Cosine, Exponential, Plateau, ReduceOnPlateau, Schedule, StepDecay, Warmup};
use evenkeel::{Dataset, Error, Linear, MeanSquared, Network, Sgd, Tanh, Trainer};
use proptest::prelude::*;

/// How far a power may be from the product it stands for: half an epsilon a multiplication, and the product underflows to 0 only where
/// the power is below this as well.
fn power_limit(times: u64, product: f64) -> f64 {
    (times + 4) as f64 * f64::EPSILON * product + f64::MIN_POSITIVE
}

/// `factor` multiplied by itself.
fn product(factor: f64, times: u64) -> f64 {
    (0..times).fold(1.0, |product, _| product * factor)
}

#[test]
fn constant_never_changes() {
    check(any::<u64>(), |step| {
        prop_assert_eq!(Constant.factor(step), 1.0);
        Ok(())
    });
}

#[test]
fn step_decay_multiplies_every_so_many_steps() {
    check((1..50_u64, 0.05..1.5, 0..3000_u64), |(every, factor, step)| {
        let schedule = StepDecay::new(every, factor).unwrap();
        let cuts = (1..=step).filter(|step| step % every == 0).count() as u64;
        let expected = product(factor, cuts);
        let found = schedule.factor(step);
        prop_assert!((found - expected).abs() <= power_limit(cuts, expected), "{found}, not {expected}");
        // Flat until the next cut.
        prop_assert_eq!(found, schedule.factor(step - step % every + every - 1));
        Ok(())
    });
}

#[test]
fn exponential_multiplies_every_step() {
    check((0.9..1.01, 0..3000_u64), |(factor, step)| {
        let (found, expected) = (Exponential::new(factor).unwrap().factor(step), product(factor, step));
        prop_assert!((found - expected).abs() <= power_limit(step, expected), "{found}, not {expected}");
        Ok(())
    });
}

#[test]
fn cosine_falls_along_half_a_cosine() {
    check((1..2000_u64, 0.0..0.99, 0..4000_u64), |(steps, floor, step)| {
        let cosine = Cosine::new(steps).unwrap().floor(floor).unwrap();
        let found = cosine.factor(step);
        // The same curve by the half angle: (1 + cos a) / 2 = cos^2(a / 2).
        let half_angle = PI / 2.0 * step.min(steps) as f64 / steps as f64;
        let expected = floor + (1.0 - floor) * half_angle.cos().powi(2);
        // A handful of roundings of numbers up to pi.
        prop_assert!((found - expected).abs() <= 8.0 * f64::EPSILON, "{found}, not {expected}");
        prop_assert!(cosine.factor(step + 1) <= found, "it rises");
        prop_assert_eq!(cosine.factor(0), 1.0);
        prop_assert!((cosine.factor(steps + step) - floor).abs() <= f64::EPSILON);
        Ok(())
    });
}

/// Checks a warm-up in front of that schedule.
fn warms_up(steps: u64, step: u64, then: impl Schedule + Copy) -> Result<(), TestCaseError> {
    let warm = Warmup::new(steps, then).unwrap();
    prop_assert_eq!(warm.factor(steps + step), then.factor(step));
    // A straight line through 1 / (steps + 1) at the first step, which reaches 1 with the first step behind it.
    let rising = step % steps;
    prop_assert_eq!(warm.factor(rising), (rising + 1) as f64 / (steps + 1) as f64);
    prop_assert!(warm.factor(0) > 0.0 && warm.factor(steps - 1) < 1.0);
    prop_assert_eq!(warm.factor(steps), then.factor(0));
    Ok(())
}

#[test]
fn warmup_goes_in_front_of_any() {
    check((1..500_u64, 0..4000_u64, 1..100_u64, 0.1..1.0), |(steps, step, period, factor)| {
        warms_up(steps, step, Constant)?;
        warms_up(steps, step, StepDecay::new(period, factor).unwrap())?;
        warms_up(steps, step, Exponential::new(factor).unwrap())?;
        warms_up(steps, step, Cosine::new(period).unwrap().floor(factor / 2.0).unwrap())?;
        warms_up(steps, step, Warmup::new(period, Constant).unwrap())
    });
}

#[test]
fn the_last_step_there_is_can_be_asked_for() {
    let last = u64::MAX;
    assert_eq!(Constant.factor(last), 1.0);
    assert_eq!(StepDecay::new(1, 0.5).unwrap().factor(last), 0.0);
    assert_eq!(Exponential::new(0.5).unwrap().factor(last), 0.0);
    assert_eq!(Cosine::new(last).unwrap().factor(last), 0.0);
    assert_eq!(Warmup::new(1, Constant).unwrap().factor(last), 1.0);
    let half = Warmup::new(last, Constant).unwrap().factor(last / 2);
    assert!((half - 0.5).abs() <= f64::EPSILON, "{half}");
}

/// Checks that the argument of that name was refused.
fn refused<R: std::fmt::Debug>(found: Result<R, Error>, culprit: &str, name: &str) {
    let fine = matches!(&found, Err(Error::Argument { of, argument, .. }) if (*of, *argument) == (culprit, name));
    assert!(fine, "{culprit}, {name}: {found:?}");
}

#[test]
fn arguments_out_of_range_are_refused() {
    refused(StepDecay::new(0, 0.5), "StepDecay", "every");
    refused(Cosine::new(0), "Cosine", "steps");
    refused(Warmup::new(0, Constant), "Warmup", "steps");
    for bad in [0.0, -0.5, f64::NAN, f64::INFINITY] {
        refused(StepDecay::new(10, bad), "StepDecay", "factor");
        refused(Exponential::new(bad), "Exponential", "factor");
    }
    for bad in [-0.1, 1.0, f64::NAN, f64::INFINITY] {
        refused(Cosine::new(10).unwrap().floor(bad), "Cosine", "floor");
    }
}

#[test]
fn a_plateau_refuses_what_is_out_of_range() {
    for bad in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
        refused(ReduceOnPlateau::new(bad, 1), "ReduceOnPlateau", "factor");
    }
    let fine = ReduceOnPlateau::new(0.5, 1).unwrap();
    for bad in [-0.1, f64::NAN, f64::INFINITY] {
        refused(fine.relative(bad), "ReduceOnPlateau", "relative");
        refused(fine.absolute(bad), "ReduceOnPlateau", "absolute");
        refused(fine.floor(bad), "ReduceOnPlateau", "floor");
    }
    refused(fine.floor(1.0), "ReduceOnPlateau", "floor");
}

#[test]
fn below_zero_a_loss_has_to_fall_too() {
    let reduce = ReduceOnPlateau::new(0.5, 0).unwrap().relative(0.1).unwrap();
    let mut plateau = Plateau::default();
    // One that rises, one that falls by too little, and one that falls by more than a tenth.
    let factors = [-1.0, -0.95, -1.05, -1.2].map(|loss| {
        reduce.judge(&mut plateau, loss);
        plateau.factor()
    });
    assert_eq!((factors, plateau.best()), ([1.0, 0.5, 0.25, 0.25], -1.2));
}

/// The rates of a run are those that its own losses ask for, beside its schedule.
#[test]
fn the_trainer_reduces_on_a_plateau() {
    let data = |shift: f64| {
        let x: Vec<f64> = (0..20).map(|at| (f64::from(at) * 1.3 + shift).sin()).collect();
        let y = x.iter().map(|x| x * x - shift).collect();
        Dataset::values(x, 1, y, 1).unwrap()
    };
    let reduce = ReduceOnPlateau::new(0.5, 1).unwrap().relative(0.02).unwrap().cooldown(1).floor(0.01).unwrap();
    let decay = Exponential::new(0.999).unwrap();
    for validation in [None, Some(data(0.3))] {
        let network = Network::builder(1).layer(Linear::new(6)).layer(Tanh).layer(Linear::new(1)).build().unwrap();
        let builder = Trainer::builder(network, MeanSquared::new(), Sgd::new(0.25).unwrap()).batch(8).epochs(40);
        let mut trainer = builder.schedule(decay).reduce_on_plateau(reduce).build().unwrap();
        let history = trainer.fit(&data(0.0), validation.as_ref(), |_| ControlFlow::Continue(())).unwrap();
        let mut plateau = Plateau::default();
        for epoch in history {
            // The last of three steps.
            assert_eq!(epoch.rate, 0.25 * decay.factor(3 * epoch.epoch + 2) * plateau.factor());
            reduce.judge(&mut plateau, epoch.validation.map_or(epoch.loss, |validation| validation.loss));
        }
        assert!(history.len() == 40 && plateau.factor() < 0.5, "{plateau:?}");
    }
}
