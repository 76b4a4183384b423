//! What to do about a forecast.

use super::parts::{Part, two_slopes};
use super::walk::Walk;
use super::{Concern, Forecast};
use crate::{EdgeOfChaos, Pointwise};

/// The variance of the biases at which an edge of chaos is advised: that of Schoenholz and others.
const BIAS_VARIANCE: f64 = 0.05;
/// Over the whole depth the mean square of the gradient may change by e to this: a factor of 20 in its size.
const CHANGE: f64 = 6.0;

/// Advice for every concern there is some for.
pub(super) fn of(forecast: &Forecast, walk: &Walk<'_>) -> Vec<String> {
    let mut advice = Vec::new();
    let has = |wanted: fn(&Concern) -> bool| forecast.concerns.iter().any(wanted);
    let sizes = has(|concern| {
        matches!(
            concern,
            Concern::SignalExplodes { .. }
                | Concern::GradientExplodes { .. }
                | Concern::SignalVanishes { .. }
                | Concern::GradientVanishes { .. }
                | Concern::TooDeep { .. }
                | Concern::Repelling { .. }
        )
    });
    if has(|concern| matches!(concern, Concern::TiedUnits { .. })) || sizes {
        advice.push(start(forecast, walk));
    }
    if sizes && let Some(regime) = &forecast.regime {
        let limit = regime.trainable_depth();
        if limit < regime.blocks as f64 {
            advice.push(format!(
                "or, with the weights as they are, no more than {} such hidden layers",
                limit.max(1.0).floor()
            ));
        }
    }
    if has(|concern| matches!(concern, Concern::Scatter { .. })) {
        advice.push("wider layers, or fewer: what counts is the sum of 1 / width over the layers".to_owned());
    }
    advice
}

/// Where weights should start.
fn start(forecast: &Forecast, walk: &Walk<'_>) -> String {
    let mut functions = walk.steps.iter().filter_map(|step| match step.part {
        Part::Pointwise(function) => Some(function),
        _ => None,
    });
    // The last one may be that of the output.
    let function = match &forecast.regime {
        Some(regime) => functions.rfind(|function| format!("{function:?}") == regime.activation),
        None => functions.next_back(),
    };
    let Some(function) = function else {
        return "weights of variance 1 / n_in: LeCun::normal()".to_owned();
    };
    let blocks = forecast.regime.as_ref().map_or(1, |regime| regime.blocks) as f64;
    of_function(function, blocks)
}

/// Where the weights that feed a function should start, in that many blocks.
fn of_function(function: &dyn Pointwise, blocks: f64) -> String {
    let name = format!("{function:?}");
    let of = function.expected(0.0, 1.0);
    let (gain, chi_1, chi_parallel) = (of.gain(), of.slope_second / of.second, of.growth / of.second);
    let stable = two_slopes(function).is_some() || chi_parallel <= 1.0;
    if stable && blocks * chi_1.ln().abs() <= CHANGE {
        let square = gain * gain;
        let initializer = match square {
            _ if (square - 2.0).abs() < 1e-9 => "He::normal()".to_owned(),
            _ if (square - 1.0).abs() < 1e-9 => "LeCun::normal()".to_owned(),
            _ => format!("LeCun::normal().gain({gain:.4})"),
        };
        return format!("weights of variance {square:.4} / n_in, which keep the signal of {name}: {initializer}");
    }
    let expected = |q: f64| function.expected(0.0, q);
    let edge = EdgeOfChaos::of_function(&expected, function.value_and_slope(0.0).0, BIAS_VARIANCE);
    if let Some(edge) = edge.filter(|edge| edge.is_stable() && edge.weight_variance < 10.0) {
        return format!(
            "weights of variance {:.4} / n_in and biases of variance {BIAS_VARIANCE}, the edge of chaos of {name}: \
             Critical::of(&{name}, {BIAS_VARIANCE})",
            edge.weight_variance
        );
    }
    let most = (CHANGE / chi_1.ln().abs()).max(1.0).floor();
    if stable {
        format!(
            "{name} passes the gradient through about {most} layers at best: use another activation, or fewer layers"
        )
    } else {
        format!(
            "no start keeps {name} stable over so many layers: normalize between them, add residual branches, or scale the weights on data"
        )
    }
}
