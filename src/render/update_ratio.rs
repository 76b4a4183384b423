//! How large the updates of each layer are for its weights.

use super::axes::{self, bottom_axis, line};
use super::layer_rows::{LEFT, LayerRows};
use super::mark::{Mark, legend};
use super::markup::Markup;
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{each, number};
use crate::{LayerRecord, StabilityReport};

const TITLE: &str = "Update-to-weight ratio, by layer";
const TOP: f64 = 56.0;

/// What is about right for most layers.
pub(super) const USUAL: f64 = 1e-3;

/// Draws the update-to-weight ratio of each layer, as SVG: the norm of an update divided by that of the weights it leaves.
///
/// A row for each layer on a logarithmic scale: a line from its smallest to its largest value, a ring for the first one and a dot for the
/// median of the last ones. About 1e-3 is usual, and marked; far below it a layer hardly learns, far above it forgets what it knew.
///
/// ```
/// use evenkeel::{Monitor, Param, update_ratio_svg};
/// let mut monitor = Monitor::new();
/// let weight = monitor.watch_parameter("0.linear", &Param::weight(2, 1));
/// for step in 0..3 {
///     monitor.begin(step);
///     monitor.weights(weight, &[3.0, 4.0], 0.01)?;
///     monitor.end(1.0);
/// }
/// assert!(update_ratio_svg(&monitor.report()).contains("0.linear: 0.00200"));
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub fn update_ratio_svg(report: &StabilityReport) -> String {
    update_ratio(report).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn update_ratio(report: &StabilityReport) -> Option<Picture> {
    let layers: Vec<&LayerRecord> = report.layers.iter().filter(|layer| !layer.update_ratio.is_empty()).collect();
    if layers.is_empty() {
        return None;
    }
    let ratios = layers.iter().flat_map(|layer| [layer.update_ratio.smallest(), layer.update_ratio.largest()]);
    let across = Scale::log(ratios.flatten().chain([USUAL])).between(LEFT + 12.0, RIGHT);
    let rows = LayerRows::new(layers.iter().map(|layer| &*layer.name), TOP);

    let mut drawing = Markup::default();
    let markup = &mut drawing;
    bottom_axis(markup, &across, (TOP, rows.bottom()), "update / weight");
    if let Some(x) = across.at(USUAL) {
        line(markup, "limit", (x, TOP - 6.0), (x, rows.bottom()));
    }
    rows.write_names(markup);
    for (index, layer) in layers.iter().enumerate() {
        let ratio = &layer.update_ratio;
        let (start, now) = (ratio.start(), ratio.recent_median());
        let (smallest, largest, broken) = (ratio.smallest(), ratio.largest(), ratio.non_finite());
        let mut tells = format!("{} (median of the last), {} at the start", number(now), number(start));
        tells += &format!(", {} to {}", number(smallest), number(largest));
        if broken > 0 {
            tells += &format!(", {broken} not finite");
        }
        rows.draw(markup, index, &tells, |markup, y| {
            let place = |value: Option<f64>| value.and_then(|value| across.at(value));
            if let (Some(left), Some(right)) = (place(smallest), place(largest)) {
                line(markup, "one", (left, y), (right, y));
            }
            for (mark, value) in [(Mark::Ring, start), (Mark::Dot, now)] {
                match (value, place(value)) {
                    (Some(0.0), _) => Mark::Zero.draw(markup, (LEFT + 4.0, y)),
                    (_, Some(x)) => mark.draw(markup, (x, y)),
                    _ => {}
                }
            }
            if broken > 0 {
                Mark::Cross.draw(markup, (RIGHT + 8.0, y));
            }
        });
    }
    let meaning = [
        (Mark::Ring, "start"),
        (Mark::Dot, "median of the last"),
        (Mark::Line, "range"),
        (Mark::Limit, "usual: 1e-3"),
        (Mark::Cross, "not finite"),
    ];
    legend(markup, 60.0, 36.0, &meaning);
    let off = layers.iter().filter_map(|layer| layer.update_ratio.recent_median());
    let (below, above) = off.fold((0, 0), |(below, above), ratio| {
        (below + usize::from(ratio < USUAL / 10.0), above + usize::from(ratio > USUAL * 10.0))
    });
    let description = format!(
        "A row for {} with weights; of the medians of the last ratios {below} are below a tenth of the usual 1e-3, and \
         {above} above ten times it",
        each(layers.len(), "layer")
    );
    Some(Picture { title: TITLE.to_owned(), description, height: rows.bottom() + axes::BELOW, drawing })
}
