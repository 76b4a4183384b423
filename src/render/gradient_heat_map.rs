//! The gradient of every layer at every time.

use super::axes::{self, line, whole_axis};
use super::columns::Columns;
use super::layer_rows::{LEFT, LayerRows};
use super::levels::{Level, Levels};
use super::markup::{At, Markup};
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{contents, each, number, steps};
use crate::{Bin, LayerRecord, StabilityReport};

const TITLE: &str = "Norm of the gradient, by layer and step";
const TOP: f64 = 28.0;

/// How many cells are drawn at most: what keeps a picture of hundreds of layers small.
const MOST_CELLS: usize = 8192;

/// How many levels of brightness there are.
const LEVELS: usize = 10;

/// Draws the Euclidean norm of the gradient of each layer over the steps as a heat map, as SVG.
///
/// A row for each layer with parameters, from input to output, and a column for each [`Bin`]; the brightness is that of the logarithm
/// of the bin's mean, and hovering tells the number. A bin with anything that is not finite is hatched; one of zeros alone is struck
/// through.
///
/// ```
/// use evenkeel::{Monitor, Param, gradient_heat_map_svg};
/// let mut monitor = Monitor::new();
/// let weight = monitor.watch_parameter("0.linear", &Param::weight(2, 1));
/// for step in 0..3 {
///     monitor.begin(step);
///     monitor.gradient(weight, &[3.0, 4.0])?;
///     monitor.end(1.0);
/// }
/// let svg = gradient_heat_map_svg(&monitor.report());
/// assert!(svg.contains("<title>0.linear, step 2: 5.00</title>"));
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub fn gradient_heat_map_svg(report: &StabilityReport) -> String {
    gradient_heat_map(report).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// The layers whose gradients were recorded, and the steps that share a column.
pub(super) fn gradients(report: &StabilityReport, most_columns: usize) -> Option<(Vec<&LayerRecord>, Columns)> {
    let layers: Vec<&LayerRecord> = report.layers.iter().filter(|layer| layer.trains()).collect();
    let columns = Columns::of(layers.iter().map(|layer| &layer.gradient), most_columns)?;
    Some((layers, columns))
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn gradient_heat_map(report: &StabilityReport) -> Option<Picture> {
    let trained = report.layers.iter().filter(|layer| layer.trains()).count();
    let (layers, columns) = gradients(report, (MOST_CELLS / trained.max(1)).max(8))?;
    let cells: Vec<Vec<Option<Bin>>> = layers.iter().map(|layer| columns.cells(&layer.gradient)).collect();
    let levels = Levels::of(cells.iter().flatten().flatten(), LEVELS);
    let rows = LayerRows::new(layers.iter().map(|layer| &*layer.name), TOP);
    let edges = columns.spans().flat_map(|(first, last)| [first as f64, last as f64 + 1.0]);
    let across = Scale::linear(edges).between(LEFT, RIGHT);

    let mut drawing = Markup::default();
    whole_axis(&mut drawing, &across, (rows.bottom(), rows.bottom()), "step");
    rows.write_names(&mut drawing);
    drawing.element("g", &[("class", &"cells")], |markup| {
        for (index, row) in cells.iter().enumerate() {
            for (cell, span) in row.iter().zip(columns.spans()) {
                let ends = (across.at(span.0 as f64), across.at(span.1 as f64 + 1.0));
                if let (Some(bin), (Some(left), Some(right))) = (cell, ends) {
                    let area = Area { left, top: rows.top(index), width: right - left, height: rows.height() };
                    let tells = format!("{}, {}: {}", rows.name(index), steps(span), contents(bin));
                    area.draw(markup, levels.of_bin(bin), bin.non_finite > 0, Some(&tells));
                }
            }
        }
    });
    let (low, high) = (levels.lowest(), levels.highest());
    let below = rows.bottom() + axes::BELOW;
    draw_legend(&mut drawing, below, &levels);
    let description = format!(
        "A row for {} with parameters, from input to output; mean norms from {} to {}, brighter is larger",
        each(layers.len(), "layer"),
        number(low),
        number(high)
    );
    Some(Picture { title: TITLE.to_owned(), description, height: below + 36.0, drawing })
}

/// Where a cell is.
struct Area {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn draw(&self, markup: &mut Markup, level: Level, hatched: bool, tells: Option<&str>) {
        let Self { left, top, width, height } = *self;
        let class = match level {
            Level::Of(level) => format!("h{level}"),
            Level::Zero | Level::NotFinite => "void".to_owned(),
        };
        // A little wider than it is, as gaps between cells would show.
        let place: [(&str, &dyn std::fmt::Display); 5] = [
            ("class", &class),
            ("x", &At(left)),
            ("y", &At(top)),
            ("width", &At(width.max(0.5) + 0.2)),
            ("height", &At(height)),
        ];
        markup.element("rect", &place, |markup| {
            tells.into_iter().for_each(|tells| markup.leaf("title", &[], tells));
        });
        let middle = top + height / 2.0;
        if level == Level::Zero {
            line(markup, "limit", (left + 0.25 * width, middle), (left + 0.75 * width, middle));
        }
        if hatched {
            let reach = width.min(height);
            // As many strokes as fit side by side, one at least.
            let strokes = (width / (1.5 * reach)).max(1.0) as usize;
            let apart = width / strokes as f64;
            let stroke = |index: usize| {
                let x = left + (index as f64 + 0.5) * apart - reach / 2.0;
                format!("M{} {}L{} {}", At(x), At(middle + reach / 2.0), At(x + reach), At(middle - reach / 2.0))
            };
            markup.void("path", &[("class", &"bad"), ("d", &(0..strokes).map(stroke).collect::<String>())]);
        }
    }
}

fn draw_legend(markup: &mut Markup, top: f64, levels: &Levels) {
    const WIDTH: f64 = 18.0;
    let swatch = |left: f64| Area { left, top, width: WIDTH, height: 12.0 };
    let label = |markup: &mut Markup, x: f64, text: &str, class: &str| {
        markup.leaf("text", &[("class", &class), ("x", &At(x)), ("y", &At(top + 26.0))], text);
    };
    for level in 0..LEVELS {
        swatch(LEFT + level as f64 * WIDTH).draw(markup, Level::Of(level), false, None);
    }
    let right = LEFT + LEVELS as f64 * WIDTH;
    // Halfway between the logarithms, without a product that may not be finite.
    let middle = levels.lowest().zip(levels.highest()).map(|(low, high)| low.sqrt() * high.sqrt());
    label(markup, LEFT, &number(levels.lowest()), "quiet");
    label(markup, (LEFT + right) / 2.0, &number(middle), "quiet middle");
    label(markup, right, &number(levels.highest()), "quiet end");
    swatch(right + 50.0).draw(markup, Level::Zero, false, None);
    label(markup, right + 50.0, "zero", "quiet");
    swatch(right + 110.0).draw(markup, Level::NotFinite, true, None);
    label(markup, right + 110.0, "not finite", "quiet");
}
