//! What the program says: as JSON, or to a person.

use evenkeel::recipe::{Diagnosis, Recipe, Repair, Run};
use evenkeel::{Finding, Remedy};
use serde_json::{Map, Value, json};

use super::beside::Edge;

/// One JSON object; a number that is not finite is null.
/// The part about the repair is there where one was wanted: also where there is nothing to be mended, or nothing mends it.
pub fn json(
    recipe: &Recipe,
    run: &Run,
    diagnosis: &Diagnosis,
    edge: Option<&Edge>,
    wanted: bool,
    repair: Option<&Repair>,
) -> Value {
    let mut told = json!({
        "name": recipe.name,
        "healthy": diagnosis.is_healthy(),
        "cause": diagnosis.cause,
        "confidence": diagnosis.confidence,
        "ruled_out": diagnosis.ruled_out,
        "findings": diagnosis.findings.iter().map(finding).collect::<Vec<_>>(),
        "metrics": metrics(run),
    });
    if let Some(Edge { found, limit, .. }) = edge {
        told["sharpness"] = json!({ "value": found.value, "residual": found.residual, "limit": limit });
    }
    if wanted {
        let (diagnosis, run) = repair.map_or((diagnosis, run), |repair| (&repair.diagnosis, &repair.run));
        told["repair"] = json!({
            "applied": repair.map_or(&[][..], |repair| &repair.applied),
            "healthy": diagnosis.is_healthy(),
            "metrics": metrics(run),
        });
    }
    told
}

fn finding(finding: &Finding) -> Value {
    let evidence: Map<String, Value> =
        finding.evidence.iter().map(|evidence| (evidence.what.to_owned(), json!(evidence.value))).collect();
    let mut told = json!({
        "symptom": finding.symptom,
        "severity": finding.severity,
        "layers": finding.layers,
        "step": finding.step,
        "cause": finding.cause,
        "evidence": evidence,
        "message": finding.message,
        "why": finding.symptom.why(),
        "remedies": finding.remedies,
    });
    // The format of recipes does not know it.
    if finding.symptom.is_extra() {
        told["extra"] = json!(true);
    }
    told
}

fn metrics(run: &Run) -> Value {
    let mut metrics = Map::new();
    for (part, evaluated) in [("train", &run.end.train), ("validation", &run.end.validation)] {
        metrics.insert(format!("{part}_loss"), json!(evaluated.loss));
        for (name, score) in [("accuracy", evaluated.score.accuracy), ("r2", evaluated.score.r2)] {
            if let Some(score) = score {
                metrics.insert(format!("{part}_{name}"), json!(score));
            }
        }
    }
    Value::Object(metrics)
}

/// Where a repair was asked for, and there is none.
pub fn not_repaired(diagnosis: &Diagnosis) -> String {
    let why = match diagnosis.remedies.first() {
        Some(Remedy::ShuffleRows | Remedy::CheckData) => "only other data would help",
        _ => "nothing that was tried is better than this run on the rows that validate",
    };
    format!("not repaired: {why}")
}

/// What a person reads, line by line.
pub fn text(
    recipe: &Recipe,
    run: &Run,
    diagnosis: &Diagnosis,
    edge: Option<&Edge>,
    repair: Option<&Repair>,
) -> Vec<String> {
    let mut lines = vec![
        format!("{}: {}", recipe.name, if diagnosis.is_healthy() { "healthy" } else { "not healthy" }),
        metrics_in_words(run),
    ];
    lines.extend(run.stopped.as_ref().map(|stopped| format!("the run ended early: {stopped}")));
    if let Some(forecast) = &diagnosis.forecast {
        let concern = forecast.concerns.first().map_or(String::new(), |concern| format!(": {concern}"));
        lines.push(format!("theory says of its start: {}{concern}", forecast.outlook().name()));
    }
    if let Some(Edge { found, limit, .. }) = edge {
        let within = limit.map_or(String::new(), |limit| format!(", where its steps follow up to {}", short(limit)));
        lines.push(if found.value.is_finite() {
            format!("the loss curves by {} at the end{within}", short(found.value))
        } else {
            "how strongly the loss curves at the end cannot be told: a number is not finite there".to_owned()
        });
    }
    lines.extend(diagnosis.findings.iter().map(Finding::to_string));
    lines.extend(diagnosis.confidence.map(|confidence| format!("that this is the cause is {confidence}")));
    if !diagnosis.is_healthy() && !diagnosis.ruled_out.is_empty() {
        lines.push("asked before, and answered with no:".to_owned());
        lines.extend(diagnosis.ruled_out.iter().map(|question| format!("  {question}")));
    }
    if let Some(repair) = repair {
        let end = if repair.diagnosis.is_healthy() { "healthy" } else { "not healthy still" };
        lines.push(format!("repaired: {end}"));
        lines.extend(repair.applied.iter().map(|applied| format!("  {applied}")));
        lines.push(metrics_in_words(&repair.run));
    }
    lines
}

/// Loss and score on the rows that train and on those that validate.
fn metrics_in_words(run: &Run) -> String {
    let Value::Object(metrics) = metrics(run) else { return String::new() };
    let one = |(name, value): (&String, &Value)| {
        let value = value.as_f64().map_or("not finite".to_owned(), short);
        format!("{} {value}", name.replace('_', " "))
    };
    metrics.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A number in a few characters, however large or small.
fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if (1e-3..1e5).contains(&value.abs()) { format!("{value:.3}") } else { format!("{value:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [(0.0, "0"), (-0.963_27, "-0.963"), (2e-7, "2.0e-7"), (1.234e30, "1.2e30")] {
            assert_eq!(short(value), text);
        }
    }
}
