//! What a repair is: a recipe that is better than the one it comes from, told by what is different.

use std::path::{Path, PathBuf};

use evenkeel::recipe::{ActivationKind, Confidence, Diagnosis, LayerKind, OptimizerKind, Recipe, Repair, Run, Start};
use evenkeel::{Cause, Remedy, Severity};

use super::labelled::all;

fn case(name: &str) -> (Recipe, PathBuf) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let recipe = Recipe::read(&folder.join(format!("{name}.toml"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    (recipe, folder)
}

fn examined(recipe: &Recipe, folder: &Path) -> (Run, Diagnosis, Option<Repair>) {
    let data = recipe.prepare(folder).unwrap();
    let run = recipe.run_on(&data).unwrap();
    let diagnosis = Diagnosis::of(recipe, &data, &run);
    let repair = diagnosis.repair(recipe, &data, &run);
    (run, diagnosis, repair)
}

#[test]
fn there_are_no_differences_between_equals_and_between_others_there_are() {
    let recipes: Vec<Recipe> = all().iter().map(|path| Recipe::read(path).unwrap()).collect();
    assert!(recipes.len() > 400);
    for pair in recipes.windows(2) {
        assert!(pair[0].differences(&pair[0]).is_empty(), "{}", pair[0].name);
        assert!(!pair[0].differences(&pair[1]).is_empty(), "{}", pair[0].name);
        // The name is one of them, and the data another; here the layers alone.
        let other = Recipe { layers: pair[1].layers.clone(), ..pair[0].clone() };
        let differences = pair[0].differences(&other);
        assert_eq!(differences.is_empty(), other == pair[0], "{}: {differences:?}", pair[0].name);
    }
}

/// What is told of a repair is what it is: of these each needs a single change.
#[test]
fn a_repair_says_what_is_different() {
    for (name, applied) in [
        ("bad-conv-clip-value-digits", "clip the gradient not at all instead of by value (max 1e-7)"),
        (
            "bad-adam-epsilon-100-digits",
            "train by adam (learning_rate 0.001) instead of adam (learning_rate 0.001, epsilon 100)",
        ),
        ("bad-bias-normal-minus-30-digits", "set bias of 2.linear to zeros instead of normal (mean -30, std 0.1)"),
        ("bad-lstm-one-unit-digits", "set hidden of 0.lstm to 32 instead of 1"),
    ] {
        let (recipe, folder) = case(name);
        let (_, _, repair) = examined(&recipe, &folder);
        let repair = repair.unwrap_or_else(|| panic!("{name} is not repaired"));
        assert_eq!(repair.applied, [applied], "{name}");
        assert_eq!(repair.applied, recipe.differences(&repair.recipe), "{name}");
    }
}

/// Layers inside others are looked at and changed as well, and so are those of every kind.
#[test]
fn causes_are_found_in_layers_of_every_kind() {
    for (name, cause, confidence) in [
        ("bad-conv-zeros-digits", Cause::ConstantInitialization, Some(Confidence::Shown)),
        ("bad-sequential-constant-digits", Cause::ConstantInitialization, Some(Confidence::Shown)),
        ("bad-sequential-softmax-on-logits", Cause::LossOutputMismatch, None),
        ("bad-residual-linear-rings", Cause::MissingNonlinearity, Some(Confidence::Shown)),
        ("bad-residual-dropout-097-digits", Cause::ExcessiveDropout, Some(Confidence::Shown)),
        ("bad-rnn-relu-orthogonal-3", Cause::WeightsTooLarge, Some(Confidence::Shown)),
        ("bad-adamw-decay-60-digits", Cause::RegularizationDominates, Some(Confidence::Shown)),
        ("bad-embedding-slow", Cause::LearningRateTooLow, Some(Confidence::Shown)),
    ] {
        let (recipe, folder) = case(name);
        let (_, diagnosis, repair) = examined(&recipe, &folder);
        assert_eq!(diagnosis.cause, cause, "{name}: {:?}", diagnosis.findings);
        assert!(confidence.is_none() || diagnosis.confidence == confidence, "{name}: {:?}", diagnosis.confidence);
        assert!(repair.is_some_and(|repair| repair.diagnosis.is_healthy()), "{name}");
    }
}

/// A run that learned is not to be replaced by one that does worse on rows that neither has seen.
#[test]
fn what_is_worse_is_no_repair() {
    let (mut normalized, folder) = case("ok-friedman-relu");
    normalized.layers.push(LayerKind::BatchNorm { channels: None });
    let (mut forgetful, _) = case("ok-digits-relu");
    forgetful.training.optimizer =
        OptimizerKind::Adam { learning_rate: 0.05, beta1: 0.9999, beta2: 0.999, epsilon: 1e-7 };
    let (mut large, _) = case("ok-conv-digits");
    if let LayerKind::Conv2d { weights, .. } = &mut large.layers[0] {
        *weights = Some(Start::Normal { mean: 0.0, std: 30.0 });
    }
    large.layers[1] = LayerKind::Activation(ActivationKind::Tanh);
    for recipe in [normalized, forgetful, large] {
        let (run, _, repair) = examined(&recipe, &folder);
        let Some(repair) = repair else { continue };
        assert_ne!(repair.recipe, recipe);
        let score = |run: &Run| run.end.validation.score.value();
        let loss = |run: &Run| run.end.validation.loss;
        assert!(score(&repair.run) >= score(&run), "{:?}: {} from {}", repair.applied, score(&repair.run), score(&run));
        if score(&repair.run) == score(&run) {
            assert!(loss(&repair.run) <= loss(&run), "{:?}", repair.applied);
        }
    }
}

/// Rows that stand in some order are no sample of each other: to that there is one advice, and no other data to compare a repair with.
#[test]
fn rows_in_order_are_to_be_shuffled() {
    let (recipe, folder) = case("bad-iris-sorted");
    let (_, diagnosis, repair) = examined(&recipe, &folder);
    assert_eq!((diagnosis.cause, &diagnosis.remedies[..]), (Cause::Unknown, &[Remedy::ShuffleRows][..]));
    assert!(repair.is_none());
    let mut shuffled = recipe;
    assert!(Remedy::ShuffleRows.apply(&mut shuffled));
    assert!(examined(&shuffled, &folder).1.is_healthy());
}

/// The remedies of the cause come first, and those of the finding stay behind them.
#[test]
fn the_remedy_of_the_cause_comes_first() {
    let (recipe, folder) = case("bad-conv-clip-value-digits");
    let (_, diagnosis, _) = examined(&recipe, &folder);
    for finding in diagnosis.findings.iter().filter(|finding| finding.severity > Severity::Info) {
        assert_eq!(finding.remedies.first(), Some(&Remedy::NoClipping), "{finding}");
        assert!(!finding.message.contains("nothing to be learned"), "{finding}");
    }
}
