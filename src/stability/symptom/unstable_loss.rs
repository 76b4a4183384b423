//! The loss changes wildly from step to step, or grows.

use super::{Growth, Progress, evidence};
use crate::stability::finding::short;
use crate::stability::series::median;
use crate::stability::{Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// How many losses are averaged before they count as risen: single small batches differ too much.
const SMOOTH: u64 = 16;

/// Of how many losses medians are compared.
const FEW: usize = 8;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let start = Progress::start(report, thresholds)?;
    let broken = report.loss.non_finite();
    if broken == 0 && start <= 0.0 {
        // Nothing can rise to a multiple of nothing.
        return None;
    }
    let risen = highest_mean(report) / start;
    let rise = steepest_rise(report, start);
    // A rise that the run has recovered from is past.
    if broken == 0 && Progress::halved(report, thresholds) {
        return None;
    }
    let limit = thresholds.loss_risen + by_chance(report, thresholds);
    if broken == 0 && risen <= limit && rise <= thresholds.loss_jump {
        return None;
    }
    let message = if broken > 0 {
        format!("the loss was NaN or infinite in {broken} step{}", if broken == 1 { "" } else { "s" })
    } else if risen > limit {
        format!("the loss rose to {} times where it started", short(risen))
    } else {
        format!("the loss rose {} times over within a few steps", short(rise))
    };
    Some(Finding {
        symptom: Symptom::UnstableLoss,
        severity: if broken > 0 { Severity::Critical } else { Severity::Warning },
        layers: Vec::new(),
        step: since(report, start, thresholds),
        cause: Growth::of(report).cause(report, thresholds),
        evidence: evidence([
            ("loss_at_start", start),
            ("risen_to_times_start", risen),
            ("steepest_rise", rise),
            ("steps_not_finite", broken as f64),
        ]),
        message,
        remedies: vec![
            Remedy::ScaleLearningRate { factor: 0.1 },
            Remedy::ClipGlobalNorm { limit: 1.0 },
            Remedy::FittingInitializer,
        ],
    })
}

/// The first step, as far as the record tells, at which the loss was not finite or had risen.
fn since(report: &StabilityReport, start: f64, thresholds: &Thresholds) -> u64 {
    let broken = report.non_finite.iter().find(|number| number.kind == "loss").map(|number| number.step);
    let risen = report.loss.bins().iter().find(|bin| bin.largest > thresholds.loss_risen * start);
    broken.or(risen.map(|bin| bin.first_step)).unwrap_or(0)
}

/// How far, in multiples of the start, the mean of [`SMOOTH`] losses can be off from a multiple of the start by the noise of both: within
/// so many deviations that the highest of a run's means seldom is.
fn by_chance(report: &StabilityReport, thresholds: &Thresholds) -> f64 {
    const DEVIATIONS: f64 = 4.0;
    let firsts = Progress::firsts(report) as f64;
    let variance = 1.0 / SMOOTH as f64 + thresholds.loss_risen.powi(2) / firsts;
    DEVIATIONS * Progress::most_noise(report) * variance.sqrt()
}

/// The highest mean of [`SMOOTH`] or more losses in a row.
fn highest_mean(report: &StabilityReport) -> f64 {
    let (mut highest, mut sum, mut count) = (0.0_f64, 0.0, 0);
    for bin in report.loss.bins() {
        sum += bin.mean * bin.count as f64;
        count += bin.count;
        if count >= SMOOTH {
            highest = highest.max(sum / count as f64);
            (sum, count) = (0.0, 0);
        }
    }
    highest
}

/// The largest factor by which, among the first steps, the median of [`FEW`] losses rises above that of as many before, where every later
/// one is above every earlier one, and it gets to half of the start at least. A fall, however steep, is what one wants.
///
/// Losses that differ by chance alone, however much, are parted like that in one run of three million: the sum of 1 / C(32, k) over the
/// places k from 8 to 24.
fn steepest_rise(report: &StabilityReport, start: f64) -> f64 {
    let losses: Vec<f64> = report.loss.first().iter().map(|&(_, loss)| loss).collect();
    let rise = |at: usize| {
        let (before, after) = losses.split_at(at);
        let highest = before.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let parted = after.iter().all(|loss| *loss > highest);
        let median = |losses: &[f64]| median(losses.iter().copied()).unwrap_or(f64::NAN);
        let (before, after) = (median(&before[at - FEW..]), median(&after[..FEW]));
        if parted && before > 0.0 && after > start / 2.0 { after / before } else { 1.0 }
    };
    (FEW..=losses.len().saturating_sub(FEW)).map(rise).fold(1.0, f64::max)
}
