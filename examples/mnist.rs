//! Trains a small convolutional network on handwritten digits under watch, and prints how well it does and how every layer fared.

mod common;

use std::io::Read;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Instant;

use common::{Failure, Options};
use evenkeel::schedule::Cosine;
use evenkeel::*;

const HELP: &str = "\
Trains a convolutional network on 4,000 of 5,000 handwritten digits of 28x28 pixels, and prints its accuracy on the others.

usage: cargo run --release --example mnist -- [OPTIONS]

  --rate 0.003          the learning rate of Adam at the start; it falls to zero along a cosine
  --batch 32            rows a batch
  --epochs 4            times through the data, each digit as it is and moved by a pixel in every direction
  --seed 1              every random choice follows from it
";

fn main() -> ExitCode {
    common::run(run)
}

fn run() -> Result<(), Failure> {
    let mut options = Options::read(HELP);
    let rate: f64 = options.value("--rate", "0.003")?;
    let batch: usize = options.value("--batch", "32")?;
    let epochs: u64 = options.value("--epochs", "4")?;
    let seed: u64 = options.value("--seed", "1")?;
    options.done()?;

    let (train, test) = mnist()?.split(0.2, seed)?;
    let train = moved(&train)?;
    let network = network(seed)?;
    println!("{} images to learn from, {} to be tested on", train.rows(), test.rows());
    println!("{}: {} parameters\n", network.layer_names().join(" "), network.parameters().len());

    let steps = epochs.saturating_mul(train.rows().div_ceil(batch.max(1)) as u64).max(1);
    let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Adam::new(rate)?);
    let trainer = trainer.batch(batch).epochs(epochs).seed(seed).schedule(Cosine::new(steps)?);
    let mut trainer = trainer.watch(Monitor::new()).build()?;
    let start = Instant::now();
    let trained = trainer.fit(&train, None, |epoch| {
        println!(
            "epoch {} of {epochs}: loss {:.4}, {:.1} s",
            epoch.epoch + 1,
            epoch.loss,
            start.elapsed().as_secs_f64()
        );
        ControlFlow::Continue(())
    });
    // A run that broke down has a report too, and it is worth more than the error alone.
    if let Err(error) = trained {
        println!("stopped: {error}");
    }
    let accuracy = trainer.evaluate(&test)?.accuracy.unwrap_or(0.0);
    let report = trainer.report().unwrap_or_else(|| Monitor::new().report());
    println!("\naccuracy on the {} digits it has not seen: {:.1} %\n\n{report}", test.rows(), 100.0 * accuracy);
    Ok(())
}

/// Two convolutions, each with a max pooling behind it, and a linear layer; every layer takes the shape of the one before.
fn network(seed: u64) -> Result<Network<f32>, Error> {
    let first = Conv2d::new((28, 28, 1), 16, 3).padding(Padding::Same);
    let halved = MaxPool2d::new(first.output_shape()?, 2);
    let second = Conv2d::new(halved.output_shape()?, 32, 3).padding(Padding::Same);
    let quartered = MaxPool2d::new(second.output_shape()?, 2);
    let builder = Network::builder(28 * 28).layer(first).layer(Relu).layer(halved).layer(second).layer(Relu);
    builder.layer(quartered).layer(Linear::new(10)).seed(seed).build()
}

/// Every image five times: as it is, and moved by one pixel up, to the left, to the right and down. What moves in is background.
fn moved(data: &Dataset<f32>) -> Result<Dataset<f32>, Failure> {
    const SIDE: usize = 28;
    let Targets::Classes(classes) = data.targets() else { return Err("the digits have no classes".into()) };
    let (mut pixels, mut all) = (Vec::new(), Vec::new());
    for (image, &class) in data.inputs().iter().zip(classes) {
        for (down, right) in [(1, 1), (0, 1), (1, 0), (1, 2), (2, 1)] {
            for (row, col) in (0..SIDE).flat_map(|row| (0..SIDE).map(move |col| (row, col))) {
                let from = ((row + 1).checked_sub(down), (col + 1).checked_sub(right));
                let pixel = match from {
                    (Some(row), Some(col)) if row < SIDE && col < SIDE => image[row * SIDE + col],
                    _ => 0.0,
                };
                pixels.push(pixel);
            }
            all.push(class);
        }
    }
    Ok(Dataset::classes(pixels, SIDE * SIDE, all)?)
}

/// The digits: 5,000 rows of 784 pixels, brought to the range from 0 to 1, and a class.
fn mnist() -> Result<Dataset<f32>, Failure> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&include_bytes!("data/mnist_5k.csv.gz")[..]).read_to_string(&mut text)?;
    let (mut pixels, mut classes) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut numbers = line.split(',').map(str::parse::<u8>).collect::<Result<Vec<_>, _>>()?;
        classes.extend(numbers.pop().map(usize::from));
        pixels.extend(numbers.into_iter().map(|pixel| f32::from(pixel) / 255.0));
    }
    Ok(Dataset::classes(pixels, 28 * 28, classes)?)
}
