//! What is told beside the diagnosis: the sharpness of the loss at the end of the run, and the forecast of its start.

use evenkeel::recipe::{Diagnosis, OptimizerKind, Prepared, Recipe, RecipeError, Run};
use evenkeel::{Finding, ForecastMoment, Sharpness, sharpness};

/// How many training rows the sharpness is that of, evenly spaced; and how many products it may take.
const ROWS: usize = 256;
const ITERATIONS: usize = 100;

/// The sharpness at the end of a run, and what its optimizer can follow.
pub struct Edge {
    pub found: Sharpness,
    /// Of gradient descent, with momentum or without: what others can follow depends on what they divide by.
    pub limit: Option<f64>,
    pub finding: Option<Finding>,
}

impl Edge {
    pub fn of(recipe: &Recipe, data: &Prepared, run: &Run) -> Result<Self, RecipeError> {
        let train = data.train();
        let count = train.rows().min(ROWS);
        let spaced: Vec<usize> = (0..count).map(|at| at * train.rows() / count).collect();
        let rows = train.select(&spaced)?;
        let mut network = run.network.clone();
        let mut workspace = network.workspace(count)?;
        let loss = recipe.training.loss.build()?;
        let found = sharpness(&mut network, &mut workspace, rows.inputs(), rows.targets(), &*loss, ITERATIONS)?;
        let step = run.report.steps;
        Ok(match recipe.training.optimizer {
            OptimizerKind::Sgd { learning_rate, momentum, nesterov: false, decay } => {
                let rate = learning_rate / (1.0 + decay * step as f64);
                let limit = Some(Sharpness::limit(rate, momentum));
                Self { found, limit, finding: found.finding(rate, momentum, step) }
            }
            _ => Self { found, limit: None, finding: None },
        })
    }
}

/// The second moments that theory says of the start, beside those that were measured there.
pub fn moments(run: &Run, diagnosis: &Diagnosis) -> Vec<ForecastMoment> {
    let Some(forecast) = &diagnosis.forecast else { return Vec::new() };
    let of_layer = |layer: &evenkeel::LayerForecast| {
        let record = run.report.layer(&layer.name);
        let measured = record.and_then(|record| Some(record.mean.start()?.powi(2) + record.variance.start()?));
        Some(ForecastMoment { layer: layer.name.clone(), predicted: layer.moments?.second, measured })
    };
    forecast.layers.iter().filter_map(of_layer).collect()
}
