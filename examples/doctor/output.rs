//! Where the program speaks: to whoever still listens, and without the control characters of what it was given.

use std::io::{ErrorKind, Write};

use evenkeel::Error;
use evenkeel::recipe::RecipeError;

/// Prints a text and ends its line. Where nobody listens any more, as behind `| head`, there is nothing to be done.
///
/// # Errors
/// [`Error::Write`] where standard output fails otherwise.
pub fn say(text: &str) -> Result<(), RecipeError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Write { path: "standard output".into(), reason: error.to_string() }.into())
        }
        _ => Ok(()),
    }
}

/// A text with its control characters escaped, so that a terminal shows them and does not obey them. Lines stay lines.
pub fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() && c != '\n' { c.escape_default().collect() } else { vec![c] })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(plain("a\u{1b}[31m 名前\n\"b\"\u{9b}\t"), "a\\u{1b}[31m 名前\n\"b\"\\u{9b}\\t");
    }
}
