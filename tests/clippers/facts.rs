//! What other libraries compute, executed with the versions named: where ours is the same, and where theirs breaks a promise of ours.

use evenkeel::*;
use rand::RngExt;

use super::super::one_way::{Holder, OneWay};
use super::drawn::clip;

/// A weight of `cols` units, one parameter alone.
fn matrix(rows: usize, cols: usize, weights: &[f64]) -> Network<f64> {
    let mut network = Network::builder(rows).layer(Linear::without_bias(cols)).build().unwrap();
    network.parameters_mut().copy_from_slice(weights);
    network
}

/// Parameters of those lengths, each of a layer of its own.
fn parameters(lens: &[usize]) -> Network<f64> {
    let first = Network::builder(lens[0]).layer(Linear::without_bias(1));
    let builder = lens[1..].iter().fold(first, |builder, &len| match len {
        1 => builder.layer(Linear::without_bias(1)),
        _ => builder.layer(Linear::without_bias(len)),
    });
    let network = builder.build().unwrap();
    assert_eq!(network.layout().len(), lens.iter().sum::<usize>());
    network
}

fn clipped(clipper: &mut dyn GradientClipper<f64>, network: &Network<f64>, gradients: &[f64]) -> Vec<f64> {
    let mut values = gradients.to_vec();
    clip(clipper, network, &mut values).settle(&mut values);
    values
}

#[track_caller]
fn same(found: &[f64], expected: &[f64], tolerance: f64) {
    let close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1e-300));
    assert!(found.len() == expected.len() && close, "{found:?}, not {expected:?}");
}

fn order(limit: f64, order: f64) -> GlobalNorm {
    GlobalNorm::new(limit).unwrap().order(order).unwrap()
}

/// torch 2.15.0, `clip_grad_norm_`. It multiplies by `limit / (norm + 1e-6)`, which is the only difference: 1e-6 / norm.
#[test]
fn pytorch_but_for_its_epsilon() {
    let one = parameters(&[2]);
    type Case = (f64, f64, &'static [usize], &'static [f64], &'static [f64]);
    let cases: [Case; 7] = [
        (1.0, 2.0, &[1, 1], &[0.0, 5.0], &[0.0, 0.99999980000004]),
        (1.0, 2.0, &[2], &[3.0, 4.0], &[0.599999880000024, 0.799999840000032]),
        (1.0, 1.0, &[2], &[3.0, -4.0], &[0.42857136734694745, -0.57142848979593]),
        (1.0, f64::INFINITY, &[2, 1], &[3.0, -4.0, 7.0], &[0.42857136734694745, -0.57142848979593, 0.9999998571428774]),
        (4.0, 1.0, &[2, 1], &[3.0, -4.0, 1.0], &[1.4999998125000236, -1.9999997500000315, 0.4999999375000079]),
        (1.0, f64::INFINITY, &[2], &[0.3, -0.4], &[0.3, -0.4]),
        (10.0, 2.0, &[2], &[3.0, 4.0], &[3.0, 4.0]),
    ];
    for (limit, p, lens, gradients, theirs) in cases {
        let found = clipped(&mut order(limit, p), &parameters(lens), gradients);
        same(&found, theirs, 3e-7);
    }
    // And where theirs breaks: what is at the limit shrinks by 2e-7; what is tiny is crushed; a negative limit turns the gradient around.
    same(&clipped(&mut GlobalNorm::new(5.0).unwrap(), &one, &[3.0, 4.0]), &[3.0, 4.0], 0.0);
    same(&clipped(&mut GlobalNorm::new(1e-8).unwrap(), &one, &[3e-8, 4e-8]), &[6e-9, 8e-9], 1e-15);
    assert!(GlobalNorm::new(-1.0).is_err());
    // "Infinity" to log the norm only makes NaN of a norm beyond f64: such a limit is refused, and the largest f64 does it.
    assert!(GlobalNorm::new(f64::INFINITY).is_err());
    same(&clipped(&mut GlobalNorm::new(f64::MAX).unwrap(), &one, &[3e200, 4e200]), &[3e200, 4e200], 0.0);
    // Order 0 counts their tensors, not entries, and order -1 is no norm.
    assert!(GlobalNorm::new(1.0).unwrap().order(0.0).is_err() && GlobalNorm::new(1.0).unwrap().order(-1.0).is_err());
}

/// optax 0.2.8, keras 3.15.1, tensorflow 2.21.0, mxnet, chainer: by the formula, without anything added.
#[test]
fn the_others_by_the_formula() {
    same(
        &clipped(&mut GlobalNorm::new(1.0).unwrap(), &parameters(&[2]), &[3.0, 4.0]),
        &[0.6000000000000001, 0.8],
        1e-15,
    );
    same(
        &clipped(&mut GlobalNorm::new(6.5).unwrap(), &parameters(&[2, 1]), &[3.0, 4.0, 12.0]),
        &[1.5, 2.0, 6.0],
        1e-15,
    );
    let two = [3.0, 4.0, 6.0, 8.0];
    let four = matrix(4, 1, &[1.0; 4]);
    let theirs = [1.3416407864998738, 1.7888543819998317, 2.6832815729997477, 3.5777087639996634];
    same(&clipped(&mut GlobalNorm::new(5.0).unwrap(), &four, &two), &theirs, 1e-15);
    // optax's `clip_by_block_rms`.
    let found = clipped(&mut BlockRms::new(1.0).unwrap(), &parameters(&[2]), &[3.0, 4.0]);
    same(&found, &[0.848528137423857, 1.131370849898476], 1e-14);
    // A threshold of 0 makes 0 / 0 of zeros: refused.
    assert!(BlockRms::new(0.0).is_err());
}

/// keras 3.15.1, `clipnorm`: every variable on its own, and 0 turns clipping off without a word.
#[test]
fn each_on_its_own() {
    let two = parameters(&[2, 2]);
    let found = clipped(&mut PerLayerNorm::new(5.0).unwrap(), &two, &[3.0, 4.0, 6.0, 8.0]);
    same(&found, &[3.0, 4.0, 3.0, 4.0], 1e-15);
    assert!(PerLayerNorm::new(0.0).is_err());
}

/// One number that is no number: nothing is changed, and it is said which. optax 0.2.8 makes (NaN, NaN) of (NaN, 4), and (NaN, 0) of (infinity, 4),
/// as do keras 3.15.1 and torch 2.15.0; Rust's own `fold(0, max)` of (1, NaN) is 1, so that a largest entry hides it.
#[test]
fn what_is_not_finite_stays_where_it_is() {
    let one = parameters(&[2]);
    assert_eq!([1.0, f64::NAN].into_iter().fold(0.0, f64::max), 1.0);
    for gradients in [[f64::NAN, 4.0], [f64::INFINITY, 4.0], [1.0, f64::NAN], [1.0, f64::NEG_INFINITY]] {
        let all: [Box<dyn GradientClipper<f64>>; 6] = [
            Box::new(BlockRms::new(1.0).unwrap()),
            Box::new(PerLayerNorm::new(1.0).unwrap()),
            Box::new(GlobalNorm::new(1.0).unwrap()),
            Box::new(order(1.0, f64::INFINITY)),
            Box::new(order(1.0, 1.0)),
            Box::new(ByValue::new(1.0).unwrap()),
        ];
        for mut clipper in all {
            let mut values = gradients;
            let mut outcome = clip(&mut *clipper, &one, &mut values);
            outcome.settle(&mut values);
            let index = outcome.non_finite.unwrap_or_else(|| panic!("{clipper:?} of {gradients:?}")).index;
            assert!(!gradients[index].is_finite(), "{clipper:?} of {gradients:?} names {index}");
            let unchanged = values.iter().zip(gradients).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(unchanged && outcome.touched == 0, "{clipper:?} made {values:?} of {gradients:?}");
            assert!(!outcome.norm_before.is_finite(), "{clipper:?} of {gradients:?}: {}", outcome.norm_before);
        }
    }
}

/// Squares that overflow or vanish: torch, optax, keras and tensorflow leave zeros or NaN.
#[test]
fn nothing_finite_is_destroyed() {
    let one = parameters(&[2]);
    for p in [1.0, 2.0, 3.0, f64::INFINITY] {
        for size in [1e200, 1e300, 1e-200, 1e-300] {
            let found = clipped(&mut order(0.1 * size, p), &one, &[3.0 * size, 4.0 * size]);
            let norm = if p.is_infinite() { 4.0 } else { (3_f64.powf(p) + 4_f64.powf(p)).powf(1.0 / p) };
            same(&found, &[0.3 * size / norm, 0.4 * size / norm], 1e-14);
        }
    }
    same(&clipped(&mut GlobalNorm::new(1.0).unwrap(), &one, &[0.0, 0.0]), &[0.0, 0.0], 0.0);
}

/// AGC of optax 0.2.8 (units are columns, as here) and of timm @aa4b5850 (vectors as a whole).
#[test]
fn adaptive_clipping_of_units() {
    let network = matrix(2, 2, &[3.0, 0.0, 4.0, 1.0]);
    let found = clipped(&mut AdaptiveNorm::new(0.01).unwrap(), &network, &[3.0, 0.006, 4.0, 0.008]);
    same(&found, &[0.03, 0.006, 0.04, 0.008], 1e-12);
    let zeros = matrix(2, 1, &[0.0, 0.0]);
    let found = clipped(&mut AdaptiveNorm::new(0.01).unwrap(), &zeros, &[3.0, 4.0]);
    same(&found, &[6.000000000000001e-06, 8.000000000000001e-06], 1e-12);
    // timm makes NaN and 0 of a unit with an infinity.
    let mut values = [f64::INFINITY, 0.006, 4.0, 0.008];
    let outcome = clip(&mut AdaptiveNorm::new(0.01).unwrap(), &network, &mut values);
    assert_eq!((outcome.non_finite.map(|place| place.index), values), (Some(0), [f64::INFINITY, 0.006, 4.0, 0.008]));
}

/// timm's matrix, out x in: the axis is the layer's to say.
#[test]
fn a_layer_may_have_its_units_in_rows() {
    // As PyTorch keeps them.
    let of_rows = Param { unit_axis: 0, ..Param::weight(2, 2) };
    let mut network = Network::builder(2).layer(OneWay(Holder(of_rows))).build().unwrap();
    network.parameters_mut().copy_from_slice(&[3.0, 4.0, 0.0, 1.0]);
    let found = clipped(&mut AdaptiveNorm::new(0.01).unwrap(), &network, &[3.0, 4.0, 0.006, 0.008]);
    same(&found, &[0.03, 0.04, 0.006, 0.008], 1e-12);
}

/// pseeth/autoclip: numpy's percentile of the history, this norm included.
#[test]
fn percentile_of_the_history() {
    let mut clipper = PercentileNorm::new(10.0).unwrap();
    let left: Vec<f64> = [1.0, 2.0, 3.0, 4.0, 10.0]
        .iter()
        .map(|&norm| clipped(&mut clipper, &matrix(1, 1, &[1.0]), &[norm])[0])
        .collect();
    same(&left[4..], &[1.4], 1e-15);
    // An infinite norm counts there, and one NaN makes all later limits NaN; here neither is remembered.
    let mut clipper = PercentileNorm::new(50.0).unwrap();
    for norm in [1.0, f64::NAN, 2.0, f64::INFINITY, 3.0] {
        clipped(&mut clipper, &matrix(1, 1, &[1.0]), &[norm]);
    }
    assert_eq!(GradientClipper::<f64>::memory(&clipper), [1.0, 2.0, 3.0]);
}

/// bluorion-com/ZClip on torch 2.15.0: norm after clipping, mean and variance, step by step.
#[test]
fn z_scores_of_the_history() {
    let mut clipper = ZScoreNorm::new(2.5).unwrap().warm_up(4).unwrap();
    let trace = [
        (1.0, 1.0, None),
        (1.2, 1.2, None),
        (0.8, 0.8, None),
        (1.0, 1.0, Some([1.0, 0.01999999999999999])),
        (1.0, 1.0, Some([1.0, 0.01939999999999999])),
        (10.0, 1.0134722175999193, Some([1.0004041695684143, 0.018823123295845533])),
        (1.0, 1.0, Some([1.0003920444813619, 0.01825843420793643])),
    ];
    for (norm, expected, state) in trace {
        let left = clipped(&mut clipper, &matrix(1, 1, &[1.0]), &[norm]);
        // They add 1e-6 to a deviation of 0.14, and 7e-6 of the distance from the mean, 0.013, is 1e-7.
        same(&left, &[expected], 1e-7);
        if let Some(state) = state {
            let [_, mean, deviation] = GradientClipper::<f64>::memory(&clipper)[..] else { panic!("three numbers") };
            same(&[mean, deviation * deviation], &state, 1e-7);
        }
    }
    // A NaN in their warm-up turns clipping off for good: 100 stays 100.
    let mut clipper = ZScoreNorm::new(2.5).unwrap().warm_up(4).unwrap();
    let left =
        [1.0, f64::NAN, 1.0, 1.0, 1.0, 100.0].map(|norm| clipped(&mut clipper, &matrix(1, 1, &[1.0]), &[norm])[0]);
    assert!(left[5] < 1.1, "{left:?}");
}

/// A limit that nothing reaches leaves the norm as it was to the last digit, in whatever order it is summed.
#[test]
fn what_is_not_touched_keeps_its_norm() {
    let network =
        Network::<f64>::builder(7).layer(Linear::new(5)).layer(Linear::new(9)).layer(Linear::new(3)).build().unwrap();
    let mut generator = Generator::named(1, "norms");
    for _ in 0..200 {
        let values: Vec<f64> = network.parameters().iter().map(|_| generator.random_range(-1.0..1.0)).collect();
        let clippers: [Box<dyn GradientClipper<f64>>; 6] = [
            Box::new(PerLayerNorm::new(1e9).unwrap()),
            Box::new(BlockRms::new(1e9).unwrap()),
            Box::new(ByValue::new(1e9).unwrap()),
            Box::new(GlobalNorm::new(1e9).unwrap()),
            Box::new(AdaptiveNorm::new(1e9).unwrap()),
            Box::new(Chain::new().then(PerLayerNorm::new(1e9).unwrap()).then(BlockRms::new(1e9).unwrap())),
        ];
        for mut clipper in clippers {
            let outcome = clip(&mut *clipper, &network, &mut values.clone());
            assert_eq!((outcome.norm_after, outcome.touched), (outcome.norm_before, 0), "{clipper:?}");
        }
    }
}
