//! What it costs to watch a run: a training step with the monitor, all of its checks and its default period, as a ratio to one without.
//!
//! `cargo bench --bench watching` prints it. Both runs take turns, one whole cycle of looks after the other, on one thread; what is told is
//! the median over the turns, and how far the middle half of them lies apart.

mod common;
#[path = "../examples/common/digits.rs"]
mod digits;

use std::time::Instant;

use common::{Workload, pool};
use evenkeel::*;

/// A close look at every sixteenth full one: after so many steps everything has come once.
const CYCLE: u64 = 16 * Monitor::PERIOD;

/// The time of one cycle of steps, in seconds.
fn cycle(trainer: &mut Trainer<f32>, data: &Dataset<f32>, steps: u64) -> f64 {
    let start = Instant::now();
    (0..steps).for_each(|_| _ = trainer.step(data).expect("a step"));
    start.elapsed().as_secs_f64()
}

/// Prints what watching costs, over so many turns after one that does not count; with none, of one step.
fn compare(name: &str, builder: impl Fn() -> TrainerBuilder<f32>, data: &Dataset<f32>, turns: Option<usize>) {
    let mut plain = builder().build().expect("a trainer");
    let mut watched = builder().watch(Monitor::new()).build().expect("a trainer");
    let steps = if turns.is_some() { CYCLE } else { 1 };
    let mut turn = || [cycle(&mut plain, data, steps), cycle(&mut watched, data, steps)];
    turn();
    let times: Vec<[f64; 2]> = (0..turns.unwrap_or(1)).map(|_| turn()).collect();
    let [plain, watched] =
        [0, 1].map(|run| times.iter().map(|time| time[run]).fold(f64::INFINITY, f64::min) / steps as f64 * 1e6);
    let mut ratios: Vec<f64> = times.iter().map(|[plain, watched]| watched / plain).collect();
    ratios.sort_by(f64::total_cmp);
    let [low, median, high] = [1, 2, 3].map(|quarter| 100.0 * (ratios[(ratios.len() - 1) * quarter / 4] - 1.0));
    println!("{name:>8}   {plain:7.1} us   watched {watched:7.1} us   {median:+.1} % ({low:+.1} to {high:+.1})");
}

/// The network of the example `digits`, on the digits.
fn on_digits() -> TrainerBuilder<f32> {
    let builder = Network::builder(64).layer(Linear::new(128)).layer(Relu).layer(Linear::new(64)).layer(Relu);
    let network = builder.layer(Linear::new(10)).seed(1).build().expect("a network");
    Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(0.001).expect("a rate")).batch(32)
}

fn main() {
    // As `cargo bench -- --test` and `cargo test --benches` ask: once, to see that it runs.
    let test = !std::env::args().any(|argument| argument == "--bench")
        || std::env::args().any(|argument| argument == "--test");
    let turns = |count: usize| (!test).then_some(count);
    pool(1).install(|| {
        let (digits, _) = digits::digits_in_two(1).expect("the digits");
        compare("digits", on_digits, &digits, turns(41));
        // The larger ones take minutes to tell the same as the third.
        for (workload, count) in Workload::all().iter().zip([41, 41, 9]) {
            compare(workload.name, || workload.trainer(), &workload.data(workload.batch), turns(count));
        }
    });
}
