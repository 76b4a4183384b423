//! How much of the processor the crate uses: products and whole training steps against the measured peak of fused multiply-adds,
//! elementwise functions and updates against the measured speed of memory, one thread against two.
//!
//! `cargo bench --bench roofline` prints it; every number is the best of several runs, one thread unless said otherwise.

mod common;

use std::hint::black_box;
use std::time::Instant;

use common::{Workload, pool};
use evenkeel::*;

/// The shortest time of one call, in seconds.
fn fastest(test: bool, mut work: impl FnMut()) -> f64 {
    work();
    let start = Instant::now();
    work();
    let one = start.elapsed().as_secs_f64().max(1e-7);
    let (calls, rounds) = if test { (1, 1) } else { ((0.01 / one).ceil() as usize, 30) };
    let round = |_| {
        let start = Instant::now();
        (0..calls).for_each(|_| work());
        start.elapsed().as_secs_f64() / calls as f64
    };
    (0..rounds).map(round).fold(f64::INFINITY, f64::min)
}

/// Multiply-adds on as many independent sums as hide their latency, in GFLOP/s; 0 where the processor has neither AVX-512 nor FMA.
fn peak(test: bool) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        const ROUNDS: usize = 10_000;
        #[target_feature(enable = "avx512f")]
        fn wide() -> f32 {
            use std::arch::x86_64::*;
            let (a, b) = (_mm512_set1_ps(black_box(0.5)), _mm512_set1_ps(black_box(0.25)));
            let mut sums = [_mm512_set1_ps(0.5); 24];
            for _ in 0..ROUNDS {
                // A loop and not a closure, which would be a function without the instructions.
                for sum in &mut sums {
                    *sum = _mm512_fmadd_ps(*sum, a, b);
                }
            }
            let mut total = sums[0];
            for &sum in &sums[1..] {
                total = _mm512_add_ps(total, sum);
            }
            _mm512_reduce_add_ps(total)
        }
        #[target_feature(enable = "avx2,fma")]
        fn narrow() -> f32 {
            use std::arch::x86_64::*;
            let (a, b) = (_mm256_set1_ps(black_box(0.5)), _mm256_set1_ps(black_box(0.25)));
            let mut sums = [_mm256_set1_ps(0.5); 12];
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = _mm256_fmadd_ps(*sum, a, b);
                }
            }
            let mut total = sums[0];
            for &sum in &sums[1..] {
                total = _mm256_add_ps(total, sum);
            }
            _mm256_cvtss_f32(total)
        }
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: just detected.
            let time = fastest(test, || _ = black_box(unsafe { wide() }));
            return (ROUNDS * 24 * 16 * 2) as f64 / time / 1e9;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just detected.
            let time = fastest(test, || _ = black_box(unsafe { narrow() }));
            return (ROUNDS * 12 * 8 * 2) as f64 / time / 1e9;
        }
    }
    let _ = test;
    0.0
}

/// The same on two threads at once, together: what there is to be had from the second core.
fn peak_of_two(test: bool) -> f64 {
    let both: Vec<f64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| peak(test))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a number")).collect()
    });
    both.iter().sum()
}

fn products(test: bool, peak: f64) {
    println!("\nproducts, f32: GFLOP/s and share of the peak, for y = x W, dW = x^T dy and dx = dy W^T");
    let shapes = [
        (16, 16, 16),
        (64, 64, 10),
        (64, 128, 128),
        (128, 128, 128),
        (128, 784, 512),
        (256, 1024, 1024),
        (512, 512, 512),
    ];
    for (rows, n_in, n_out) in shapes {
        let layer = Linear::<f32>::without_bias(n_out);
        let (x, dy, weight) = (vec![0.5; rows * n_in], vec![0.25; rows * n_out], vec![0.125; n_in * n_out]);
        let (mut y, mut dx, mut gradient) = (dy.clone(), x.clone(), weight.clone());
        let plan = Layer::<f32>::plan(&layer, n_in).expect("a layer");
        let pass = |params| Pass {
            plan: &plan,
            mode: Mode::Train,
            params,
            state: &[],
            saved: &mut [],
            scratch: &mut [],
            lengths: &[],
            first_row: 0,
            fresh: true,
            seed: 0,
            step: 0,
        };
        let as_rows = |data, cols| Rows::new(data, cols).expect("whole rows");
        let forward = fastest(test, || {
            let y = RowsMut::new(&mut y, n_out).expect("whole rows");
            layer.forward(as_rows(&x, n_in), y, &mut pass(&weight)).expect("a product");
        });
        let mut backward = |wanted: bool| {
            fastest(test, || {
                let dx = wanted.then(|| RowsMut::new(&mut dx, n_in).expect("whole rows"));
                let (x, dy) = (as_rows(&x, n_in), as_rows(&dy, n_out));
                layer.backward(x, dy, dy, dx, &mut gradient, &mut pass(&weight));
            })
        };
        let weights = backward(false);
        let inputs = backward(true) - weights;
        let speed = |time: f64| 2.0 * (rows * n_in * n_out) as f64 / time.max(1e-12) / 1e9;
        let told =
            [forward, weights, inputs].map(|time| format!("{:5.0} {:3.0} %", speed(time), 100.0 * speed(time) / peak));
        println!("{:>16}   {}", format!("{rows} x {n_in} x {n_out}"), told.join("   "));
    }
}

fn elementwise(test: bool) {
    println!("\nelementwise, f32, 4096 numbers in the first-level cache: nanoseconds a number");
    let x: Vec<f32> = (0..4096).map(|at| (at as f32 * 0.37).sin() * 3.0).collect();
    let mut y = x.clone();
    let mut copied = x.clone();
    let copy = fastest(test, || black_box(&mut copied).copy_from_slice(black_box(&x)));
    println!("{:>16}   {:.3}", "copy", copy / 4096.0 * 1e9);
    let mut tell = |name: &str, work: &dyn Fn(&[f32], &mut [f32])| {
        let time = fastest(test, || work(black_box(&x), black_box(&mut y)));
        println!("{name:>16}   {:.3}   {:.1} copies", time / 4096.0 * 1e9, time / copy);
    };
    tell("relu", &|x, y| Relu.values(x, y));
    tell("exponential", &|x, y| Exponential.values(x, y));
    tell("sigmoid", &|x, y| Sigmoid.values(x, y));
    tell("tanh", &|x, y| Tanh.values(x, y));
    tell("gelu", &|x, y| Gelu.values(x, y));
}

fn steps(test: bool, peak: f64, peak_of_two: f64) {
    println!("\ntraining steps, f32: microseconds, and the share of the peak that the products alone would take");
    for workload in Workload::all() {
        let measure = |threads: usize| {
            pool(threads).install(|| {
                let (mut trainer, data) =
                    (workload.trainer::<f32>().build().expect("a trainer"), workload.data(workload.batch));
                let before = shared_pieces();
                let time = fastest(test, || _ = trainer.step(&data).expect("a step"));
                (time, shared_pieces() - before)
            })
        };
        let ((one, _), (two, shared)) = (measure(1), measure(2));
        let share = |time: f64, peak: f64| 100.0 * workload.operations() / time / peak / 1e9;
        println!(
            "{:>16}   {:9.1} {:3.0} %   two threads {:9.1} {:3.0} %, {:.2} times as fast, of {:.2} possible; {}",
            workload.name,
            one * 1e6,
            share(one, peak),
            two * 1e6,
            share(two, peak_of_two),
            one / two,
            peak_of_two / peak,
            if shared > 0 { "both ran" } else { "one ran" },
        );
    }
}

fn main() {
    // As `cargo bench -- --test` and `cargo test --benches` ask: once, to see that it runs.
    let test = !std::env::args().any(|argument| argument == "--bench")
        || std::env::args().any(|argument| argument == "--test");
    let (one, two) = (peak(test), peak_of_two(test));
    println!("multiply-adds, f32: {one:.0} GFLOP/s on one thread, {two:.0} on two");
    pool(1).install(|| products(test, one));
    elementwise(test);
    steps(test, one, two);
}
