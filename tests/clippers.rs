//! Clippers as properties: the norm afterwards, the direction, what is left alone, and what is done about NaN and infinities.

use evenkeel::{
    ByValue, Clipped, Error, Float, GlobalNorm, GradientClipper, Gradients, Linear, MeanSquared, Mode, Network,
    NonFinite, PerLayerNorm, Rows, Sgd, Tanh, Targets, Verdict,
};
use proptest::prelude::*;

/// The norm as `mantissa * 2^exponent`, with a mantissa in [1/2, 1) or 0: no norm is beyond it.
#[derive(Clone, Copy)]
struct Wide {
    mantissa: f64,
    exponent: i32,
}

impl Wide {
    fn get(self) -> f64 {
        libm::ldexp(self.mantissa, self.exponent)
    }
}

/// The norm by another way than the crate's: squares and sum as unevaluated pairs of f64, the root corrected by one step of Newton.
/// Its relative error is half a unit of f64's epsilon.
fn norm<T: Float>(values: &[T]) -> Wide {
    let largest = values.iter().fold(0.0_f64, |largest, g| largest.max(g.get().abs()));
    let exponent = libm::frexp(largest).1;
    let (mut high, mut low) = (0.0_f64, 0.0_f64);
    for g in values {
        let g = libm::ldexp(g.get(), -exponent);
        let square = g * g;
        let sum = high + square;
        let part = sum - high;
        low += g.mul_add(g, -square) + ((high - (sum - part)) + (square - part));
        high = sum;
    }
    if high == 0.0 {
        return Wide { mantissa: 0.0, exponent: 0 };
    }
    let root = high.sqrt();
    let (mantissa, more) = libm::frexp(root + ((-root).mul_add(root, high) + low) / (2.0 * root));
    Wide { mantissa, exponent: exponent + more }
}

/// Checks gradients that a norm was to limit, against the reference.
///
/// Let u = eps / 2 of f64. In the crate's norm an entry's square passes 8 roundings (its own, three in a lane, three joining the
/// lanes, one at the end), which the root halves; with the root's own that makes 5u. The factor adds one and the product one,
/// the reference norm one: 8u = 4 eps. In f32 the factor and the product are rounded once each: eps of f32 at most, with all of the
/// above far below. An entry alone is compared with a quotient and a product of the reference's own: 10u = 5 eps.
fn limited<T: Float>(before: &[T], after: &[T], limit: f64, touched: bool) -> Result<(), TestCaseError> {
    let norm_before = norm(before);
    if !touched {
        let same = before.iter().zip(after).all(|(b, a)| b.get().to_bits() == a.get().to_bits());
        prop_assert!(same, "changed, though not touched");
        prop_assert!(norm_before.get() <= limit * (1.0 + 3.0 * f64::EPSILON), "{} was let pass", norm_before.get());
        return Ok(());
    }
    prop_assert!(norm_before.get() >= limit * (1.0 - 3.0 * f64::EPSILON), "touched, though at {}", norm_before.get());
    let (norm_after, eps) = (norm(after).get(), T::epsilon().get());
    prop_assert!((norm_after - limit).abs() <= 4.0 * eps * limit, "a norm of {norm_after:e}, not of {limit:e}");
    let (limit_mantissa, limit_exponent) = libm::frexp(limit);
    // Below the normal numbers precision is absolute. The worst is a share of the norm that is subnormal, times a limit that in
    // this case is below 4 sqrt(n).
    let smallest = if size_of::<T>() == 4 { f64::from(f32::from_bits(1)) } else { f64::from_bits(1) };
    let rounding = smallest * (1.0 + 4.0 * (before.len() as f64).sqrt());
    for (b, a) in before.iter().zip(after) {
        let (mantissa, exponent) = libm::frexp(b.get());
        let share = mantissa * (limit_mantissa / norm_before.mantissa);
        let expected = libm::ldexp(share, exponent + limit_exponent - norm_before.exponent);
        let error = (a.get() - expected).abs();
        prop_assert!(error <= 5.0 * eps * expected.abs() + rounding, "{b} became {a}, not {expected:e}");
    }
    Ok(())
}

/// Two layers with weights and biases, so that there are four parameters.
fn network<T: Float>((n_in, hidden, n_out): (usize, usize, usize)) -> Network<T> {
    Network::builder(n_in).layer(Linear::new(hidden)).layer(Tanh).layer(Linear::new(n_out)).build().unwrap()
}

fn clip<T: Float>(clipper: &mut dyn GradientClipper<T>, network: &Network<T>, values: &mut [T]) -> Clipped {
    clipper.clip(&mut Gradients { layout: network.layout(), weights: network.parameters(), values })
}

/// What a test draws, for both types: gradients as mantissas and powers of ten below a common one, and a limit.
#[derive(Debug, Clone)]
struct Drawn {
    widths: (usize, usize, usize),
    /// 0 is the smallest power of ten the type has, 1 the largest.
    size: f64,
    entries: Vec<(f64, u32)>,
    limit: Limit,
}

#[derive(Debug, Clone)]
enum Limit {
    /// 0 is the smallest that keeps what is clipped normal, 1 the largest.
    Absolute(f64),
    /// As a factor of the norm.
    Relative(f64),
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let widths = (1_usize..12, 1_usize..8, 1_usize..4);
    let size = prop_oneof![3 => 0.0..=1.0_f64, 1 => Just(1.0), 1 => Just(0.0)];
    let entry = (-1.7..1.7_f64, prop_oneof![3 => 0_u32..3, 1 => 0_u32..60]);
    let limit = prop_oneof![
        (0.0..=1.0_f64).prop_map(Limit::Absolute),
        prop::sample::select(vec![1.0, 1.0 + 8.0 * f64::EPSILON, 2.0, 0.999, 0.5, 1e-3]).prop_map(Limit::Relative),
    ];
    (widths, size, prop::collection::vec(entry, 110), limit).prop_map(|(widths, size, entries, limit)| Drawn {
        widths,
        size,
        entries,
        limit,
    })
}

impl Drawn {
    fn gradients<T: Float>(&self, network: &Network<T>) -> Vec<T> {
        let (low, high) = if size_of::<T>() == 4 { (-38.0, 38.0) } else { (-308.0, 308.0) };
        let exponent = (low + self.size * (high - low)).round() as i32;
        let entries = self.entries.iter().cycle().take(network.layout().len());
        entries.map(|&(mantissa, below)| T::of(mantissa * 10_f64.powi(exponent - below as i32))).collect()
    }

    /// Not so small that what is clipped to it loses digits for being subnormal, nor so large that a norm one eps above it is
    /// infinite: there no four eps can be had.
    fn limit<T: Float>(&self, norm: f64) -> f64 {
        let (low, high) = if size_of::<T>() == 4 { (-36.0, 38.0) } else { (-290.0, 308.0) };
        match self.limit {
            Limit::Absolute(at) => 10_f64.powf(low + at * (high - low)),
            Limit::Relative(factor) => (norm * factor).clamp(10_f64.powf(low), 1e308),
        }
    }
}

/// Whether a norm that the crate states is the reference's: 5u (see `limited`) and the reference's u, so 3 eps; both may be infinite.
fn states(stated: f64, reference: f64) -> bool {
    stated == reference || (stated - reference).abs() <= 3.0 * f64::EPSILON * reference + f64::from_bits(1)
}

fn global_norm<T: Float>(drawn: &Drawn) -> Result<(), TestCaseError> {
    let network = network::<T>(drawn.widths);
    let before = drawn.gradients(&network);
    let mut after = before.clone();
    let own = Gradients { layout: network.layout(), weights: network.parameters(), values: &mut after }.norm();
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
    // A limit that is the norm of the first layer, as the crate measures it, must leave that layer alone.
    let first = network.layout().layers().next().unwrap().1;
    let measured = Gradients { layout: network.layout(), weights: &[], values: &mut after[first.clone()] }.norm();
    let limit = drawn.limit::<T>(measured);
    let mut outcome = clip(&mut PerLayerNorm::new(limit).unwrap(), &network, &mut after);
    prop_assert!(states(outcome.norm_before, norm(&before).get()) && outcome.non_finite.is_none(), "{outcome:?}");
    outcome.settle(&mut after);
    let mut touched = 0;
    for (_, range) in network.layout().layers() {
        let reference = norm(&before[range.clone()]).get();
        // At the limit, to rounding, either is right; then what was done must be what is said.
        let changed = before[range.clone()] != after[range.clone()];
        let clips = if range == first { measured > limit } else { reference > limit && changed };
        prop_assert!(clips || !changed);
        touched += if clips { range.len() } else { 0 };
        limited(&before[range.clone()], &after[range], limit, clips)?;
    }
    prop_assert!(outcome.touched >= touched, "{} of {touched} are said to be touched", outcome.touched);
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
    let mut gradients = network.gradients(&mut workspace);
    gradients.values.copy_from_slice(&settled);
    let limit = drawn.limit::<T>(gradients.norm());
    let Verdict { clipped, apply, .. } =
        NonFinite::Stop.decide(Some(&mut GlobalNorm::new(limit).unwrap()), &mut gradients, 0).unwrap();
    prop_assert!(apply);
    // Where the clipper itself applied the factor, the gradients are already what they should be.
    settled.copy_from_slice(gradients.values);
    clipped.clone().settle(&mut settled);
    let rate = T::of(0.5);
    let by_hand: Vec<T> = network.parameters().iter().zip(&settled).map(|(&w, &g)| w + -rate * g).collect();
    let optimizer = Sgd::new(0.5).unwrap();
    let mut state = network.optimizer_state(&optimizer).unwrap();
    network.update(&optimizer, &mut state, &mut workspace, clipped.pending, 0.5).unwrap();
    prop_assert!(network.parameters() == by_hand, "{:?}, not {by_hand:?}", network.parameters());
    Ok(())
}

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
    let first = bad.iter().position(|g| !g.is_finite()).unwrap();
    let slot = network.layout().slots().iter().find(|slot| slot.range.contains(&first)).unwrap();
    let decide = |policy: NonFinite, values: &mut [T]| {
        let mut clipper = clipper::<T>(which);
        let clipper = clipper.as_mut().map(|clipper| &mut **clipper as &mut dyn GradientClipper<T>);
        policy.decide(clipper, &mut Gradients { layout: network.layout(), weights: network.parameters(), values }, 41)
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

/// What norm clipping usually is elsewhere: squares summed in f32, and something added to the norm lest it be zero.
#[derive(Debug)]
struct Plain {
    limit: f32,
    added: f32,
}

impl GradientClipper<f32> for Plain {
    fn clip(&mut self, gradients: &mut Gradients<'_, f32>) -> Clipped {
        let norm = gradients.values.iter().map(|g| g * g).sum::<f32>().sqrt();
        let factor = (self.limit / (norm + self.added)).min(1.0);
        gradients.values.iter_mut().for_each(|g| *g *= factor);
        let touched = if factor < 1.0 { gradients.values.len() } else { 0 };
        Clipped { touched, ..Clipped::untouched(f64::from(norm)) }
    }
}

/// Clips one layer's gradients and checks the outcome.
fn clip_and_check(clipper: &mut dyn GradientClipper<f32>, before: &[f32], limit: f32) -> Result<(), TestCaseError> {
    let network = Network::builder(before.len()).layer(Linear::without_bias(1)).build().unwrap();
    let mut after = before.to_vec();
    let mut outcome = clip(clipper, &network, &mut after);
    outcome.settle(&mut after);
    limited(before, &after, f64::from(limit), outcome.touched > 0)
}

#[test]
fn known_defects_are_absent_and_would_be_seen() {
    // A sum in f32 that stands at 2^24 does not see another 1.
    let mut drifting = vec![1.0_f32; 1 << 22];
    drifting[0] = 4096.0;
    let cases: [(&str, &[f32], f32, f32); 5] = [
        ("a running sum of f32", &drifting, 100.0, 0.0),
        ("squares that overflow", &[3e20, -4e20, 1e19], 1.0, 0.0),
        ("squares that vanish", &[3e-30, -4e-30], 1e-31, 0.0),
        ("a norm with 1e-6 added", &[3e-6, -4e-6], 1e-6, 1e-6),
        ("at the limit, but for what was added", &[0.375, -0.5], 0.625, 1e-6),
    ];
    for (defect, before, limit, added) in cases {
        let checked = clip_and_check(&mut GlobalNorm::new(f64::from(limit)).unwrap(), before, limit);
        assert!(checked.is_ok(), "{defect}: {checked:?}");
        let checked = clip_and_check(&mut PerLayerNorm::new(f64::from(limit)).unwrap(), before, limit);
        assert!(checked.is_ok(), "{defect}: {checked:?}");
        assert!(clip_and_check(&mut Plain { limit, added }, before, limit).is_err(), "{defect} was not seen");
    }
}

#[test]
fn a_norm_at_the_limit_is_the_identity() {
    let network = network::<f64>((1, 1, 1));
    let before = [3.0, 0.0, 4.0, 0.0];
    let mut after = before;
    let outcome = clip(&mut GlobalNorm::new(5.0).unwrap(), &network, &mut after);
    assert_eq!((outcome, after), (Clipped::untouched(5.0), before));
}

#[test]
fn an_infinity_neither_spreads_nor_hides_a_nan() {
    // hypot(infinity, NaN) is infinity, and 1 / infinity times the others is 0: the bad entries stand in different layers.
    let network = network::<f32>((1, 1, 1));
    for which in 0..4 {
        let mut values = [f32::INFINITY, 0.5, f32::NAN, 0.5];
        let mut clipper = clipper::<f32>(which);
        let clipper = clipper.as_mut().map(|clipper| &mut **clipper as &mut dyn GradientClipper<f32>);
        let mut gradients = Gradients { layout: network.layout(), weights: network.parameters(), values: &mut values };
        let mut verdict = NonFinite::Zero.decide(clipper, &mut gradients, 0).unwrap();
        verdict.clipped.settle(&mut values);
        assert_eq!((verdict.zeroed, values[0], values[2]), (2, 0.0, 0.0));
        assert!(values[1] > 0.1 && values[3] == values[1], "clipper {which}: {values:?}");
    }
}

#[test]
fn limits_and_norms_far_apart_keep_every_digit() {
    // The factor alone is below the normal numbers, or a power of two taken first would push small entries below them.
    let cases: [(&[f64], f64); 5] = [
        (&[3e150, -4e150, 1e140], 1e-170),
        (&[1.7e308, 1.7e308, -1e280], 1e-290),
        (&[1.5e308; 4], 1e300),
        (&[1e300, 1e-20, 1e-30], 1e290),
        (&[1.7e308, 1.7e308, 1e-12, 3e-13], 1e308),
    ];
    for (before, limit) in cases {
        let network = Network::builder(before.len()).layer(Linear::without_bias(1)).build().unwrap();
        let clippers: [Box<dyn GradientClipper<f64>>; 2] =
            [Box::new(GlobalNorm::new(limit).unwrap()), Box::new(PerLayerNorm::new(limit).unwrap())];
        for mut clipper in clippers {
            let mut after = before.to_vec();
            clip(&mut *clipper, &network, &mut after).settle(&mut after);
            let checked = limited(before, &after, limit, true);
            assert!(checked.is_ok(), "{clipper:?} of {before:?}: {checked:?}");
        }
    }
}

#[test]
fn a_limit_below_the_normal_numbers_is_obeyed() {
    let network = network::<f64>((1, 1, 1));
    let mut values = [1e-300, -1e-309, 1e-311, -1.0];
    clip(&mut ByValue::new(1e-310).unwrap(), &network, &mut values);
    assert_eq!(values, [1e-310, -1e-310, 1e-311, -1e-310]);
}
