//! A user's own activation, initializer, clipper, loss, optimizer and schedule, each in a few lines, all in one trainer.

use std::f64::consts::LN_2;
use std::ops::ControlFlow;

use evenkeel::schedule::Schedule;
use evenkeel::*;
use rand::RngExt;

/// sin(x)
#[derive(Debug, Clone, Copy)]
struct Sine;

impl Activation for Sine {
    fn name(&self) -> &'static str {
        "sine"
    }

    fn value<T: Float>(&self, x: T) -> T {
        x.sin()
    }

    fn slope<T: Float>(&self, x: T, _: T) -> T {
        x.cos()
    }

    fn initializer<T: Float>(&self) -> Box<dyn Initializer<T>> {
        Box::new(Signs)
    }

    fn bounds(&self) -> Bounds {
        Bounds { dead: Some(0.0), ..Bounds::NONE }
    }
}

/// Plus or minus 1 / sqrt(fan_in).
#[derive(Debug)]
struct Signs;

impl<T: Float> Initializer<T> for Signs {
    fn fill(&self, param: &Param, out: &mut [T], rng: &mut Generator) -> Result<(), Error> {
        let size = 1.0 / (param.fans.fan_in as f64).sqrt();
        out.iter_mut().for_each(|w| *w = T::of(if rng.random() { size } else { -size }));
        Ok(())
    }

    fn moments(&self, param: &Param) -> Option<InitMoments> {
        Some(InitMoments { mean: 0.0, variance: 1.0 / param.fans.fan_in as f64, kurtosis: Some(1.0) })
    }
}

/// Adaptive clipping: the gradient of no parameter is larger than a share of the parameter itself.
#[derive(Debug)]
struct Adaptive(f64);

impl<T: Float> GradientClipper<T> for Adaptive {
    fn clip(&mut self, gradients: &mut Gradients<'_, T>) -> Clipped {
        let before = gradients.norm();
        if let Some(place) = gradients.first_non_finite() {
            return Clipped { non_finite: Some(place), ..Clipped::untouched(before) };
        }
        let mut touched = 0;
        let weights = gradients.weights();
        for slot in gradients.layout().slots() {
            let (w, g) = (&weights[slot.range.clone()], &mut gradients.values_mut()[slot.range.clone()]);
            let limit = self.0 * norm(w).max(1e-3);
            if norm(g) > limit {
                let factor = T::of(limit / norm(g));
                g.iter_mut().for_each(|g| *g *= factor);
                touched += g.len();
            }
        }
        Clipped { norm_before: before, norm_after: gradients.norm(), pending: 1.0, touched, non_finite: None }
    }
}

fn norm<T: Float>(numbers: &[T]) -> f64 {
    numbers.iter().map(|x| x.get() * x.get()).sum::<f64>().sqrt()
}

/// The mean of log(cosh(y - t)).
#[derive(Debug)]
struct LogCosh;

impl<T: Float> Loss<T> for LogCosh {
    fn name(&self) -> &'static str {
        "log_cosh"
    }

    fn evaluate(&self, out: Rows<'_, T>, target: Targets<'_, T>, grad: Option<RowsMut<'_, T>>) -> Result<f64, Error> {
        let target = target.values("LogCosh", out.rows(), out.cols())?;
        let count = out.data().len() as f64;
        let differences = || out.data().iter().zip(target.data()).map(|(y, t)| y.get() - t.get());
        if let Some(mut grad) = grad {
            grad.data_mut().iter_mut().zip(differences()).for_each(|(g, r)| *g = T::of(r.tanh() / count));
        }
        // log(cosh(r)) = |r| + log(1 + exp(-2 |r|)) - log(2)
        Ok(differences().map(|r| r.abs() + (-2.0 * r.abs()).exp().ln_1p() - LN_2).sum::<f64>() / count)
    }
}

/// Every weight moves by the rate, in the direction of a running mean of its gradient ("Lion" without decay).
#[derive(Debug)]
struct SignOfMean(f64);

impl<T: Float> Optimizer<T> for SignOfMean {
    fn name(&self) -> &'static str {
        "sign_of_mean"
    }

    fn rate(&self) -> f64 {
        self.0
    }

    fn slots(&self) -> usize {
        1
    }

    fn update(&self, update: Update<'_, T>) {
        let (rate, scale) = (T::of(update.rate), T::of(update.scale));
        for (slot, norm) in update.layout.slots().iter().zip(update.norms) {
            for at in slot.range.clone() {
                let mean = T::of(0.9) * update.slots[at] + T::of(0.1) * scale * update.gradients[at];
                update.slots[at] = mean;
                update.weights[at] -= rate * mean.signum();
            }
            *norm = update.rate * (slot.range.len() as f64).sqrt();
        }
    }
}

/// 1 / sqrt(1 + step / 50)
#[derive(Debug)]
struct InverseRoot;

impl Schedule for InverseRoot {
    fn factor(&self, step: u64) -> f64 {
        (1.0 + step as f64 / 50.0).powf(-0.5)
    }
}

fn data<T: Float>() -> Dataset<T> {
    let x = |row: usize| row as f64 / 32.0 - 1.0;
    let inputs = (0..64).flat_map(|row| [T::of(x(row)), T::of(x(row * 7 % 64))]).collect();
    let values = (0..64).map(|row| T::of(x(row) * x(row * 7 % 64))).collect();
    Dataset::values(inputs, 2, values, 1).unwrap()
}

fn network<T: Float>() -> Network<T> {
    let builder = Network::builder(2).layer(Linear::new(24)).layer(Sine).layer(Linear::new(24).weights(Signs));
    builder.layer(Sine).layer(Linear::new(1)).seed(9).build().unwrap()
}

#[test]
fn they_start_and_differentiate_rightly() {
    let network = network::<f64>();
    // Asked for by the activation behind the first, given to the second, and nobody's in the third.
    let sizes = |name: &str| {
        let mut sizes: Vec<f64> = network.parameter(name).unwrap().data().iter().map(|w| w.abs()).collect();
        sizes.dedup();
        sizes
    };
    assert_eq!(sizes("0.linear.weight"), [1.0 / 2_f64.sqrt()]);
    assert_eq!(sizes("2.linear.weight"), [1.0 / 24_f64.sqrt()]);
    assert_eq!(sizes("4.linear.weight").len(), 24);
    let checked = check::gradients(&network, data().inputs(), 1).unwrap();
    assert_eq!(checked.entries, network.parameters().len());
}

fn train<T: Float>() {
    let builder =
        Trainer::builder(network::<T>(), LogCosh, SignOfMean(0.003)).schedule(InverseRoot).clip(Adaptive(0.1));
    let mut trainer = builder.batch(16).epochs(300).watch(Monitor::new().period(1).unwrap()).build().unwrap();
    let data = data::<T>();
    let start = trainer.evaluate(&data).unwrap().loss;
    let rates: Vec<f64> = {
        let history = trainer.fit(&data, None, |_| ControlFlow::Continue(())).unwrap();
        history.iter().map(|epoch| epoch.rate).collect()
    };
    let end = trainer.evaluate(&data).unwrap().loss;
    assert!(end < 0.02 * start, "from {start} to {end}");
    assert_eq!(rates[0], 0.003 * InverseRoot.factor(3));
    let report = trainer.report().unwrap();
    assert!(report.is_healthy(), "{report}");
    assert!(report.clipping.clipped > 0 && report.clipping.steps == 1200, "{:?}", report.clipping);
    assert!(report.layer("1.sine").is_some_and(|layer| layer.dead.len() == 1200));
    // What the optimizer says it added is what the report divides by the size of the weights.
    let layer = report.layer("2.linear").unwrap();
    let weights = trainer.network().parameter("2.linear.weight").unwrap().data().to_vec();
    let ratio = 0.003 * InverseRoot.factor(1199) * 24.0 / norm(&weights);
    assert!(layer.update_ratio.now().is_some_and(|now| (now - ratio).abs() <= 1e-9 * ratio));
}

#[test]
fn they_train_in_both_precisions() {
    train::<f32>();
    train::<f64>();
}
