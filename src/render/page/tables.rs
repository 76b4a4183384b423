//! Tables of numbers.

use crate::StabilityReport;
use crate::render::markup::Markup;
use crate::render::words::number;

/// A table that scrolls sideways where it is too wide; what a row is about stands in its first cell.
pub(super) fn write_table(markup: &mut Markup, headings: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    // One that scrolls must be reached by the keyboard.
    let scrolls: [(&str, &dyn std::fmt::Display); 4] =
        [("class", &"wide"), ("tabindex", &"0"), ("role", &"region"), ("aria-label", &"Table")];
    markup.element("div", &scrolls, |markup| {
        markup.element("table", &[], |markup| {
            markup.element("thead", &[], |markup| {
                markup.element("tr", &[], |markup| {
                    headings.iter().for_each(|heading| markup.leaf("th", &[("scope", &"col")], heading));
                });
            });
            markup.element("tbody", &[], |markup| {
                for row in rows {
                    markup.element("tr", &[], |markup| {
                        for (index, cell) in row.iter().enumerate() {
                            match index {
                                0 => markup.leaf("th", &[("scope", &"row")], cell),
                                _ => markup.leaf("td", &[], cell),
                            }
                        }
                    });
                }
            });
        });
    });
}

/// What no picture tells of the layers: their weights.
pub(super) fn write_layers(markup: &mut Markup, report: &StabilityReport) {
    if report.layers.is_empty() {
        return;
    }
    markup.element("section", &[("aria-label", &"Layers")], |markup| {
        markup.leaf("h2", &[], "Layers");
        let rows = report.layers.iter().map(|layer| {
            let shape = layer.weights.map(|shape| format!("{} x {}", shape.rows, shape.cols));
            let count = |count: Option<usize>| count.map_or_else(|| "–".to_owned(), |count| count.to_string());
            let tied = layer.tied.now().map(|tied| tied as usize);
            let numbers =
                [number(layer.weight.start()), number(layer.weight.now()), count(tied), count(layer.distinct)];
            [layer.name.clone(), shape.unwrap_or_else(|| "–".to_owned())].into_iter().chain(numbers).collect()
        });
        let headings = ["layer", "weights", "norm at start", "norm now", "tied units", "different units"];
        write_table(markup, &headings, rows);
    });
}
