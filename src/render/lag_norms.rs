//! How the gradient of recurrent layers fares on its way back through the steps of a sequence.

use super::axes::{self, left_axis, line_through, whole_axis};
use super::mark::{Mark, legend};
use super::markup::{At, Markup};
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{count, each, number, shortened};
use crate::{LayerRecord, StabilityReport, ThroughTime};

const TITLE: &str = "Norm of the gradient, by steps back in time";
const LEFT: f64 = 64.0;
const TOP: f64 = 52.0;
/// The height of what is drawn for a layer, and how far apart two layers are.
const HEIGHT: f64 = 120.0;
const APART: f64 = HEIGHT + 72.0;

/// Draws, for each recurrent layer, how much of the derivative by its state is left after so many steps back, as SVG.
///
/// On a logarithmic scale, so that what fades or grows by a factor a step is a straight line: dashed with diamonds at the first training
/// step, solid with dots the median of the last ones.
///
/// ```
/// use evenkeel::{Monitor, lag_norms_svg};
/// let mut monitor = Monitor::new();
/// let state = monitor.watch_lags("0.rnn", 3);
/// monitor.begin(0);
/// monitor.lag_norms(state, &[1.0, 0.1, 0.01])?;
/// monitor.end(1.0);
/// assert!(lag_norms_svg(&monitor.report()).contains("0.rnn"));
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub fn lag_norms_svg(report: &StabilityReport) -> String {
    lag_norms(report).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// The layers with norms at lags.
pub(super) fn through_time(report: &StabilityReport) -> impl Iterator<Item = (&LayerRecord, &ThroughTime)> {
    let layers = report.layers.iter().filter_map(|layer| Some((layer, layer.through_time.as_ref()?)));
    layers.filter(|(_, through_time)| through_time.norms.iter().any(|(_, series)| !series.is_empty()))
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn lag_norms(report: &StabilityReport) -> Option<Picture> {
    let mut drawing = Markup::default();
    let mut count = 0;
    for (layer, through_time) in through_time(report) {
        draw_layer(&mut drawing, layer, through_time, TOP + 20.0 + f64::from(count) * APART);
        count += 1;
    }
    if count == 0 {
        return None;
    }
    let meaning = [
        (Mark::Diamond, "first step"),
        (Mark::Dot, "median of the last"),
        (Mark::Zero, "zero"),
        (Mark::Cross, "not finite"),
    ];
    legend(&mut drawing, LEFT, 36.0, &meaning);
    let description =
        format!("A drawing for {}, with the numbers in the table beside it", each(count as usize, "recurrent layer"));
    let height = TOP + 20.0 + f64::from(count - 1) * APART + HEIGHT + axes::BELOW;
    Some(Picture { title: TITLE.to_owned(), description, height, drawing })
}

fn draw_layer(markup: &mut Markup, layer: &LayerRecord, through_time: &ThroughTime, top: f64) {
    let bottom = top + HEIGHT;
    let curves = [true, false].map(|first| -> Vec<(usize, f64)> {
        let value = |(lag, series): &(usize, crate::Series)| {
            let now = series.recent_median().or_else(|| series.now());
            Some((*lag, if first { series.start() } else { now }?))
        };
        through_time.norms.iter().filter_map(value).collect()
    });
    let lags = through_time.norms.iter().map(|(lag, _)| *lag as f64);
    let across = Scale::linear(lags).between(LEFT, RIGHT - 8.0);
    let up = Scale::log(curves.iter().flatten().map(|&(_, norm)| norm)).between(bottom - 8.0, top + 8.0);
    markup.leaf("text", &[("x", &At(LEFT)), ("y", &At(top - 8.0))], &shortened(&layer.name, 60));
    left_axis(markup, &up, LEFT);
    whole_axis(markup, &across, (top, bottom), "steps back");
    for (curve, (class, mark)) in curves.iter().zip([("two", Mark::Diamond), ("one", Mark::Dot)]) {
        // What has no place on the scale breaks the line.
        for piece in curve.split(|&(_, norm)| !(norm > 0.0 && norm.is_finite())) {
            let points = piece.iter().filter_map(|&(lag, norm)| Some((across.at(lag as f64)?, up.at(norm)?)));
            line_through(markup, class, &points.collect::<Vec<_>>());
        }
        for &(lag, norm) in curve {
            let Some(x) = across.at(lag as f64) else { continue };
            markup.element("g", &[], |markup| {
                let when = if mark == Mark::Diamond { "at the first step" } else { "median of the last" };
                markup.leaf(
                    "title",
                    &[],
                    &format!("{} back, {when}: {}", count(lag as u64, "step"), number(Some(norm))),
                );
                match up.at(norm) {
                    None => Mark::Cross.draw(markup, (x, top)),
                    Some(_) if norm == 0.0 => Mark::Zero.draw(markup, (x, bottom - 4.0)),
                    Some(y) => mark.draw(markup, (x, y)),
                }
            });
        }
    }
}
