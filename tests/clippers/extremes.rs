//! Single cases: the defects that norm clipping has elsewhere, and the ends of f64.

use evenkeel::{ByValue, Clipped, GlobalNorm, GradientClipper, Gradients, Linear, Network, PerLayerNorm};
use proptest::prelude::TestCaseError;

use super::drawn::{clip, network};
use super::reference::limited;

/// What norm clipping usually is elsewhere: squares summed in f32, and something added to the norm lest it be zero.
#[derive(Debug)]
struct Plain {
    limit: f32,
    added: f32,
}

impl GradientClipper<f32> for Plain {
    fn clip(&mut self, gradients: &mut Gradients<'_, f32>) -> Clipped {
        let norm = gradients.values().iter().map(|g| g * g).sum::<f32>().sqrt();
        let factor = (self.limit / (norm + self.added)).min(1.0);
        gradients.values_mut().iter_mut().for_each(|g| *g *= factor);
        let touched = if factor < 1.0 { gradients.values().len() } else { 0 };
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
