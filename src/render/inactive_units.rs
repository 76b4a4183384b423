//! How many units of each layer are dead or saturated.

use super::axes::{self, bottom_axis, line};
use super::layer_rows::{LEFT, LayerRows};
use super::mark::{Mark, legend};
use super::markup::Markup;
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{each, percent};
use crate::{LayerRecord, Series, StabilityReport};

const TITLE: &str = "Dead and saturated units, by layer";
const TOP: f64 = 56.0;

/// Draws the share of dead and of saturated units of each layer that has bounds, as SVG.
///
/// Dead is a unit that is switched off on every probe row, saturated one that sits at a flat end of its activation on nearly
/// every one. A row for each layer: a dot, or for saturated units a diamond, for the last look, and a line to the largest share that was
/// seen.
///
/// ```
/// use evenkeel::{Activation, Monitor, Relu, Rows, inactive_units_svg};
/// let mut monitor = Monitor::new();
/// let output = monitor.watch_activation("1.relu", 2, Relu.bounds());
/// monitor.begin(0);
/// monitor.activations(output, Rows::new(&[0.0, 2.0], 2)?)?;
/// monitor.end(1.0);
/// assert!(inactive_units_svg(&monitor.report()).contains("1.relu: dead 50.0 %"));
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub fn inactive_units_svg(report: &StabilityReport) -> String {
    inactive_units(report).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn inactive_units(report: &StabilityReport) -> Option<Picture> {
    let can_be = |layer: &&LayerRecord| !layer.dead.is_empty() || !layer.saturated.is_empty();
    let layers: Vec<&LayerRecord> = report.layers.iter().filter(can_be).collect();
    if layers.is_empty() {
        return None;
    }
    let across = Scale::linear([0.0, 100.0].into_iter()).between(LEFT + 6.0, RIGHT - 6.0);
    let rows = LayerRows::new(layers.iter().map(|layer| &*layer.name), TOP);

    let mut drawing = Markup::default();
    let markup = &mut drawing;
    bottom_axis(markup, &across, (TOP, rows.bottom()), "percent of the units");
    rows.write_names(markup);
    for (index, layer) in layers.iter().enumerate() {
        let kinds =
            [("dead", "one", Mark::Dot, &layer.dead), ("saturated", "two-solid", Mark::Diamond, &layer.saturated)];
        let recorded = || kinds.iter().filter(|(.., series)| !series.is_empty());
        let said = recorded().map(|(what, .., series)| said(what, series)).collect::<Vec<_>>().join("; ");
        rows.draw(markup, index, &said, |markup, y| {
            for (_, class, mark, series) in recorded() {
                let place = |share: Option<f64>| share.and_then(|share| across.at(100.0 * share));
                if let (Some(now), Some(largest)) = (place(series.now()), place(series.largest())) {
                    line(markup, class, (now, y), (largest, y));
                    mark.draw(markup, (now, y));
                }
            }
        });
    }
    let meaning = [(Mark::Dot, "dead now"), (Mark::Diamond, "saturated now"), (Mark::Line, "up to the largest seen")];
    legend(markup, LEFT, 36.0, &meaning);
    let worst = |of: fn(&LayerRecord) -> &Series| layers.iter().filter_map(|layer| of(layer).now()).reduce(f64::max);
    let worst = [("dead", worst(|layer| &layer.dead)), ("saturated", worst(|layer| &layer.saturated))];
    let known = worst.into_iter().filter_map(|(what, share)| Some(format!("{} are {what}", percent(Some(share?)))));
    let told = known.collect::<Vec<_>>().join(", and at most ");
    let description = format!("A row for {}; of the units of a layer now at most {told}", each(layers.len(), "layer"));
    Some(Picture { title: TITLE.to_owned(), description, height: rows.bottom() + axes::BELOW, drawing })
}

fn said(what: &str, series: &Series) -> String {
    format!("{what} {}, at most {}", percent(series.now()), percent(series.largest()))
}
