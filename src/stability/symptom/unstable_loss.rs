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
    if broken == 0 && risen <= thresholds.loss_risen && rise <= thresholds.loss_jump {
        return None;
    }
    let message = if broken > 0 {
        format!("the loss was NaN or infinite in {broken} steps")
    } else if risen > thresholds.loss_risen {
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

/// The largest factor by which, among the first steps, the median of [`FEW`] losses rises above that of as many before, where every one
/// of them is above all of those, and it gets to half of the start at least. A fall, however steep, is what one wants.
///
/// Of losses that differ by chance alone, however much, the later ones are all above the earlier ones once in 12,870 times.
fn steepest_rise(report: &StabilityReport, start: f64) -> f64 {
    let rises = report.loss.first().windows(2 * FEW).map(|window| {
        let (before, after) = window.split_at(FEW);
        let losses = |part: &[(u64, f64)]| -> Vec<f64> { part.iter().map(|&(_, loss)| loss).collect() };
        let (before, after) = (losses(before), losses(after));
        let highest = before.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let parted = after.iter().all(|loss| *loss > highest);
        let median = |losses: Vec<f64>| median(losses.into_iter()).unwrap_or(f64::NAN);
        let (before, after) = (median(before), median(after));
        if parted && before > 0.0 && after > start / 2.0 { after / before } else { 1.0 }
    });
    rises.fold(1.0, f64::max)
}
