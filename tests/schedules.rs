//! Every schedule against its plain formula.

mod drawn;

use std::f64::consts::PI;

use drawn::check;
use evenkeel::Error;
use evenkeel::schedule::{Constant, Cosine, Exponential, Schedule, StepDecay, Warmup};
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
