//! Reads a recipe, trains it under watch, and says what is wrong with it and what may help.
//!
//! ```text
//! cargo run --release --example doctor -- RECIPE [--json | --picture] [--repair] [--sharpness] [--html FILE]
//!     [--write-repaired FILE]
//! ```
//!
//! `--json` prints one JSON object and nothing else, `--picture` a picture of plain text; `--repair` applies what may help and runs the recipe again; `--sharpness` measures how strongly
//! the loss curves where the run ended, and whether gradient descent can follow; `--html` writes a page of the run, with what theory says of its
//! start, and `--write-repaired` the mended recipe.
//!
//! The exit status is 0 for a healthy run, 1 where something was found, and 2 where the recipe cannot be read or run.

mod answer;
mod arguments;
mod beside;
mod output;

use std::path::Path;
use std::process::ExitCode;

use evenkeel::recipe::{Diagnosis, Recipe, RecipeError, Repair};
use evenkeel::{Error, ReportPage, terminal_picture};

use arguments::{Arguments, Command};
use beside::Edge;

fn main() -> ExitCode {
    let arguments = match Command::read(std::env::args().skip(1)) {
        Ok(Command::Examine(arguments)) => arguments,
        Ok(Command::Help) => {
            return match output::say(&format!("{}\n\n{}", arguments::USAGE, arguments::HELP)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => refuse(&error.to_string()),
            };
        }
        Err(message) => return refuse(&message),
    };
    match examine(&arguments) {
        Ok(status) => status,
        Err(error) => refuse(&format!("{}: {error}", arguments.recipe)),
    }
}

fn examine(arguments: &Arguments) -> Result<ExitCode, RecipeError> {
    let path = Path::new(&arguments.recipe);
    let (recipe, data) = Recipe::open(path)?;
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
    if let Some(file) = &arguments.write_repaired {
        write_repaired(repair.as_ref(), path, file)?;
    }
    if arguments.json {
        let told = answer::json(&recipe, &run, &diagnosis, edge.as_ref(), wanted, repair.as_ref());
        output::say(&told.to_string())?;
    } else if arguments.picture {
        let mut report = run.report.clone();
        report.findings.clone_from(&diagnosis.findings);
        output::say(&format!("{}\n{}", output::plain(&recipe.name), terminal_picture(&report)))?;
    } else {
        let shown = Recipe { name: output::plain(&recipe.name), ..recipe };
        let mut lines = answer::text(&shown, &run, &diagnosis, edge.as_ref(), repair.as_ref());
        if wanted && repair.is_none() && !diagnosis.is_healthy() {
            lines.push(answer::not_repaired(&diagnosis));
        }
        output::say(&lines.join("\n"))?;
    }
    Ok(if diagnosis.is_healthy() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Writes the mended recipe, if there is one, for the folder of that file.
fn write_repaired(repair: Option<&Repair>, recipe: &Path, file: &str) -> Result<(), RecipeError> {
    let Some(repair) = repair else {
        let stays = if Path::new(file).exists() { ", which stays as it is" } else { "" };
        complain(&format!("nothing to write to {file}{stays}: nothing was mended"));
        return Ok(());
    };
    let folder = |path: &Path| path.parent().unwrap_or(path).to_path_buf();
    let moved = repair.recipe.moved(&folder(recipe), &folder(Path::new(file)))?;
    let failed = |error: std::io::Error| Error::Write { path: file.into(), reason: error.to_string() };
    Ok(std::fs::write(file, moved.to_toml()).map_err(failed)?)
}

/// Says something beside the answer; where nobody listens, to nobody.
fn complain(message: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{}", output::plain(message));
}

fn refuse(message: &str) -> ExitCode {
    complain(message);
    ExitCode::from(2)
}
