//! Reads a recipe, trains it under watch, and says what is wrong with it and what may help.
//!
//! ```text
//! cargo run --release --example doctor -- RECIPE [--json] [--repair] [--html FILE] [--write-repaired FILE]
//! ```
//!
//! The exit status is 0 for a healthy run, 1 where something was found, and 2 where the recipe cannot be read or run.

mod answer;
mod arguments;
#[path = "../../src/recipe/diagnosis/mod.rs"]
mod diagnosis;

pub use evenkeel::*;

use std::path::Path;
use std::process::ExitCode;

use diagnosis::Diagnosis;
use evenkeel::recipe::{Recipe, RecipeError, Run};

use arguments::Arguments;

fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => return refuse(&message),
    };
    match examine(Path::new(&arguments.recipe)) {
        Ok((recipe, run, diagnosis)) => {
            if arguments.repair || arguments.html.is_some() || arguments.write_repaired.is_some() {
                eprintln!("repairs and pages are not there yet");
            }
            if arguments.json {
                println!("{}", answer::json(&recipe, &run, &diagnosis));
            } else {
                answer::print(&recipe, &run, &diagnosis);
            }
            if std::env::var("WHY").is_ok() {
                eprintln!("{:?} {:?}", diagnosis.cause, diagnosis.ruled_out);
            }
            if diagnosis.is_healthy() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => refuse(&format!("{}: {error}", arguments.recipe)),
    }
}

fn examine(path: &Path) -> Result<(Recipe, Run, Diagnosis), RecipeError> {
    let recipe = Recipe::read(path)?;
    let data = recipe.prepare(path.parent().unwrap_or(path))?;
    let run = recipe.run_on(&data)?;
    let diagnosis = Diagnosis::of(&recipe, &data, &run);
    Ok((recipe, run, diagnosis))
}

fn refuse(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}
