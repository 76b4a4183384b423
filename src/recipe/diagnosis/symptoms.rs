//! What a finished run shows, beside what the monitor saw: each a function of the facts.

use super::facts::Facts;
use super::limits::*;
use super::notice::{Notice, notice};
use crate::recipe::LossKind;
use crate::{Cause, Remedy, Symptom};

type Look = fn(&Facts<'_>) -> Option<Notice>;

pub(super) const ALL: &[Look] = &[
    non_finite,
    exploding_gradients,
    diverging_loss,
    vanishing_gradients,
    constant_output,
    exploding_weights,
    vanishing_weights,
    saturated_units,
    constant_gradients,
    unstable_loss,
    loss_not_decreasing,
    slow_convergence,
    overfitting,
];

fn non_finite(facts: &Facts<'_>) -> Option<Notice> {
    let stopped = facts.run.stopped.as_ref()?;
    Some(notice(Symptom::NonFinite, true, Cause::Unknown, format!("the run ended early: {stopped}")))
}

/// The gradient grew out of all proportion, or the numbers overflowed before there was one.
fn exploding_gradients(facts: &Facts<'_>) -> Option<Notice> {
    let layers = &facts.run.report.layers;
    let first = layers.iter().filter_map(|layer| layer.gradient.start()).fold(0.0, f64::max);
    let largest = layers.iter().filter_map(|layer| layer.gradient.largest()).fold(0.0, f64::max);
    let overflowed = !facts.run.start.train.loss.is_finite();
    if !overflowed && (!facts.troubled() || largest <= GROWN * first) {
        return None;
    }
    let message = if overflowed {
        "on the way through the layers the numbers overflow before the first step".to_owned()
    } else {
        format!("the largest gradient is {:.1e} times the first one", largest / first)
    };
    let found = notice(Symptom::ExplodingGradients, true, Cause::Unknown, message);
    Some(found.shown_by("gradient_norm_first", first).shown_by("gradient_norm_largest", largest))
}

fn diverging_loss(facts: &Facts<'_>) -> Option<Notice> {
    let (start, end) = (facts.run.start.train.loss, facts.run.end.train.loss);
    if !start.is_finite() || start <= 0.0 || end <= DIVERGED * start {
        return None;
    }
    let message = format!("the loss ends at {end:.2e}, and it started at {start:.2e}");
    let found = notice(Symptom::DivergingLoss, true, Cause::Unknown, message);
    Some(found.shown_by("loss_at_start", start).shown_by("loss_at_end", end))
}

/// Rows that differ in the input hardly differ behind the hidden layers, or the gradient hardly reaches the first one.
fn vanishing_gradients(facts: &Facts<'_>) -> Option<Notice> {
    let fade = facts.fade()?;
    if !facts.short() || fade.signal.min(fade.gradient) > GONE {
        return None;
    }
    let message = format!(
        "before training {:.1e} of what tells rows apart is left behind the hidden layers, and {:.1e} of the gradient \
         in front of them",
        fade.signal, fade.gradient
    );
    let start = facts.start.as_ref()?;
    let names: Vec<String> = start.trained().map(|layer| layer.name.clone()).collect();
    let found = notice(Symptom::VanishingGradients, true, Cause::Unknown, message);
    let found = found.shown_by("signal_last_to_first", fade.signal).shown_by("gradient_first_to_last", fade.gradient);
    Some(found.in_layers(names[..names.len() / 2].to_vec()))
}

fn constant_output(facts: &Facts<'_>) -> Option<Notice> {
    let spread = facts.output_spread();
    let targets = facts.answer_spread();
    if !spread.is_finite() || targets == 0.0 || spread >= CONSTANT * targets {
        return None;
    }
    let message = "the output is nearly the same for every row".to_owned();
    let found = notice(Symptom::ConstantOutput, true, Cause::Unknown, message);
    Some(found.shown_by("output_spread", spread).shown_by("target_spread", targets))
}

fn exploding_weights(facts: &Facts<'_>) -> Option<Notice> {
    if !facts.troubled() {
        return None;
    }
    let grown = facts.run.report.layers.iter().filter_map(|layer| {
        let (start, now) = (layer.weight.start()?, layer.weight.now()?);
        (start > 0.0).then_some(if now.is_finite() { now / start } else { f64::INFINITY })
    });
    let least = grown.fold(f64::INFINITY, f64::min);
    let large = facts.end_gain()?;
    if !(least > WEIGHTS_GROWN && large > LARGE_GAIN && (least.is_finite() || facts.run.stopped.is_some())) {
        return None;
    }
    let message = "the weights of every layer have grown many times over, and the loss has not fallen".to_owned();
    Some(notice(Symptom::ExplodingWeights, false, Cause::Unknown, message).shown_by("least_growth", least))
}

fn vanishing_weights(facts: &Facts<'_>) -> Option<Notice> {
    let shares = facts.run.report.layers.iter().filter_map(|layer| Some(layer.weight.now()? / layer.weight.start()?));
    let most = shares.filter(|share| share.is_finite()).fold(0.0, f64::max);
    let any = facts.run.report.layers.iter().any(|layer| layer.weight.start().is_some_and(|start| start > 0.0));
    if !any || !facts.troubled() || most >= 1.0 / WEIGHTS_GROWN {
        return None;
    }
    let message = "the weights of every layer have shrunk to next to nothing".to_owned();
    Some(notice(Symptom::VanishingWeights, false, Cause::Unknown, message).shown_by("most_left", most))
}

fn loss_not_decreasing(facts: &Facts<'_>) -> Option<Notice> {
    let (start, end) = (facts.run.start.train.loss, facts.run.end.train.loss);
    let nothing_learned = facts.uninformative();
    if !end.is_finite() || facts.run.stopped.is_some() || !(nothing_learned || facts.not_decreased()) {
        return None;
    }
    if !(nothing_learned || facts.troubled()) {
        return None;
    }
    let message = if nothing_learned {
        "on rows it has not seen the network is no better than a constant answer, and neither is a plain one".to_owned()
    } else {
        format!("the loss ends at {end:.4}, where the best constant answer has {:.4}", facts.trivial_loss())
    };
    let found = notice(Symptom::LossNotDecreasing, true, Cause::Unknown, message);
    let found = found.shown_by("loss_at_start", start).shown_by("loss_at_end", end);
    Some(found.shown_by("trivial_loss", facts.trivial_loss()))
}

fn slow_convergence(facts: &Facts<'_>) -> Option<Notice> {
    let crawls = facts.not_decreased() && facts.still_falls();
    if !facts.short() || facts.run.stopped.is_some() || !(crawls || !facts.not_decreased()) {
        return None;
    }
    let message = format!(
        "the run reached {:.0} % of what could be had, where a plain network reaches {:.0} %",
        100.0 * facts.run_gains().0.max(0.0),
        100.0 * facts.control_gains().1
    );
    let found = notice(Symptom::SlowConvergence, false, Cause::Unknown, message);
    Some(found.shown_by("gain", facts.run_gains().0).shown_by("gain_of_control", facts.control_gains().1))
}

fn overfitting(facts: &Facts<'_>) -> Option<Notice> {
    if facts.recipe.training.loss == LossKind::Poisson {
        return None;
    }
    let trivial = facts.trivial_loss();
    let (train, validation) = (facts.run.end.train.loss, facts.run.end.validation.loss);
    let best = facts.run.history.iter().filter_map(|epoch| epoch.validation.map(|part| part.loss)).reduce(f64::min)?;
    let by_heart = (validation - train) / trivial;
    if facts.uninformative()
        || trivial.is_nan()
        || trivial <= 0.0
        || by_heart <= BY_HEART
        || validation <= best * (1.0 + STILL_FALLS)
        || train > (1.0 - BY_HEART) * trivial
    {
        return None;
    }
    let message =
        format!("the loss is {train:.4} on the training rows and {validation:.4} on others, where it was {best:.4}");
    let found = notice(Symptom::Overfitting, false, Cause::Unknown, message).cured_by(vec![Remedy::StopEarly]);
    Some(
        found
            .shown_by("train_loss", train)
            .shown_by("validation_loss", validation)
            .shown_by("best_validation_loss", best),
    )
}

/// Most outputs of a hidden layer are at a flat end before the first step.
fn saturated_units(facts: &Facts<'_>) -> Option<Notice> {
    let start = facts.start.as_ref()?;
    let last = start.layers.iter().rposition(|layer| layer.gradient.is_some())?;
    let flat: Vec<_> = start.layers[..last].iter().filter(|layer| layer.flat > MOST).collect();
    let worst = flat.iter().map(|layer| layer.flat).reduce(f64::max)?;
    if !facts.troubled() {
        return None;
    }
    let names = flat.iter().map(|layer| layer.name.clone()).collect();
    let message = format!("before training {:.0} % of the outputs of a layer are where it is flat", 100.0 * worst);
    let found = notice(Symptom::SaturatedUnits, false, Cause::Unknown, message).shown_by("flat_share", worst);
    Some(found.in_layers(names))
}

/// The gradient of every layer is the same, step after step: it is zero, or nothing moves.
fn constant_gradients(facts: &Facts<'_>) -> Option<Notice> {
    /// A gradient whose norm changes by less than this share of itself is one: batches that differ change it by far more.
    const SAME: f64 = 1e-6;
    let mut layers = facts.run.report.layers.iter().filter(|layer| layer.trains()).peekable();
    layers.peek()?;
    let constant = layers.all(|layer| {
        let norms: Vec<f64> = layer.gradient.recent().map(|(_, norm)| norm).collect();
        let (low, high) =
            norms.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), norm| (low.min(*norm), high.max(*norm)));
        norms.len() >= 8 && high.is_finite() && high - low <= SAME * high
    });
    if !constant || !facts.troubled() {
        return None;
    }
    let message = "the gradient of every layer was the same in each of the last steps".to_owned();
    Some(notice(Symptom::ConstantGradients, false, Cause::Unknown, message))
}

/// The loss of an epoch is often well above that of the one before, to the end.
fn unstable_loss(facts: &Facts<'_>) -> Option<Notice> {
    let losses: Vec<f64> = facts.run.history.iter().map(|epoch| epoch.loss).collect();
    let late = &losses[losses.len() / 2..];
    let steps = late.len().checked_sub(1).filter(|steps| *steps >= 4)?;
    let rises = late.windows(2).filter(|pair| pair[1] > (1.0 + RISE) * pair[0].abs()).count();
    if !facts.troubled() || (rises as f64) < RISES * steps as f64 {
        return None;
    }
    let message = format!("in {rises} of the last {steps} epochs the loss rose by more than a tenth");
    let found = notice(Symptom::UnstableLoss, false, Cause::Unknown, message);
    Some(found.shown_by("rises", rises as f64).shown_by("epochs", steps as f64))
}
