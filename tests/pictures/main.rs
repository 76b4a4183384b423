//! Pictures of reports: well-formed whatever was recorded, and true to it.

mod anything;
mod page;
mod reports;
mod svg;
mod terminal;
mod xml;

use evenkeel::*;

/// Some epochs with validation, one of them not finite.
pub fn history() -> Vec<Epoch> {
    let epoch = |epoch: u64, loss: f64| Epoch {
        epoch,
        steps: 10 * (epoch + 1),
        loss,
        rate: 0.1,
        validation: Some(Evaluation { loss, accuracy: None }),
    };
    vec![epoch(0, 2.0), epoch(1, f64::NAN), epoch(2, 1.0), Epoch { validation: None, ..epoch(3, 0.5) }]
}

/// Forecasts with and without a measurement, and beyond what has a logarithm.
pub fn moments() -> Vec<ForecastMoment> {
    let moment = |predicted, measured| ForecastMoment { layer: reports::HOSTILE.to_owned(), predicted, measured };
    vec![
        moment(1.0, Some(0.5)),
        moment(1e-30, None),
        moment(f64::INFINITY, Some(f64::NAN)),
        moment(0.0, Some(-1.0)),
        moment(f64::MAX, Some(5e-324)),
    ]
}

/// Every picture of a report, by name.
pub fn pictures(report: &StabilityReport) -> [(&'static str, String); 8] {
    [
        ("loss", loss_curve_svg(report, &[])),
        ("loss and validation", loss_curve_svg(report, &history())),
        ("gradients", gradient_heat_map_svg(report)),
        ("update ratios", update_ratio_svg(report)),
        ("outputs", activation_spread_svg(report)),
        ("inactive units", inactive_units_svg(report)),
        ("lags", lag_norms_svg(report)),
        ("forecast", forecast_svg(&moments())),
    ]
}
