//! The pictures of a page, each with its numbers.

use super::tables::write_table;
use crate::render::activation_spread::{activation_spread, spread_now};
use crate::render::columns::spans;
use crate::render::forecast::{ForecastMoment, forecast};
use crate::render::gradient_heat_map::gradient_heat_map;
use crate::render::inactive_units::inactive_units;
use crate::render::lag_norms::{lag_norms, through_time};
use crate::render::loss_curve::{loss_curve, validation};
use crate::render::markup::Markup;
use crate::render::picture::Picture;
use crate::render::update_ratio::update_ratio;
use crate::render::words::{number, percent, steps};
use crate::{Epoch, LayerRecord, Series, StabilityReport};

pub(super) fn write(markup: &mut Markup, report: &StabilityReport, history: &[Epoch], moments: &[ForecastMoment]) {
    if let Some(picture) = loss_curve(report, history) {
        write_figure(markup, picture, &["what", "mean", "smallest", "largest", "not finite"], losses(report, history));
    }
    if let Some(picture) = gradient_heat_map(report) {
        let of = |layer: &LayerRecord| history_of(layer, &layer.gradient);
        write_figure(markup, picture, &HISTORY, report.layers.iter().filter_map(of));
    }
    if let Some(picture) = update_ratio(report) {
        let of = |layer: &LayerRecord| history_of(layer, &layer.update_ratio);
        write_figure(markup, picture, &HISTORY, report.layers.iter().filter_map(of));
    }
    if let Some(picture) = activation_spread(report) {
        let seen = report.layers.iter().filter(|layer| !layer.mean.is_empty());
        let rows = seen.map(|layer| {
            let (mean, deviation) = spread_now(layer);
            let at_start = [layer.mean.start(), layer.variance.start().map(f64::sqrt)];
            let numbers = at_start.into_iter().chain([mean, deviation]).map(number);
            [layer.name.clone()].into_iter().chain(numbers).collect()
        });
        write_figure(markup, picture, &["layer", "mean at start", "± at start", "mean now", "± now"], rows);
    }
    if let Some(picture) = inactive_units(report) {
        let can_be = |layer: &&LayerRecord| !layer.dead.is_empty() || !layer.saturated.is_empty();
        let rows = report.layers.iter().filter(can_be).map(|layer| {
            let shares = [layer.dead.now(), layer.dead.largest(), layer.saturated.now(), layer.saturated.largest()];
            [layer.name.clone()].into_iter().chain(shares.into_iter().map(percent)).collect()
        });
        write_figure(markup, picture, &["layer", "dead now", "at most", "saturated now", "at most"], rows);
    }
    if let Some(picture) = lag_norms(report) {
        let rows = through_time(report).flat_map(|(layer, through_time)| {
            through_time.norms.iter().map(|(lag, series)| {
                let now = series.recent_median().or_else(|| series.now());
                vec![layer.name.clone(), lag.to_string(), number(series.start()), number(now)]
            })
        });
        write_figure(markup, picture, &["layer", "steps back", "first step", "median of the last"], rows);
    }
    if let Some(picture) = forecast(moments) {
        let rows = moments.iter().map(|moment| {
            let numbers = [Some(moment.predicted), moment.measured, moment.factor()].map(number);
            [moment.layer.clone()].into_iter().chain(numbers).collect()
        });
        write_figure(markup, picture, &["layer", "forecast", "measured", "measured / forecast"], rows);
    }
}

const HISTORY: [&str; 6] = ["layer", "start", "now", "smallest", "largest", "not finite"];

/// The row of a layer in a table of that heading; `None` where nothing was recorded.
fn history_of(layer: &LayerRecord, series: &Series) -> Option<Vec<String>> {
    if series.is_empty() {
        return None;
    }
    let numbers = [series.start(), series.now(), series.smallest(), series.largest()].map(number);
    Some([layer.name.clone()].into_iter().chain(numbers).chain([series.non_finite().to_string()]).collect())
}

fn losses(report: &StabilityReport, history: &[Epoch]) -> impl Iterator<Item = Vec<String>> {
    let rows = |what: &'static str, series: &Series| -> Vec<Vec<String>> {
        let row = |(first, last, bin): (u64, u64, crate::Bin)| {
            let known = |value: f64| number((bin.count > 0).then_some(value));
            let numbers = [known(bin.mean), known(bin.smallest), known(bin.largest), bin.non_finite.to_string()];
            [format!("{what}{}", steps((first, last)))].into_iter().chain(numbers).collect()
        };
        spans(series).map(row).collect()
    };
    rows("", &report.loss).into_iter().chain(rows("validation, ", &validation(history)))
}

fn write_figure(markup: &mut Markup, picture: Picture, headings: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let (title, description) = (picture.title.clone(), picture.description.clone());
    markup.element("section", &[("aria-label", &title)], |markup| {
        markup.leaf("h2", &[], &title);
        markup.element("figure", &[], |markup| {
            markup.element("div", &[("class", &"wide")], |markup| markup.insert(&picture.in_page()));
            markup.leaf("figcaption", &[], &format!("{description}."));
        });
        markup.element("details", &[], |markup| {
            markup.leaf("summary", &[], "The numbers");
            write_table(markup, headings, rows);
        });
    });
}
