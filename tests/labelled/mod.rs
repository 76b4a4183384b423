//! Runs with a label: what a diagnosis is to say of each, and how well one does.
#![allow(dead_code, reason = "each user takes its own part")]

use std::path::{Path, PathBuf};

use evenkeel::Severity;
use evenkeel::recipe::{Diagnosis, Recipe, RecipeError, Run};

/// The recipes of `tests/cases`, in the order of their names.
pub fn all() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let files =
        std::fs::read_dir(folder).expect("the cases are part of the sources").map(|entry| entry.unwrap().path());
    let mut recipes: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    recipes.sort();
    recipes
}

/// What a recipe expects of its diagnosis.
#[derive(Debug, Default)]
struct Label {
    healthy: bool,
    /// Disputed, or dependent on the seed, where not: then it counts for nothing.
    certain: bool,
    symptoms: Vec<String>,
    causes: Vec<String>,
    repairable: bool,
    trivial_accuracy: f64,
    reference_accuracy: Option<f64>,
    reference_r2: Option<f64>,
}

impl Label {
    /// Of the table `[expect]`, which is the last one and has a line a key.
    fn read(text: &str) -> Self {
        let mut label = Self { certain: true, repairable: true, ..Self::default() };
        let (_, expected) = text.split_once("[expect]").expect("a case has a label");
        for (key, value) in expected.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            let words = || value.split('"').skip(1).step_by(2).map(str::to_owned).collect();
            match key.trim() {
                "healthy" => label.healthy = value == "true",
                "certain" => label.certain = value == "true",
                "repairable" => label.repairable = value == "true",
                "symptoms" => label.symptoms = words(),
                "causes" => label.causes = words(),
                "trivial_accuracy" => label.trivial_accuracy = value.parse().expect("a number"),
                "reference_accuracy" => label.reference_accuracy = value.parse().ok(),
                "reference_r2" => label.reference_r2 = value.parse().ok(),
                _ => {}
            }
        }
        label
    }

    /// Whether a repaired run is good: six tenths of the way from the trivial answer to that of a network that works.
    fn is_met(&self, run: &Run) -> bool {
        const MARGIN: f64 = 0.6;
        let score = run.end.validation.score;
        match (score.accuracy, self.reference_accuracy) {
            (Some(accuracy), Some(reference)) => {
                accuracy >= self.trivial_accuracy + MARGIN * (reference - self.trivial_accuracy)
            }
            (Some(accuracy), None) => accuracy > self.trivial_accuracy + 0.05,
            (None, _) => score.r2.is_some_and(|r2| r2 >= self.reference_r2.map_or(0.1, |reference| MARGIN * reference)),
        }
    }
}

/// How well the diagnosis does, over certain cases.
#[derive(Debug, Default)]
pub struct Tally {
    pub buggy: usize,
    pub healthy: usize,
    pub symptoms: usize,
    pub symptoms_found: usize,
    pub repairable: usize,
    pub repaired: usize,
    pub missed: Vec<String>,
    pub false_alarms: Vec<String>,
    /// Without the right cause among its three worst findings.
    pub without_cause: Vec<String>,
    /// With a wrong cause, and not an unknown one, of the worst finding.
    pub wrong_cause: Vec<String>,
    pub not_repaired: Vec<String>,
}

impl Tally {
    /// Judges the diagnosis of a recipe, and where that is asked for its repair.
    pub fn add(&mut self, path: &Path, repairs: bool) -> Result<(), RecipeError> {
        self.add_changed(path, repairs, |_| {})
    }

    /// As [`add`](Self::add), of the recipe with a change that leaves its label what it is.
    pub fn add_changed(
        &mut self,
        path: &Path,
        repairs: bool,
        change: impl FnOnce(&mut Recipe),
    ) -> Result<(), RecipeError> {
        let label = Label::read(&std::fs::read_to_string(path).expect("the case was listed"));
        if !label.certain {
            return Ok(());
        }
        let mut recipe = Recipe::read(path)?;
        change(&mut recipe);
        let recipe = recipe;
        let data = recipe.prepare(path.parent().unwrap_or(path))?;
        let run = recipe.run_on(&data)?;
        let diagnosis = Diagnosis::of(&recipe, &data, &run);
        let name = recipe.name.clone();
        let loud: Vec<_> = diagnosis.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
        if label.healthy {
            self.healthy += 1;
            let told = loud.first().map(|first| format!("{name}: {} / {}", first.symptom.name(), first.cause.name()));
            self.false_alarms.extend(told);
            return Ok(());
        }
        self.buggy += 1;
        self.symptoms += label.symptoms.len();
        let is_found = |symptom: &&String| loud.iter().any(|finding| finding.symptom.name() == symptom.as_str());
        self.symptoms_found += label.symptoms.iter().filter(is_found).count();
        let is_right = |cause: &str| label.causes.iter().any(|right| right == cause);
        match loud.first().map(|first| first.cause.name()) {
            None => self.missed.push(name.clone()),
            Some(first) if first != "unknown" && !is_right(first) => self.wrong_cause.push(format!("{name}: {first}")),
            Some(_) => {}
        }
        if !loud.iter().take(3).any(|finding| is_right(finding.cause.name())) {
            self.without_cause.push(name.clone());
        }
        if repairs && label.repairable {
            self.repairable += 1;
            if diagnosis.repair(&recipe, &data, &run).is_some_and(|repair| label.is_met(&repair.run)) {
                self.repaired += 1;
            } else {
                self.not_repaired.push(name);
            }
        }
        Ok(())
    }
}
