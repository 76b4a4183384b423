//! What was forecast of each layer, beside what was measured.

use super::axes::{self, bottom_axis, line};
use super::layer_rows::{LEFT, LayerRows};
use super::mark::{Mark, legend};
use super::markup::Markup;
use super::picture::{Picture, RIGHT};
use super::scale::Scale;
use super::words::{each, number};

const TITLE: &str = "Second moment, forecast and measured, by layer";
const TOP: f64 = 56.0;

/// The second moment of the outputs of a layer: the mean of their squares, as it was forecast and as it was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct ForecastMoment {
    /// The layer's name.
    pub layer: String,
    /// What was forecast.
    pub predicted: f64,
    /// What was measured, where anything was.
    pub measured: Option<f64>,
}

/// Draws the second moments that were forecast beside those that were measured, as SVG.
///
/// A row for each layer on a logarithmic scale: a diamond for the forecast, a dot for what was measured, and a line between them.
///
/// ```
/// use evenkeel::{ForecastMoment, forecast_svg};
/// let moments = [ForecastMoment { layer: "0.linear".to_owned(), predicted: 1.0, measured: Some(0.98) }];
/// assert!(forecast_svg(&moments).contains("0.linear: forecast 1.00, measured 0.980"));
/// ```
pub fn forecast_svg(moments: &[ForecastMoment]) -> String {
    forecast(moments).unwrap_or_else(|| Picture::nothing(TITLE)).alone()
}

/// The picture; `None` where there is nothing to draw.
pub(super) fn forecast(moments: &[ForecastMoment]) -> Option<Picture> {
    if moments.is_empty() {
        return None;
    }
    let values = moments.iter().flat_map(|moment| [Some(moment.predicted), moment.measured]).flatten();
    let across = Scale::log(values).between(LEFT + 12.0, RIGHT);
    let rows = LayerRows::new(moments.iter().map(|moment| &*moment.layer), TOP);

    let mut drawing = Markup::default();
    let markup = &mut drawing;
    bottom_axis(markup, &across, (TOP, rows.bottom()), "mean of the squares of the outputs");
    rows.write_names(markup);
    for (index, moment) in moments.iter().enumerate() {
        let (predicted, measured) = (Some(moment.predicted), moment.measured);
        let tells = format!("forecast {}, measured {}", number(predicted), number(measured));
        rows.draw(markup, index, &tells, |markup, y| {
            // What is zero has no place on the scale, nor has what is not finite.
            let place = |value: Option<f64>| value.filter(|&value| value > 0.0).and_then(|value| across.at(value));
            if let (Some(from), Some(to)) = (place(predicted), place(measured)) {
                line(markup, "one", (from, y), (to, y));
            }
            for (mark, value) in [(Mark::Diamond, predicted), (Mark::Dot, measured)] {
                match (value, place(value)) {
                    (_, Some(x)) => mark.draw(markup, (x, y)),
                    (Some(0.0), _) => Mark::Zero.draw(markup, (LEFT + 4.0, y)),
                    (Some(_), _) => Mark::Cross.draw(markup, (RIGHT + 8.0, y)),
                    (None, _) => {}
                }
            }
        });
    }
    let meaning =
        [(Mark::Diamond, "forecast"), (Mark::Dot, "measured"), (Mark::Zero, "zero"), (Mark::Cross, "not finite")];
    legend(markup, LEFT, 36.0, &meaning);
    let furthest = moments.iter().filter_map(ForecastMoment::factor).map(|factor| factor.max(1.0 / factor));
    let description = format!(
        "A row for {}; what was measured differs from the forecast by a factor of at most {}",
        each(moments.len(), "layer"),
        number(furthest.reduce(f64::max))
    );
    Some(Picture { title: TITLE.to_owned(), description, height: rows.bottom() + axes::BELOW, drawing })
}

impl ForecastMoment {
    /// What was measured, divided by the forecast; `None` unless both are finite and above 0.
    ///
    /// ```
    /// use evenkeel::ForecastMoment;
    /// let moment = |measured| ForecastMoment { layer: "0.linear".to_owned(), predicted: 2.0, measured };
    /// assert_eq!((moment(Some(3.0)).factor(), moment(None).factor()), (Some(1.5), None));
    /// ```
    pub fn factor(&self) -> Option<f64> {
        let usable = |value: f64| value > 0.0 && value.is_finite();
        self.measured
            .filter(|&measured| usable(measured) && usable(self.predicted))
            .map(|measured| measured / self.predicted)
    }
}
