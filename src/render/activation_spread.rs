//! Where the outputs of each layer lie.

use super::axes::{self, bottom_axis, line};
use super::layer_rows::{LEFT, LayerRows};
use super::mark::{Mark, legend};
use super::markup::Markup;
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{each, number};
use crate::{LayerRecord, StabilityReport};

const TITLE: &str = "Spread of the outputs, by layer";
const TOP: f64 = 56.0;

/// Draws mean and standard deviation of the outputs of each layer on the probe rows, as SVG.
///
/// A row for each layer: a line from one standard deviation below the mean to one above it, with a dot at the mean, for the last look;
/// above it a broad pale one, with a ring, for the first. The scale is linear about 0 and logarithmic far from it where layers differ much.
///
/// ```
/// use evenkeel::{Monitor, Rows, activation_spread_svg};
/// let mut monitor = Monitor::new();
/// let output = monitor.watch_activation("1.tanh", 2, evenkeel::Bounds::NONE);
/// monitor.begin(0);
/// monitor.activations(output, Rows::new(&[0.0, 2.0], 2)?)?;
/// monitor.end(1.0);
/// assert!(activation_spread_svg(&monitor.report()).contains("1.tanh: 1.00 ± 1.00"));
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub fn activation_spread_svg(report: &StabilityReport) -> String {
    activation_spread(report).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// Mean and standard deviation.
type Spread = (Option<f64>, Option<f64>);

fn at_start(layer: &LayerRecord) -> Spread {
    (layer.mean.start(), layer.variance.start().map(f64::sqrt))
}

/// Mean and standard deviation at the last look.
pub(super) fn spread_now(layer: &LayerRecord) -> Spread {
    (layer.mean.now(), layer.variance.now().map(f64::sqrt))
}

/// One standard deviation below and above the mean, and the mean.
fn ends((mean, deviation): Spread) -> Option<[f64; 3]> {
    let (mean, deviation) = (mean?, deviation?);
    Some([mean - deviation, mean, mean + deviation])
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn activation_spread(report: &StabilityReport) -> Option<Picture> {
    let layers: Vec<&LayerRecord> = report.layers.iter().filter(|layer| !layer.mean.is_empty()).collect();
    if layers.is_empty() {
        return None;
    }
    let all = || layers.iter().flat_map(|layer| [at_start(layer), spread_now(layer)]);
    let deviations = all().filter_map(|(_, deviation)| deviation.filter(|&size| size > 0.0 && size.is_finite()));
    let finest = deviations.reduce(f64::min).unwrap_or(0.0);
    let across = Scale::signed(all().filter_map(ends).flatten().chain([0.0]), finest).between(LEFT, RIGHT);
    let rows = LayerRows::new(layers.iter().map(|layer| &*layer.name), TOP);

    let mut drawing = Markup::default();
    let markup = &mut drawing;
    bottom_axis(markup, &across, (TOP, rows.bottom()), "output, mean ± standard deviation");
    rows.write_names(markup);
    for (index, layer) in layers.iter().enumerate() {
        let (start, now) = (at_start(layer), spread_now(layer));
        let said = |(mean, deviation): Spread| format!("{} ± {}", number(mean), number(deviation));
        rows.draw(markup, index, &format!("{}, {} at the start", said(now), said(start)), |markup, y| {
            let places = |spread: Spread| {
                let [low, mean, high] = ends(spread)?;
                Some((across.at(low)?, across.at(mean)?, across.at(high)?))
            };
            if let Some((low, mean, high)) = places(start) {
                line(markup, "spread", (low, y), (high, y));
                Mark::Ring.draw(markup, (mean, y));
            }
            match places(now) {
                Some((low, mean, high)) => {
                    line(markup, "one", (low, y), (high, y));
                    Mark::Dot.draw(markup, (mean, y));
                }
                None => Mark::Cross.draw(markup, (RIGHT + 8.0, y)),
            }
        });
    }
    let meaning = [
        (Mark::Spread, "± at the start"),
        (Mark::Ring, "mean at the start"),
        (Mark::Line, "± now"),
        (Mark::Dot, "mean now"),
        (Mark::Cross, "not finite"),
    ];
    legend(markup, 60.0, 36.0, &meaning);
    let now = layers.iter().filter_map(|layer| spread_now(layer).1).filter(|deviation| deviation.is_finite());
    let range = now.fold((f64::INFINITY, 0.0_f64), |(low, high), size| (low.min(size), high.max(size)));
    let description = format!(
        "A row for {}, from input to output; standard deviations at the last look from {} to {}",
        each(layers.len(), "layer"),
        number(Some(range.0).filter(|low| low.is_finite())),
        number(Some(range.1))
    );
    Some(Picture { title: TITLE.to_owned(), description, height: rows.bottom() + axes::BELOW, drawing })
}
