//! The loss changes wildly from step to step, or grows.

use super::{Growth, Progress, evidence};
use crate::stability::finding::short;
use crate::stability::{Finding, Remedy, Severity, StabilityReport, Symptom, Thresholds};

/// How many losses are averaged before they count as risen: single small batches differ too much.
const SMOOTH: u64 = 16;

pub(super) fn look(report: &StabilityReport, thresholds: &Thresholds) -> Option<Finding> {
    let start = Progress::start(report)?;
    let broken = report.loss.non_finite();
    let risen = highest_mean(report) / start;
    let jump = largest_jump(report, start);
    if broken == 0 && risen <= thresholds.loss_risen && jump <= thresholds.loss_jump {
        return None;
    }
    let message = if broken > 0 {
        format!("the loss was NaN or infinite in {broken} steps")
    } else if risen > thresholds.loss_risen {
        format!("the loss rose to {} times where it started", short(risen))
    } else {
        format!("the loss changed {} times over within a single step", short(jump))
    };
    Some(Finding {
        symptom: Symptom::UnstableLoss,
        severity: if broken > 0 { Severity::Critical } else { Severity::Warning },
        layers: Vec::new(),
        step: report.loss.first().first().map_or(0, |&(step, _)| step),
        cause: Growth::of(report).cause(report, thresholds),
        evidence: evidence([
            ("loss_at_start", start),
            ("risen_to_times_start", risen),
            ("largest_change_in_a_step", jump),
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

/// The largest factor between the medians of three losses and of the next three, among the first steps, while near or above the start.
///
/// Medians, since the losses of single small batches may differ by any factor.
fn largest_jump(report: &StabilityReport, start: f64) -> f64 {
    let first = report.loss.first();
    let middle = |three: &[(u64, f64)]| {
        let [a, b, c] = [0, 1, 2].map(|at| three[at].1);
        a.min(b).max(a.max(b).min(c))
    };
    let jumps = first.windows(6).map(|six| {
        let (before, after) = (middle(&six[..3]), middle(&six[3..]));
        let (low, high) = (before.min(after), before.max(after));
        if low > 0.0 && high > start / 10.0 { high / low } else { 1.0 }
    });
    jumps.fold(1.0, f64::max)
}
