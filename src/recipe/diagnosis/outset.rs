//! What is known before the first step: what theory says of signals and gradients, and whether the loss begins where it should.

use super::facts::Facts;
use super::limits::UNSCALED;
use super::notice::{Notice, notice};
use crate::recipe::Answers;
use crate::stability::short;
use crate::{Cause, Concern, Forecast, Moments, Remedy, Severity, Symptom};

/// The forecast for the network that the recipe builds, on inputs and targets of the size of these; `None` where it cannot be built.
pub(super) fn forecast(facts: &Facts<'_>) -> Option<Forecast> {
    let network = facts.untrained.as_ref()?;
    let loss = facts.recipe.training.loss.build().ok()?;
    let mut builder = Forecast::builder(network).rows(facts.data.train().inputs()).ok()?.loss(&*loss);
    if let Answers::Values(values, _) = facts.data.answers() {
        builder = builder.targets(moments(values));
    }
    builder.build().ok()
}

fn moments(numbers: &[f32]) -> Moments {
    let mean_of = |power: i32| numbers.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / numbers.len() as f64;
    Moments { mean: mean_of(1), second: mean_of(2) }
}

/// What theory says to vanish or to explode, as the symptom of it and the factor.
fn verdict(forecast: &Forecast) -> Option<(Symptom, &'static str, f64)> {
    match *forecast.concerns.first()? {
        Concern::SignalExplodes { factor } => Some((Symptom::ExplodingGradients, "forecast_of_signal", factor)),
        Concern::GradientExplodes { factor } => Some((Symptom::ExplodingGradients, "forecast_of_gradient", factor)),
        Concern::SignalVanishes { factor } => Some((Symptom::VanishingGradients, "forecast_of_signal", factor)),
        Concern::GradientVanishes { factor } => Some((Symptom::VanishingGradients, "forecast_of_gradient", factor)),
        _ => None,
    }
}

/// What theory says to vanish or to explode, of a run that fell short: what trains well is not to be mended.
pub(super) fn look(facts: &Facts<'_>, forecast: &Forecast) -> Option<Notice> {
    let (symptom, what, factor) = verdict(forecast).filter(|_| facts.troubled())?;
    let message = format!("theory says of the start of the network: {}", forecast.concerns.first()?);
    Some(notice(symptom, false, Cause::Unknown, message).shown_by(what, factor))
}

/// That the loss begins far above that of the best constant answer: outputs then start far larger than what there is to be told, and the
/// first steps do nothing but make them smaller.
pub(super) fn first_loss(facts: &Facts<'_>, forecast: Option<&Forecast>) -> Option<Notice> {
    let (start, trivial) = (facts.run.start.train.loss, facts.trivial_loss());
    if !start.is_finite() || trivial.is_nan() || trivial <= 0.0 || start <= UNSCALED * trivial {
        return None;
    }
    let message = format!("the loss begins at {}, where the best constant answer has {}", short(start), short(trivial));
    let remedies = vec![Remedy::FittingInitializer, Remedy::ScaleData];
    let mut found = notice(Symptom::HighFirstLoss, false, Cause::Unknown, message).cured_by(remedies);
    found.0.severity = Severity::Info;
    let found = found.shown_by("loss_at_start", start).shown_by("trivial_loss", trivial);
    Some(match forecast.and_then(|forecast| forecast.loss) {
        Some(expected) => found.shown_by("forecast_of_loss", expected.value),
        None => found,
    })
}
