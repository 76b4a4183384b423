//! Reads a recipe, trains it under watch, and says what is wrong with it and what may help.
//!
//! ```text
//! cargo run --release --example doctor -- RECIPE [--json] [--repair] [--sharpness] [--html FILE] [--write-repaired FILE]
//! ```
//!
//! `--json` prints one JSON object and nothing else; `--repair` applies what may help and runs the recipe again; `--sharpness` measures how strongly
//! the loss curves where the run ended, and whether gradient descent can follow; `--html` writes a page of the run, with what theory says of its
//! start, and `--write-repaired` the mended recipe.
//!
//! The exit status is 0 for a healthy run, 1 where something was found, and 2 where the recipe cannot be read or run.

mod answer;
mod arguments;
mod beside;

use std::path::Path;
use std::process::ExitCode;

use evenkeel::ReportPage;
use evenkeel::recipe::{Diagnosis, Recipe, RecipeError};

use arguments::Arguments;
use beside::Edge;

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => return refuse(&message),
    };
    match examine(&arguments) {
        Ok(status) => status,
        Err(error) => refuse(&format!("{}: {error}", arguments.recipe)),
    }
}

fn examine(arguments: &Arguments) -> Result<ExitCode, RecipeError> {
    let path = Path::new(&arguments.recipe);
    let recipe = Recipe::read(path)?;
    let data = recipe.prepare(path.parent().unwrap_or(path))?;
    let run = recipe.run_on(&data)?;
    let mut diagnosis = Diagnosis::of(&recipe, &data, &run);
    let wanted = arguments.repair || arguments.write_repaired.is_some();
    let repair = if wanted { diagnosis.repair(&recipe, &data, &run) } else { None };
    let edge = if arguments.sharpness { Some(Edge::of(&recipe, &data, &run)?) } else { None };
    diagnosis.findings.extend(edge.as_ref().and_then(|edge| edge.finding.clone()));
    if let Some(file) = &arguments.html {
        let moments = beside::moments(&run, &diagnosis);
        let page = ReportPage::new(&run.report).title(&recipe.name).history(&run.history).forecast(&moments);
        let page = page.diagnosis(&run, &diagnosis);
        repair.iter().fold(page, ReportPage::repair).save(file)?;
    }
    if let (Some(file), Some(repair)) = (&arguments.write_repaired, &repair)
        && let Err(error) = std::fs::write(file, repair.recipe.to_toml())
    {
        return Err(RecipeError::File { path: file.clone(), reason: error.to_string() });
    }
    if arguments.json {
        println!("{}", answer::json(&recipe, &run, &diagnosis, edge.as_ref(), repair.as_ref()));
    } else {
        answer::print(&recipe, &run, &diagnosis, edge.as_ref(), repair.as_ref());
        if wanted && repair.is_none() && !diagnosis.is_healthy() {
            answer::print_not_repaired(&diagnosis);
        }
    }
    Ok(if diagnosis.is_healthy() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}
