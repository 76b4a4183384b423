//! Networks drawn at random, of every kind that a recipe has, on every kind of task; whether they learn; and whether those that do are left
//! in peace.
//!
//! A network has learned where its loss on rows that it has not seen is below three tenths of that of the best constant answer. That is
//! decided before its report is looked at, and none is left out afterwards.
#![allow(dead_code, reason = "each user takes its own part")]

mod draw;

use std::ops::ControlFlow;
use std::path::Path;

use evenkeel::recipe::{Diagnosis, Prepared};
use evenkeel::schedule::{Cosine, Exponential, StepDecay, Warmup};
use evenkeel::*;

pub use draw::recipe;

/// What is left of the loss of the best constant answer where a network has learned.
const LEARNED: f64 = 0.3;

/// What was drawn so far, and what came of it.
#[derive(Debug, Default)]
pub struct Peace {
    pub drawn: u64,
    pub learned: u64,
    /// Of the networks that learned, those with a finding of severity warning or critical.
    pub alarms: Vec<String>,
    /// Findings of severity info of networks that learned.
    pub infos: Vec<String>,
}

impl Peace {
    /// Draws networks, trained by a schedule that is drawn as well and judged by the monitor, until so many have learned.
    pub fn of_monitors(learned: u64) -> Self {
        Self::until(learned, "networks", |seed, generator| {
            let recipe = recipe(seed, generator);
            let data = recipe.prepare(folder()).expect("the data are part of the sources");
            let network = recipe.network(data.n_in()).expect("it fits");
            let loss = recipe.training.loss.build().unwrap();
            let steps = recipe.training.epochs * (data.rows().0 as u64).div_ceil(recipe.training.batch as u64);
            let trainer = Trainer::builder(network, loss, recipe.training.optimizer.build().unwrap());
            let trainer = scheduled(trainer, steps, generator);
            let trainer = trainer.batch(recipe.training.batch).epochs(recipe.training.epochs).seed(seed);
            let mut trainer = trainer.watch(Monitor::new()).build().unwrap();
            let finished = trainer.fit(data.train(), None, |_| ControlFlow::Continue(())).is_ok();
            let learns = finished && has_learned(trainer.network(), &recipe, &data);
            (learns, recipe.to_toml(), trainer.report().expect("it was watched").findings)
        })
    }

    /// Draws recipes, runs and diagnoses them, until so many have learned.
    pub fn of_recipes(learned: u64) -> Self {
        Self::until(learned, "recipes", |seed, generator| {
            let recipe = recipe(seed, generator);
            let data = recipe.prepare(folder()).expect("the data are part of the sources");
            // A batch norm refuses a batch of a single row: then nothing was learned.
            let Ok(run) = recipe.run_on(&data) else { return (false, String::new(), Vec::new()) };
            let learns = run.stopped.is_none() && has_learned(&run.network, &recipe, &data);
            // What has not learned may be diagnosed as it will.
            let findings = if learns { Diagnosis::of(&recipe, &data, &run).findings } else { Vec::new() };
            (learns, recipe.to_toml(), findings)
        })
    }

    fn until(
        learned: u64,
        name: &str,
        mut train: impl FnMut(u64, &mut Generator) -> (bool, String, Vec<Finding>),
    ) -> Self {
        let mut peace = Self::default();
        let mut generator = Generator::named(12, name);
        while peace.learned < learned {
            let (learns, what, findings) = train(peace.drawn, &mut generator);
            peace.drawn += 1;
            if !learns {
                continue;
            }
            peace.learned += 1;
            for finding in findings {
                let told = format!("{finding}\n{what}");
                let list = if finding.severity > Severity::Info { &mut peace.alarms } else { &mut peace.infos };
                list.push(told);
            }
        }
        peace
    }
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"))
}

fn scheduled(trainer: TrainerBuilder<f32>, steps: u64, generator: &mut Generator) -> TrainerBuilder<f32> {
    match generator.below(6) {
        0 => trainer.schedule(Cosine::new(steps).unwrap().floor(0.01).unwrap()),
        1 => trainer.schedule(Warmup::new(steps / 10 + 1, Cosine::new(steps).unwrap()).unwrap()),
        2 => trainer.schedule(StepDecay::new(steps / 3 + 1, 0.3).unwrap()),
        3 => trainer.schedule(Exponential::new(0.1_f64.powf(1.0 / steps as f64)).unwrap()),
        _ => trainer,
    }
}

/// Whether the loss on the validation rows is a small part of that of the best constant answer to the training rows.
fn has_learned(network: &Network<f32>, recipe: &evenkeel::recipe::Recipe, data: &Prepared) -> bool {
    let loss = recipe.training.loss.build().unwrap();
    let validation = data.validation();
    let mut workspace = network.workspace(validation.rows()).unwrap();
    let own = evaluate(network, &*loss, validation, &mut workspace).map_or(f64::NAN, |evaluation| evaluation.loss);
    let answer: Vec<f32> = constant_answer(recipe, data, network.n_out()).into_iter().map(|y| y as f32).collect();
    let outputs = answer.repeat(validation.rows());
    let constant = loss.evaluate(Rows::new(&outputs, answer.len()).unwrap(), validation.targets(), None).unwrap();
    own < LEARNED * constant
}

/// The outputs that stand for the shares of the classes, or for the means of the targets, of the training rows.
fn constant_answer(recipe: &evenkeel::recipe::Recipe, data: &Prepared, n_out: usize) -> Vec<f64> {
    use evenkeel::recipe::LossKind as L;
    let train = data.train();
    let rows = train.rows() as f64;
    let means: Vec<f64> = match train.targets() {
        Targets::Classes(classes) => {
            let share = |class: usize| classes.iter().filter(|&&own| own == class).count() as f64 / rows;
            (0..n_out).map(share).collect()
        }
        Targets::Values(values) => {
            (0..n_out).map(|at| values.iter().map(|row| f64::from(row[at])).sum::<f64>() / rows).collect()
        }
    };
    let output = |mean: f64| match recipe.training.loss {
        L::SoftmaxCrossEntropy => mean.ln(),
        L::SigmoidCrossEntropy => (mean / (1.0 - mean)).ln(),
        _ => mean,
    };
    means.into_iter().map(output).collect()
}
