//! Symptoms: each a pure function from what was recorded to a finding, or none. And what several of them ask of a record.

mod born_dead_units;
mod clip_saturation;
mod constant_gradients;
mod dead_units;
mod dying_units;
mod epsilon_regime;
mod exploding_gradients;
mod exploding_over_time;
mod exploding_weights;
mod foreign_change;
mod frozen_layer;
mod gradient_underflow;
mod growing_symmetry;
mod growth;
mod loss_not_decreasing;
mod loss_spikes;
mod mode_mismatch;
mod non_finite;
mod overshooting;
mod rank_collapse;
mod saturated_units;
mod symmetric_units;
mod unstable_loss;
mod vanishing_gradients;
mod vanishing_over_time;
mod vanishing_weights;
mod wrong_gradient;

use growth::Growth;

use super::series::median;
use super::{Cause, Evidence, Finding, LayerRecord, Series, StabilityReport, Thresholds};

type Look = fn(&StabilityReport, &Thresholds) -> Option<Finding>;

/// Every symptom, in the order in which findings of one severity are told.
pub(super) const ALL: &[Look] = &[
    non_finite::look,
    symmetric_units::look,
    exploding_gradients::look,
    vanishing_gradients::look,
    exploding_over_time::look,
    vanishing_over_time::look,
    dead_units::look,
    saturated_units::look,
    exploding_weights::look,
    vanishing_weights::look,
    unstable_loss::look,
    constant_gradients::look,
    loss_not_decreasing::look,
    wrong_gradient::look,
    frozen_layer::look,
    foreign_change::look,
    gradient_underflow::look,
    loss_spikes::look,
    overshooting::look,
    mode_mismatch::look,
    rank_collapse::look,
    growing_symmetry::look,
    dying_units::look,
    born_dead_units::look,
    clip_saturation::look,
    epsilon_regime::look,
];

fn evidence<const N: usize>(pairs: [(&'static str, f64); N]) -> Vec<Evidence> {
    pairs.into_iter().map(|(what, value)| Evidence { what, value }).collect()
}

fn names<'a>(layers: impl IntoIterator<Item = &'a LayerRecord>) -> Vec<String> {
    layers.into_iter().map(|layer| layer.name.clone()).collect()
}

/// "layer a", or "3 layers (a to c)".
fn in_words(layers: &[String]) -> String {
    match layers {
        [] => "no layer".to_owned(),
        [one] => format!("layer {one}"),
        [first, .., last] => format!("{} layers ({first} to {last})", layers.len()),
    }
}

/// The mean of the finite ones of some values; `None` where there is none.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let finite = values.filter(|value| value.is_finite());
    let (sum, count) = finite.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The median of the values of the first ten looks or steps.
fn early(series: &Series) -> Option<f64> {
    median(series.first().iter().take(10).map(|&(_, value)| value))
}

/// Where the loss started, and where it is now: the mean of the first steps, and that of the last quarter of the run.
#[derive(Clone, Copy)]
struct Progress {
    start: f64,
    now: f64,
}

impl Progress {
    fn of(report: &StabilityReport, thresholds: &Thresholds) -> Option<Self> {
        Some(Self { start: Self::start(report, thresholds)?, now: Self::quarter(report, 4)? })
    }

    /// The mean loss of the first steps: of as many as it takes for that mean to be known, five at least. The losses of single rows may
    /// differ by any factor, so that five of them tell little; those of larger batches hardly differ.
    fn start(report: &StabilityReport, thresholds: &Thresholds) -> Option<f64> {
        if let Some(until) = Self::left_at_once(report, thresholds) {
            return mean(report.loss.first()[..until].iter().map(|&(_, loss)| loss));
        }
        mean(report.loss.first().iter().map(|&(_, loss)| loss).take(Self::firsts(report)))
    }

    /// Of how many losses the start is the mean.
    fn firsts(report: &StabilityReport) -> usize {
        /// The mean is known where its standard error is below this share of it: what is judged by it are factors of two and more.
        const KNOWN: f64 = 0.2;
        ((Self::most_noise(report) / KNOWN).powi(2) as usize).clamp(5, Series::RECENT)
    }

    /// The [`noise`](Self::noise) as large as it may be: of some thirty losses as uneven as squares are, just those that happen to be small seem to
    /// differ little, too, by half of what they do.
    fn most_noise(report: &StabilityReport) -> f64 {
        const UNCERTAIN: f64 = 2.0;
        UNCERTAIN * Self::noise(report)
    }

    /// The standard deviation of the losses of neighbouring steps, as a share of their mean; at most 2. Of differences, so that neither a fall
    /// nor a jump counts: those of normal numbers have a mean size of 2 / sqrt(pi) deviations.
    fn noise(report: &StabilityReport) -> f64 {
        let first = report.loss.first();
        let size = mean(first.iter().map(|&(_, loss)| loss.abs())).unwrap_or(0.0);
        let differences = mean(first.windows(2).map(|pair| (pair[1].1 - pair[0].1).abs())).unwrap_or(0.0);
        let noise = differences * std::f64::consts::PI.sqrt() / 2.0 / size;
        if noise.is_finite() { noise.min(2.0) } else { 0.0 }
    }

    /// Before which of the first five steps the loss left the size of the first one, where it never came back, or where numbers are known to
    /// grow. Of single rows the first may happen to be next to nothing: it tells something where it is below the mean by more than the losses
    /// of neighbouring steps differ by.
    fn left_at_once(report: &StabilityReport, thresholds: &Thresholds) -> Option<usize> {
        const OUT_OF_PROPORTION: f64 = 100.0;
        const DEVIATIONS: f64 = 4.0;
        let first = report.loss.start()?;
        let in_proportion = |loss: f64| loss <= OUT_OF_PROPORTION * first.abs();
        let until = report.loss.first().iter().take(5).position(|&(_, loss)| !in_proportion(loss))?;
        let since = report.loss.first()[until].0;
        let comes_back = report.loss.first()[until..].iter().any(|&(_, loss)| in_proportion(loss))
            || report.loss.bins().iter().any(|bin| bin.first_step > since && in_proportion(bin.smallest));
        let by_chance = DEVIATIONS * Self::noise(report) > 1.0;
        let left = !comes_back && (!by_chance || Growth::of(report).cause(report, thresholds) != Cause::Unknown);
        left.then_some(until)
    }

    /// The mean loss of a quarter of the run, 1 to 4; `None` where there is no finite one.
    fn quarter(report: &StabilityReport, quarter: usize) -> Option<f64> {
        let bins = report.loss.bins();
        let until = |quarter: usize| (bins.len() * quarter).div_ceil(4);
        // A short run has fewer bins than quarters; then the last ones share a bin.
        let bins = &bins[until(quarter - 1).min(bins.len().saturating_sub(1))..until(quarter)];
        let count: f64 = bins.iter().map(|bin| bin.count as f64).sum();
        (count > 0.0).then(|| bins.iter().map(|bin| bin.mean * (bin.count as f64 / count)).sum())
    }

    /// Whether the loss has lost at least half of what it started with.
    fn halved(report: &StabilityReport, thresholds: &Thresholds) -> bool {
        Self::fell_to(0.5, report, thresholds)
    }

    /// Whether the loss no longer falls: its last quarter is hardly below the one before.
    fn rested(report: &StabilityReport, thresholds: &Thresholds) -> bool {
        let before = Self::quarter(report, 3).zip(Self::quarter(report, 4));
        before.is_some_and(|(before, now)| now > (1.0 - thresholds.at_rest) * before)
    }

    /// Whether the loss falls by more than its noise: its last quarter is well below the second.
    fn falls(report: &StabilityReport, thresholds: &Thresholds) -> bool {
        let before = Self::quarter(report, 2).zip(Self::quarter(report, 4));
        before.is_some_and(|(before, now)| now < (1.0 - thresholds.falling) * before)
    }

    /// Whether hardly anything is left of the loss.
    fn done(report: &StabilityReport, thresholds: &Thresholds) -> bool {
        Self::fell_to(thresholds.done, report, thresholds)
    }

    /// Whether the loss is below that share of its start.
    fn fell_to(share: f64, report: &StabilityReport, thresholds: &Thresholds) -> bool {
        let now = Self::quarter(report, 4);
        now.is_some_and(|now| Self::fell_from_start(now, share, report, thresholds))
    }

    /// Whether a loss is below that share of the start. A fall from where an explosion had put it is no learning.
    fn fell_from_start(now: f64, share: f64, report: &StabilityReport, thresholds: &Thresholds) -> bool {
        let fell = Self::start(report, thresholds).is_some_and(|start| start >= 0.0 && now <= share * start);
        fell && !Growth::of(report).through_layers(thresholds)
    }
}

/// The root mean square of a layer's weights, given their norm, times the square root of the larger (or smaller) of its fans: what
/// does not depend on the width of a layer that was initialized for it.
fn weight_gain(layer: &LayerRecord, norm: Option<f64>, pick: fn(usize, usize) -> usize) -> Option<f64> {
    let shape = layer.weights?;
    let root_mean_square = norm? / (shape.rows as f64 * shape.cols as f64).sqrt();
    Some(root_mean_square * (pick(shape.rows, shape.cols) as f64).sqrt())
}

/// Whether a normalization right behind a layer brings its outputs to a size of their own: then that of its weights does not matter, and
/// neither do its biases.
fn is_normalized(report: &StabilityReport, layer: &LayerRecord) -> bool {
    let behind = report.layers.iter().skip_while(|other| other.name != layer.name).nth(1);
    behind.is_some_and(|behind| behind.bounds.normalized)
}

/// Whether training itself has made a layer's weights very large.
fn has_grown(layer: &LayerRecord, thresholds: &Thresholds) -> bool {
    let gain = |norm| weight_gain(layer, norm, usize::min).unwrap_or(0.0);
    let (start, now) = (gain(layer.weight.start()), gain(layer.weight.now()));
    now > thresholds.weights_large && now > thresholds.weights_grown * start
}

/// The spread (standard deviation) of the last hidden layer's outputs, relative to that of the first hidden layer of the same kind: an
/// activation is compared with an activation, so that the scale of the data does not matter. 1 where there are no two of a kind.
fn change_of_spread(report: &StabilityReport, variance: impl Fn(&Series) -> Option<f64>) -> f64 {
    let kind = |layer: &LayerRecord| layer.name.rsplit('.').next().unwrap_or_default().to_owned();
    let spread = |layer: &LayerRecord| variance(&layer.variance).map(f64::sqrt);
    let mut layers = report.hidden().iter().filter(|layer| !layer.variance.is_empty());
    let Some(last) = layers.next_back() else { return 1.0 };
    match (layers.find(|layer| kind(layer) == kind(last)).and_then(spread), spread(last)) {
        (Some(first), Some(last)) if first > 0.0 => last / first,
        _ => 1.0,
    }
}
