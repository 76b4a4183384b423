//! Recipes that are run: what goes wrong is named, with its cause; what goes well is left in peace.

use std::path::{Path, PathBuf};

use evenkeel::recipe::{
    ActivationKind, CellKind, ClipKind, Confidence, Diagnosis, LayerKind, LossKind, OptimizerKind, Recipe, RecipeError,
    Repair, Scaling, ScheduleKind, Start, Task,
};
use evenkeel::{Cause, Error, Generator, Outlook, Severity, Symptom};

fn case(name: &str) -> (Recipe, PathBuf) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let recipe = Recipe::read(&folder.join(format!("{name}.toml"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    (recipe, folder)
}

fn examined(name: &str) -> (Diagnosis, Option<Repair>) {
    let (recipe, folder) = case(name);
    let data = recipe.prepare(&folder).unwrap();
    let run = recipe.run_on(&data).unwrap();
    let diagnosis = Diagnosis::of(&recipe, &data, &run);
    let repair = diagnosis.repair(&recipe, &data, &run);
    (diagnosis, repair)
}

#[test]
fn what_goes_well_is_left_in_peace() {
    for name in [
        "ok-xor-tanh",
        "ok-moons-zero-output-layer",
        "ok-blobs3-saturated-but-done",
        "ok-moons-label-noise",
        "ok-deep-linear-on-linear",
        "ok-imbalanced-logistic",
        "at-circle-tanh-11",
        "gh-averaging",
    ] {
        let (diagnosis, repair) = examined(name);
        assert!(diagnosis.is_healthy(), "{name}: {:?}", diagnosis.findings);
        assert!(repair.is_none(), "{name}");
        assert_eq!((diagnosis.cause, diagnosis.confidence), (Cause::Unknown, None), "{name}");
    }
}

#[test]
fn what_goes_wrong_is_named_with_its_cause_and_mended() {
    for (name, symptom, cause) in [
        ("bad-zero-init-tanh", Symptom::SymmetricUnits, Cause::ConstantInitialization),
        ("bad-softmax1-moons", Symptom::MismatchedOutput, Cause::SingleUnitSoftmax),
        ("bad-relu-output-signed", Symptom::MismatchedOutput, Cause::OutputRangeMismatch),
        ("bad-bce-on-real-targets", Symptom::MismatchedOutput, Cause::LossTargetMismatch),
        ("bad-selu-12-normal-002", Symptom::VanishingGradients, Cause::WeightsTooSmall),
        ("at-circle-sigmoid-8", Symptom::VanishingGradients, Cause::SaturatingActivation),
        ("at-circle-exponential-10", Symptom::NonFinite, Cause::UnboundedActivation),
        ("bad-leaky-15-normal-1", Symptom::ExplodingGradients, Cause::WeightsTooLarge),
        ("bad-cancer-raw-sgd", Symptom::UnscaledData, Cause::InputsUnscaled),
        ("bad-linear-stack-xor", Symptom::LossNotDecreasing, Cause::MissingNonlinearity),
        ("bad-l2-05-moons", Symptom::VanishingWeights, Cause::RegularizationDominates),
        ("bad-summed-friedman", Symptom::NonFinite, Cause::SummedLoss),
        ("bad-adam-1-tanh-rings", Symptom::SaturatedUnits, Cause::LearningRateTooHigh),
        ("bad-two-epochs-checker", Symptom::SlowConvergence, Cause::TooFewEpochs),
        ("bad-rmsprop-1e-6-wine", Symptom::LossNotDecreasing, Cause::LearningRateTooLow),
    ] {
        let (diagnosis, repair) = examined(name);
        let finding = diagnosis.findings.iter().find(|finding| finding.symptom == symptom);
        let finding = finding.unwrap_or_else(|| panic!("{name}: {:?}", diagnosis.findings));
        assert!(finding.severity > Severity::Info, "{name}: {finding}");
        assert_eq!((finding.cause, diagnosis.cause), (cause, cause), "{name}: {finding}");
        let repair = repair.unwrap_or_else(|| panic!("{name} is not repaired"));
        assert!(repair.diagnosis.is_healthy(), "{name}: {:?}, {:?}", repair.applied, repair.diagnosis.findings);
    }
}

/// A schedule that is over before anything is learned is as good as too low a rate, one that ends with the run is not.
#[test]
fn a_schedule_that_falls_too_soon_is_named_and_left_out() {
    let (mut recipe, folder) = case("ok-moons-zero-output-layer");
    let data = recipe.prepare(&folder).unwrap();
    let steps = recipe.training.epochs * (data.rows().0 as u64).div_ceil(recipe.training.batch as u64);
    let mut diagnosed = |schedule| {
        recipe.training.schedule = Some(schedule);
        let run = recipe.run_on(&data).unwrap();
        let diagnosis = Diagnosis::of(&recipe, &data, &run);
        let repair = diagnosis.repair(&recipe, &data, &run);
        (diagnosis, repair)
    };
    let (diagnosis, _) = diagnosed(ScheduleKind::Cosine { steps, floor: 0.0 });
    assert!(diagnosis.is_healthy(), "{:?}", diagnosis.findings);

    let (diagnosis, repair) = diagnosed(ScheduleKind::StepDecay { every: 5, factor: 0.1 });
    assert_eq!(diagnosis.cause, Cause::LearningRateTooLow, "{:?}", diagnosis.findings);
    let repair = repair.expect("a steady rate mends it");
    assert!(repair.diagnosis.is_healthy(), "{:?}", repair.applied);
    assert_eq!(repair.recipe.training.schedule, None, "{:?}", repair.applied);
}

/// What theory says before the first step stands beside what was seen.
#[test]
fn the_forecast_is_part_of_it() {
    for (name, outlook, symptom) in [
        ("bad-selu-12-normal-002", Outlook::Vanishing, Some(Symptom::VanishingGradients)),
        ("bad-leaky-15-normal-1", Outlook::Exploding, Some(Symptom::ExplodingGradients)),
        ("bad-zero-init-tanh", Outlook::Symmetric, None),
        ("ok-moons-layer-norm-gelu", Outlook::Sound, None),
    ] {
        let (recipe, folder) = case(name);
        let data = recipe.prepare(&folder).unwrap();
        let diagnosis = Diagnosis::of(&recipe, &data, &recipe.run_on(&data).unwrap());
        assert_eq!(diagnosis.forecast.as_ref().map(|forecast| forecast.outlook()), Some(outlook), "{name}");
        let said = |what: &str| what == "forecast_of_signal" || what == "forecast_of_gradient";
        let saying =
            diagnosis.findings.iter().find(|finding| finding.evidence.iter().any(|evidence| said(evidence.what)));
        assert_eq!(saying.map(|finding| finding.symptom), symptom, "{name}: {:?}", diagnosis.findings);
    }
}

#[test]
fn how_sure_a_cause_is_follows_from_what_it_rests_on() {
    for (name, confidence) in [
        // Read off the numbers, and its remedy mends the run.
        ("bad-zero-init-tanh", Some(Confidence::Shown)),
        // Found by a run with one thing changed.
        ("bad-two-epochs-checker", Some(Confidence::Shown)),
        // Nothing but better data would show it.
        ("bad-noise-targets", Some(Confidence::Reasoned)),
        // A plain network with more units learns, but it differs in more than that.
        ("bad-two-units-fast-sine", Some(Confidence::Presumed)),
        // There is no name for it.
        ("bad-overfit-friedman", None),
    ] {
        assert_eq!(examined(name).0.confidence, confidence, "{name}");
    }
}

#[test]
fn data_that_tell_nothing_cannot_be_mended() {
    let (diagnosis, repair) = examined("bad-noise-targets");
    assert_eq!(diagnosis.cause, Cause::UninformativeData);
    assert!(!diagnosis.is_healthy() && repair.is_none());
}

#[test]
fn the_same_recipe_gives_the_same_run() {
    let (recipe, folder) = case("ok-iris-relu");
    let (one, other) = (recipe.run(&folder).unwrap(), recipe.run(&folder).unwrap());
    assert_eq!(one.end, other.end);
    assert_eq!(one.report, other.report);
    let other = Recipe { seed: recipe.seed + 1, ..recipe }.run(&folder).unwrap();
    assert_ne!(one.end, other.end);
}

#[test]
fn a_run_that_breaks_off_says_so() {
    let (recipe, folder) = case("bad-sgd-sine-diverges");
    let run = recipe.run(&folder).unwrap();
    assert!(matches!(run.stopped, Some(Error::NonFinite { .. })), "{:?}", run.stopped);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let (recipe, folder) = case("ok-iris-relu");
    let changed =
        |from: &str, to: &str| Recipe::from_toml(&recipe.to_toml().replacen(from, to, 1)).unwrap().run(&folder);
    // Three classes, and four outputs.
    let error = changed("units = 3", "units = 4").unwrap_err();
    assert!(matches!(&error, RecipeError::Outputs { outputs: 4, targets: 3, .. }), "{error}");
    let error = changed("classes = 3", "classes = 2").unwrap_err();
    assert!(matches!(&error, RecipeError::Number { column: 5, .. }), "{error}");
    let error = changed("targets = 1", "targets = 1\ntrain_rows = 100000").unwrap_err();
    assert!(matches!(&error, RecipeError::Shape { .. }), "{error}");
    let mut without_units = recipe.clone();
    without_units.layers[0] = LayerKind::linear(0, Start::HeUniform);
    let error = without_units.run(&folder).unwrap_err();
    assert!(matches!(&error, RecipeError::Value { key, line: 0, .. } if key == "layers[0].units"), "{error}");
    let error = changed("data/iris.csv", "data/no-such.csv").unwrap_err();
    assert!(matches!(&error, RecipeError::File { .. }), "{error}");
}

fn one_of<V: Clone>(choices: &[V], dice: &mut Generator) -> V {
    choices[dice.below(choices.len() as u64) as usize].clone()
}

/// A layer that may or may not fit where it stands.
fn any_layer(dice: &mut Generator) -> LayerKind {
    let units = one_of(&[1, 2, 3, 8], dice);
    let start = one_of(
        &[
            Start::Zeros,
            Start::HeUniform,
            Start::Constant { value: 1e20 },
            Start::Normal { mean: 0.0, std: 1e3 },
            Start::Orthogonal { gain: 1.0 },
            Start::TruncatedNormal { mean: 0.0, std: 0.1 },
        ],
        dice,
    );
    let activations = [
        ActivationKind::Relu,
        ActivationKind::Exponential,
        ActivationKind::Softmax,
        ActivationKind::Tanh,
        ActivationKind::Gelu,
    ];
    one_of(
        &[
            LayerKind::linear(units, start),
            LayerKind::Linear { units, weights: None, bias: start },
            LayerKind::Activation(one_of(&activations, dice)),
            LayerKind::Dropout { rate: 0.5 },
            LayerKind::BatchNorm { channels: None },
            LayerKind::LayerNorm { width: None },
            LayerKind::RmsNorm { width: Some(2) },
            LayerKind::Recurrent {
                cell: one_of(&[CellKind::Gru, CellKind::Lstm { forget_bias: 2.0 }], dice),
                steps: 2,
                width: 1,
                hidden: units,
                last: true,
                weights: Some(start),
                recurrent_weights: Some(start),
                bias: start,
            },
            LayerKind::Embedding { count: 2, dim: 2, weights: None },
            LayerKind::Residual {
                layers: vec![LayerKind::linear(units, start)],
                scale: 1.0,
                learned: true,
                projection: Some(Box::new(LayerKind::linear(units, Start::XavierNormal))),
            },
            LayerKind::PerStep { width: 1, layer: Box::new(LayerKind::linear(2, start)) },
        ],
        dice,
    )
}

#[test]
fn no_recipe_makes_it_panic() {
    let count = std::env::var("RECIPES").ok().and_then(|count| count.parse().ok()).unwrap_or(400);
    let dice = &mut Generator::named(1, "recipes");
    let (mut runs, mut refused) = (0, 0);
    for draw in 0..count {
        let (mut recipe, folder) = case(one_of(&["ok-xor-tanh", "so-60831731", "so-46359741"], dice));
        recipe.seed = draw;
        recipe.data.task = one_of(
            &[
                recipe.data.task,
                Task::Classification { classes: 2, one_hot: true },
                Task::Multilabel,
                Task::Regression { scale: Scaling::MinMax },
            ],
            dice,
        );
        recipe.data.inputs = one_of(&[Scaling::None, Scaling::Standardize, Scaling::MinMax], dice);
        recipe.data.shuffle = dice.below(2) == 1;
        recipe.training.loss = one_of(
            &[
                LossKind::MeanSquared,
                LossKind::MeanAbsolute,
                LossKind::Huber,
                LossKind::Poisson,
                LossKind::BinaryCrossEntropy,
                LossKind::CategoricalCrossEntropy,
                LossKind::SigmoidCrossEntropy,
                LossKind::SoftmaxCrossEntropy,
                LossKind::SumSquared,
            ],
            dice,
        );
        recipe.training.epochs = 3;
        recipe.training.batch = one_of(&[1, 2, 3, usize::MAX], dice);
        recipe.training.l2 = one_of(&[0.0, 0.0, 1e30], dice);
        recipe.training.clip =
            one_of(&[None, Some(ClipKind::GlobalNorm { max: 1e-3 }), Some(ClipKind::Value { max: 1.0 })], dice);
        let optimizers = [
            OptimizerKind::sgd(1e6),
            OptimizerKind::adam(0.01),
            OptimizerKind::adamw(0.01, 0.1),
            OptimizerKind::RmsProp { learning_rate: 1e-3, rho: 0.9, epsilon: 1e-7 },
            OptimizerKind::Adagrad { learning_rate: 1.0 },
        ];
        recipe.training.optimizer = one_of(&optimizers, dice);
        let last = recipe.layers.split_off(recipe.layers.len() - 2);
        recipe.layers = (0..dice.below(4)).map(|_| any_layer(dice)).collect();
        recipe.layers.extend(last);
        let outcome = recipe.prepare(&folder).and_then(|data| recipe.run_on(&data).map(|run| (data, run)));
        match outcome {
            Ok((data, run)) => {
                runs += 1;
                if draw % 8 == 0 {
                    let diagnosis = Diagnosis::of(&recipe, &data, &run);
                    let _ = diagnosis.repair(&recipe, &data, &run);
                }
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(runs > count / 10 && refused > count / 10, "{runs} runs, {refused} refused");
}
