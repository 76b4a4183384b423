//! What is done about NaN and infinities, by every clipper and by none.

use evenkeel::{ByValue, Clipped, Error, Float, GlobalNorm, GradientClipper, Gradients, NonFinite, PerLayerNorm, Slot};
use proptest::prelude::*;

use super::drawn::{Drawn, drawn, network};

/// None, or one of the three clippers.
fn clipper<T: Float>(which: usize) -> Option<Box<dyn GradientClipper<T>>> {
    match which {
        0 => None,
        1 => Some(Box::new(ByValue::new(0.25).unwrap())),
        2 => Some(Box::new(PerLayerNorm::new(0.25).unwrap())),
        _ => Some(Box::new(GlobalNorm::new(0.25).unwrap())),
    }
}

/// Gradients with NaN and infinities at `places`, under every policy; `which` clips.
fn policies<T: Float>(drawn: &Drawn, places: &[(prop::sample::Index, f64)], which: usize) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let mut bad = drawn.gradients(&network);
    let mut zeroed = bad.clone();
    for (place, value) in places {
        let at = place.index(bad.len());
        (bad[at], zeroed[at]) = (T::of(*value), T::zero());
    }
    // The first bad entry of the last parameter that has one.
    let has_bad = |slot: &&Slot| bad[slot.range.clone()].iter().any(|g| !g.is_finite());
    let slot = network.layout().slots().iter().rfind(has_bad).unwrap();
    let first = slot.range.clone().find(|&at| !bad[at].is_finite()).unwrap();
    let decide = |policy: NonFinite, values: &mut [T]| {
        let mut clipper = clipper::<T>(which);
        let clipper = clipper.as_mut().map(|clipper| &mut **clipper as &mut dyn GradientClipper<T>);
        policy.decide(clipper, &mut Gradients::new(network.layout(), network.parameters(), values).unwrap(), 41)
    };
    let bits = |values: &[T]| values.iter().map(|g| g.get().to_bits()).collect::<Vec<_>>();
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());

    let mut values = bad.clone();
    let Err(Error::NonFinite { what, index, value, step: 41 }) = decide(NonFinite::Stop, &mut values) else {
        return Err(TestCaseError::fail("not stopped"));
    };
    prop_assert_eq!(what, format!("gradient of {}", slot.param.name));
    prop_assert!(index == first - slot.range.start && same(value, bad[first].get()), "entry {index} is {value}");
    prop_assert_eq!(bits(&values), bits(&bad));

    let skipped = decide(NonFinite::Skip, &mut values).unwrap();
    prop_assert!(!skipped.apply && skipped.zeroed == 0 && skipped.clipped.touched == 0, "{skipped:?}");
    prop_assert!(skipped.clipped.pending == 1.0 && !skipped.clipped.norm_before.is_finite(), "{skipped:?}");
    let place = skipped.clipped.non_finite.unwrap();
    prop_assert!(network.layout().slots()[place.slot] == *slot && place.index == index && same(place.value, value));
    prop_assert_eq!(bits(&values), bits(&bad));

    // Zeroed, it must go as if the bad entries had been zeros from the start.
    let verdict = decide(NonFinite::Zero, &mut values).unwrap();
    let plain = decide(NonFinite::Stop, &mut zeroed).unwrap();
    prop_assert!(verdict.apply && verdict.zeroed == bad.iter().filter(|g| !g.is_finite()).count(), "{verdict:?}");
    prop_assert!(verdict.clipped.non_finite.is_some() && plain.clipped.non_finite.is_none());
    prop_assert_eq!(Clipped { non_finite: None, ..verdict.clipped }, plain.clipped);
    prop_assert_eq!(bits(&values), bits(&zeroed));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_finite_meets_the_policy(
        drawn in drawn(),
        places in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY])),
            1..5,
        ),
        which in 0_usize..4,
    ) {
        policies::<f32>(&drawn, &places, which)?;
        policies::<f64>(&drawn, &places, which)?;
    }
}

#[test]
fn an_infinity_neither_spreads_nor_hides_a_nan() {
    // hypot(infinity, NaN) is infinity, and 1 / infinity times the others is 0: the bad entries stand in different layers.
    let network = network::<f32>((1, 1, 1));
    for which in 0..4 {
        let mut values = [f32::INFINITY, 0.5, f32::NAN, 0.5];
        let mut clipper = clipper::<f32>(which);
        let clipper = clipper.as_mut().map(|clipper| &mut **clipper as &mut dyn GradientClipper<f32>);
        let mut gradients = Gradients::new(network.layout(), network.parameters(), &mut values).unwrap();
        let mut verdict = NonFinite::Zero.decide(clipper, &mut gradients, 0).unwrap();
        verdict.clipped.settle(&mut values);
        assert_eq!((verdict.zeroed, values[0], values[2]), (2, 0.0, 0.0));
        assert!(values[1] > 0.1 && values[3] == values[1], "clipper {which}: {values:?}");
    }
}
