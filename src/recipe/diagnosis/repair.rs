//! `Repair`: the remedies applied to the recipe, and the recipe run again.

use std::sync::Arc;

use super::facts::Facts;
use super::plain::{PLAINER, SMALL_CHANGES};
use super::rank::{Rank, is_better};
use super::trials::TrialRuns;
use super::{Confidence, Diagnosis, outset, scale, trial};
use crate::recipe::edit::fit_output;
use crate::recipe::{Prepared, Recipe, Run};
use crate::{Cause, Finding, Remedy, Symptom};

/// A recipe with remedies applied, and what came of running it.
#[derive(Debug, Clone)]
pub struct Repair {
    /// The recipe as it was run.
    pub recipe: Recipe,
    /// What was changed, in words: its [differences](Recipe::differences).
    pub applied: Vec<String>,
    /// The run.
    pub run: Run,
    /// Its diagnosis.
    pub diagnosis: Diagnosis,
}

/// A change of a recipe.
type Step<'a> = Box<dyn Fn(&mut Recipe) + 'a>;

/// The recipe with those changes, one after the other.
fn with(recipe: &Recipe, steps: &[Step<'_>]) -> Recipe {
    let mut recipe = recipe.clone();
    steps.iter().for_each(|step| step(&mut recipe));
    recipe
}

/// The better of what was found before and what was tried now; of two that are equally good the former, which has fewer changes.
fn better(best: Option<(Repair, Rank)>, next: Option<(Repair, Rank)>) -> Option<(Repair, Rank)> {
    if next.as_ref().map(|(_, rank)| *rank) > best.as_ref().map(|(_, rank)| *rank) { next } else { best }
}

impl Diagnosis {
    /// Applies what may help to a recipe and runs it again, until it is healthy, nothing is left to be tried, or the work for it is done.
    /// Changes layers, starting weights, loss, optimizer, clipping, scaling, batch and epochs; never the file, the split or the seed.
    ///
    /// `None` where nothing can be repaired: the recipe is healthy, its data tell nothing, or nothing that was tried is better than the run
    /// on the rows that validate.
    pub fn repair(&self, recipe: &Recipe, data: &Prepared, run: &Run) -> Option<Repair> {
        let is_of_data = self.cause == Cause::UninformativeData || self.remedies.contains(&Remedy::ShuffleRows);
        if self.is_healthy() || is_of_data {
            return None;
        }
        // Other data are not those of the trials.
        let trials = if self.trials.are_of(data) { Arc::clone(&self.trials) } else { Arc::new(TrialRuns::of(data)) };
        trials.release();
        let before = Facts::of(recipe, data, run, self.control.as_deref(), &trials);
        let mut best = None;
        if self.confidence == Some(Confidence::Shown) {
            // It was seen to mend the run, and is the least that does.
            best = self.tried(&before, &with(recipe, &[Box::new(|recipe| self.without_cause(&before, recipe))]));
            if best.as_ref().is_some_and(|(_, rank)| rank.is_enough()) {
                return best.map(|(repair, _)| repair);
            }
        }
        let mut steps: Vec<Step<'_>> = vec![Box::new(|recipe| self.apply(&before, recipe))];
        best = better(best, self.tried(&before, &with(recipe, &steps)));
        for (at, change) in PLAINER.iter().enumerate() {
            if best.as_ref().is_some_and(|(_, rank)| rank.is_enough()) {
                break;
            }
            let so_far = with(recipe, &steps);
            steps.push(Box::new(|recipe| change(recipe, &before)));
            let mended = with(recipe, &steps);
            if mended == so_far {
                steps.pop();
                continue;
            }
            if at < SMALL_CHANGES && trials.is_dear(&mended) {
                continue;
            }
            best = better(best, self.tried(&before, &mended));
        }
        best.map(|(repair, rank)| self.pared(&before, steps, repair, rank))
    }

    /// Takes back, one by one, what turns out not to be needed: as long as nothing more is to be tried without it either.
    fn pared(&self, before: &Facts<'_>, mut steps: Vec<Step<'_>>, mut repair: Repair, rank: Rank) -> Repair {
        if !rank.is_enough() || with(before.recipe, &steps) != repair.recipe {
            return repair;
        }
        // What is done against the cause stays, even where another change makes up for it.
        let mut at = usize::from(self.cause != Cause::Unknown);
        while steps.len() > 1 && at < steps.len() {
            let step = steps.remove(at);
            match self.tried(before, &with(before.recipe, &steps)).filter(|(_, rank)| rank.is_enough()) {
                Some((fewer, _)) => repair = fewer,
                None => {
                    steps.insert(at, step);
                    at += 1;
                }
            }
        }
        repair
    }

    /// Runs a recipe and judges it against the same control, and against the run that is to be repaired; where it learns by heart, it is
    /// stopped at its best epoch.
    fn tried(&self, before: &Facts<'_>, recipe: &Recipe) -> Option<(Repair, Rank)> {
        if recipe == before.recipe {
            return None;
        }
        let first = self.tried_once(before, recipe);
        let by_heart = |finding: &Finding| finding.symptom == Symptom::Overfitting;
        let shorter = before.trials.run(recipe).and_then(|run| {
            let judged = self.judged(before, recipe, &run)?;
            if !judged.findings.iter().any(by_heart) {
                return None;
            }
            let mut shorter = recipe.clone();
            stop_early(&run, &mut shorter);
            self.tried_once(before, &shorter)
        });
        better(first, shorter)
    }

    fn tried_once(&self, before: &Facts<'_>, recipe: &Recipe) -> Option<(Repair, Rank)> {
        let run = before.trials.run(recipe)?;
        let diagnosis = self.judged(before, recipe, &run)?;
        let data = before.data.again(recipe).ok()?;
        let facts = Facts::of(recipe, &data, &run, self.control.as_deref(), before.trials);
        let healthy = diagnosis.is_healthy();
        if !is_better(before, &facts, healthy) {
            return None;
        }
        let rank = Rank::of(&facts, healthy);
        let applied = before.recipe.differences(recipe);
        Some((Repair { recipe: recipe.clone(), applied, run: Run::clone(&run), diagnosis }, rank))
    }

    /// What is noticed about a run of a changed recipe.
    fn judged(&self, before: &Facts<'_>, recipe: &Recipe, run: &Run) -> Option<Self> {
        let data = before.data.again(recipe).ok()?;
        let facts = Facts::of(recipe, &data, run, self.control.as_deref(), before.trials);
        let forecast = outset::forecast(&facts);
        let findings = Self::noticed(&facts, forecast.as_ref());
        Some(Self {
            findings,
            cause: Cause::Unknown,
            confidence: None,
            remedies: Vec::new(),
            ruled_out: Vec::new(),
            forecast,
            control: self.control.clone(),
            trials: Arc::clone(&self.trials),
            cure: Vec::new(),
        })
    }

    /// The change that takes away the cause, and nothing else.
    pub(super) fn without_cause(&self, facts: &Facts<'_>, recipe: &mut Recipe) {
        match self.cause {
            Cause::SingleUnitSoftmax
            | Cause::LossTargetMismatch
            | Cause::LossOutputMismatch
            | Cause::OutputRangeMismatch => fit_output(recipe),
            _ => trial::apply(facts, &self.cure, recipe),
        }
    }

    /// Applies the remedies against the cause, with what belongs to them, and what is known to be wrong besides.
    fn apply(&self, facts: &Facts<'_>, recipe: &mut Recipe) {
        let seen = |symptom: Symptom| self.findings.iter().any(|finding| finding.symptom == symptom);
        if seen(Symptom::MismatchedOutput) {
            fit_output(recipe);
        }
        if seen(Symptom::UnscaledData) {
            let scalings = [(scale::inputs(facts), Remedy::ScaleInputs), (scale::targets(facts), Remedy::ScaleTargets)];
            for (_, remedy) in scalings.iter().filter(|(off, _)| *off) {
                remedy.apply(recipe);
            }
        }
        if seen(Symptom::Overfitting) && self.cause == Cause::Unknown {
            stop_early(facts.run, recipe);
            return;
        }
        const STARTS: [Remedy; 2] = [Remedy::FittingInitializer, Remedy::ZeroBiases];
        let remedies = match self.cause {
            Cause::WeightsTooSmall | Cause::WeightsTooLarge | Cause::ConstantInitialization => STARTS.to_vec(),
            // Another activation asks for another start.
            Cause::SaturatingActivation | Cause::UnboundedActivation => {
                [&self.remedies[..self.remedies.len().min(1)], &STARTS].concat()
            }
            Cause::NetworkTooDeep => [&[Remedy::FewerLayers][..], &STARTS].concat(),
            // Where a unit is off for half of the rows, some more are needed.
            Cause::MissingNonlinearity => [&self.remedies[..], &[Remedy::MoreUnits { units: 16 }], &STARTS].concat(),
            // The form of the output was seen to above.
            Cause::SingleUnitSoftmax
            | Cause::LossTargetMismatch
            | Cause::LossOutputMismatch
            | Cause::OutputRangeMismatch => Vec::new(),
            _ => self.remedies.clone(),
        };
        trial::apply(facts, &remedies, recipe);
    }
}

/// Ends training at the epoch that was best on the validation rows.
fn stop_early(run: &Run, recipe: &mut Recipe) {
    let losses = run.history.iter().filter_map(|epoch| Some((epoch.epoch, epoch.validation?.loss)));
    if let Some((best, _)) = losses.min_by(|(_, a), (_, b)| a.total_cmp(b)) {
        recipe.training.epochs = best + 1;
    }
}
