//! Which key of a recipe gives what the library refuses.

use crate::Error;

/// The keys that may give what is refused, the likeliest first. It is the first of them that the table has which was to be built.
pub(super) fn keys_of(error: &Error) -> &[&'static str] {
    match error {
        Error::Argument { argument, .. } => match *argument {
            "limit" => &["max"],
            // Of a schedule, or of a clipper that looks back.
            "steps" => &["steps", "window", "warm_up"],
            "relative" => &["threshold"],
            "alpha" => &["rho"],
            "p" => &["rate"],
            "learned_scale" => &["scale"],
            "n_out" => &["units"],
            "padding.rows" | "padding.cols" => &["padding"],
            _ => std::slice::from_ref(argument),
        },
        Error::Window { .. } => &["kernel"],
        Error::TooLarge { .. } | Error::OutOfMemory { .. } => &["units", "hidden", "count"],
        Error::Index { .. } => &["count"],
        Error::NonFinite { .. } => &["weights"],
        _ => &[],
    }
}
