//! Where the program speaks: to whoever still listens, and without the control characters of what it was given.

use std::io::{ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind, set_hook, take_hook};

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

/// Runs what prints line by line, and stops it where nobody listens any more.
pub fn while_heard(print: impl FnOnce()) {
    let usual = take_hook();
    set_hook(Box::new(move |panic| {
        if !is_closed(panic.payload()) {
            usual(panic);
        }
    }));
    if let Err(panic) = catch_unwind(AssertUnwindSafe(print))
        && !is_closed(&*panic)
    {
        resume_unwind(panic);
    }
}

/// Whether that is how `println!` says that its reader is gone.
fn is_closed(payload: &(dyn std::any::Any + Send)) -> bool {
    let message = payload.downcast_ref::<String>().map_or("", String::as_str);
    message.starts_with("failed printing to stdout") && message.contains("Broken pipe")
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
    fn another_panic_stays_one() {
        while_heard(|| {});
        assert!(catch_unwind(|| while_heard(|| panic!("something else"))).is_err());
    }
}
