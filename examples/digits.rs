//! Trains a network on handwritten digits under watch, and prints how well it does and how every layer fared.

mod common;

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;

use common::{ACTIVATIONS, Failure, Options, activation, digits_in_two};
use evenkeel::schedule::Cosine;
use evenkeel::*;

const HELP: &str = "\
Trains a network on 1,797 handwritten digits of 8x8 pixels, and prints its accuracy on a fifth that it has not seen.

usage: cargo run --release --example digits -- [OPTIONS]

  --layers 128,64       the widths of the hidden layers; 128x4 is short for 128,128,128,128
  --activation relu     ACTIVATIONS
  --initializer auto    auto (what fits the activation), xavier, xavier_uniform, he, he_uniform, lecun, zeros, constant:C,
                        normal:STD, uniform:BOUND
  --clip none           none, value:LIMIT, layer:LIMIT, global:LIMIT
  --optimizer adam      adam, adamw, sgd, momentum, nesterov
  --rate 0.005          the learning rate at the start; it falls to zero along a cosine
  --batch 32            rows a batch
  --epochs 30           times through the data
  --seed 1              every random choice follows from it
  --html FILE           write a page with pictures of the run besides
  --json                print one JSON object and nothing else; its `error` tells of a run that broke down
";

fn main() -> ExitCode {
    common::run(run)
}

fn run() -> Result<(), Failure> {
    let mut options = Options::read(&HELP.replace("ACTIVATIONS", ACTIVATIONS));
    let widths = hidden_widths(&options.value::<String>("--layers", "128,64")?)?;
    let activation_name: String = options.value("--activation", "relu")?;
    let initializer: String = options.value("--initializer", "auto")?;
    let clip: String = options.value("--clip", "none")?;
    let optimizer: String = options.value("--optimizer", "adam")?;
    let rate: f64 = options.value("--rate", "0.005")?;
    let batch: usize = options.value("--batch", "32")?;
    let epochs: u64 = options.value("--epochs", "30")?;
    let seed: u64 = options.value("--seed", "1")?;
    let html: String = options.value("--html", "")?;
    let json = options.flag("--json");
    options.done()?;

    let (train, test) = digits_in_two(seed)?;
    let mut network = Network::builder(64).seed(seed);
    for width in widths {
        network = network.layer(Linear::new(width)).boxed(activation(&activation_name)?);
    }
    network = network.layer(Linear::new(10));
    if let Some(initializer) = initializer_of(&initializer)? {
        network = network.weights(initializer);
    }
    let network = network.build()?;
    if !json {
        let (layers, parameters) = (network.layer_names().join(" "), network.parameters().len());
        println!("{} digits to learn from, {} to be tested on", train.rows(), test.rows());
        println!("{layers}: {parameters} parameters\n");
    }

    let steps = epochs.saturating_mul(train.rows().div_ceil(batch.max(1)) as u64).max(1);
    let loss = SoftmaxCrossEntropy::new();
    let trainer = match optimizer.as_str() {
        "adam" => Trainer::builder(network, loss, Adam::new(rate)?),
        "adamw" => Trainer::builder(network, loss, AdamW::new(rate, 0.01)?),
        "sgd" => Trainer::builder(network, loss, Sgd::new(rate)?),
        "momentum" => Trainer::builder(network, loss, Sgd::new(rate)?.momentum(0.9)?),
        "nesterov" => Trainer::builder(network, loss, Sgd::new(rate)?.momentum(0.9)?.nesterov()),
        _ => return Err(format!("there is no optimizer {optimizer:?}; see --help").into()),
    };
    let trainer = trainer.batch(batch).epochs(epochs).seed(seed).schedule(Cosine::new(steps)?).watch(Monitor::new());
    let trainer = match clipper_of(&clip)? {
        Some(clipper) => trainer.clip_boxed(clipper),
        None => trainer,
    };
    let mut trainer = trainer.build()?;

    let live = std::io::stdout().is_terminal();
    // The page shows both losses; watching the second changes nothing about the run.
    let validation = (!html.is_empty()).then_some(&test);
    let trained = trainer.fit(&train, validation, |epoch| {
        if !json {
            let line = format!("epoch {:3} of {epochs}: loss {:.4}", epoch.epoch + 1, epoch.loss);
            if live {
                print!("\r{line}");
                // Progress that cannot be shown is no reason to stop.
                let _ = std::io::stdout().flush();
            } else if (epoch.epoch + 1) % 5 == 0 || epoch.epoch == 0 {
                println!("{line}");
            }
        }
        ControlFlow::Continue(())
    });
    if !json && live {
        println!();
    }
    // A run that broke down has a report too, and it is worth more than the error alone.
    let broken = trained.err();
    let evaluation = trainer.evaluate(&test)?;
    let accuracy = evaluation.accuracy.unwrap_or(0.0);
    let report = trainer.report().unwrap_or_else(|| Monitor::new().report());
    if !html.is_empty() {
        ReportPage::new(&report).title("Handwritten digits").history(trainer.history()).save(&html)?;
    }
    if json {
        let object = serde_json::json!({
            "test_accuracy": accuracy,
            "epochs": trainer.history().len(),
            "loss": trainer.history().last().map(|epoch| epoch.loss),
            "test_loss": evaluation.loss,
            "error": broken.map(|error| error.to_string()),
            "report": report,
        });
        println!("{object:#}");
    } else {
        if let Some(error) = broken {
            println!("stopped: {error}");
        }
        println!("\naccuracy on the {} digits it has not seen: {:.1} %\n\n{report}", test.rows(), 100.0 * accuracy);
    }
    Ok(())
}

/// "128,64" or "128x4".
fn hidden_widths(text: &str) -> Result<Vec<usize>, String> {
    let wrong = |part: &str| format!("--layers: {part:?} is not a width, nor a width x a count");
    let mut widths = Vec::new();
    for part in text.split(',') {
        let (width, count) = part.split_once('x').unwrap_or((part, "1"));
        let (width, count): (usize, usize) =
            (width.parse().map_err(|_| wrong(part))?, count.parse().map_err(|_| wrong(part))?);
        if count > 10_000 {
            return Err(format!("--layers: {count} layers are too many for this example"));
        }
        widths.extend(std::iter::repeat_n(width, count));
    }
    Ok(widths)
}

/// A word, or a word and a number behind a colon.
fn word_and_number(text: &str) -> Result<(&str, Option<f64>), String> {
    let Some((word, number)) = text.split_once(':') else { return Ok((text, None)) };
    let number = number.parse().map_err(|_| format!("{number:?} in {text:?} is not a number"))?;
    Ok((word, Some(number)))
}

fn initializer_of(text: &str) -> Result<Option<Box<dyn Initializer<f32>>>, Failure> {
    Ok(Some(match word_and_number(text)? {
        ("auto", None) => return Ok(None),
        ("xavier", None) => Box::new(Xavier::normal()),
        ("xavier_uniform", None) => Box::new(Xavier::uniform()),
        ("he", None) => Box::new(He::normal()),
        ("he_uniform", None) => Box::new(He::uniform()),
        ("lecun", None) => Box::new(LeCun::normal()),
        ("zeros", None) => Box::new(Zeros),
        ("constant", Some(value)) => Box::new(Constant::new(value)?),
        ("normal", Some(std)) => Box::new(Normal::new(0.0, std)?),
        ("uniform", Some(bound)) => Box::new(Uniform::new(-bound, bound)?),
        _ => return Err(format!("there is no initializer {text:?}; see --help").into()),
    }))
}

fn clipper_of(text: &str) -> Result<Option<Box<dyn GradientClipper<f32>>>, Failure> {
    Ok(Some(match word_and_number(text)? {
        ("none", None) => return Ok(None),
        ("value", Some(limit)) => Box::new(ByValue::new(limit)?),
        ("layer", Some(limit)) => Box::new(PerLayerNorm::new(limit)?),
        ("global", Some(limit)) => Box::new(GlobalNorm::new(limit)?),
        _ => return Err(format!("there is no clipper {text:?}; see --help").into()),
    }))
}
