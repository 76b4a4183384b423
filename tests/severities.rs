//! What is healthy is not alarmed about, what is not is told, and both with the severity and the step that are true.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use evenkeel::recipe::{
    ActivationKind, CellKind, Column, Data, Diagnosis, LayerKind, LossKind, OptimizerKind, Prepared, Recipe, Run,
    Scaling, Start, Task, Training,
};
use evenkeel::{Finding, Generator, Monitor, ReportPage, Series, Severity, StabilityReport, Symptom};
use rand::RngExt;
use rand_distr::StandardNormal;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn case(name: &str) -> Recipe {
    Recipe::read(&folder().join(format!("{name}.toml"))).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn run(recipe: &Recipe, folder: &Path) -> (Prepared, Run, Diagnosis) {
    let data = recipe.prepare(folder).unwrap();
    let run = recipe.run_on(&data).unwrap();
    let diagnosis = Diagnosis::of(recipe, &data, &run);
    (data, run, diagnosis)
}

fn found(findings: &[Finding], symptom: Symptom) -> Option<&Finding> {
    findings.iter().find(|finding| finding.symptom == symptom)
}

/// Classes by the sign of the last of thirty numbers, 12 % of them flipped: what is best has 88 % right.
fn last_signs() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("severities");
    std::fs::create_dir_all(&folder).unwrap();
    let mut dice = Generator::named(1, "signs");
    let mut text = String::new();
    for _ in 0..1200 {
        let numbers: Vec<f64> = (0..30).map(|_| dice.sample(StandardNormal)).collect();
        numbers.iter().for_each(|number| write!(text, "{number:.4},").unwrap());
        let flipped = dice.random::<f64>() < 0.12;
        writeln!(text, "{}", u8::from((numbers[29] > 0.0) != flipped)).unwrap();
    }
    std::fs::write(folder.join("signs.csv"), text).unwrap();
    folder
}

/// A recurrent layer that reads them.
fn on_signs(seed: u64, recurrent_weights: Option<Start>) -> Recipe {
    let cell = LayerKind::Recurrent {
        cell: CellKind::Rnn,
        steps: 30,
        width: 1,
        hidden: 4,
        last: true,
        weights: None,
        recurrent_weights,
        bias: Start::Zeros,
    };
    Recipe {
        name: "signs".to_owned(),
        seed,
        data: Data {
            file: "signs.csv".to_owned(),
            targets: 1,
            task: Task::Classification { classes: 2, one_hot: true },
            train_rows: None,
            shuffle: false,
            inputs: Scaling::None,
        },
        training: Training {
            loss: LossKind::SoftmaxCrossEntropy,
            l2: 0.0,
            batch: 32,
            epochs: 40,
            optimizer: OptimizerKind::adam(0.003),
            clip: None,
            schedule: None,
            plateau: None,
        },
        layers: vec![cell, LayerKind::linear(2, Start::XavierUniform)],
    }
}

#[test]
fn what_needs_no_memory_is_healthy_at_its_noise_floor() {
    let folder = last_signs();
    for seed in [1, 4] {
        let (_, run, diagnosis) = run(&on_signs(seed, Some(Start::Orthogonal { gain: 0.5 })), &folder);
        assert!(run.end.validation.score.accuracy > Some(0.8), "{:?}", run.end.validation.score);
        assert!(run.report.is_healthy(), "{}", run.report);
        assert!(diagnosis.is_healthy(), "{:?}", diagnosis.findings);
        // Half is left at every step back: it is told all the same.
        assert!(found(&diagnosis.findings, Symptom::VanishingOverTime).is_some(), "{:?}", diagnosis.findings);
    }
}

/// A watched state whose derivative fades at lag 7, with these losses.
fn fading(loss: impl Fn(u64) -> f64) -> StabilityReport {
    let mut monitor = Monitor::new();
    let state = monitor.watch_lags("state", 20);
    let norms: Vec<f64> = (0..20).map(|lag| 0.25_f64.powi(lag)).collect();
    for step in 0..400 {
        monitor.begin(step);
        monitor.lag_norms(state, &norms).unwrap();
        monitor.end(loss(step));
    }
    monitor.report()
}

#[test]
fn a_memory_that_fades_is_a_warning_where_nothing_was_learned() {
    let severity = |report: StabilityReport| report.finding(Symptom::VanishingOverTime).map(|finding| finding.severity);
    // At rest since the first tenth of the run, above half of the start.
    assert_eq!(severity(fading(|step| if step < 40 { 0.7 - 0.007 * step as f64 } else { 0.42 })), Some(Severity::Info));
    assert_eq!(severity(fading(|step| 0.7 - 0.001 * step as f64)), Some(Severity::Info));
    assert_eq!(severity(fading(|_| 0.7)), Some(Severity::Warning));
    assert_eq!(severity(fading(|step| 0.7 + 0.01 * (step % 3) as f64)), Some(Severity::Warning));
}

#[test]
fn extras_are_info_in_a_diagnosis_whatever_the_monitor_makes_of_them() {
    let folder = last_signs();
    // Where ReLU lets it pass, the derivative grows by more than half at every step back.
    let mut recipe = on_signs(1, Some(Start::Orthogonal { gain: 1.6 }));
    if let LayerKind::Recurrent { cell, .. } = &mut recipe.layers[0] {
        *cell = CellKind::RnnRelu;
    }
    let (_, run, diagnosis) = run(&recipe, &folder);
    let of_monitor = run.report.finding(Symptom::ExplodingOverTime).unwrap_or_else(|| panic!("{}", run.report));
    assert_eq!(of_monitor.severity, Severity::Warning);
    let finding = found(&diagnosis.findings, Symptom::ExplodingOverTime).unwrap();
    assert_eq!(finding.severity, Severity::Info);
    let loud = |finding: &Finding| finding.severity > Severity::Info;
    assert!(diagnosis.findings.iter().all(|finding| !(finding.symptom.is_extra() && loud(finding))));
    assert_eq!(diagnosis.is_healthy(), !diagnosis.findings.iter().any(loud));
    assert!(diagnosis.findings.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "the worst come first");
}

/// Digits through one or two hidden layers, with batch normalization behind the last one.
fn normalized_outputs(hidden: usize) -> Recipe {
    let mut recipe = case("ok-digits-relu");
    recipe.data.inputs = Scaling::Standardize;
    recipe.training.loss = LossKind::SoftmaxCrossEntropy;
    recipe.training.optimizer = OptimizerKind::adam(0.003);
    recipe.training.clip = None;
    recipe.training.epochs = 12;
    recipe.layers.clear();
    for _ in 0..hidden {
        let relu = LayerKind::Activation(ActivationKind::Relu);
        recipe.layers.extend([LayerKind::linear(32, Start::HeUniform), relu]);
    }
    let last = LayerKind::linear(10, Start::XavierUniform);
    recipe.layers.extend([last, LayerKind::BatchNorm { channels: None }]);
    recipe
}

#[test]
fn biases_in_front_of_a_normalization_have_no_gradient_to_compare_with() {
    for hidden in [1, 2] {
        let (_, run, diagnosis) = run(&normalized_outputs(hidden), &folder());
        assert!(run.end.validation.score.accuracy > Some(0.9), "{:?}", run.end.validation.score);
        assert!(found(&diagnosis.findings, Symptom::ExplodingGradients).is_none(), "{:?}", diagnosis.findings);
        assert!(diagnosis.is_healthy(), "{:?}", diagnosis.findings);
    }
}

/// Where the running averages have not seen anything yet, the loss begins where training begins.
#[test]
fn the_loss_of_the_start_is_that_of_the_first_step() {
    let mut recipe = case("ok-housing-raw-inputs-batchnorm-first");
    recipe.training.epochs = 1;
    recipe.training.batch = usize::MAX;
    recipe.layers.retain(|layer| !matches!(layer, LayerKind::Dropout { .. }));
    recipe.training.l2 = 0.0;
    let whole = recipe.run(&folder()).unwrap();
    let first = whole.report.loss.start().unwrap();
    // The rows are added up in another order: rounding to f32 of the statistics and of the products.
    assert!((whole.start.train.loss / first - 1.0).abs() < 1e-4, "{} is not {first}", whole.start.train.loss);
    // A last batch of one row, which such a layer refuses, is no reason to refuse the recipe's start.
    recipe.data.train_rows = Some(65);
    recipe.training.batch = 64;
    let refused = recipe.run(&folder()).unwrap_err();
    assert!(refused.to_string().contains("BatchNorm"), "{refused}");
}

/// Digits as one-hot rows by the mean of squares, with that activation behind the output.
fn one_hot(output: ActivationKind, classes: usize, rate: f64) -> Recipe {
    let mut recipe = normalized_outputs(1);
    recipe.data.task = Task::Classification { classes, one_hot: true };
    recipe.training.loss = LossKind::MeanSquared;
    recipe.training.optimizer = OptimizerKind::adam(rate);
    recipe.layers.pop();
    recipe.layers.pop();
    let bias = Start::Constant { value: if rate < 1e-6 { 30.0 } else { 0.0 } };
    let last = LayerKind::Linear { units: classes, weights: Some(Start::XavierUniform), bias };
    recipe.layers.extend([last, LayerKind::Activation(output)]);
    recipe
}

#[test]
fn output_units_that_are_dead_are_told() {
    let mut recipe = one_hot(ActivationKind::Relu, 10, 0.003);
    recipe.seed = 4;
    let (_, run, diagnosis) = run(&recipe, &folder());
    let off = |column: &&Column| column.largest == 0.0;
    let dead = run.end.train.outputs.iter().filter(off).count();
    assert!(dead > 0, "this seed does not show it");
    let finding = found(&diagnosis.findings, Symptom::DeadUnits).unwrap_or_else(|| panic!("{:?}", diagnosis.findings));
    assert_eq!((finding.severity, &finding.layers[..]), (Severity::Warning, &["3.relu".to_owned()][..]));
    assert_eq!(finding.evidence[0].value, dead as f64);
    assert!(!diagnosis.is_healthy());
    let healthy = one_hot(ActivationKind::Identity, 10, 0.003);
    assert!(found(&self::run(&healthy, &folder()).2.findings, Symptom::DeadUnits).is_none());
}

/// What never has to be on may be off, and one row is enough to be on.
#[test]
fn output_units_that_may_be_off_are_not_told() {
    // Ten classes are there, and eleven outputs; steps so small, and biases so large, that none of them is off.
    let mut recipe = one_hot(ActivationKind::Relu, 11, 1e-9);
    recipe.training.epochs = 1;
    let data = recipe.prepare(&folder()).unwrap();
    let run = recipe.run_on(&data).unwrap();
    let told = |change: &dyn Fn(&mut [Column])| {
        let mut run = run.clone();
        change(&mut run.end.train.outputs);
        let diagnosis = Diagnosis::of(&recipe, &data, &run);
        found(&diagnosis.findings, Symptom::DeadUnits).map(|finding| finding.evidence[0].value)
    };
    let off = Column { smallest: 0.0, largest: 0.0, mean: 0.0, deviation: 0.0, whole: true };
    assert_eq!(told(&|_| ()), None);
    assert_eq!(told(&|outputs| outputs[10] = off), None);
    assert_eq!(told(&|outputs| outputs[3] = Column { largest: 1.0, ..off }), None);
    assert_eq!(told(&|outputs| outputs[3] = Column { largest: f64::NAN, ..off }), None);
    assert_eq!(told(&|outputs| outputs[3] = off), Some(1.0));
    assert_eq!(told(&|outputs| outputs[..4].fill(off)), Some(4.0));
}

/// Of each what the record says of the step before it.
#[test]
fn what_began_later_is_not_since_step_0() {
    let step = |name: &str, symptom: Symptom| {
        let (_, run, diagnosis) = run(&case(name), &folder());
        let finding = found(&diagnosis.findings, symptom).unwrap_or_else(|| panic!("{name}: {:?}", diagnosis.findings));
        (run, finding.step)
    };
    let (run, since) = step("bad-overfit-friedman", Symptom::Overfitting);
    let best = run.history.iter().min_by(|a, b| a.validation.unwrap().loss.total_cmp(&b.validation.unwrap().loss));
    assert_eq!(since, best.unwrap().steps);
    assert!(since > 0 && since < run.report.steps);

    let largest = |series: &Series| series.first().iter().map(|&(_, value)| value).fold(0.0, f64::max);
    let (run, since) = step("ips-15", Symptom::DivergingLoss);
    let limit = 100.0 * run.start.train.loss;
    let bin = run.report.loss.bins().iter().find(|bin| bin.largest > limit).unwrap();
    assert!(since >= bin.first_step && since < bin.first_step + run.report.steps.div_ceil(32), "{since}");
    assert_eq!(since > 0, run.report.loss.start().unwrap() <= limit, "{since}, {}", largest(&run.report.loss));

    let (run, since) = step("bad-l2-05-moons", Symptom::VanishingWeights);
    assert!(since > 0 && since <= run.report.steps, "{since}");
}

#[test]
fn a_page_tells_how_good_it_is_how_sure_the_cause_is_and_what_a_repair_made_of_it() {
    let recipe = case("bad-zero-init-tanh");
    let (data, run, diagnosis) = run(&recipe, &folder());
    let repair = diagnosis.repair(&recipe, &data, &run).unwrap();
    let page = ReportPage::new(&run.report).diagnosis(&run, &diagnosis);
    let html = page.clone().repair(&repair).html();
    let accuracy = |run: &Run| 100.0 * run.end.validation.score.accuracy.unwrap();
    for part in [
        "on the training rows",
        "The cause: constant initialization. That it is the cause is shown",
        "<h2>Repaired</h2>",
        "Why it matters",
        &diagnosis.findings[0].symptom.why()[1..],
        &repair.applied[0][1..],
        &format!("{:.0}", accuracy(&repair.run).floor()),
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(accuracy(&repair.run) > accuracy(&run));
    assert!(!page.html().contains("Repaired"));
    assert!(!run.report.html().contains("on the training rows"));
}

#[test]
fn what_is_so_already_is_no_advice() {
    let mut recipe = normalized_outputs(1);
    recipe.layers.pop();
    recipe.layers.push(LayerKind::Activation(ActivationKind::Softmax));
    let (_, _, diagnosis) = run(&recipe, &folder());
    let finding = found(&diagnosis.findings, Symptom::MismatchedOutput).unwrap();
    let told: Vec<String> = finding.remedies.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["leave out the activation of the output"]);
}
