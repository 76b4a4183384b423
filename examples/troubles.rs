//! The three troubles of training, provoked, measured, recognised and cured, on handwritten digits.

mod common;

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;

use common::{Failure, Options, activation, digits_in_two};
use evenkeel::schedule::Cosine;
use evenkeel::*;
use serde_json::{Value, json};

const HELP: &str = "\
Provokes vanishing gradients, exploding gradients and symmetric weights on handwritten digits, shows how each is measured and
recognised, and what cures it.

usage: cargo run --release --example troubles -- [OPTIONS]

  --seed 1   every random choice follows from it
  --json     print one JSON array of rows and nothing else
";

/// A run: a stack of equal hidden layers, plain gradient descent.
#[derive(Clone)]
struct Setting {
    depth: usize,
    width: usize,
    activation: &'static str,
    weights: (&'static str, Arc<dyn Initializer<f32>>),
    rate: f64,
    clip: Clip,
}

/// What came of a run.
struct Outcome {
    accuracy: f64,
    report: StabilityReport,
    network: Network<f32>,
}

/// How far a remedy went.
#[derive(Clone, Copy, PartialEq)]
enum Helps {
    Fully,
    Partly,
    NotAtAll,
}

impl Helps {
    /// Judged by the accuracies before and after.
    fn of(before: f64, after: f64) -> Self {
        match after {
            _ if after >= before + GAIN && after >= LEARNED => Self::Fully,
            _ if after >= before.max(CHANCE) + GAIN / 3.0 => Self::Partly,
            _ => Self::NotAtAll,
        }
    }
}

/// How much accuracy a cure gains at least.
const GAIN: f64 = 0.3;

/// The accuracy of guessing one of ten digits.
const CHANCE: f64 = 0.1;

/// The accuracy from which a network counts as cured.
const LEARNED: f64 = 0.8;

/// One line of the story.
struct Row {
    trouble: &'static str,
    failing: Setting,
    remedy: &'static str,
    mended: Setting,
    /// Whether it is told as a cure: then it must be one.
    promised: bool,
}

const EPOCHS: u64 = 30;

const EXPLODING: &str = "exploding gradients";
const VANISHING: &str = "vanishing gradients";
const SYMMETRIC: &str = "symmetric weights";

/// How the gradient is limited.
#[derive(Clone, Copy)]
enum Clip {
    None,
    Value(f64),
    GlobalNorm(f64),
}

fn main() -> ExitCode {
    common::run(run)
}

fn run() -> Result<(), Failure> {
    let mut options = Options::read(HELP);
    let (seed, json): (u64, bool) = (options.value("--seed", "1")?, options.flag("--json"));
    options.done()?;
    let (train, test) = digits_in_two(seed)?;
    let (mut rows, mut shown, mut failed_cures) = (Vec::new(), None, Vec::new());
    // A failing setting has several cures, but needs to fail only once.
    let mut failed: Vec<(String, Outcome)> = Vec::new();
    for row in story()? {
        let name = row.failing.in_words();
        if failed.iter().all(|(known, _)| *known != name) {
            failed.push((name.clone(), row.failing.run(&train, &test, seed)?));
        }
        let Some((_, before)) = failed.iter().find(|(known, _)| *known == name) else { continue };
        if !json && shown.replace(name.clone()) != Some(name) {
            row.print_trouble(before, &test)?;
        }
        let after = row.mended.run(&train, &test, seed)?;
        if !json {
            row.print_cure(before, &after);
        }
        if row.promised && Helps::of(before.accuracy, after.accuracy) != Helps::Fully {
            failed_cures.push(format!("{} for {}", row.remedy, row.failing.in_words()));
        }
        rows.push(row.as_json(before, &after, &test)?);
    }
    if json {
        println!("{:#}", Value::Array(rows));
    }
    if failed_cures.is_empty() { Ok(()) } else { Err(format!("no cure this time: {}", failed_cures.join("; ")).into()) }
}

/// Every trouble with its cures, and two cures that do not help.
fn story() -> Result<Vec<Row>, Error> {
    let fixed = |name: &'static str, initializer: Arc<dyn Initializer<f32>>| (name, initializer);
    let unit_normal = fixed("N(0, 1)", Arc::new(Normal::new(0.0, 1.0)?));
    let tiny_normal = fixed("N(0, 0.01^2)", Arc::new(Normal::new(0.0, 0.01)?));
    let he = fixed("He", Arc::new(He::normal()));
    let wide_he = fixed("1.5 x He", Arc::new(He::normal().gain(1.5)?));
    let xavier = fixed("Xavier", Arc::new(Xavier::normal()));
    let constant = fixed("every weight 0.1", Arc::new(Constant::new(0.1)?));
    let zero = fixed("every weight 0", Arc::new(Zeros));

    let ten = |activation, weights: &(&'static str, Arc<dyn Initializer<f32>>), rate| Setting {
        depth: 10,
        width: 64,
        activation,
        weights: weights.clone(),
        rate,
        clip: Clip::None,
    };
    let relu = Setting { depth: 30, ..ten("relu", &unit_normal, 0.02) };
    let frozen = Setting { clip: Clip::Value(1.0), ..relu.clone() };
    let shaky = ten("relu", &wide_he, 0.5);
    let sigmoid = ten("sigmoid", &xavier, 0.5);
    let tanh = ten("tanh", &tiny_normal, 0.05);
    let flat = |weights| Setting { depth: 2, width: 32, ..ten("tanh", weights, 0.1) };

    let cure = |trouble, failing: &Setting, remedy, mended: Setting| Row {
        trouble,
        failing: failing.clone(),
        remedy,
        mended,
        promised: true,
    };
    // Told for what it does not cure, or only in part.
    let doubtful = |row: Row| Row { promised: false, ..row };
    let clipped = |setting: &Setting| Setting { clip: Clip::GlobalNorm(1.0), ..setting.clone() };
    let with = |setting: &Setting, weights: &(&'static str, Arc<dyn Initializer<f32>>)| Setting {
        weights: weights.clone(),
        ..setting.clone()
    };
    let shallow = |setting: &Setting| Setting { depth: 1, ..setting.clone() };
    Ok(vec![
        cure(EXPLODING, &relu, "careful initialization: He", with(&relu, &he)),
        cure(EXPLODING, &relu, "fewer layers: 1", shallow(&relu)),
        doubtful(cure(EXPLODING, &relu, "gradient clipping: every entry to 1", frozen.clone())),
        cure(EXPLODING, &frozen, "careful initialization: He", with(&frozen, &he)),
        cure(EXPLODING, &shaky, "gradient clipping to a global norm of 1", clipped(&shaky)),
        doubtful(cure(EXPLODING, &shaky, "careful initialization: He, at the same high rate", with(&shaky, &he))),
        cure(VANISHING, &sigmoid, "fewer layers: 1", shallow(&sigmoid)),
        cure(VANISHING, &tanh, "careful initialization: Xavier", with(&tanh, &xavier)),
        cure(SYMMETRIC, &flat(&constant), "random weights: Xavier", flat(&xavier)),
        cure(SYMMETRIC, &flat(&zero), "random weights: Xavier", flat(&xavier)),
    ])
}

impl Setting {
    fn run(&self, train: &Dataset<f32>, test: &Dataset<f32>, seed: u64) -> Result<Outcome, Failure> {
        let mut network = Network::builder(64).seed(seed);
        for _ in 0..self.depth {
            network = network.layer(Linear::new(self.width)).boxed(activation(self.activation)?);
        }
        let network = network.layer(Linear::new(10)).weights(Arc::clone(&self.weights.1)).build()?;
        let trainer = Trainer::builder(network, SoftmaxCrossEntropy::new(), Sgd::new(self.rate)?)
            .epochs(EPOCHS)
            .seed(seed)
            .schedule(Cosine::new(EPOCHS * train.rows().div_ceil(32) as u64)?)
            .watch(Monitor::new());
        let trainer = match self.clip {
            Clip::None => trainer,
            Clip::Value(limit) => trainer.clip(ByValue::new(limit)?),
            Clip::GlobalNorm(limit) => trainer.clip(GlobalNorm::new(limit)?),
        };
        let mut trainer = trainer.build()?;
        match trainer.fit(train, None, |_| ControlFlow::Continue(())) {
            // A run that breaks down is what some of these are here to show: its report tells how.
            Ok(_) | Err(Error::NonFinite { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let accuracy = trainer.evaluate(test)?.accuracy.unwrap_or(0.0);
        let report = trainer.report().ok_or("the run was not watched")?;
        Ok(Outcome { accuracy, report, network: trainer.into_network() })
    }

    fn in_words(&self) -> String {
        let layers = if self.depth == 1 { "layer" } else { "layers" };
        let clip = match self.clip {
            Clip::None => String::new(),
            Clip::Value(limit) => format!(", every gradient clipped to {limit}"),
            Clip::GlobalNorm(limit) => format!(", clipped to a global norm of {limit}"),
        };
        let Self { depth, width, activation, rate, .. } = self;
        format!("{depth} {activation} {layers} of {width}, {}, rate {rate}{clip}", self.weights.0)
    }
}

impl Row {
    fn as_json(&self, before: &Outcome, after: &Outcome, test: &Dataset<f32>) -> Result<Value, Error> {
        Ok(json!({
            "trouble": self.trouble,
            "provoked_by": self.failing.in_words(),
            "symptoms": symptoms(&before.report),
            "measured": measured(self.trouble, before, test)?,
            "remedy": self.remedy,
            "accuracy_before": before.accuracy,
            "accuracy_after": after.accuracy,
            "helps": match Helps::of(before.accuracy, after.accuracy) {
                Helps::Fully => "fully",
                Helps::Partly => "partly",
                Helps::NotAtAll => "not_at_all",
            },
        }))
    }

    /// What was done, recognised and measured: a few lines.
    fn print_trouble(&self, before: &Outcome, test: &Dataset<f32>) -> Result<(), Error> {
        let symptoms: Vec<String> = symptoms(&before.report).iter().map(|name| name.replace('_', " ")).collect();
        println!("\n{}: {}", self.trouble.to_uppercase(), self.failing.in_words());
        println!("  recognised: {}", symptoms.join(", "));
        let mut line = String::from("  measured:");
        for (name, value) in measured(self.trouble, before, test)?.as_object().into_iter().flatten() {
            let text = match value.as_f64() {
                Some(number) if number.fract() == 0.0 && number.abs() < 1e5 => format!("{number}"),
                Some(number) if (1e-3..1e5).contains(&number.abs()) => format!("{number:.3}"),
                Some(number) => format!("{number:.1e}"),
                None => "not finite".to_owned(),
            };
            let item = format!(" {} {text};", name.replace('_', " "));
            if line.len() + item.len() > 118 {
                println!("{line}");
                line = String::from("   ");
            }
            line.push_str(&item);
        }
        println!("{}", line.trim_end_matches(';'));
        Ok(())
    }

    fn print_cure(&self, before: &Outcome, after: &Outcome) {
        let kind = match Helps::of(before.accuracy, after.accuracy) {
            Helps::Fully => "cure",
            Helps::Partly => "cures only in part",
            Helps::NotAtAll => "no cure",
        };
        let (before, after) = (100.0 * before.accuracy, 100.0 * after.accuracy);
        println!("  {kind}: {}: accuracy {before:.1} % before, {after:.1} % after", self.remedy);
    }
}

/// The names of the symptoms that were found, the worst first.
fn symptoms(report: &StabilityReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.symptom.name()).collect()
}

/// The numbers by which a trouble is told.
fn measured(trouble: &str, outcome: &Outcome, test: &Dataset<f32>) -> Result<Value, Error> {
    let report = &outcome.report;
    let trained: Vec<&LayerRecord> = report.layers.iter().filter(|layer| layer.trains()).collect();
    let [first, .., last] = trained[..] else { return Ok(json!({})) };
    let a_layer = |ratio: Option<f64>| ratio.map(|ratio| ratio.powf(1.0 / (trained.len() - 1) as f64));
    let to_the_input = ratio(first.bias_gradient.start(), last.bias_gradient.start());
    let last_losses: Vec<f64> = report.loss.recent().map(|(_, loss)| loss).collect();
    let swing =
        last_losses.iter().copied().fold(0.0, f64::max) - last_losses.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(match trouble {
        EXPLODING => json!({
            "steps": report.steps,
            "loss_at_start": report.loss.start(),
            "loss_largest": report.loss.largest(),
            "loss_now": report.loss.now(),
            "steps_with_a_loss_not_finite": report.loss.non_finite(),
            "gradient_of_first_layer": first.gradient.start(),
            "gradient_growth_a_layer_towards_input": a_layer(to_the_input),
            "weight_norm_of_first_layer_at_start": first.weight.start(),
            "weight_norm_of_first_layer_now": first.weight.now(),
            "steps_of_last_32_with_the_gradient_of_the_one_before": repeated(first),
        }),
        VANISHING => json!({
            "steps": report.steps,
            "loss_at_start": report.loss.start(),
            "loss_now": report.loss.now(),
            "range_of_last_32_losses": swing,
            "gradient_of_first_layer": first.gradient.start(),
            "gradient_of_last_layer": last.gradient.start(),
            "gradient_growth_a_layer_towards_input": a_layer(to_the_input),
            "root_mean_square_weight_of_first_layer": root_mean_square(first),
            "update_to_weight_of_first_layer": first.update_ratio.recent_median(),
            "update_to_weight_of_last_layer": last.update_ratio.recent_median(),
        }),
        _ => json!({
            "steps": report.steps,
            "loss_at_start": report.loss.start(),
            "loss_now": report.loss.now(),
            "units_of_first_layer": first.weights.map(|shape| shape.cols),
            "different_units_of_first_layer": first.distinct,
            "largest_output": largest_output(outcome, test)?,
            "largest_difference_to_a_network_of_one_unit_a_layer": one_unit_a_layer(outcome, test)?,
        }),
    })
}

/// How many of the last gradients have the very norm of the one before.
fn repeated(layer: &LayerRecord) -> usize {
    let norms: Vec<f64> = layer.gradient.recent().map(|(_, norm)| norm).collect();
    norms.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

fn root_mean_square(layer: &LayerRecord) -> Option<f64> {
    let shape = layer.weights?;
    Some(layer.weight.now()? / ((shape.rows * shape.cols) as f64).sqrt())
}

fn largest_output(outcome: &Outcome, test: &Dataset<f32>) -> Result<f64, Error> {
    let outputs = outcome.network.predict(test.inputs())?;
    Ok(outputs.iter().map(|y| f64::from(y.abs())).fold(0.0, f64::max))
}

fn ratio(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? / b?)
}

/// The largest difference between the outputs of a network of tanh layers whose units are all alike and those of a network with a
/// single unit in each hidden layer, which has the first unit's incoming weights, summed over the units before.
fn one_unit_a_layer(outcome: &Outcome, test: &Dataset<f32>) -> Result<f64, Error> {
    let wide = &outcome.network;
    let mut narrow = Network::<f32>::builder(wide.n_in());
    for _ in wide.layers().filter(|layer| layer.kind() == "tanh") {
        narrow = narrow.layer(Linear::new(1)).layer(Tanh);
    }
    let mut narrow = narrow.layer(Linear::new(wide.n_out())).build()?;
    for slot in wide.layout().slots() {
        let from = wide.parameter(&slot.param.name)?;
        let mut to = narrow.parameter_mut(&slot.param.name)?;
        let summed = to.rows() < from.rows();
        for (row, from) in from.iter().enumerate() {
            let to = to.row_mut(if summed { 0 } else { row });
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = if summed && row > 0 { *to + from } else { from });
        }
    }
    let (wide, narrow) = (wide.predict(test.inputs())?, narrow.predict(test.inputs())?);
    Ok(wide.iter().zip(&narrow).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max))
}
