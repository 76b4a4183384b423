//! What the program is told.

pub const USAGE: &str =
    "usage: doctor RECIPE [--json | --picture] [--repair] [--sharpness] [--html FILE] [--write-repaired FILE]";

pub const HELP: &str = "\
Trains a recipe under watch, and says what is wrong with it and what may help.

  --json                 prints one JSON object and nothing else
  --picture              prints the findings, the loss and the gradients of every layer as a picture of plain text
  --repair               applies what may help, and runs the recipe again
  --sharpness            measures how strongly the loss curves where the run ended
  --html FILE            writes a page of the run
  --write-repaired FILE  writes the mended recipe, which names its data as seen from there
  --help                 prints this

The exit status is 0 for a healthy run, 1 where something was found, and 2 where the recipe cannot be read or run.";

/// What the program is told.
#[derive(Debug, Default, PartialEq)]
pub struct Arguments {
    pub recipe: String,
    pub json: bool,
    pub picture: bool,
    pub repair: bool,
    pub sharpness: bool,
    pub html: Option<String>,
    pub write_repaired: Option<String>,
}

/// What the program is to do.
#[derive(Debug, PartialEq)]
pub enum Command {
    Help,
    Examine(Arguments),
}

impl Command {
    pub fn read(given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Arguments::default();
        let mut given = given.peekable();
        let mut recipe = None;
        while let Some(argument) = given.next() {
            // The name of a file is no option, or one that was forgotten would take the next option for it.
            let mut file = || {
                let file = given.next_if(|next| !is_option(next));
                file.ok_or_else(|| format!("{argument} needs a file\n{USAGE}"))
            };
            match argument.as_str() {
                "--help" | "-h" => return Ok(Self::Help),
                "--json" => arguments.json = true,
                "--picture" => arguments.picture = true,
                "--repair" => arguments.repair = true,
                "--sharpness" => arguments.sharpness = true,
                "--html" => arguments.html = Some(file()?),
                "--write-repaired" => arguments.write_repaired = Some(file()?),
                option if is_option(option) => return Err(format!("there is no option {option}\n{USAGE}")),
                _ if recipe.is_some() => return Err(format!("more than one recipe\n{USAGE}")),
                _ => recipe = Some(argument),
            }
        }
        if arguments.json && arguments.picture {
            return Err(format!("--json prints nothing else, so no picture\n{USAGE}"));
        }
        arguments.recipe = recipe.ok_or_else(|| USAGE.to_owned())?;
        Ok(Self::Examine(arguments))
    }
}

fn is_option(argument: &str) -> bool {
    argument.starts_with('-') && argument != "-"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, String> {
        Command::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_no_files() {
        for line in ["x --html --json", "x --html", "x --write-repaired --repair", "--html --json x"] {
            assert!(read(line).unwrap_err().contains("needs a file"), "{line}");
        }
        let Ok(Command::Examine(arguments)) = read("--html page x --json") else { panic!("they are fine") };
        assert_eq!((arguments.html.as_deref(), arguments.recipe.as_str(), arguments.json), (Some("page"), "x", true));
    }

    #[test]
    fn help_is_no_mistake() {
        for line in ["--help", "-h", "x --help", "--repair --help"] {
            assert_eq!(read(line), Ok(Command::Help), "{line}");
        }
        for line in ["", "--hlep x", "x y", "x --json --picture"] {
            assert!(read(line).unwrap_err().contains("usage"), "{line}");
        }
        // Every option is explained.
        for option in USAGE.split(['[', ']', '|', ' ']).filter(|word| is_option(word)) {
            assert!(HELP.contains(&format!("\n  {option} ")), "{option}");
        }
    }
}
