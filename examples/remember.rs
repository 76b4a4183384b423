//! The adding problem: a plain recurrent layer forgets, its report says after how many steps, and an LSTM learns.

mod common;

use std::process::ExitCode;
use std::time::Instant;

use common::{Failure, Options};
use evenkeel::*;
use rand::RngExt;

const HELP: &str = "\
Learns the adding problem: each step of a sequence shows a number between 0 and 1 and a mark, two steps are marked, one in each half,
and what is wanted at the end is the sum of the two. Who always answers 1 is off by 1/6 (mean squared error). First with a plain tanh
layer, whose gradient vanishes on its way back through the steps, and then with an LSTM.

usage: cargo run --release --example remember -- [OPTIONS]

  --steps 100     how long the sequences are
  --hidden 64     how many units each layer has
  --updates 2000  how many batches each trains on at most
  --seed 1        every random choice follows from it
";

/// How many sequences a batch has, and how many the error is measured on.
const BATCH: usize = 64;
const TEST: usize = 1000;
/// What is good enough.
const LEARNED: f64 = 0.01;

fn main() -> ExitCode {
    common::run(|| {
        let mut options = Options::read(HELP);
        let (steps, hidden) = (options.value("--steps", "100")?, options.value("--hidden", "64")?);
        let (updates, seed) = (options.value("--updates", "2000")?, options.value("--seed", "1")?);
        options.done()?;
        let n_in = usize::checked_mul(steps, 2).ok_or("--steps is beyond what can be counted")?;
        println!("sequences of {steps} steps; always answering 1 is off by {:.3}\n", 1.0 / 6.0);
        let network = || Network::<f32>::builder(n_in).seed(seed);
        let plain = network().layer(Rnn::new(steps, 2, hidden)?.last()).layer(Linear::new(1));
        learn("a plain tanh layer", plain.build()?, steps, updates / 4, seed)?;
        let lstm = network().layer(Lstm::new(steps, 2, hidden)?.chrono(steps)?.last()).layer(Linear::new(1));
        learn("an LSTM, chrono initialization", lstm.build()?, steps, updates, seed)
    })
}

/// Trains on one batch of fresh sequences after the other, and tells what came of it.
fn learn(name: &str, network: Network<f32>, steps: usize, updates: u64, seed: u64) -> Result<(), Failure> {
    println!("{name}");
    let start = Instant::now();
    let test = sequences(TEST, steps, &mut Generator::named(seed, "test"))?;
    let mut generator = Generator::named(seed, "train");
    let trainer = Trainer::builder(network, MeanSquared::new(), Adam::new(0.005)?).batch(BATCH);
    let mut trainer = trainer.clip(GlobalNorm::new(1.0)?).watch(Monitor::new()).build()?;
    let mut error = f64::INFINITY;
    for update in 1..=updates {
        trainer.step(&sequences(BATCH, steps, &mut generator)?)?;
        if update.is_multiple_of(100) {
            error = trainer.evaluate(&test)?.loss;
            println!("  {update:5} updates: off by {error:.4}, {:.1} s", start.elapsed().as_secs_f64());
            if error < LEARNED {
                break;
            }
        }
    }
    println!("{}\n{}\n", if error < LEARNED { "learned" } else { "not learned" }, trainer.report().ok_or("unwatched")?);
    Ok(())
}

/// Sequences, each with the sum of its two marked numbers.
fn sequences(rows: usize, steps: usize, generator: &mut Generator) -> Result<Dataset<f32>, Error> {
    let (mut inputs, mut sums) = (Vec::with_capacity(rows * steps * 2), Vec::with_capacity(rows));
    for _ in 0..rows {
        let first = generator.random_range(0..(steps / 2).max(1));
        let second = generator.random_range((steps / 2).min(steps - 1)..steps);
        let mut sum = 0.0;
        for step in 0..steps {
            let number: f32 = generator.random();
            let mark = if step == first || step == second { 1.0 } else { 0.0 };
            sum += mark * number;
            inputs.extend([number, mark]);
        }
        sums.push(sum);
    }
    Dataset::values(inputs, 2 * steps, sums, 1)
}
