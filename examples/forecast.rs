//! What will become of signals and gradients in a deep network, before it is trained.

mod common;

use std::process::ExitCode;
use std::sync::Arc;

use common::{Failure, Options, activation};
use evenkeel::*;

const HELP: &str = "\
Says what will become of signals and gradients in a stack of equal layers, before it is trained: without a single pass.

usage: cargo run --release --example forecast -- [OPTIONS]

  --depth 50          hidden layers
  --width 128         units of each
  --activation tanh   identity, relu, leaky_relu, elu, selu, gelu, silu, mish, tanh, sigmoid, hard_sigmoid, softplus, softsign
  --init xavier       xavier, he, lecun, critical, orthogonal, normal:STD, uniform:LIMIT, constant:VALUE
  --input 1           second moment of the input
  --classes 10        outputs
  --seed 1            of the weights
  --correlation C     also follows two inputs of that correlation
  --measure           draws the network, passes rows through it, and compares
  --svg FILE          draws sizes over depth, forecast and, with --measure, measured
  --json              prints one JSON object and nothing else
";

fn main() -> ExitCode {
    common::run(run)
}

fn run() -> Result<(), Failure> {
    let asked = Asked::read()?;
    let network = asked.network()?;
    let loss = SoftmaxCrossEntropy::new();
    let input = Moments { mean: 0.0, second: asked.input };
    let mut builder = Forecast::builder(&network).input(input).loss(&loss);
    if let Some(correlation) = asked.correlation {
        builder = builder.correlation(correlation);
    }
    let forecast = builder.build()?;
    if asked.json {
        println!("{:#}", serde_json::json!({ "forecast": forecast }));
    } else {
        println!("{forecast}");
    }
    Ok(())
}

/// What the command line asks for.
struct Asked {
    depth: usize,
    width: usize,
    activation: String,
    init: String,
    input: f64,
    classes: usize,
    seed: u64,
    correlation: Option<f64>,
    json: bool,
}

impl Asked {
    fn read() -> Result<Self, Failure> {
        let mut options = Options::read(HELP);
        let correlation: String = options.value("--correlation", "")?;
        let asked = Self {
            depth: options.value("--depth", "50")?,
            width: options.value("--width", "128")?,
            activation: options.value("--activation", "tanh")?,
            init: options.value("--init", "xavier")?,
            input: options.value("--input", "1")?,
            classes: options.value("--classes", "10")?,
            seed: options.value("--seed", "1")?,
            correlation: if correlation.is_empty() { None } else { Some(correlation.parse()?) },
            json: options.flag("--json"),
        };
        options.done()?;
        Ok(asked)
    }

    fn network(&self) -> Result<Network<f32>, Failure> {
        let (weights, biases) = initializers(&self.init, &self.activation)?;
        let mut network = Network::builder(self.width).weights(weights).biases(biases).seed(self.seed);
        for _ in 0..self.depth {
            network = network.layer(Linear::new(self.width)).boxed(activation(&self.activation)?);
        }
        Ok(network.layer(Linear::new(self.classes)).build()?)
    }
}

type Start = Arc<dyn Initializer<f32>>;

/// The initializers of weights and biases of that name.
fn initializers(name: &str, activation: &str) -> Result<(Start, Start), Failure> {
    let number = |text: &str| text.parse::<f64>().map_err(|error| format!("--init {name}: {error}"));
    let weights: Start = match name.split_once(':') {
        None => match name {
            "xavier" => Arc::new(Xavier::normal()),
            "he" => Arc::new(He::normal()),
            "lecun" => Arc::new(LeCun::normal()),
            "critical" => {
                let critical = critical(activation)?;
                return Ok((Arc::new(critical), Arc::new(critical)));
            }
            _ => return Err(format!("there is no initializer {name:?}; see --help").into()),
        },
        Some(("normal", std)) => Arc::new(Normal::new(0.0, number(std)?)?),
        Some(("uniform", limit)) => Arc::new(Uniform::new(-number(limit)?, number(limit)?)?),
        Some(("constant", value)) => Arc::new(Constant::new(number(value)?)?),
        Some(_) => return Err(format!("there is no initializer {name:?}; see --help").into()),
    };
    Ok((weights, Arc::new(Zeros)))
}

/// The edge of chaos of that activation: without biases where it has no scale, else with the variance of biases of Schoenholz and others.
fn critical(name: &str) -> Result<Critical, Failure> {
    Ok(match name {
        "identity" => Critical::of(&Identity, 0.0)?,
        "relu" => Critical::of(&Relu, 0.0)?,
        "leaky_relu" => Critical::of(&LeakyRelu::default(), 0.0)?,
        "elu" => Critical::of(&Elu::default(), 0.05)?,
        "selu" => Critical::of(&Selu, 0.05)?,
        "gelu" => Critical::of(&Gelu, 0.05)?,
        "silu" => Critical::of(&Silu, 0.05)?,
        "mish" => Critical::of(&Mish, 0.05)?,
        "tanh" => Critical::of(&Tanh, 0.05)?,
        "sigmoid" => Critical::of(&Sigmoid, 0.05)?,
        "hard_sigmoid" => Critical::of(&HardSigmoid, 0.05)?,
        "softsign" => Critical::of(&Softsign, 0.05)?,
        _ => return Err(format!("{name} has no edge of chaos").into()),
    })
}
