//! How a report is printed: a line a layer, then the findings.

use std::fmt;

use super::finding::short;
use super::{Series, StabilityReport};

/// The columns of the table: heading and width.
const COLUMNS: [(&str, usize); 10] = [
    ("grad start", 11),
    ("now", 9),
    ("min", 9),
    ("max", 9),
    ("upd/weight", 11),
    ("act mean", 9),
    ("act std", 9),
    ("dead", 6),
    ("satur.", 7),
    ("tied", 6),
];

impl fmt::Display for StabilityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.layers.iter().map(|layer| layer.name.len()).max().unwrap_or(0).max("layer".len());
        write!(f, "{:longest$}", "layer")?;
        for (heading, width) in COLUMNS {
            write!(f, "{heading:>width$}")?;
        }
        for layer in &self.layers {
            let deviation = layer.variance.now().map(f64::sqrt);
            let gradient = &layer.gradient;
            let cells = [
                number(gradient.start()),
                number(gradient.now()),
                number(gradient.smallest()),
                number(gradient.largest()),
                number(layer.update_ratio.now()),
                number(layer.mean.now()),
                number(deviation),
                percent(&layer.dead),
                percent(&layer.saturated),
                layer.tied.now().map_or_else(dash, |tied| format!("{tied}")),
            ];
            write!(f, "\n{:longest$}", layer.name)?;
            for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
                write!(f, "{cell:>width$}")?;
            }
        }
        for (layer, through_time) in self.layers.iter().filter_map(|layer| Some((layer, layer.through_time.as_ref()?)))
        {
            write!(f, "\n{}: gradient so many steps back:", layer.name)?;
            for (index, (lag, norms)) in through_time.norms.iter().enumerate() {
                let before = if index == 0 { " " } else { ", " };
                write!(f, "{before}{lag}: {}", number(norms.recent_median()))?;
            }
        }
        write!(f, "\n{} steps; loss {} at the start, ", self.steps, number(self.loss.start()))?;
        write!(f, "{} now, {} at its lowest", number(self.loss.now()), number(self.loss.smallest()))?;
        if self.clipping.steps > 0 {
            write!(f, "; clipped in {} of {} steps", self.clipping.clipped, self.clipping.steps)?;
        }
        if self.findings.is_empty() {
            return write!(f, "\nno findings");
        }
        write!(f, "\n{} finding{}:", self.findings.len(), if self.findings.len() == 1 { "" } else { "s" })?;
        for finding in &self.findings {
            write!(f, "\n  {finding}")?;
        }
        Ok(())
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(dash, short)
}

fn percent(series: &Series) -> String {
    series.now().map_or_else(dash, |share| format!("{:.0}%", 100.0 * share))
}

fn dash() -> String {
    "-".to_owned()
}
