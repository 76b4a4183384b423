//! `TrialRuns`: the runs that a diagnosis and a repair make, none of them twice, and no more than a budget allows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::work;
use crate::recipe::{Prepared, Recipe, Run};

/// How many multiplications and additions forwards all trials may take together: about half a minute of one core.
const ALL: u64 = 300_000_000_000;

/// How many of them those of the diagnosis may take: the rest is for the repair.
const FOR_CAUSE: u64 = ALL / 5 * 3;

/// How many a single trial that trains longer may take, and how many rows it may see.
const ONE: u64 = 20_000_000_000;
const ROWS: u64 = 400_000;

/// The runs that were made on the same data, and what they took.
#[derive(Debug)]
pub(super) struct TrialRuns {
    data: Prepared,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    runs: Vec<(Recipe, Option<Arc<Run>>)>,
    work: u64,
    limit: u64,
    unanswered: usize,
}

impl TrialRuns {
    /// None yet, on those data.
    pub(super) fn of(data: &Prepared) -> Self {
        Self { data: data.clone(), kept: Mutex::new(Kept { limit: FOR_CAUSE, ..Kept::default() }) }
    }

    /// Whether they were made on the numbers of that file.
    pub(super) fn are_of(&self, data: &Prepared) -> bool {
        self.data.same_numbers(data)
    }

    /// Leaves the rest of the budget to what comes now.
    pub(super) fn release(&self) {
        self.kept().limit = ALL;
    }

    /// How many questions were left open: a run was beyond the budget, or nothing could have told whether it mends anything.
    pub(super) fn unanswered(&self) -> usize {
        self.kept().unanswered
    }

    /// Leaves a question open.
    pub(super) fn leave_open(&self) {
        self.kept().unanswered += 1;
    }

    /// Whether few runs of such a recipe are left: then only those that promise most are to be made.
    pub(super) fn is_dear(&self, recipe: &Recipe) -> bool {
        const FEW: u64 = 3;
        let work = self.an_epoch(recipe).map_or(0, |work| work.saturating_mul(recipe.training.epochs));
        let kept = self.kept();
        work.saturating_mul(FEW) > kept.limit.saturating_sub(kept.work)
    }

    /// The run of a recipe; `None` where it cannot be run, or is beyond the budget.
    pub(super) fn run(&self, recipe: &Recipe) -> Option<Arc<Run>> {
        let known = self.kept().runs.iter().find(|(known, _)| known == recipe).map(|(_, run)| run.clone());
        if let Some(known) = known {
            return known;
        }
        let work = self.an_epoch(recipe)?.saturating_mul(recipe.training.epochs);
        {
            let mut kept = self.kept();
            if kept.work.saturating_add(work) > kept.limit {
                kept.unanswered += 1;
                return None;
            }
            kept.work += work;
        }
        let run = self.data.again(recipe).and_then(|data| recipe.run_on(&data)).ok().map(Arc::new);
        self.kept().runs.push((recipe.clone(), run.clone()));
        run
    }

    /// The epochs of a recipe that trains longer than it did, as far as one trial may go; at least `as_before`.
    pub(super) fn limit_epochs(&self, recipe: &mut Recipe, as_before: u64) {
        let rows = self.data.rows().0.max(1) as u64;
        let affordable = self.an_epoch(recipe).map_or(u64::MAX, |work| ONE / work.max(1));
        let most = (ROWS / rows).min(affordable).max(as_before);
        recipe.training.epochs = recipe.training.epochs.min(most);
    }

    fn an_epoch(&self, recipe: &Recipe) -> Option<u64> {
        work::of_an_epoch(recipe, self.data.n_in(), self.data.rows().0)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
