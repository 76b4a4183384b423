//! Orthogonal weights: how orthogonal they are, and whether every orthogonal matrix is as likely.

use evenkeel::{Float, Initializer, Linear, Network, Orthogonal, Param, Rows};

use super::{distance_from, filled};

/// The largest entry of |W^T W - gain^2 I| (of W W^T where W is wide), summed in f64.
fn departure<T: Float>(rows: usize, cols: usize, gain: f64, seed: u64) -> f64 {
    let weight = filled::<T>(&Orthogonal::new(gain).unwrap(), &Param::weight(rows, cols), seed);
    let (longer, shorter) = (rows.max(cols), rows.min(cols));
    // The columns, or rows, whose products are to be those of the identity: one a row.
    let across = |row: usize, at: usize| if cols > rows { row * cols + at } else { at * cols + row };
    let vectors: Vec<f64> = (0..shorter)
        .flat_map(|row| (0..longer).map(move |at| (row, at)))
        .map(|(row, at)| weight[across(row, at)].get())
        .collect();
    // All products at once, by a layer with these vectors as units.
    let mut network = Network::<f64>::builder(longer).layer(Linear::without_bias(shorter)).build().unwrap();
    let units = network.parameters_mut();
    for (row, vector) in vectors.chunks_exact(longer).enumerate() {
        vector.iter().enumerate().for_each(|(at, w)| units[at * shorter + row] = *w);
    }
    let products = network.predict(Rows::new(&vectors, longer).unwrap()).unwrap();
    let expected = |at: usize| if at / shorter == at % shorter { gain * gain } else { 0.0 };
    products.iter().enumerate().fold(0.0, |worst, (at, product)| f64::max(worst, (product - expected(at)).abs()))
}

const SHAPES: [(usize, usize); 16] = [
    (1, 1),
    (1, 7),
    (7, 1),
    (2, 2),
    (3, 5),
    (33, 17),
    (17, 33),
    (64, 64),
    (65, 130),
    (97, 96),
    (300, 200),
    (200, 300),
    (512, 512),
    (1024, 100),
    (31, 2000),
    (700, 701),
];

#[test]
fn as_orthogonal_as_the_numbers_allow() {
    for (rows, cols) in SHAPES {
        for gain in [1.0, 2_f64.sqrt(), 1e-3] {
            let (single, double) = (departure::<f32>(rows, cols, gain, 1), departure::<f64>(rows, cols, gain, 1));
            assert!(single <= 1e-6 * gain * gain, "{rows} x {cols}, gain {gain}: {single:e}");
            assert!(double <= 1e-12 * gain * gain, "{rows} x {cols}, gain {gain}: {double:e}");
        }
    }
}

#[test]
fn as_orthogonal_at_two_thousand() {
    let found = [departure::<f32>(2048, 2048, 1.0, 2), departure::<f32>(1000, 2048, 1.0, 2)];
    assert!(found.iter().all(|found| *found <= 1e-6), "{found:?}");
    let found = [departure::<f64>(2048, 2048, 1.0, 2), departure::<f64>(2048, 1000, 1.0, 2)];
    assert!(found.iter().all(|found| *found <= 1e-12), "{found:?}");
}

#[test]
fn f32_is_f64_rounded() {
    for (rows, cols) in [(40, 30), (30, 40), (130, 130)] {
        let param = Param::weight(rows, cols);
        let (single, double) =
            (filled::<f32>(&Orthogonal::default(), &param, 5), filled::<f64>(&Orthogonal::default(), &param, 5));
        assert!(single.iter().zip(&double).all(|(&single, &double)| single == double as f32));
    }
}

#[test]
fn no_column_is_zero_and_no_shape_refused() {
    for (rows, cols) in [(0, 0), (0, 3), (3, 0), (1, 1), (1, 9), (9, 1)] {
        let weight = filled::<f32>(&Orthogonal::default(), &Param::weight(rows, cols), 1);
        let square: f64 = weight.iter().map(|w| w.get() * w.get()).sum();
        assert!((square - rows.min(cols) as f64).abs() < 1e-6, "{rows} x {cols}: {weight:?}");
    }
}

/// Entries of the sphere in three dimensions are uniform between -1 and 1 (Archimedes).
#[test]
fn entries_of_three_dimensions_are_uniform() {
    let count = 100_000_u32;
    // By Dvoretzky, Kiefer, Wolfowitz and Massart: 5e-8 for each of the 3 x 6 entries.
    let allowed = ((2.0 / 5e-8_f64).ln() / (2.0 * f64::from(count))).sqrt();
    for (rows, cols) in [(3, 3), (3, 2), (2, 3)] {
        let matrices: Vec<Vec<f64>> = (0..count)
            .map(|seed| filled::<f64>(&Orthogonal::default(), &Param::weight(rows, cols), u64::from(seed)))
            .collect();
        for at in 0..6 {
            let entries: Vec<f64> = matrices.iter().map(|matrix| matrix[at]).collect();
            let found = distance_from(entries, |q| (q + 1.0) / 2.0);
            assert!(found <= allowed, "entry {at} of {rows} x {cols}: {found}, {allowed} allowed");
        }
    }
}

const SIZE: usize = 8;
const MATRICES: u32 = 40_000;

/// E[tr^k] of a matrix drawn uniformly is that of a standard normal number while 2k <= 2 `SIZE` + 1 (Diaconis and Shahshahani, "On the
/// eigenvalues of random matrices", 1994): 0, 1 and 3 for k = 1, 2, 4, and 105 for k = 8. So over n matrices the means of tr, tr^2 and
/// tr^4 have variances 1/n, 2/n and 96/n. Five and a half deviations make 4e-8 each if the means are normal; of the fourth powers, which
/// are skewed, eight are allowed.
fn traces_are_those_of_a_uniform_matrix(draw: impl Fn(u64) -> Vec<f64>) -> bool {
    let mut sums = [0.0; 3];
    for seed in 0..MATRICES {
        let matrix = draw(u64::from(seed));
        let trace: f64 = matrix.iter().step_by(SIZE + 1).sum();
        let square = trace * trace;
        sums.iter_mut().zip([trace, square, square * square]).for_each(|(sum, power)| *sum += power);
    }
    let n = f64::from(MATRICES);
    let off = |at: usize, mean: f64, variance: f64| (sums[at] / n - mean).abs() / (variance / n).sqrt();
    off(0, 0.0, 1.0) <= 5.5 && off(1, 1.0, 2.0) <= 5.5 && off(2, 3.0, 96.0) <= 8.0
}

/// Q of a QR decomposition by reflections as libraries compute it, of normal numbers, without a look at the signs of R.
fn plain_q(seed: u64) -> Vec<f64> {
    let mut a = filled::<f64>(&evenkeel::Normal::new(0.0, 1.0).unwrap(), &Param::weight(SIZE, SIZE), seed);
    let mut q = vec![0.0; SIZE * SIZE];
    (0..SIZE).for_each(|at| q[at * SIZE + at] = 1.0);
    let mut reflections = Vec::new();
    let reflect = |v: &[f64], matrix: &mut [f64]| {
        let square: f64 = v.iter().map(|v| v * v).sum();
        for col in 0..SIZE {
            let dot: f64 = (0..SIZE).map(|row| v[row] * matrix[row * SIZE + col]).sum();
            (0..SIZE).for_each(|row| matrix[row * SIZE + col] -= 2.0 * dot / square * v[row]);
        }
    };
    // The last column has nothing below its diagonal, so LAPACK leaves it alone.
    for k in 0..SIZE - 1 {
        let mut v: Vec<f64> = (0..SIZE).map(|row| if row < k { 0.0 } else { a[row * SIZE + k] }).collect();
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        v[k] += norm.copysign(v[k]);
        reflect(&v, &mut a);
        reflections.push(v);
    }
    reflections.iter().rev().for_each(|v| reflect(v, &mut q));
    q
}

#[test]
fn every_orthogonal_matrix_is_as_likely() {
    let param = Param::weight(SIZE, SIZE);
    assert!(traces_are_those_of_a_uniform_matrix(|seed| filled(&Orthogonal::default(), &param, seed)));
    // Without the signs of R's diagonal it is orthogonal as well, but not uniform.
    assert!(!traces_are_those_of_a_uniform_matrix(plain_q));
}

#[test]
fn moments_are_those_of_its_entries() {
    // Of 2000 matrices of 20 x 12. The mean square is exact; the mean of all has variance 1 / (20 * count), since the entries are not
    // correlated; the kurtosis is within 1 % for n = 480,000, where its deviation is some 0.3 %.
    let param = Param::weight(20, 12);
    let orthogonal = Orthogonal::new(1.5).unwrap();
    let numbers: Vec<f64> = (0..2000).flat_map(|seed| filled::<f64>(&orthogonal, &param, seed)).collect();
    let n = numbers.len() as f64;
    let moments = Initializer::<f64>::moments(&orthogonal, &param).unwrap();
    let second = numbers.iter().map(|w| w * w).sum::<f64>() / n;
    let fourth = numbers.iter().map(|w| w.powi(4)).sum::<f64>() / n;
    let mean = numbers.iter().sum::<f64>() / n;
    assert!((second / moments.variance - 1.0).abs() < 1e-13);
    assert!(mean.abs() <= 5.5 * (moments.variance / n).sqrt(), "{mean}");
    let kurtosis = moments.kurtosis.unwrap();
    assert!(
        (fourth / (second * second) / kurtosis - 1.0).abs() < 0.02,
        "{} and {kurtosis}",
        fourth / (second * second)
    );
    // Not that of a normal distribution, 3.
    assert!((kurtosis - 60.0 / 22.0).abs() < 1e-15);
}
