//! Where the program speaks: to whoever still listens, and without the control characters of what it was given.

use std::io::{ErrorKind, Write};

use evenkeel::Error;
use evenkeel::recipe::RecipeError;

/// Prints a text and ends its line. Where nobody listens any more, as behind `| head`, there is nothing to be done.
///
/// # Errors
/// [`Error::Write`] where standard output fails otherwise.
pub fn say(text: &str) -> Result<(), RecipeError> {
    say_to(&mut std::io::stdout().lock(), text)
}

fn say_to(out: &mut impl Write, text: &str) -> Result<(), RecipeError> {
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

    #[test]
    fn a_closed_pipe_is_no_error() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        // More than a pipe holds.
        for text in ["healthy", &"x".repeat(1 << 20)] {
            say_to(&mut writer, text).unwrap();
        }
    }

    /// Fails where it writes, or where it hands on what was written.
    struct Failing {
        kind: ErrorKind,
        writes: bool,
    }

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.writes { Ok(bytes.len()) } else { Err(self.kind.into()) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Err(self.kind.into())
        }
    }

    #[test]
    fn what_cannot_be_said_for_another_reason_is_told() {
        for writes in [false, true] {
            say_to(&mut Failing { kind: ErrorKind::BrokenPipe, writes }, "x").unwrap();
            let full = say_to(&mut Failing { kind: ErrorKind::StorageFull, writes }, "x").unwrap_err();
            assert!(full.to_string().contains("standard output"), "{full}");
        }
    }
}
