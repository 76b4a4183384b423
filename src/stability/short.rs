//! Numbers in a few characters.

/// A number in at most eight characters.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !value.is_finite() {
        format!("{value}")
    } else if (1e-3..1e5).contains(&size) {
        // Three digits that count, whatever the size.
        let places = (2 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.places$}")
    } else {
        format!("{value:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1.00"),
            (-0.012_345, "-0.0123"),
            (98_765.4, "98765"),
            (1.234e-9, "1.2e-9"),
            (-4.56e30, "-4.6e30"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
