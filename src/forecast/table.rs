//! How a forecast is printed: a line a layer, the middle of many left out, then what it amounts to.

use std::fmt;

use super::{Forecast, LayerForecast, NumberFormat, Outlook, Spread};
use crate::stability::short;

/// So many layers are told in full; of more, this many at each end.
const WHOLE: usize = 24;
const ENDS: usize = 8;

/// The columns of a forecast: heading and width.
const COLUMNS: [(&str, usize); 7] = [
    ("signal rms", 12),
    ("95% of nets", 20),
    ("mean", 10),
    ("gradient", 11),
    ("95% of nets", 20),
    ("by weight", 11),
    ("corr.", 8),
];

/// The lines of a table, each a name and its cells; the middle of many is left out.
pub(super) fn write_rows<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    columns: [(&str, usize); N],
    rows: &[(&str, [String; N])],
) -> fmt::Result {
    let longest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("layer".len());
    // A column that nothing is known of is left out.
    let told: Vec<bool> = (0..N).map(|column| rows.iter().any(|(_, cells)| cells[column] != dash())).collect();
    // Wide enough for its widest cell, and a space.
    let widest = |column: usize| rows.iter().map(|(_, cells)| cells[column].chars().count()).max().unwrap_or(0);
    let columns: [_; N] = std::array::from_fn(|column| (columns[column].0, columns[column].1.max(widest(column) + 1)));
    write!(f, "{:longest$}", "layer")?;
    for ((heading, width), told) in columns.iter().zip(&told) {
        if *told {
            write!(f, "{heading:>width$}")?;
        }
    }
    let hidden = if rows.len() > WHOLE { ENDS..rows.len() - ENDS } else { 0..0 };
    for (index, (name, cells)) in rows.iter().enumerate() {
        if hidden.contains(&index) {
            if index == hidden.start {
                write!(f, "\n... {} more layers", hidden.len())?;
            }
            continue;
        }
        write!(f, "\n{name:longest$}")?;
        for ((cell, (_, width)), told) in cells.iter().zip(&columns).zip(&told) {
            if *told {
                write!(f, "{cell:>width$}")?;
            }
        }
    }
    Ok(())
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let output = self.output_gradient();
        let cells = |layer: &LayerForecast| {
            [
                size(layer.moments.map(|moments| moments.second)),
                range(layer.spread, 1.0),
                number(layer.moments.map(|moments| moments.mean)),
                size(layer.gradient.map(|gradient| gradient * output)),
                range(layer.gradient_spread.filter(|spread| spread.log_variance > 0.0), output),
                size(layer.weight_gradient.map(|gradient| gradient * output)),
                layer.correlation.map_or_else(dash, |correlation| format!("{correlation:.4}")),
            ]
        };
        let rows: Vec<_> = self.layers.iter().map(|layer| (layer.name.as_str(), cells(layer))).collect();
        write_rows(f, COLUMNS, &rows)?;
        write!(f, "\ninput: rms {}, mean {}", short(self.input.second.sqrt()), short(self.input.mean))?;
        if let Some(loss) = self.loss {
            write!(f, "; loss at the start {}", short(loss.value))?;
        } else {
            write!(f, "; gradients relative to that by the output")?;
        }
        if let Some(norm) = self.gradient_norm {
            write!(f, "; norm of a row's gradient {}", short(norm))?;
        }
        if let Some(regime) = &self.regime {
            let mut activation = regime.activation.as_str();
            activation = activation.split(' ').next().unwrap_or(activation);
            write!(f, "\nphase: {} at {} ({activation}): ", regime.phase.name(), regime.layer)?;
            let repels = if regime.repelling { " (repelling)" } else { "" };
            write!(f, "chi_1 {:.4}, chi_parallel {:.4}{repels}; ", regime.chi_1, regime.chi_parallel)?;
            write!(
                f,
                "trainable depth about {} of these, there are {}",
                depth(regime.trainable_depth()),
                regime.blocks
            )?;
        }
        for of in self.formats.iter().filter(|of| !of.fits() && of.format != NumberFormat::F32) {
            write!(f, "\n{}:", of.format.name())?;
            let mut before = " ";
            for (what, at) in [
                ("signal overflows", &of.signal_overflows),
                ("signal underflows", &of.signal_underflows),
                ("gradient overflows", &of.gradient_overflows),
                ("gradient underflows", &of.gradient_underflows),
            ] {
                if let Some(at) = at {
                    write!(f, "{before}{what} at {at}")?;
                    before = ", ";
                }
            }
        }
        write!(f, "\noutlook: {}", self.outlook().name())?;
        if let Some(layer) = self.starts_at_zero() {
            write!(f, "\n  {layer} starts at 0: what is in front of it has no gradient before the first step")?;
        }
        if self.outlook() == Outlook::Sound {
            if let Some(norm) = self.gradient_norm.filter(|norm| self.loss.is_some() && *norm > 0.0) {
                write!(f, "; a limit for clipping to start from: {}", short(norm))?;
            }
            return Ok(());
        }
        for concern in &self.concerns {
            write!(f, "\n  {concern}")?;
        }
        for advice in &self.advice {
            write!(f, "\n  advice: {advice}")?;
        }
        Ok(())
    }
}

impl Forecast {
    /// The layer that has a gradient and hands none on.
    fn starts_at_zero(&self) -> Option<&str> {
        let gradient = |layer: &LayerForecast| layer.gradient.unwrap_or(f64::NAN);
        let hands_none_on = |pair: &&[LayerForecast]| gradient(&pair[0]) == 0.0 && gradient(&pair[1]) > 0.0;
        self.layers.windows(2).find(hands_none_on).map(|pair| pair[1].name.as_str())
    }
}

/// The root of a mean square.
pub(super) fn size(square: Option<f64>) -> String {
    number(square.map(f64::sqrt))
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(dash, short)
}

/// Where the sizes of 95 of 100 networks lie.
fn range(spread: Option<Spread>, times: f64) -> String {
    spread.map_or_else(dash, |spread| {
        let [low, high] = spread.range(1.96).map(|square| short((square * times).sqrt()));
        format!("{low} to {high}")
    })
}

fn depth(depth: f64) -> String {
    if depth < 1e6 { format!("{depth:.0}") } else { "any".to_owned() }
}

pub(super) fn dash() -> String {
    "-".to_owned()
}
