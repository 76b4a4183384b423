//! Reports at the edges of what there is to draw.

use evenkeel::*;

/// The name of a layer as nobody should call it.
pub const HOSTILE: &str = "</text><script>alert(\"1\")</script>&amp;'\u{1b}[31m\u{202e}\u{0}\n层";

/// A series of values, one a step.
pub fn series(values: impl IntoIterator<Item = f64>) -> Series {
    let mut series = Series::new();
    values.into_iter().enumerate().for_each(|(step, value)| series.push(step as u64, value));
    series
}

/// A layer with nothing recorded.
pub fn layer(name: &str) -> LayerRecord {
    LayerRecord {
        name: name.to_owned(),
        gradient: Series::new(),
        bias_gradient: Series::new(),
        weight: Series::new(),
        update_ratio: Series::new(),
        mean: Series::new(),
        variance: Series::new(),
        dead: Series::new(),
        saturated: Series::new(),
        tied: Series::new(),
        close: CloseLook::default(),
        through_time: None,
        distinct: None,
        weights: None,
        bounds: Bounds::NONE,
    }
}

/// A layer of which everything was recorded, all with the same values.
pub fn full_layer(name: &str, values: &[f64]) -> LayerRecord {
    let all = || series(values.iter().copied());
    let norms = vec![(0, all()), (1, all()), (2, all()), (4, all()), (7, all())];
    LayerRecord {
        gradient: all(),
        bias_gradient: all(),
        weight: all(),
        update_ratio: all(),
        mean: all(),
        variance: all(),
        dead: all(),
        saturated: all(),
        tied: all(),
        through_time: Some(ThroughTime { norms, fades_at: Series::new(), grows_at: Series::new() }),
        distinct: Some(1),
        weights: Some(WeightShape { rows: 2, cols: 3 }),
        ..layer(name)
    }
}

pub fn report(loss: Series, layers: Vec<LayerRecord>) -> StabilityReport {
    StabilityReport { steps: loss.len(), loss, layers, ..Monitor::new().report() }
}

/// A finding about some layers, with everything a finding can have.
pub fn finding(severity: Severity, layers: &[&str]) -> Finding {
    Finding {
        symptom: Symptom::VanishingGradients,
        severity,
        layers: layers.iter().map(|layer| (*layer).to_owned()).collect(),
        step: 12,
        cause: Cause::WeightsTooSmall,
        evidence: vec![Evidence { what: "gradient of the first layer", value: 1.25e-9 }],
        message: format!("the gradient fades at {}", layers.join(", ")),
        remedies: vec![Remedy::FittingInitializer, Remedy::ReplaceActivation { with: "a<b" }, Remedy::FewerLayers],
    }
}

/// Reports at every edge, by name.
pub fn edges() -> Vec<(&'static str, StabilityReport)> {
    let same = |value: f64, steps: usize| vec![value; steps];
    let one = |values: &[f64]| report(series(values.iter().copied()), vec![full_layer("0.linear", values)]);
    let decay: Vec<f64> = (0..1000).map(|step| 10.0 * 0.98_f64.powi(step)).collect();
    let mixed: Vec<f64> = (0..300).map(|step| [1.0, f64::NAN, 0.0, f64::INFINITY, -2.0, 1e-300][step % 6]).collect();
    let many = (0..200).map(|index| full_layer(&format!("{index}.linear"), &decay)).collect();
    let mut hostile = report(series(decay.clone()), vec![full_layer(HOSTILE, &decay), layer(&"&".repeat(500))]);
    hostile.findings = vec![finding(Severity::Critical, &[HOSTILE]), finding(Severity::Info, &[])];
    let what = HOSTILE.to_owned();
    let number =
        NonFiniteNumber { kind: "weights", layer: what.clone(), what, step: 1, index: 2, value: f64::NAN, count: 3 };
    hostile.non_finite = vec![number];
    vec![
        ("empty", Monitor::new().report()),
        ("layers without numbers", report(Series::new(), vec![layer("0.linear"), layer("")])),
        ("one step", one(&[0.5])),
        ("two steps", one(&[0.5, 0.25])),
        ("decay", one(&decay)),
        ("200 layers", report(series(decay.clone()), many)),
        ("only NaN", one(&same(f64::NAN, 100))),
        ("only infinite", one(&same(f64::INFINITY, 3))),
        ("minus infinity", one(&[f64::NEG_INFINITY, 1.0])),
        ("zeros", one(&same(0.0, 100))),
        ("constant", one(&same(3.5, 100))),
        ("negative", one(&[-1.0, -2.0, -1e9])),
        ("largest", one(&[f64::MAX, f64::MIN, f64::MAX])),
        ("same and largest", one(&same(f64::MAX, 2))),
        ("smallest", one(&[5e-324, f64::MIN_POSITIVE, 0.0])),
        ("all magnitudes", one(&[5e-324, 1e-100, 1.0, 1e100, f64::MAX])),
        ("mixed", one(&mixed)),
        ("hostile names", hostile),
    ]
}
