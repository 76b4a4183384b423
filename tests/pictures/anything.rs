//! Whatever was recorded, it can be drawn.

use evenkeel::*;
use proptest::prelude::*;

use super::reports::{finding, full_layer, report, series};
use super::{page, svg, terminal};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn drawn_well_formed(values in proptest::collection::vec(any::<f64>(), 0..150), name in "(?s).*") {
        let layers = vec![full_layer(&name, &values), full_layer("1", &values[values.len() / 2..])];
        let mut report = report(series(values), layers);
        report.findings = vec![finding(Severity::Warning, &[&name, "1"])];
        svg::check("something drawn", &report);
        page::check("something drawn", &report);
        terminal::check("something drawn", &report);
    }
}
