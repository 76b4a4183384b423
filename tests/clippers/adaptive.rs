//! Limits that depend on the weights or on the past: what they remember, and what cannot poison it.

use evenkeel::*;
use proptest::prelude::*;

use super::drawn::{clip, drawn, network};

/// One layer with as many weights as there are gradients.
fn of(len: usize) -> Network<f64> {
    Network::builder(len).layer(Linear::without_bias(1)).build().unwrap()
}

/// What is left of a gradient of that norm.
fn after(clipper: &mut dyn GradientClipper<f64>, norm: f64) -> f64 {
    let mut values = [norm];
    clip(clipper, &of(1), &mut values).settle(&mut values);
    values[0]
}

fn with_memory() -> [Box<dyn GradientClipper<f64>>; 3] {
    let z = || ZScoreNorm::new(2.0).unwrap().warm_up(4).unwrap();
    let percentile = || PercentileNorm::new(50.0).unwrap().window(5).unwrap();
    let chain = Chain::new().then(AdaptiveNorm::new(0.5).unwrap()).then(percentile()).then(z());
    [Box::new(z()), Box::new(percentile()), Box::new(chain)]
}

#[test]
fn what_is_not_finite_is_not_remembered() {
    for mut clipper in with_memory() {
        for step in 0..20 {
            let memory = clipper.memory();
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut values = [1.0, bad];
                let outcome = clip(&mut *clipper, &of(2), &mut values);
                assert_eq!(outcome.non_finite.unwrap().index, 1);
                assert!(values[0] == 1.0 && values[1].to_bits() == bad.to_bits());
            }
            assert_eq!(clipper.memory(), memory, "{clipper:?}");
            after(&mut *clipper, 1.0 + 0.1 * f64::from(step % 3));
        }
        // It still clips.
        assert!(after(&mut *clipper, 1e6) < 10.0, "{clipper:?}");
    }
}

#[test]
fn zeros_during_the_warm_up_freeze_nothing() {
    for mut clipper in with_memory() {
        for _ in 0..10 {
            assert_eq!(after(&mut *clipper, 0.0), 0.0);
        }
        // AGC's limit, 0.5 times the floor or a weight, is above this.
        let small = 1e-6;
        for _ in 0..50 {
            assert!(after(&mut *clipper, small) > 0.9 * small, "{clipper:?}");
        }
    }
}

#[test]
fn equal_norms_do_not_pin_those_that_follow() {
    let mut clipper = ZScoreNorm::new(2.5).unwrap().warm_up(5).unwrap();
    (0..10).for_each(|_| assert_eq!(after(&mut clipper, 1.0), 1.0));
    assert_eq!(after(&mut clipper, 1.02), 1.02);
    // Slow growth is followed.
    let mut norm = 1.0;
    for _ in 0..4000 {
        norm *= 1.0005;
        after(&mut clipper, norm);
    }
    assert!(after(&mut clipper, norm) > 0.5 * norm);
    assert!(after(&mut clipper, 1e3 * norm) < 3.0 * norm);
}

/// Whatever the unit: norms whose squares are beyond f64, or below it, are remembered as all others.
#[test]
fn the_unit_of_the_norms_does_not_matter() {
    let run = |unit: f64| {
        let mut clipper = ZScoreNorm::new(2.5).unwrap().warm_up(4).unwrap();
        let norms = [1.0, 1.2, 0.8, 1.0, 1.0, 10.0, 1.1, 0.9, 50.0, 1.0];
        norms.map(|norm| after(&mut clipper, norm * unit) / unit)
    };
    let expected = run(1.0);
    assert!(expected[5] < 1.1 && expected[8] < 1.2, "{expected:?}");
    for unit in [1e300, 1e160, 1e-160, 1e-300] {
        let found = run(unit);
        let close = found.iter().zip(&expected).all(|(a, b)| (a / b - 1.0).abs() < 1e-12);
        assert!(close, "{unit:e}: {found:?}, not {expected:?}");
    }
    // And up to the largest number that there is.
    let mut clipper = ZScoreNorm::new(2.5).unwrap().warm_up(2).unwrap();
    for norm in [f64::MAX, 1e308, f64::MAX, 1.0, f64::MAX] {
        assert!(after(&mut clipper, norm) > 0.0);
        assert!(GradientClipper::<f64>::memory(&clipper).iter().all(|number| number.is_finite()), "{clipper:?}");
    }
}

#[test]
fn old_norms_are_forgotten() {
    let mut clipper = PercentileNorm::new(100.0).unwrap().window(3).unwrap();
    for norm in [5.0, 1.0, 2.0, 1.5, 1.2] {
        after(&mut clipper, norm);
    }
    assert_eq!(GradientClipper::<f64>::memory(&clipper), [2.0, 1.5, 1.2]);
    let mut median = PercentileNorm::new(50.0).unwrap().window(3).unwrap();
    let left = [5.0, 1.0, 3.0, 2.0, 8.0].map(|norm| after(&mut median, norm));
    // Medians of (5), (5 1), (5 1 3), (1 3 2), (3 2 8).
    assert_eq!(left, [5.0, 1.0, 3.0, 2.0, 3.0]);
}

#[test]
fn memory_that_is_taken_back_goes_on_as_if_unbroken() {
    let norms = |step: u32| 1.0 + 0.3 * f64::from(step * 7 % 5) + if step % 9 == 8 { 20.0 } else { 0.0 };
    for (mut unbroken, mut resumed) in with_memory().into_iter().zip(with_memory()) {
        (0..13).for_each(|step| _ = after(&mut *unbroken, norms(step)));
        resumed.restore(&unbroken.memory()).unwrap();
        for step in 13..40 {
            let (one, other) = (after(&mut *unbroken, norms(step)), after(&mut *resumed, norms(step)));
            assert_eq!(one.to_bits(), other.to_bits(), "{unbroken:?} in step {step}");
        }
        assert_eq!(unbroken.memory(), resumed.memory());
    }
}

#[test]
fn memory_of_another_is_refused() {
    let all = [&[f64::NAN, 1.0, 1.0][..], &[-1.0, 1.0, 1.0], &[0.5, 1.0, 1.0, -1.0], &[1.0; 9], &[f64::INFINITY]];
    for mut clipper in with_memory() {
        for memory in all {
            let restored = clipper.restore(memory);
            assert!(matches!(restored, Err(Error::Foreign { .. })), "{clipper:?} took {memory:?}");
        }
    }
}

#[test]
fn memory_that_no_run_leaves_behind_is_refused() {
    let mut clipper = ZScoreNorm::new(2.0).unwrap();
    let clipper: &mut dyn GradientClipper<f64> = &mut clipper;
    // More norms than can be counted; norms without a mean, a mean without norms; what is beyond f64.
    let infinite = f64::INFINITY;
    for memory in [
        [2e19, 1.0, 1.0],
        [30.0, 0.0, 1.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [30.0, infinite, 1.0],
        [30.0, 1.0, infinite],
    ] {
        assert!(matches!(clipper.restore(&memory), Err(Error::Foreign { .. })), "{memory:?}");
    }
    for memory in [[0.0; 3], [30.0, 1.0, 0.0], [1.0, 3.0, 0.0]] {
        clipper.restore(&memory).unwrap();
        assert!(after(clipper, 1.0).is_finite());
    }
}

#[test]
fn a_chain_takes_all_of_a_memory_or_nothing() {
    let chain = || Chain::<f64>::new().then(ZScoreNorm::new(2.0).unwrap()).then(ZScoreNorm::new(2.0).unwrap());
    let (mut one, mut other) = (chain(), chain());
    for step in 0..40 {
        after(&mut one, 1.0 + f64::from(step % 3));
    }
    let before = other.memory();
    let mut bad = one.memory();
    *bad.last_mut().unwrap() = -1.0; // what the second of them refuses
    assert!(other.restore(&bad).is_err());
    assert_eq!(other.memory(), before);
    other.restore(&one.memory()).unwrap();
    assert_eq!(other.memory(), one.memory());
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(AdaptiveNorm::new(bad).is_err() && BlockRms::new(bad).is_err() && ZScoreNorm::new(bad).is_err());
        assert!(AdaptiveNorm::new(1.0).unwrap().floor(bad).is_err());
    }
    for bad in [-0.1, 100.1, f64::NAN] {
        assert!(PercentileNorm::new(bad).is_err());
    }
    assert!(PercentileNorm::new(10.0).unwrap().window(0).is_err());
    assert!(ZScoreNorm::new(1.0).unwrap().warm_up(1).is_err() && ZScoreNorm::new(1.0).unwrap().decay(1.0).is_err());
}

#[test]
fn a_chain_refuses_lengths_that_are_none() {
    let chain = || Chain::<f64>::new().then(GlobalNorm::new(1.0).unwrap()).then(ByValue::new(1.0).unwrap());
    assert_eq!(chain().memory(), [0.0, 0.0]);
    chain().restore(&[0.0, 0.0]).unwrap();
    for memory in
        [[0.5, 0.9], [f64::NAN, -3.0], [-1.0, -0.0], [0.0, -0.0], [0.0, f64::INFINITY], [1.0, 0.0], [0.0, 1e300]]
    {
        assert!(matches!(chain().restore(&memory), Err(Error::Foreign { .. })), "{memory:?}");
    }
}

/// Two that touch some entries each: what one of them leaves alone the other has changed.
#[test]
fn a_chain_counts_every_entry_once() {
    let network = Network::<f64>::builder(2).layer(Linear::new(1)).layer(Linear::new(2)).build().unwrap();
    // Layers of three and of four numbers.
    let mut values = [0.1, 9.0, 0.2, 3.0, 3.0, 0.5, 0.1];
    let before = values;
    let mut chain =
        Chain::new().then(ByValue::new(4.0).unwrap()).then(AdaptiveNorm::new(1e-9).unwrap().except("0.linear"));
    let outcome = clip(&mut chain, &network, &mut values);
    let changed = before.iter().zip(&values).filter(|(before, after)| before != after).count();
    assert_eq!((outcome.touched, changed, values[0], values[1]), (5, 5, 0.1, 4.0));
}

#[test]
fn a_chain_is_its_clippers_one_behind_the_other() {
    let network = of(3);
    let mut values = [30.0, -40.0, 0.5];
    let mut chain = Chain::new().then(GlobalNorm::new(5.0).unwrap()).then(ByValue::new(2.0).unwrap());
    let outcome = clip(&mut chain, &network, &mut values);
    let scaled = [30.0, -40.0, 0.5].map(|g: f64| g * (5.0 / 2500.25_f64.sqrt()));
    assert_eq!(values, [2.0, -2.0, scaled[2]]);
    assert_eq!((outcome.norm_before, outcome.pending, outcome.touched), (2500.25_f64.sqrt(), 1.0, 3));
    assert!((outcome.norm_after - (8.0 + scaled[2] * scaled[2]).sqrt()).abs() < 1e-14);
    // The last factor is left to the update.
    let mut chain = Chain::new().then(ByValue::new(2.0).unwrap()).then(GlobalNorm::new(1.0).unwrap());
    let mut values = [3.0, 4.0, 0.0];
    let outcome = clip(&mut chain, &network, &mut values);
    assert_eq!((values, outcome.pending), ([2.0, 2.0, 0.0], 1.0 / 8.0_f64.sqrt()));
    // None at all changes nothing.
    let outcome = clip(&mut Chain::new(), &network, &mut values);
    assert_eq!(outcome, Clipped::untouched(8.0_f64.sqrt()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// The limit unit by unit, against a plain loop; and nothing finite is lost, whatever the sizes.
    #[test]
    fn a_unit_is_limited_by_its_weights(drawn in drawn(), share in 1e-3_f64..1e3) {
        let network = network::<f64>(drawn.widths);
        let before: Vec<f64> = drawn.gradients(&network);
        let mut values = before.clone();
        let outcome = clip(&mut AdaptiveNorm::new(share).unwrap().except("2.linear"), &network, &mut values);
        let mut touched = 0;
        for slot in network.layout().slots() {
            let (cols, biases) = (slot.param.cols, slot.param.role == Role::Bias);
            let spared = slot.layer == 2;
            for unit in 0..if biases { 1 } else { cols } {
                let entries: Vec<usize> = slot.range.clone().filter(|at| biases || (at - slot.range.start) % cols == unit).collect();
                let plain = |x: &[f64]| {
                    let largest = entries.iter().fold(0.0_f64, |largest, &at| largest.max(x[at].abs()));
                    let sum: f64 = entries.iter().map(|&at| if largest == 0.0 { 0.0 } else { (x[at] / largest).powi(2) }).sum();
                    largest * sum.sqrt()
                };
                let (norm, limit) = (plain(&before), share * plain(network.parameters()).max(1e-3));
                let clips = !spared && norm > limit * (1.0 + 1e-12);
                touched += if clips { entries.len() } else { 0 };
                let expected = if clips { limit } else { norm };
                let found = plain(&values);
                prop_assert!(found == expected || (found - expected).abs() <= 1e-12 * expected, "{found:e}, not {expected:e}");
                for &at in &entries {
                    let (b, a) = (before[at], values[at]);
                    prop_assert!(a.is_finite() && (clips || b == a) && (b == 0.0 || b.signum() == a.signum()), "{b} became {a}");
                }
            }
        }
        prop_assert!(outcome.touched >= touched && outcome.pending == 1.0 && outcome.non_finite.is_none());
    }
}
