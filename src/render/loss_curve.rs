//! The loss over the steps of a run.

use super::axes::{self, left_axis, line_through, outline, whole_axis};
use super::columns::spans;
use super::mark::{Mark, legend};
use super::markup::{At, Markup};
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{contents, count, number, steps};
use crate::{Bin, Epoch, Series, StabilityReport};

const TITLE: &str = "Loss";
const LEFT: f64 = 64.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 250.0;

/// Draws the loss of the training steps, and of the validation where the history of the run has any, as SVG.
///
/// A line for the mean of each [`Bin`] and a band from its smallest to its largest value; diamonds for the validation, each at the last
/// step of its epoch, or of the first of several where there are more than [`Series::BINS`]. Logarithmic where the values span more than
/// two decades. A cross marks values that are not finite; the line is broken where there is no other.
///
/// ```
/// use evenkeel::{Monitor, loss_curve_svg};
/// let mut monitor = Monitor::new();
/// for step in 0..100 {
///     monitor.begin(step);
///     monitor.end(if step == 40 { f64::NAN } else { 2.0 / (step + 1) as f64 });
/// }
/// let svg = loss_curve_svg(&monitor.report(), &[]);
/// assert!(svg.starts_with("<svg") && svg.contains("1 not finite"));
/// ```
pub fn loss_curve_svg(report: &StabilityReport, history: &[Epoch]) -> String {
    loss_curve(report, history).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn loss_curve(report: &StabilityReport, history: &[Epoch]) -> Option<Picture> {
    let (training, validation) = (&report.loss, validation(history));
    if training.is_empty() && validation.is_empty() {
        return None;
    }
    let all = || spans(training).chain(spans(&validation));
    let across = Scale::linear(all().flat_map(|(first, last, _)| [first as f64, last as f64])).between(LEFT, RIGHT);
    // Where a bin is empty its ends are infinite, and no scale looks at them.
    let values = training.bins().iter().chain(validation.bins()).flat_map(|bin| [bin.smallest, bin.largest]);
    let any = values.clone().any(f64::is_finite);
    let up = Scale::fitting(values).between(BOTTOM, TOP + 10.0);

    let mut drawing = Markup::default();
    let markup = &mut drawing;
    if any {
        left_axis(markup, &up, LEFT);
    } else {
        let note = "No value was finite.";
        markup.leaf("text", &[("class", &"quiet"), ("x", &At(LEFT + 20.0)), ("y", &At(150.0))], note);
    }
    whole_axis(markup, &across, (TOP, BOTTOM), "step");
    let mut entries = Vec::new();
    if !training.is_empty() {
        // A bin is about all of its steps.
        draw_pieces(markup, &pieces(training, &up, |first, last| across.at(first as f64 / 2.0 + last as f64 / 2.0)));
        entries.extend([(Mark::Line, "training (mean)"), (Mark::Band, "smallest to largest")]);
    }
    if !validation.is_empty() {
        // The validation is about the step after which it was computed.
        for piece in pieces(&validation, &up, |first, _| across.at(first as f64)) {
            let means: Vec<(f64, f64)> = piece.iter().map(|point| (point.x, point.mean)).collect();
            line_through(markup, "two", &means);
            for (point, mean) in piece.iter().zip(means) {
                draw_told(markup, Mark::Diamond, mean, &format!("validation, {}", point.tells));
            }
        }
        entries.push((Mark::Diamond, "validation"));
    }
    let broken: Vec<(u64, u64, Bin)> = all().filter(|(.., bin)| bin.non_finite > 0).collect();
    for &(first, last, bin) in &broken {
        let Some(x) = across.at(first as f64 / 2.0 + last as f64 / 2.0) else { continue };
        draw_told(markup, Mark::Cross, (x, TOP), &told((first, last), &bin));
    }
    if !broken.is_empty() {
        entries.push((Mark::Cross, "not finite"));
    }
    legend(markup, LEFT, 36.0, &entries);
    let description = description(report, &validation, any && up.is_log());
    Some(Picture { title: TITLE.to_owned(), description, height: BOTTOM + axes::BELOW, drawing })
}

/// The validation losses, each with the last step of its epoch; as a series, as there may be any number of them.
pub(super) fn validation(history: &[Epoch]) -> Series {
    let mut series = Series::new();
    for epoch in history {
        if let Some(validation) = epoch.validation {
            series.push(epoch.steps.saturating_sub(1), validation.loss);
        }
    }
    series
}

fn description(report: &StabilityReport, validation: &Series, logarithmic: bool) -> String {
    let loss = &report.loss;
    let mut text = format!(
        "Loss over {}{}: {} at the start, {} now, {} at its lowest",
        count(report.steps, "step"),
        if logarithmic { ", logarithmic" } else { "" },
        number(loss.start()),
        number(loss.now()),
        number(loss.smallest()),
    );
    if loss.non_finite() > 0 {
        let are = if loss.non_finite() == 1 { "is" } else { "are" };
        text += &format!("; {} {are} not finite", count(loss.non_finite(), "value"));
    }
    if let Some(last) = validation.now() {
        text += &format!("; {} on the validation part at last", number(Some(last)));
    }
    text
}

/// A bin that has finite values, as places.
struct Point {
    x: f64,
    mean: f64,
    largest: f64,
    smallest: f64,
    tells: String,
}

/// The pieces of a curve between bins without a finite value.
fn pieces(series: &Series, up: &Scale, across: impl Fn(u64, u64) -> Option<f64>) -> Vec<Vec<Point>> {
    let mut pieces = vec![Vec::new()];
    for (first, last, bin) in spans(series) {
        let point = || {
            let (mean, largest, smallest) = (up.at(bin.mean)?, up.at(bin.largest)?, up.at(bin.smallest)?);
            Some(Point { x: across(first, last)?, mean, largest, smallest, tells: told((first, last), &bin) })
        };
        match (point(), pieces.last_mut()) {
            (Some(point), Some(piece)) => piece.push(point),
            _ => pieces.push(Vec::new()),
        }
    }
    pieces
}

fn draw_pieces(markup: &mut Markup, pieces: &[Vec<Point>]) {
    for piece in pieces {
        if piece.len() > 1 {
            let upper = piece.iter().map(|point| (point.x, point.largest));
            let lower = piece.iter().rev().map(|point| (point.x, point.smallest));
            let around: Vec<(f64, f64)> = upper.chain(lower).collect();
            markup.void("path", &[("class", &"band"), ("d", &format!("{}z", outline(&around)))]);
        }
        line_through(markup, "one", &piece.iter().map(|point| (point.x, point.mean)).collect::<Vec<_>>());
        if let [alone] = &piece[..] {
            draw_told(markup, Mark::Dot, (alone.x, alone.mean), &alone.tells);
        }
    }
}

fn told(span: (u64, u64), bin: &Bin) -> String {
    format!("{}: {}", steps(span), contents(bin))
}

fn draw_told(markup: &mut Markup, mark: Mark, at: (f64, f64), tells: &str) {
    markup.element("g", &[], |markup| {
        markup.leaf("title", &[], tells);
        mark.draw(markup, at);
    });
}
