//! `Repair`: the remedies applied to the recipe, and the recipe run again.

use std::sync::Arc;

use super::facts::Facts;
use super::limits::SHORT;
use super::{Diagnosis, outset, scale, trial};
use crate::recipe::{ActivationKind, ClipKind, LayerKind, LossKind, OptimizerKind, Prepared, Recipe, Run, Start, Task};
use crate::{Cause, Finding, Remedy, Symptom};

/// A recipe with remedies applied, and what came of running it.
#[derive(Debug, Clone)]
pub struct Repair {
    /// The recipe as it was run.
    pub recipe: Recipe,
    /// What was changed, in words.
    pub applied: Vec<String>,
    /// The run.
    pub run: Run,
    /// Its diagnosis.
    pub diagnosis: Diagnosis,
}

/// How good a repair is: whether nothing is found, and then what share of the control's gain on the validation rows it has.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Rank {
    healthy: bool,
    share: f64,
}

impl Rank {
    /// Whether nothing more is to be tried.
    fn is_enough(&self) -> bool {
        self.healthy && self.share >= SHORT
    }
}

/// A change of a recipe: in words, and how it is made.
struct Step<'a> {
    words: Vec<String>,
    change: Box<dyn Fn(&mut Recipe) + 'a>,
}

/// The recipe with those changes, one after the other.
fn with(recipe: &Recipe, steps: &[Step<'_>]) -> Recipe {
    let mut recipe = recipe.clone();
    steps.iter().for_each(|step| (step.change)(&mut recipe));
    recipe
}

/// A change towards a plain recipe: in words, and how it is made.
type Plainer = (&'static str, fn(&mut Recipe, &Facts<'_>));

/// What is tried, one after the other and all together, where the remedies of the diagnosis are not enough: each brings the recipe nearer to a
/// plain one, the least intrusive first.
const PLAINER: &[Plainer] = &[
    ("scale inputs and targets to mean 0 and variance 1", |recipe, _| trial::standardize(recipe, true, true)),
    ("start weights as their activations ask for, biases at zero", |recipe, _| fitting_starts(recipe)),
    ("train by Adam at its usual rate, clipped to a global norm of 1, in batches of 32", |recipe, _| {
        usual_optimizer(recipe)
    }),
    ("train for 2,000 steps at least", |recipe, facts| train_for(recipe, facts, 2_000)),
    ("give output and loss the form that fits the task", |recipe, _| fit_output(recipe)),
    ("put ReLU behind hidden layers, 64 units at least, two of them", |recipe, _| plain_layers(recipe)),
    ("drop nothing, and do not penalize weights", |recipe, _| {
        recipe.training.l2 = 0.0;
        recipe.layers.retain(|layer| !matches!(layer, LayerKind::Dropout { .. }));
    }),
    ("train for 10,000 steps at least", |recipe, facts| train_for(recipe, facts, 10_000)),
];

impl Diagnosis {
    /// Applies what may help to a recipe and runs it again, until it is healthy or nothing is left to be tried. Changes layers, starting
    /// weights, loss, optimizer, clipping, scaling, batch and epochs; never the file, the split, the task or the seed.
    ///
    /// `None` where nothing can be repaired: the recipe is healthy, or its data tell nothing.
    pub fn repair(&self, recipe: &Recipe, data: &Prepared, run: &Run) -> Option<Repair> {
        if self.is_healthy() || self.cause == Cause::UninformativeData {
            return None;
        }
        let before = Facts::of(recipe, data, run, self.control.as_deref());
        let words = self.apply(&before, &mut recipe.clone());
        let remedies = |recipe: &mut Recipe| drop(self.apply(&before, recipe));
        let mut steps = vec![Step { words, change: Box::new(remedies) }];
        let mut best = self.tried(&with(recipe, &steps), data, &steps);
        for (words, change) in PLAINER {
            if best.as_ref().is_some_and(|(_, rank)| rank.is_enough()) {
                break;
            }
            let so_far = with(recipe, &steps);
            steps.push(Step { words: vec![(*words).to_owned()], change: Box::new(|recipe| change(recipe, &before)) });
            let mended = with(recipe, &steps);
            if mended == so_far {
                steps.pop();
                continue;
            }
            let next = self.tried(&mended, data, &steps);
            // Of two that are equally good the one with fewer changes.
            if next.as_ref().map(|(_, rank)| *rank) > best.as_ref().map(|(_, rank)| *rank) {
                best = next;
            }
        }
        best.map(|(repair, rank)| self.pared(recipe, data, steps, repair, rank))
    }

    /// Takes back, one by one, what turns out not to be needed: as long as nothing more is to be tried without it either.
    fn pared(
        &self,
        recipe: &Recipe,
        data: &Prepared,
        mut steps: Vec<Step<'_>>,
        mut repair: Repair,
        rank: Rank,
    ) -> Repair {
        if !rank.is_enough() || with(recipe, &steps) != repair.recipe {
            return repair;
        }
        let mut at = 0;
        while steps.len() > 1 && at < steps.len() {
            let step = steps.remove(at);
            match self.tried(&with(recipe, &steps), data, &steps).filter(|(_, rank)| rank.is_enough()) {
                Some((fewer, _)) => repair = fewer,
                None => {
                    steps.insert(at, step);
                    at += 1;
                }
            }
        }
        repair
    }

    /// Runs a recipe and judges it against the same control; where it learns by heart, it is stopped at its best epoch.
    fn tried(&self, recipe: &Recipe, data: &Prepared, steps: &[Step<'_>]) -> Option<(Repair, Rank)> {
        let mut applied: Vec<String> = steps.iter().flat_map(|step| step.words.iter().cloned()).collect();
        let first = self.tried_once(recipe, data, &applied)?;
        let by_heart = |finding: &Finding| finding.symptom == Symptom::Overfitting;
        if !first.0.diagnosis.findings.iter().any(by_heart) {
            return Some(first);
        }
        let mut shorter = recipe.clone();
        applied.extend(stop_early(&first.0.run, &mut shorter));
        let second = self.tried_once(&shorter, data, &applied)?;
        Some(if second.1 > first.1 { second } else { first })
    }

    fn tried_once(&self, recipe: &Recipe, data: &Prepared, applied: &[String]) -> Option<(Repair, Rank)> {
        let data = data.again(recipe).ok()?;
        let run = recipe.run_on(&data).ok()?;
        let facts = Facts::of(recipe, &data, &run, self.control.as_deref());
        let forecast = outset::forecast(&facts);
        let findings = Self::noticed(&facts, forecast.as_ref());
        let control = self.control.as_ref().map(Arc::clone);
        let share = facts.run_gains().1 / facts.control_gains().1.max(f64::MIN_POSITIVE);
        let diagnosis = Self {
            findings,
            cause: Cause::Unknown,
            confidence: None,
            remedies: Vec::new(),
            ruled_out: Vec::new(),
            forecast,
            control,
        };
        let rank = Rank { healthy: diagnosis.is_healthy(), share: if share.is_finite() { share } else { f64::MIN } };
        Some((Repair { recipe: recipe.clone(), applied: applied.to_vec(), run, diagnosis }, rank))
    }

    /// Applies the remedies against the cause, and what is known to be wrong besides; says what it did.
    pub(super) fn apply(&self, facts: &Facts<'_>, recipe: &mut Recipe) -> Vec<String> {
        let mut applied = Vec::new();
        let seen = |symptom: Symptom| self.findings.iter().any(|finding| finding.symptom == symptom);
        if seen(Symptom::MismatchedOutput) {
            fit_output(recipe);
            applied.push("give output and loss the form that fits the task".to_owned());
        }
        if seen(Symptom::UnscaledData) {
            trial::standardize(recipe, scale::inputs(facts), scale::targets(facts));
            applied.push("scale inputs or targets to mean 0 and variance 1".to_owned());
        }
        if seen(Symptom::Overfitting) && self.cause == Cause::Unknown {
            applied.extend(stop_early(facts.run, recipe));
            return applied;
        }
        const STARTS: &str = "start weights as their activations ask for, biases at zero";
        match self.cause {
            // Many remedies are alternatives: the first is the one that was tried, or is the usual one.
            Cause::WeightsTooSmall | Cause::WeightsTooLarge | Cause::ConstantInitialization => {
                fitting_starts(recipe);
                applied.push(STARTS.to_owned());
            }
            Cause::SaturatingActivation | Cause::UnboundedActivation => {
                replace_activations(recipe);
                fitting_starts(recipe);
                applied.extend(["put ReLU in the place of the hidden activations", STARTS].map(str::to_owned));
            }
            Cause::NetworkTooDeep => {
                fitting_starts(recipe);
                trial::shorten(recipe, 2);
                applied.extend([STARTS, "leave two hidden layers of all"].map(str::to_owned));
            }
            Cause::MissingNonlinearity => {
                add_activations(recipe);
                let added =
                    "put ReLU between the linear layers, give them at least 16 units, and start them as it asks for";
                applied.push(added.to_owned());
            }
            _ => {
                for remedy in &self.remedies {
                    if apply_one(facts, recipe, remedy) {
                        applied.push(remedy.to_string());
                    }
                }
            }
        }
        applied
    }
}

/// Applies one remedy; `false` where it is not one that changes a recipe by itself.
fn apply_one(facts: &Facts<'_>, recipe: &mut Recipe, remedy: &Remedy) -> bool {
    match *remedy {
        Remedy::ScaleLearningRate { factor } => trial::scale_rate(recipe, factor),
        Remedy::NoDecay => recipe.training.optimizer = recipe.training.optimizer.without_decay(),
        Remedy::MoreEpochs { factor } => trial::train_longer(recipe, facts, factor as u64),
        Remedy::MoreUnits { units } => trial::widen(recipe, units),
        Remedy::LessDropout { rate } => trial::drop_less(recipe, rate),
        Remedy::ScalePenalty { factor } => recipe.training.l2 *= factor,
        Remedy::ScaleInputs => trial::standardize(recipe, true, false),
        Remedy::ScaleTargets => trial::standardize(recipe, false, true),
        Remedy::ReplaceLoss { with: "mse" } => recipe.training.loss = LossKind::MeanSquared,
        Remedy::ZeroBiases => fitting_starts(recipe),
        _ => return false,
    }
    true
}

/// Ends training at the epoch that was best on the validation rows, and says so.
fn stop_early(run: &Run, recipe: &mut Recipe) -> Option<String> {
    let losses = run.history.iter().filter_map(|epoch| Some((epoch.epoch, epoch.validation?.loss)));
    let (best, _) = losses.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    recipe.training.epochs = best + 1;
    Some(format!("stop after {} epochs, when the loss on the validation rows was lowest", best + 1))
}

/// Every weight starts as what follows it asks for: He for ReLU and its relatives, Xavier else, those of a recurrent layer as its cell does;
/// every bias at zero.
fn fitting_starts(recipe: &mut Recipe) {
    let followers: Vec<Option<ActivationKind>> = (0..recipe.layers.len())
        .map(|at| {
            recipe.layers[at + 1..].iter().find_map(|layer| match layer {
                LayerKind::Activation(activation) => Some(Some(*activation)),
                LayerKind::Linear { .. } => Some(None),
                _ => None,
            })?
        })
        .collect();
    for (layer, follower) in recipe.layers.iter_mut().zip(followers) {
        if let LayerKind::Recurrent { weights, recurrent_weights, bias, .. } = layer {
            (*weights, *recurrent_weights, *bias) = (None, None, Start::Zeros);
        }
        if let LayerKind::Linear { weights, bias, .. } = layer {
            let squeezes =
                follower.is_none_or(|activation| activation.saturates() || activation == ActivationKind::Softmax);
            *weights = Some(if squeezes { Start::XavierUniform } else { Start::HeUniform });
            *bias = Start::Zeros;
        }
    }
}

/// ReLU behind every layer but the last.
fn replace_activations(recipe: &mut Recipe) {
    let last = recipe.layers.iter().rposition(|layer| matches!(layer, LayerKind::Linear { .. })).unwrap_or(0);
    for layer in &mut recipe.layers[..last] {
        if let LayerKind::Activation(activation) = layer {
            *activation = ActivationKind::Relu;
        }
    }
}

/// ReLU between linear layers that have no activation between them, behind a normalization and before dropout; and some units for it.
fn add_activations(recipe: &mut Recipe) {
    let linear = |layer: &LayerKind| matches!(layer, LayerKind::Linear { .. });
    let mut at = 0;
    while at + 1 < recipe.layers.len() {
        let behind = recipe.layers[at + 1..].iter().position(|layer| linear(layer) || is_nonlinear(layer));
        let bare = behind.is_some_and(|behind| linear(&recipe.layers[at + 1 + behind]));
        if linear(&recipe.layers[at]) && bare {
            let normalized = matches!(recipe.layers[at + 1], LayerKind::BatchNorm { .. });
            recipe.layers.insert(at + 1 + usize::from(normalized), LayerKind::Activation(ActivationKind::Relu));
        }
        at += 1;
    }
    trial::widen(recipe, 16);
    fitting_starts(recipe);
}

fn is_nonlinear(layer: &LayerKind) -> bool {
    matches!(layer, LayerKind::Activation(activation) if *activation != ActivationKind::Identity)
}

/// Trains for so many steps at least.
fn train_for(recipe: &mut Recipe, facts: &Facts<'_>, steps: u64) {
    let an_epoch = (facts.data.rows().0 as u64).div_ceil(recipe.training.batch.max(1) as u64).max(1);
    let factor = steps.div_ceil(an_epoch).div_ceil(recipe.training.epochs.max(1));
    if factor > 1 {
        trial::train_longer(recipe, facts, factor);
    }
}

fn usual_optimizer(recipe: &mut Recipe) {
    recipe.training.optimizer = OptimizerKind::adam(0.003);
    recipe.training.clip = Some(ClipKind::GlobalNorm { max: 1.0 });
    recipe.training.batch = recipe.training.batch.min(32);
}

/// The output as wide as the targets, with nothing behind it, and the loss that takes that.
fn fit_output(recipe: &mut Recipe) {
    let Some(last) = recipe.layers.iter().rposition(|layer| matches!(layer, LayerKind::Linear { .. })) else { return };
    recipe.layers.truncate(last + 1);
    let one_unit = matches!(recipe.layers[last], LayerKind::Linear { units: 1, .. });
    let loss = match &mut recipe.data.task {
        Task::Classification { classes, one_hot: false } if *classes <= 2 => {
            recipe.layers.push(LayerKind::Activation(ActivationKind::Sigmoid));
            LossKind::BinaryCrossEntropy
        }
        Task::Classification { classes, one_hot } => {
            *one_hot = true;
            if one_unit && let LayerKind::Linear { units, .. } = &mut recipe.layers[last] {
                *units = *classes;
            }
            LossKind::SoftmaxCrossEntropy
        }
        Task::Multilabel => LossKind::SigmoidCrossEntropy,
        _ => LossKind::MeanSquared,
    };
    recipe.training.loss = loss;
}

/// Two hidden layers of ReLU, with 64 units at least.
fn plain_layers(recipe: &mut Recipe) {
    trial::shorten(recipe, 2);
    trial::widen(recipe, 64);
    replace_activations(recipe);
    add_activations(recipe);
}
