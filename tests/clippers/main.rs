//! Clippers as properties: the norm afterwards, the direction, what is left alone, and what is done about NaN and infinities.

mod adaptive;
mod drawn;
mod extremes;
mod facts;
mod orders;
mod policies;
mod reference;

use std::ops::Range;

use drawn::{Drawn, clip, drawn, network};
use evenkeel::{
    ByValue, Error, Float, GlobalNorm, Gradients, Linear, MeanSquared, Mode, Network, NonFinite, PerLayerNorm, Rows,
    Sgd, Targets, Verdict,
};
use proptest::prelude::*;
use reference::{limited, norm, states};

fn global_norm<T: Float>(drawn: &Drawn) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let before = drawn.gradients(&network);
    let mut after = before.clone();
    let own = Gradients::new(network.layout(), network.parameters(), &mut after).unwrap().norm();
    let limit = drawn.limit::<T>(own);
    let mut outcome = clip(&mut GlobalNorm::new(limit).unwrap(), &network, &mut after);
    prop_assert!(states(outcome.norm_before, norm(&before).get()) && outcome.non_finite.is_none(), "{outcome:?}");
    let clips = own > limit;
    prop_assert_eq!(outcome.touched, if clips { before.len() } else { 0 });
    prop_assert_eq!(outcome.norm_after, if clips { limit } else { own });
    prop_assert!(clips || outcome.pending == 1.0);
    outcome.settle(&mut after);
    prop_assert_eq!(outcome.pending, 1.0);
    limited(&before, &after, limit, clips)
}

fn per_layer_norm<T: Float>(drawn: &Drawn) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let before = drawn.gradients(&network);
    let mut after = before.clone();
    // Each layer's norm as the crate measures it: a limit of just that must leave the layer alone.
    let layers: Vec<_> = network.layout().layers().map(|(_, range)| range).collect();
    let own = |range: &Range<usize>| {
        // A network of as many parameters, so that the layer's gradients are all that there are.
        let alone = Network::<T>::builder(range.len()).layer(Linear::without_bias(1)).build().unwrap();
        let values = &mut before.clone()[range.clone()];
        Gradients::new(alone.layout(), alone.parameters(), values).unwrap().norm()
    };
    let limit = drawn.limit::<T>(own(&layers[0]));
    let mut outcome = clip(&mut PerLayerNorm::new(limit).unwrap(), &network, &mut after);
    prop_assert!(states(outcome.norm_before, norm(&before).get()) && outcome.non_finite.is_none(), "{outcome:?}");
    outcome.settle(&mut after);
    let mut touched = 0;
    for range in layers {
        let clips = own(&range) > limit;
        touched += if clips { range.len() } else { 0 };
        limited(&before[range.clone()], &after[range], limit, clips)?;
    }
    prop_assert_eq!(outcome.touched, touched);
    // 4 eps of T from the layers that were clipped, 3 eps of f64 from the others and 2 from joining them.
    let reference = norm(&after).get();
    let bound = (4.0 * T::epsilon().get() + 5.0 * f64::EPSILON) * reference + f64::from_bits(1);
    prop_assert!(outcome.norm_after == reference || (outcome.norm_after - reference).abs() <= bound, "{outcome:?}");
    Ok(())
}

fn by_value<T: Float>(drawn: &Drawn) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let before = drawn.gradients(&network);
    let mut after = before.clone();
    let largest = before.iter().fold(0.0_f64, |largest, g| largest.max(g.get().abs()));
    let limit = drawn.limit::<T>(largest);
    let outcome = clip(&mut ByValue::new(limit).unwrap(), &network, &mut after);
    let expected: Vec<T> = before.iter().map(|g| T::of(g.get().clamp(-limit, limit))).collect();
    prop_assert!(after == expected, "{after:?}, not {expected:?}");
    // A limit between two numbers of T rounds to one of them, and entries there are not changed.
    prop_assert_eq!(outcome.touched, before.iter().zip(&after).filter(|(b, a)| b != a).count());
    prop_assert!(states(outcome.norm_before, norm(&before).get()), "{outcome:?}");
    prop_assert!(states(outcome.norm_after, norm(&after).get()), "{outcome:?}");
    prop_assert!(outcome.pending == 1.0 && outcome.non_finite.is_none());
    Ok(())
}

/// The update with the factor pending against the settled gradients applied by hand: the same bits.
fn update_applies_what_is_settled<T: Float>(drawn: &Drawn) -> Result<(), TestCaseError> {
    let mut network = network::<T>(drawn.widths);
    let mut workspace = network.workspace(1).unwrap();
    let (x, t) = (vec![T::one(); network.n_in()], vec![T::zero(); network.n_out()]);
    let (x, t) = (Rows::new(&x, x.len()).unwrap(), Targets::Values(Rows::new(&t, t.len()).unwrap()));
    network.forward(x, Mode::Train, &mut workspace).unwrap();
    network.loss(&MeanSquared::new(), t, &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    let mut settled = drawn.gradients(&network);
    let mut gradients = network.gradients(&mut workspace).unwrap();
    gradients.values_mut().copy_from_slice(&settled);
    let limit = drawn.limit::<T>(gradients.norm());
    let Verdict { clipped, apply, .. } =
        NonFinite::Stop.decide(Some(&mut GlobalNorm::new(limit).unwrap()), &mut gradients, 0).unwrap();
    prop_assert!(apply);
    // Where the clipper itself applied the factor, the gradients are already what they should be.
    settled.copy_from_slice(gradients.values());
    clipped.clone().settle(&mut settled);
    let rate = T::of(0.5);
    let by_hand: Vec<T> = network.parameters().iter().zip(&settled).map(|(&w, &g)| w + -rate * g).collect();
    let optimizer = Sgd::new(0.5).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    network.update(&optimizer, &mut state, &mut workspace, clipped.pending, 0.5).unwrap();
    prop_assert!(network.parameters() == by_hand, "{:?}, not {by_hand:?}", network.parameters());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn global_norm_is_the_limit(drawn in drawn()) {
        global_norm::<f32>(&drawn)?;
        global_norm::<f64>(&drawn)?;
    }

    #[test]
    fn per_layer_norm_is_the_limit(drawn in drawn()) {
        per_layer_norm::<f32>(&drawn)?;
        per_layer_norm::<f64>(&drawn)?;
    }

    #[test]
    fn by_value_is_a_clamp(drawn in drawn()) {
        by_value::<f32>(&drawn)?;
        by_value::<f64>(&drawn)?;
    }

    #[test]
    fn an_update_applies_what_is_settled(drawn in drawn()) {
        update_applies_what_is_settled::<f32>(&drawn)?;
        update_applies_what_is_settled::<f64>(&drawn)?;
    }

    #[test]
    fn limits_that_make_no_sense_are_refused(size in prop_oneof![Just(0.0), Just(f64::INFINITY), Just(f64::NAN), 0.0..f64::MAX]) {
        for limit in [-size, if size.is_finite() { 0.0 } else { size }] {
            let errors = [
                ByValue::new(limit).unwrap_err(),
                PerLayerNorm::new(limit).unwrap_err(),
                GlobalNorm::new(limit).unwrap_err(),
            ];
            for (error, of) in errors.iter().zip(["ByValue", "PerLayerNorm", "GlobalNorm"]) {
                prop_assert!(
                    matches!(error, Error::Argument { of: named, argument: "limit", .. } if *named == of),
                    "{error:?}"
                );
            }
        }
    }
}
