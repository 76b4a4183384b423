//! What the program is told.

pub const USAGE: &str = "usage: doctor RECIPE [--json] [--repair] [--sharpness] [--html FILE] [--write-repaired FILE]";

/// What the program is told.
#[derive(Debug, Default)]
pub struct Arguments {
    pub recipe: String,
    pub json: bool,
    pub repair: bool,
    pub sharpness: bool,
    pub html: Option<String>,
    pub write_repaired: Option<String>,
}

impl Arguments {
    pub fn read(given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut given = given.peekable();
        let mut recipe = None;
        while let Some(argument) = given.next() {
            let mut file = || given.next().ok_or_else(|| format!("{argument} needs a file\n{USAGE}"));
            match argument.as_str() {
                "--json" => arguments.json = true,
                "--repair" => arguments.repair = true,
                "--sharpness" => arguments.sharpness = true,
                "--html" => arguments.html = Some(file()?),
                "--write-repaired" => arguments.write_repaired = Some(file()?),
                option if option.starts_with("--") => return Err(format!("there is no option {option}\n{USAGE}")),
                _ if recipe.is_some() => return Err(format!("more than one recipe\n{USAGE}")),
                _ => recipe = Some(argument),
            }
        }
        arguments.recipe = recipe.ok_or_else(|| USAGE.to_owned())?;
        Ok(arguments)
    }
}
