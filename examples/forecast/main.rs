//! What will become of signals and gradients in a deep network, before it is trained.

mod chart;
#[path = "../common/mod.rs"]
mod common;

use std::process::ExitCode;
use std::sync::Arc;

use common::{Failure, Options, activation};
use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde_json::json;

const HELP: &str = "\
Says what will become of signals and gradients in a stack of equal layers, before it is trained: without a single pass.

usage: cargo run --release --example forecast -- [OPTIONS]

  --depth 50          hidden layers
  --width 128         units of each
  --activation tanh   identity, relu, leaky_relu, elu, selu, gelu, silu, mish, tanh, sigmoid, hard_sigmoid, softplus, softsign
  --init xavier       xavier, he, lecun, critical, orthogonal, orthogonal:GAIN, truncated (as lecun), truncated:STD,
                      normal:STD, uniform:LIMIT, constant:VALUE
  --input 1           second moment of the input
  --classes 10        outputs
  --seed 1            of the weights
  --correlation C     also follows two inputs of that correlation
  --measure           passes random rows through the network and the gradient back, and compares
  --rows 1            so many rows
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
    let measured = if asked.measure { Some(asked.measured(&network, &loss)?) } else { None };
    let comparison = measured.as_ref().map(|measured| forecast.compare(measured)).transpose()?;
    if asked.json {
        let all = json!({ "forecast": forecast, "measured": measured, "comparison": comparison });
        println!("{all:#}");
    } else {
        println!("{forecast}");
        if let Some((measured, comparison)) = measured.as_ref().zip(comparison) {
            println!("\n{comparison}");
            if let Some(loss) = measured.loss {
                let norm = measured.gradient_norm;
                println!(
                    "measured, rows {}: loss {loss:.4}, norm of the gradient of their mean {norm:.4}",
                    measured.rows
                );
            }
        }
    }
    if !asked.svg.is_empty() {
        std::fs::write(&asked.svg, chart::draw(&forecast, measured.as_ref(), &asked.title()))?;
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
    measure: bool,
    rows: usize,
    svg: String,
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
            measure: options.flag("--measure"),
            rows: options.value("--rows", "1")?,
            svg: options.value("--svg", "")?,
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

impl Asked {
    /// What the network makes of normal rows whose second moment is exactly the one asked for, and of random classes.
    fn measured(&self, network: &Network<f32>, loss: &SoftmaxCrossEntropy) -> Result<Measured, Failure> {
        let mut generator = Generator::named(self.seed, "rows");
        let mut rows = Vec::with_capacity(self.rows * self.width);
        for _ in 0..self.rows {
            let row: Vec<f64> = (0..self.width).map(|_| generator.sample::<f64, _>(StandardNormal)).collect();
            let second = row.iter().map(|x| x * x).sum::<f64>() / row.len() as f64;
            rows.extend(row.iter().map(|x| (x * (self.input / second).sqrt()) as f32));
        }
        let classes: Vec<usize> = (0..self.rows).map(|_| generator.random_range(0..self.classes)).collect();
        let gradient = OutputGradient::Loss(loss, Targets::Classes(&classes));
        Ok(Measured::of(network, Rows::new(&rows, self.width)?, gradient)?)
    }

    fn title(&self) -> String {
        format!("{} layers of {}, {}, {}: root mean squares", self.depth, self.width, self.activation, self.init)
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
            "orthogonal" => Arc::new(Orthogonal::default()),
            "truncated" => Arc::new(LeCun::truncated()),
            "critical" => {
                let critical = critical(activation)?;
                return Ok((Arc::new(critical), Arc::new(critical)));
            }
            _ => return Err(format!("there is no initializer {name:?}; see --help").into()),
        },
        Some(("orthogonal", gain)) => Arc::new(Orthogonal::new(number(gain)?)?),
        Some(("truncated", std)) => Arc::new(TruncatedNormal::new(0.0, number(std)?)?),
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
