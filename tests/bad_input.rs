//! What is wrong is refused with an error that names it: layer, argument, row, value.

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use evenkeel::schedule::{Constant as Unchanged, Cosine, Exponential, Schedule, StepDecay, Warmup};
use evenkeel::*;

/// The error of a call, which is to be this one and to say these words.
#[track_caller]
fn refused<X: Debug>(result: Result<X, Error>, expected: Error, words: &str) {
    let error = result.expect_err("this is to be refused");
    // Compared as text, in which a NaN is a NaN.
    assert_eq!(format!("{error:?}"), format!("{expected:?}"));
    assert!(error.to_string().contains(words), "{error} does not say {words:?}");
}

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
const NOT_POSITIVE: &[f64] = &[0.0, -0.0, -1.0, -5e-324, NAN, INF, -INF];
const NEGATIVE: &[f64] = &[-1.0, -5e-324, NAN, INF, -INF];
const NOT_FINITE: &[f64] = &[NAN, INF, -INF];
const NO_FRACTION: &[f64] = &[-0.1, 1.0, 1.5, NAN, INF, -INF];
const ZERO: &[f64] = &[0.0];

type Call = fn(f64) -> Result<(), Error>;

/// Who takes a number, its name, values that are refused, one that is not, and the call.
const ARGUMENTS: &[(&str, &str, &[f64], f64, Call)] = &[
    ("Sgd", "learning_rate", NOT_POSITIVE, 5e-324, |x| Sgd::new(x).map(drop)),
    ("Sgd", "momentum", NO_FRACTION, 0.0, |x| Sgd::new(1.0)?.momentum(x).map(drop)),
    ("Sgd", "weight_decay", NEGATIVE, 0.0, |x| Sgd::new(1.0)?.weight_decay(x).map(drop)),
    ("Adam", "learning_rate", NOT_POSITIVE, f64::MAX, |x| Adam::new(x).map(drop)),
    ("Adam", "beta1", NO_FRACTION, 0.0, |x| Adam::new(1.0)?.betas(x, 0.5).map(drop)),
    ("Adam", "beta2", NO_FRACTION, 0.999, |x| Adam::new(1.0)?.betas(0.5, x).map(drop)),
    ("Adam", "epsilon", NOT_POSITIVE, 1e-8, |x| Adam::new(1.0)?.epsilon(x).map(drop)),
    ("AdamW", "learning_rate", NOT_POSITIVE, 1.0, |x| AdamW::new(x, 0.0).map(drop)),
    ("AdamW", "weight_decay", NEGATIVE, 0.0, |x| AdamW::new(1.0, x).map(drop)),
    ("AdamW", "beta1", NO_FRACTION, 0.9, |x| AdamW::new(1.0, 0.0)?.betas(x, 0.5).map(drop)),
    ("AdamW", "beta2", NO_FRACTION, 0.9, |x| AdamW::new(1.0, 0.0)?.betas(0.5, x).map(drop)),
    ("AdamW", "epsilon", NOT_POSITIVE, 1e-8, |x| AdamW::new(1.0, 0.0)?.epsilon(x).map(drop)),
    ("Cosine", "steps", ZERO, 1.0, |x| Cosine::new(x as u64).map(drop)),
    ("Cosine", "floor", NO_FRACTION, 0.0, |x| Cosine::new(1)?.floor(x).map(drop)),
    ("Exponential", "factor", NOT_POSITIVE, 2.0, |x| Exponential::new(x).map(drop)),
    ("StepDecay", "every", ZERO, 1.0, |x| StepDecay::new(x as u64, 0.5).map(drop)),
    ("StepDecay", "factor", NOT_POSITIVE, 2.0, |x| StepDecay::new(1, x).map(drop)),
    ("Warmup", "steps", ZERO, 1.0, |x| Warmup::new(x as u64, Unchanged).map(drop)),
    ("ByValue", "limit", NOT_POSITIVE, 5e-324, |x| ByValue::new(x).map(drop)),
    ("PerLayerNorm", "limit", NOT_POSITIVE, f64::MAX, |x| PerLayerNorm::new(x).map(drop)),
    ("GlobalNorm", "limit", NOT_POSITIVE, 1.0, |x| GlobalNorm::new(x).map(drop)),
    ("Constant", "value", NOT_FINITE, -1.0, |x| Constant::new(x).map(drop)),
    ("Normal", "mean", NOT_FINITE, -1.0, |x| Normal::new(x, 1.0).map(drop)),
    ("Normal", "std", NEGATIVE, 0.0, |x| Normal::new(0.0, x).map(drop)),
    ("Uniform", "low", NOT_FINITE, -1.0, |x| Uniform::new(x, 1.0).map(drop)),
    ("Uniform", "high", NEGATIVE, 0.0, |x| Uniform::new(0.0, x).map(drop)),
    ("VarianceScaling", "scale", NEGATIVE, 0.0, |x| VarianceScaling::new(x, FanMode::In, UnitUniform).map(drop)),
    ("VarianceScaling", "gain", NEGATIVE, 0.0, |x| He::normal().gain(x).map(drop)),
    ("VarianceScaling", "gain", &[1e200], 1e100, |x| He::normal().gain(x).map(drop)),
    ("VarianceScaling", "kurtosis", &[f64::NAN, f64::INFINITY, -5.0, 0.0], 1.0, |x| He::normal().kurtosis(x).map(drop)),
    ("Normal", "std", &[1e200, 1e-200], 1e140, |x| Normal::new(0.0, x).map(drop)),
    ("Uniform", "high", &[1e200, 1e-200], 1e140, |x| Uniform::new(0.0, x).map(drop)),
    ("TruncatedNormal", "low", &[1e308], 1e100, |x| TruncatedNormal::new(0.0, 1.0)?.bounds(x, f64::INFINITY).map(drop)),
    ("Siren", "omega", NOT_POSITIVE, 30.0, |x| Siren::hidden(x).map(drop)),
    ("Siren", "omega", &[1e-320, 1e200], 1e130, |x| Siren::hidden(x).map(drop)),
    ("Huber", "delta", NOT_POSITIVE, 1.0, |x| Huber::new(x).map(drop)),
    ("SoftmaxCrossEntropy", "smoothing", NO_FRACTION, 0.0, |x| SoftmaxCrossEntropy::new().smoothing(x).map(drop)),
    ("SoftmaxCrossEntropy", "class_weights", NOT_POSITIVE, 1.0, |x| {
        SoftmaxCrossEntropy::new().class_weights(&[1.0, x]).map(drop)
    }),
    ("SigmoidCrossEntropy", "smoothing", NO_FRACTION, 0.0, |x| SigmoidCrossEntropy::new().smoothing(x).map(drop)),
    ("SigmoidCrossEntropy", "class_weights", NOT_POSITIVE, 1.0, |x| {
        SigmoidCrossEntropy::new().class_weights(&[1.0, x]).map(drop)
    }),
    ("Elu", "alpha", NOT_POSITIVE, 1.0, |x| Elu::new(x).map(drop)),
    ("LeakyRelu", "slope", NOT_FINITE, -1.0, |x| LeakyRelu::new(x).map(drop)),
    ("Monitor", "period", ZERO, 1.0, |x| Monitor::new().period(x as u64).map(drop)),
    ("EarlyStopping", "patience", ZERO, 1.0, |x| EarlyStopping::new(x as u64).map(drop)),
    ("EarlyStopping", "improvement", NEGATIVE, 0.0, |x| EarlyStopping::new(1)?.improvement(x).map(drop)),
    ("Trainer", "batch", ZERO, 1.0, |x| trainer().batch(x as usize).build().map(drop)),
    ("Trainer", "epochs", ZERO, 1.0, |x| trainer().epochs(x as u64).build().map(drop)),
    ("Trainer", "probe_rows", ZERO, 1.0, |x| trainer().probe_rows(x as usize).build().map(drop)),
    ("Workspace", "rows", ZERO, 1.0, |x| network().workspace(x as usize).map(drop)),
    ("split", "fraction", &[0.0, 1.0, -1.0, NAN, INF, 1e-300], 0.5, |x| classes(&[0, 1, 2]).split(x, 1).map(drop)),
    ("update", "scale", NEGATIVE, 0.0, |x| update(x, 1.0)),
    ("update", "rate", NEGATIVE, 0.0, |x| update(1.0, x)),
];

/// 2 -> 4 -> 3.
fn network() -> Network<f64> {
    Network::builder(2).layer(Linear::new(4)).layer(Tanh).layer(Linear::new(3)).build().unwrap()
}

fn trainer() -> TrainerBuilder<f64> {
    Trainer::builder(network(), SoftmaxCrossEntropy::new(), Sgd::new(0.1).unwrap())
}

fn classes(classes: &[usize]) -> Dataset<f64> {
    Dataset::classes(vec![0.5; 2 * classes.len()], 2, classes.to_vec()).unwrap()
}

fn rows(data: &[f64], cols: usize) -> Rows<'_, f64> {
    Rows::new(data, cols).unwrap()
}

/// A forward pass over two rows, with its loss and its gradients.
fn passed(network: &Network<f64>) -> Workspace<f64> {
    let mut workspace = network.workspace(4).unwrap();
    network.forward(rows(&[0.5; 4], 2), Mode::Train, &mut workspace).unwrap();
    network.loss(&SoftmaxCrossEntropy::new(), Targets::Classes(&[0, 2]), &mut workspace).unwrap();
    network.backward(&mut workspace).unwrap();
    workspace
}

fn update(scale: f64, rate: f64) -> Result<(), Error> {
    let (mut network, optimizer) = (network(), Adam::new(0.1)?);
    let mut state = network.optimizer_state(&optimizer)?;
    let mut workspace = passed(&network);
    let result = network.update(&optimizer, &mut state, &mut workspace, scale, rate);
    assert_eq!((network.updates(), state.updates()), if result.is_ok() { (1, 1) } else { (0, 0) });
    result
}

#[test]
fn every_argument_is_named() {
    for &(taker, name, bad, good, call) in ARGUMENTS {
        for &x in bad {
            match call(x) {
                Err(Error::Argument { of, argument, value, must }) => {
                    assert_eq!((of, argument, value.to_bits()), (taker, name, x.to_bits()));
                    let says = format!("{taker}: {name} is {x}, but it must be {must}");
                    assert_eq!(Error::Argument { of, argument, value, must }.to_string(), says);
                }
                other => panic!("{taker}, {name} = {x}: {other:?}"),
            }
        }
        assert_eq!(call(good), Ok(()), "{taker}, {name} = {good}");
    }
    let none = Error::Empty { what: "the list of class weights" };
    refused(SoftmaxCrossEntropy::new().class_weights(&[]), none.clone(), "class weights is empty");
    refused(SigmoidCrossEntropy::new().class_weights(&[]), none, "class weights is empty");
}

#[test]
fn extreme_settings_work() {
    // Beyond what a step can reach, but nothing that may overflow on the way.
    let warmup = Warmup::new(u64::MAX, Unchanged).unwrap();
    assert_eq!(warmup.factor(0), 1.0 / u64::MAX as f64);
    assert!(warmup.factor(u64::MAX - 1) <= 1.0);
    // The best epoch is not the first, and worse ones follow.
    let network = Network::builder(2).layer(Linear::new(3)).build().unwrap();
    let builder = Trainer::builder(network, Scripted(AtomicUsize::new(0)), Sgd::new(0.1).unwrap()).epochs(4);
    let mut trainer = builder.early_stopping(EarlyStopping::new(u64::MAX).unwrap()).build().unwrap();
    let history = trainer.fit(&classes(&[0, 1, 2]), None, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(history.iter().map(|epoch| epoch.loss).collect::<Vec<f64>>(), Scripted::LOSSES);
}

/// A loss that says what it was told to.
#[derive(Debug)]
struct Scripted(AtomicUsize);

impl Scripted {
    const LOSSES: [f64; 4] = [3.0, 2.0, 5.0, 5.0];
}

impl Loss<f64> for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn evaluate(&self, _: Rows<'_, f64>, _: Targets<'_, f64>, grad: Option<RowsMut<'_, f64>>) -> Result<f64, Error> {
        grad.into_iter().for_each(|mut grad| grad.data_mut().fill(0.0));
        Ok(Self::LOSSES[self.0.fetch_add(1, Ordering::Relaxed)])
    }
}

#[test]
fn rows_of_the_wrong_length() {
    let (network, what) = (network(), "the numbers of an input row");
    let wrong = Error::Size { what, expected: 2, found: 3 };
    let says = "the numbers of an input row: expected 2, found 3";
    let mut workspace = network.workspace(4).unwrap();
    refused(network.forward(rows(&[0.0; 6], 3), Mode::Train, &mut workspace), wrong.clone(), says);
    refused(network.predict(rows(&[0.0; 6], 3)), wrong.clone(), says);
    let wide = Dataset::classes(vec![0.0; 6], 3, vec![0, 1]).unwrap();
    let mut trainer = trainer().build().unwrap();
    refused(trainer.step(&wide), wrong.clone(), says);
    refused(trainer.evaluate(&wide), wrong, says);
    assert_eq!(trainer.steps(), 0);
    let part = Error::Size { what: "the numbers of the last row", expected: 4, found: 2 };
    refused(Rows::new(&[0.0; 6], 4), part.clone(), "expected 4, found 2");
    refused(Dataset::classes(vec![0.0; 6], 4, vec![0]), part, "expected 4, found 2");
    refused(Rows::<f64>::new(&[], 0), Error::Empty { what: "a row" }, "a row is empty");
}

#[test]
fn batches_of_nothing_and_of_too_much() {
    let network = network();
    let mut workspace = network.workspace(2).unwrap();
    let (none, three) = (rows(&[], 2), [0.0; 6]);
    let empty = Error::Empty { what: "a batch" };
    refused(network.forward(none, Mode::Train, &mut workspace), empty.clone(), "a batch is empty");
    let many = Error::Size { what: "the rows of a batch", expected: 2, found: 3 };
    refused(
        network.forward(rows(&three, 2), Mode::Train, &mut workspace),
        many,
        "the rows of a batch: expected 2, found 3",
    );
    for (loss, targets) in [
        (&MeanSquared::new() as &dyn Loss<f64>, Targets::Values(none)),
        (&MeanAbsolute::new(), Targets::Values(none)),
        (&Huber::new(1.0).unwrap(), Targets::Values(none)),
        (&SigmoidCrossEntropy::new(), Targets::Values(none)),
        (&SoftmaxCrossEntropy::new(), Targets::Classes(&[])),
    ] {
        refused(loss.evaluate(none, targets, None), empty.clone(), "a batch is empty");
    }
    assert_eq!(network.predict(none), Ok(vec![]));
    refused(Dataset::<f64>::classes(vec![], 2, vec![]), Error::Empty { what: "a data set" }, "a data set is empty");
    refused(classes(&[0]).select(&[]), Error::Empty { what: "the list of rows" }, "rows is empty");
    let beyond = Error::Size { what: "the rows of the data", expected: 2, found: 7 };
    refused(classes(&[0, 1]).select(&[1, 7]), beyond, "expected 2, found 7");
}

#[test]
fn targets_that_do_not_fit() {
    let out = rows(&[0.5; 6], 3);
    let values = [0.5, 0.5, 0.5, 0.5, -0.25, 0.5];
    let (values, narrow) = (rows(&values, 3), rows(&values, 2));
    let (softmax, squared) = (SoftmaxCrossEntropy::new(), MeanSquared::new());
    let class = Error::Class { row: 1, class: 3, classes: 3 };
    let says = "row 1: class 3 is out of range, there are 3 classes (0 to 2)";
    refused(softmax.evaluate(out, Targets::Classes(&[2, 3]), None), class, says);
    let kind = Error::Targets { of: "SoftmaxCrossEntropy", needs: "classes" };
    refused(softmax.evaluate(out, Targets::Values(values), None), kind, "SoftmaxCrossEntropy needs classes as targets");
    for (of, loss) in [
        ("MeanSquared", &squared as &dyn Loss<f64>),
        ("MeanAbsolute", &MeanAbsolute::new()),
        ("Huber", &Huber::new(1.0).unwrap()),
        ("SigmoidCrossEntropy", &SigmoidCrossEntropy::new()),
    ] {
        let kind = Error::Targets { of, needs: "rows of values" };
        refused(loss.evaluate(out, Targets::Classes(&[0, 1]), None), kind, "needs rows of values as targets");
        let rows = Error::Size { what: "the rows of the targets", expected: 2, found: 3 };
        refused(loss.evaluate(out, Targets::Values(narrow), None), rows, "rows of the targets: expected 2, found 3");
    }
    let two = rows(&[0.5; 4], 2);
    let columns = Error::Size { what: "the columns of the targets", expected: 3, found: 2 };
    refused(squared.evaluate(out, Targets::Values(two), None), columns, "columns of the targets: expected 3, found 2");
    let mut two = [0.0; 4];
    let gradient = Error::Size { what: "the columns of the loss gradient", expected: 3, found: 2 };
    let grad = RowsMut::new(&mut two, 2).unwrap();
    refused(squared.evaluate(out, Targets::Values(values), Some(grad)), gradient, "expected 3, found 2");
    let probability = Error::Probability { row: 1, column: 1, value: -0.25 };
    let yes_or_no = SigmoidCrossEntropy::new();
    let says = "row 1, column 1 is -0.25, but it must be between 0 and 1";
    refused(yes_or_no.evaluate(out, Targets::Values(values), None), probability, says);
    let weights = Error::Size { what: "the class weights of SoftmaxCrossEntropy", expected: 3, found: 2 };
    let weighted = SoftmaxCrossEntropy::new().class_weights(&[1.0, 1.0]).unwrap();
    refused(weighted.evaluate(out, Targets::Classes(&[0, 1]), None), weights, "class weights of SoftmaxCrossEntropy");

    // The same, where a trainer finds it: nothing is trained, and the place in the run stays.
    let mut trainer = trainer().batch(2).build().unwrap();
    let before = trainer.network().parameters().to_vec();
    assert!(matches!(trainer.step(&classes(&[7, 7, 7])), Err(Error::Class { class: 7, classes: 3, .. })));
    let values = Dataset::values(vec![0.5; 4], 2, vec![0.5; 2], 1).unwrap();
    assert!(matches!(trainer.step(&values), Err(Error::Targets { needs: "classes", .. })));
    assert_eq!((trainer.steps(), trainer.network().parameters()), (0, &before[..]));
}

#[test]
fn data_that_are_not_finite() {
    for bad in NOT_FINITE {
        let inputs = vec![0.0, 1.0, 2.0, *bad, 4.0, NAN];
        let found = Error::Data { what: "inputs", row: 1, column: 1, value: *bad };
        let says = format!("inputs: row 1, column 1 is {bad}, but data must be finite");
        refused(Dataset::classes(inputs.clone(), 2, vec![0, 1, 2]), found.clone(), &says);
        refused(Dataset::values(inputs.clone(), 2, vec![0.0; 3], 1), found, &says);
        let found = Error::Data { what: "targets", row: 0, column: 3, value: *bad };
        refused(Dataset::values(vec![0.0; 3], 3, inputs, 6), found, "targets: row 0, column 3");
        let found = Error::Data { what: "the data to scale", row: 1, column: 0, value: *bad };
        refused(Scaler::standardize(rows(&[1.0, *bad], 1)), found, "the data to scale: row 1, column 0");
        // Scaling must not bring such data in; and what it refuses it leaves as it was.
        let scaler = Scaler::standardize(rows(&[1e-300, 3e-300], 1)).unwrap();
        let mut data = Dataset::values(vec![1e300, 2.0], 1, vec![3e300, 4.0], 1).unwrap();
        let before = data.clone();
        assert!(matches!(data.scale_inputs(&scaler), Err(Error::Data { what: "inputs", row: 0, column: 0, .. })));
        assert!(matches!(data.scale_targets(&scaler), Err(Error::Data { what: "targets", row: 0, column: 0, .. })));
        assert_eq!(data, before);
    }
    let two = Scaler::min_max(rows(&[0.0; 4], 2)).unwrap();
    let columns = Error::Size { what: "the columns of the scaler", expected: 2, found: 1 };
    let mut data = Dataset::values(vec![1.0], 1, vec![1.0], 1).unwrap();
    refused(data.scale_inputs(&two), columns, "columns of the scaler");
    let kind = Error::Targets { of: "scale_targets", needs: "rows of values" };
    refused(classes(&[0]).scale_targets(&two), kind, "scale_targets needs rows of values");
}
