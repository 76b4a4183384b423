//! What attention promises: the formula, and that nothing shows through a mask.

mod alone;
mod drawn;

use alone::{Given, Left};
use drawn::{check, numbers};
use evenkeel::*;
use proptest::prelude::*;

fn of<T: Float>(numbers: Vec<f64>) -> Vec<T> {
    numbers.into_iter().map(T::of).collect()
}

/// Parameters of size 1 / sqrt(width), biases included.
fn params<T: Float>(layer: &MultiHeadAttention<T>, width: usize, seed: u64) -> Vec<T> {
    let plan = Layer::<T>::plan(layer, width).unwrap();
    let count = plan.params.iter().filter_map(Param::count).sum();
    of(numbers(count, 1.0 / (width as f64).sqrt(), seed, "params"))
}

fn bits<T: Float>(numbers: &[T]) -> Vec<u64> {
    numbers.iter().map(|x| x.get().to_bits()).collect()
}

/// The plain reference: the formula for one row, with biases, in loops over f64.
fn plain<T: Float>(x: &[T], params: &[T], width: usize, heads: usize, causal: bool) -> Vec<f64> {
    let (weights, biases) = (&params[..3 * width * width], &params[3 * width * width..][..3 * width]);
    let (out, out_bias) = params[3 * width * (width + 1)..].split_at(width * width);
    let (steps, head) = (x.len() / width, width / heads);
    let qkv = |step: usize, column: usize| {
        let terms = (0..width).map(|i| x[step * width + i].get() * weights[i * 3 * width + column].get());
        terms.sum::<f64>() + biases[column].get()
    };
    let qkv: Vec<Vec<f64>> = (0..steps).map(|step| (0..3 * width).map(|column| qkv(step, column)).collect()).collect();
    let mut y = Vec::new();
    for step in 0..steps {
        let seen = if causal { step + 1 } else { steps };
        let mut context = vec![0.0; width];
        for (column, context) in context.iter_mut().enumerate() {
            let first = column / head * head;
            let score = |key: usize| {
                let terms = (first..first + head).map(|i| qkv[step][i] * qkv[key][width + i]);
                terms.sum::<f64>() / (head as f64).sqrt()
            };
            let scores: Vec<f64> = (0..seen).map(score).collect();
            let largest = scores.iter().fold(f64::NEG_INFINITY, |largest, &score| largest.max(score));
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            let terms =
                scores.iter().enumerate().map(|(key, score)| (score - largest).exp() * qkv[key][2 * width + column]);
            *context = terms.sum::<f64>() / sum;
        }
        y.extend((0..width).map(|column| {
            let terms = context.iter().enumerate().map(|(i, context)| context * out[i * width + column].get());
            terms.sum::<f64>() + out_bias[column].get()
        }));
    }
    y
}

/// How far roundings may take an output from its formula, for inputs up to 1 and parameters up to 1 / sqrt(width).
fn bound<T: Float>(steps: usize, width: usize, head: usize) -> f64 {
    let (epsilon, steps, width, head) = (T::epsilon().get(), steps as f64, width as f64, head as f64);
    // The size and the error of q, k and v; of a score; of a share, relative to it; of a mean of values; of what is summed of those.
    let size = (width + 1.0) / width.sqrt();
    let of_qkv = (width + 2.0) * size * epsilon;
    let of_score = head.sqrt() * (2.0 * size * of_qkv + (head + 2.0) * size * size * epsilon);
    let of_share = 2.0 * of_score + (steps + 8.0) * epsilon;
    let of_mean = size * of_share + of_qkv + (steps + 2.0) * size * epsilon;
    width.sqrt() * (of_mean + (width + 2.0) * size * epsilon)
}

fn agrees<T: Float>(rows: usize, steps: usize, [heads, head]: [usize; 2], causal: bool, lengths: &[usize], seed: u64) {
    let width = heads * head;
    let layer = MultiHeadAttention::new(width, heads);
    let layer = if causal { layer.causal() } else { layer };
    let (params, n_in) = (params::<T>(&layer, width, seed), steps * width);
    let x = of::<T>(numbers(rows * n_in, 1.0, seed, "x"));
    let y = Given { lengths, ..Given::rows(&x, n_in, &params) }.forward(&layer).unwrap().y;
    let bound = bound::<T>(steps, width, head);
    for (row, (y, x)) in y.chunks(n_in).zip(x.chunks(n_in)).enumerate() {
        let there = lengths.get(row).map_or(n_in, |length| length * width);
        let expected = plain(&x[..there], &params, width, heads, causal);
        for (at, y) in y.iter().enumerate() {
            let expected = expected.get(at).copied().unwrap_or(0.0);
            let error = (y.get() - expected).abs();
            assert!(error <= bound, "row {row}, entry {at}: {y} is not {expected}; {error:e} of {bound:e}");
        }
    }
}

#[test]
fn agrees_with_its_formula() {
    let sizes = (1..4_usize, 1..40_usize, 1..4_usize, 1..7_usize);
    check((sizes, any::<bool>(), any::<bool>(), any::<u64>()), |((rows, steps, heads, head), causal, padded, seed)| {
        let lengths = (0..if padded { rows } else { 0 }).map(|row| (seed as usize >> (8 * row)) % steps + 1);
        let lengths: Vec<usize> = lengths.collect();
        agrees::<f64>(rows, steps, [heads, head], causal, &lengths, seed);
        agrees::<f32>(rows, steps, [heads, head], causal, &lengths, seed);
        Ok(())
    });
    // Beyond every block of queries.
    for causal in [false, true] {
        agrees::<f64>(2, 150, [2, 4], causal, &[150, 131], 1);
        agrees::<f32>(1, 300, [1, 3], causal, &[], 2);
    }
}

#[test]
fn later_steps_do_not_reach_earlier_ones() {
    for (steps, heads, head) in [(7, 2, 3), (40, 1, 5), (70, 2, 17)] {
        let width = heads * head;
        let layer = MultiHeadAttention::new(width, heads).causal();
        let params = params::<f32>(&layer, width, 1);
        let x = of::<f32>(numbers(steps * width, 1.0, 2, "x"));
        let y = Given::rows(&x, steps * width, &params).forward(&layer).unwrap().y;
        for from in [0, 1, steps / 2, steps - 1] {
            for change in [0.5, 1e30, f32::INFINITY, f32::NAN] {
                let mut other = x.clone();
                other[from * width..].iter_mut().for_each(|x| *x += change);
                let changed = Given::rows(&other, steps * width, &params).forward(&layer).unwrap().y;
                assert_eq!(
                    bits(&changed[..from * width]),
                    bits(&y[..from * width]),
                    "{steps} steps, {change} at {from}"
                );
                assert!(changed[from * width..].iter().zip(&y[from * width..]).all(|(changed, y)| changed != y));
            }
        }
    }
}

/// A pass over three rows of six steps, of which so many are there, with other numbers in place of the padding.
fn padded(layer: &MultiHeadAttention<f32>, params: &[f32], lengths: &[usize], padding: f32) -> Left<f32> {
    let (steps, width) = (6, 4);
    let (mut x, mut dy) = (numbers(3 * steps * width, 1.0, 1, "x"), numbers(3 * steps * width, 1.0, 1, "dy"));
    for (row, &length) in lengths.iter().enumerate() {
        for numbers in [&mut x, &mut dy] {
            numbers[(row * steps + length) * width..(row + 1) * steps * width].fill(f64::from(padding));
        }
    }
    let (x, dy) = (of::<f32>(x), of::<f32>(dy));
    Given { lengths, ..Given::rows(&x, steps * width, params) }.passes(layer, &dy).unwrap()
}

#[test]
fn padding_shows_nowhere() {
    let lengths = [4, 1, 6];
    for layer in [MultiHeadAttention::new(4, 2), MultiHeadAttention::new(4, 2).causal()] {
        let params = params::<f32>(&layer, 4, 3);
        let zeros = padded(&layer, &params, &lengths, 0.0);
        for padding in [1.0, f32::NAN] {
            let other = padded(&layer, &params, &lengths, padding);
            assert_eq!(bits(&other.y), bits(&zeros.y));
            assert_eq!(bits(&other.dx), bits(&zeros.dx));
            assert_eq!(bits(&other.gradients), bits(&zeros.gradients));
        }
        for (row, &length) in lengths.iter().enumerate() {
            let range = row * 24..(row + 1) * 24;
            for numbers in [&zeros.y[range.clone()], &zeros.dx[range]] {
                let (there, beyond) = numbers.split_at(length * 4);
                assert!(there.iter().all(|&x| x != 0.0) && beyond.iter().all(|&x| x == 0.0), "{numbers:?}");
            }
        }
        // A row of which all steps are there is what it is without lengths; a shorter one, what it is as a shorter sequence.
        let full = padded(&layer, &params, &[], 0.0);
        assert_eq!(bits(&full.y[48..]), bits(&zeros.y[48..]));
        let x = of::<f32>(numbers(72, 1.0, 1, "x")[..16].to_vec());
        let short = Given::rows(&x, 16, &params).forward(&layer).unwrap();
        assert_eq!(bits(&short.y), bits(&zeros.y[..16]));
        assert!(zeros.gradients.iter().chain(&full.gradients).all(|x| x.is_finite()));
        assert!(bits(&full.gradients) != bits(&zeros.gradients));
    }
}

#[test]
fn wrong_lengths_are_refused() {
    let layer = MultiHeadAttention::new(2, 1);
    let params = params::<f64>(&layer, 2, 1);
    let x = [0.5; 12];
    let refused = |lengths: &[usize]| Given { lengths, ..Given::rows(&x, 6, &params) }.forward(&layer).map(drop);
    assert_eq!(refused(&[3, 1]), Ok(()));
    assert!(matches!(refused(&[3]), Err(Error::Size { expected: 2, found: 1, .. })));
    for length in [0, 4] {
        assert_eq!(refused(&[3, length]), Err(Error::Length { row: 1, length, steps: 3 }));
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let refused = |width, heads| match Network::<f32>::builder(12).layer(MultiHeadAttention::new(width, heads)).build()
    {
        Err(Error::Layer { source, .. }) => *source,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(0, 1), Error::Argument { argument: "width", .. }));
    assert!(matches!(refused(6, 0), Error::Argument { argument: "heads", .. }));
    assert!(matches!(refused(6, 4), Error::Size { expected: 8, found: 6, .. }));
    assert!(matches!(refused(5, 1), Error::Size { expected: 15, found: 12, .. }));
}

#[test]
fn large_scores_do_not_overflow_and_a_nan_stays() {
    let layer = MultiHeadAttention::new(4, 2);
    let params = params::<f32>(&layer, 4, 1);
    let mut x = of::<f32>(numbers(2 * 20, 1e4, 1, "x"));
    let y = Given::rows(&x, 20, &params).forward(&layer).unwrap().y;
    // Means of values, which are no larger than a few times the inputs.
    assert!(y.iter().all(|y| y.abs() < 1e6) && y.iter().any(|y| y.abs() > 1e2), "{y:?}");
    x[3] = f32::NAN;
    let y = Given::rows(&x, 20, &params).forward(&layer).unwrap().y;
    assert!(y[..20].iter().all(|y| y.is_nan()) && y[20..].iter().all(|y| y.is_finite()));
}

#[test]
fn its_weights_start_as_three_maps_of_its_width() {
    let network = Network::<f64>::builder(64).layer(MultiHeadAttention::new(64, 4)).seed(1).build().unwrap();
    let names: Vec<_> = network.layout().slots().iter().map(|slot| slot.param.name.as_str()).collect();
    let prefix = |name: &str| format!("0.multi_head_attention.{name}");
    assert_eq!(names, ["qkv_weight", "qkv_bias", "out_weight", "out_bias"].map(prefix));
    let weight = network.parameter(names[0]).unwrap();
    let variance = weight.data().iter().map(|w| w * w).sum::<f64>() / weight.data().len() as f64;
    // Xavier's 2 / (64 + 64), within five standard deviations of a mean of 12,288 squares.
    assert!((variance * 64.0 - 1.0).abs() < 5.0 * (2.0_f64 / 12_288.0).sqrt(), "{variance}");
    assert!(network.parameter(names[1]).unwrap().data().iter().all(|&bias| bias == 0.0));
}

#[test]
fn weights_and_biases_start_as_they_are_told() {
    let layer = MultiHeadAttention::new(4, 2).weights(Constant::new(0.5).unwrap()).biases(Constant::new(2.0).unwrap());
    let network = Network::<f32>::builder(8).layer(layer).build().unwrap();
    for (name, value) in [("qkv_weight", 0.5), ("out_weight", 0.5), ("qkv_bias", 2.0), ("out_bias", 2.0)] {
        let parameter = network.parameter(&format!("0.multi_head_attention.{name}")).unwrap();
        assert!(parameter.data().iter().all(|&x| x == value), "{name}");
    }
}
