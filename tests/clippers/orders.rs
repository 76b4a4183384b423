//! Norms of every order, and the size of the entries of a parameter, as limits.

use evenkeel::{BlockRms, Float, GlobalNorm, GradientClipper};
use proptest::prelude::*;

use super::drawn::{Drawn, clip, drawn, network};

/// The plain norm: one loop over the entries divided by the largest.
fn plain<T: Float>(values: &[T], order: f64) -> f64 {
    let largest = values.iter().fold(0.0_f64, |largest, g| largest.max(g.get().abs()));
    if order.is_infinite() || largest == 0.0 {
        return largest;
    }
    let sum: f64 = values.iter().map(|g| (g.get().abs() / largest).powf(order)).sum();
    largest * sum.powf(1.0 / order)
}

/// Each sum here has at most 110 terms, of a few roundings each.
const SLACK: f64 = 300.0 * f64::EPSILON;

fn is_limited<T: Float>(
    clipper: &mut dyn GradientClipper<T>,
    drawn: &Drawn,
    order: f64,
    limit: f64,
) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let before = drawn.gradients(&network);
    let mut after = before.clone();
    let mut outcome = clip(clipper, &network, &mut after);
    outcome.settle(&mut after);
    let (norm_before, norm_after) = (plain(&before, order), plain(&after, order));
    if outcome.touched == 0 {
        prop_assert!(norm_before <= limit * (1.0 + SLACK) && before == after, "{norm_before:e} was let pass");
        return Ok(());
    }
    prop_assert!(norm_before >= limit * (1.0 - SLACK), "touched, though at {norm_before:e}");
    let slack = SLACK + 4.0 * T::epsilon().get();
    prop_assert!((norm_after - limit).abs() <= slack * limit, "a norm of {norm_after:e}, not {limit:e}");
    // The direction: every entry by the same factor, unless it has become subnormal.
    let factor = limit / norm_before;
    for (b, a) in before.iter().zip(&after) {
        let expected = b.get() * factor;
        let normal = expected.abs() >= T::min_positive_value().get() && factor >= f64::MIN_POSITIVE;
        prop_assert!(
            !normal || (a.get() - expected).abs() <= slack * expected.abs(),
            "{b} became {a}, not {expected:e}"
        );
        prop_assert!(a.is_finite() && (a.get() == 0.0 || a.get().signum() == b.get().signum()), "{b} became {a}");
    }
    // Once more changes nothing but for rounding.
    let mut again = after.clone();
    clip(clipper, &network, &mut again).settle(&mut again);
    let moved = after.iter().zip(&again).all(|(a, b)| (a.get() - b.get()).abs() <= 2.0 * slack * a.get().abs());
    prop_assert!(moved, "clipped twice");
    Ok(())
}

fn of_order<T: Float>(drawn: &Drawn, order: f64) -> Result<(), TestCaseError> {
    let limit = drawn.limit::<T>(plain(&drawn.gradients::<T>(&network(drawn.widths)), order));
    is_limited::<T>(&mut GlobalNorm::new(limit).unwrap().order(order).unwrap(), drawn, order, limit)
}

/// Each of the four parameters on its own.
fn block_rms<T: Float>(drawn: &Drawn) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let before = drawn.gradients(&network);
    let rms = |values: &[T]| plain(values, 2.0) / (values.len() as f64).sqrt();
    let limit = drawn.limit::<T>(rms(&before));
    let mut after = before.clone();
    let outcome = clip(&mut BlockRms::new(limit).unwrap(), &network, &mut after);
    let mut touched = 0;
    for slot in network.layout().slots() {
        // The norm that the limit stands for is beyond f64.
        if (limit * (slot.range.len() as f64).sqrt()).is_infinite() {
            continue;
        }
        let (before, after) = (&before[slot.range.clone()], &after[slot.range.clone()]);
        if before == after {
            prop_assert!(rms(before) <= limit * (1.0 + SLACK), "{:e} was let pass", rms(before));
        } else {
            touched += before.len();
            let slack = SLACK + 4.0 * T::epsilon().get();
            prop_assert!((rms(after) - limit).abs() <= slack * limit, "{:e}, not {limit:e}", rms(after));
        }
    }
    // What is at the limit may be touched and stay what it is.
    prop_assert!(outcome.touched >= touched && outcome.pending == 1.0);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_norm_of_any_order_is_the_limit(drawn in drawn(), order in 1.0_f64..9.0) {
        for order in [1.0, order, f64::INFINITY] {
            of_order::<f32>(&drawn, order)?;
            of_order::<f64>(&drawn, order)?;
        }
    }

    #[test]
    fn the_size_of_a_parameter_is_the_limit(drawn in drawn()) {
        block_rms::<f32>(&drawn)?;
        block_rms::<f64>(&drawn)?;
    }
}

#[test]
fn orders_that_make_no_norm_are_refused() {
    for order in [0.0, -1.0, 0.5, f64::NAN, f64::NEG_INFINITY] {
        assert!(GlobalNorm::new(1.0).unwrap().order(order).is_err(), "{order}");
    }
}
