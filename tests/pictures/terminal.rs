//! A report in a terminal.

use evenkeel::*;

use super::reports::{edges, layer, report, series};

/// How many columns a letter takes, for the letters of these tests.
fn columns(line: &str) -> usize {
    line.chars().map(|letter| if letter >= '\u{2E80}' { 2 } else { 1 }).sum()
}

/// Fails where a line is too long, or could do something to a terminal.
pub fn check(name: &str, report: &StabilityReport) {
    let picture = terminal_picture(report);
    for line in picture.split('\n') {
        assert!(columns(line) <= 100, "{name}: {} columns: {line}", columns(line));
        assert!(!line.contains(|letter: char| letter.is_control() || letter == '\u{202e}'), "{name}: {line:?}");
    }
    assert_eq!(picture, terminal_picture(&report.clone()), "{name}");
}

#[test]
fn lines_are_short_and_do_not_steer_the_terminal() {
    for (name, report) in edges() {
        check(name, &report);
    }
}

#[test]
fn a_heat_map_has_a_row_for_each_layer_that_trains() {
    let falling = (0..640).map(|step| 10_f64.powf(-(step as f64) / 80.0));
    let layers = vec![
        LayerRecord { gradient: series(falling), ..layer("0.linear") },
        layer("1.tanh"),
        LayerRecord { gradient: series([0.0, 1e-3, f64::INFINITY]), ..layer("2.linear.of.a.very.long.name") },
    ];
    let picture = terminal_picture(&report(series([1.0, 0.5]), layers));
    let rows: Vec<&str> = picture.lines().filter(|line| line.contains(".linear")).collect();
    let [first, last] = rows[..] else { panic!("{picture}") };
    let cells = |row: &str| row.split('|').nth(1).unwrap().to_owned();
    assert_eq!(cells(first).len(), cells(last).len());
    // From large to small, every shade in turn.
    let mut shades: Vec<char> = cells(first).chars().collect();
    shades.dedup();
    assert_eq!(shades.into_iter().collect::<String>(), "@%#*+=-:.");
    assert!(first.ends_with("   0.0   -8.0"), "{first}");
    assert!(last.starts_with("2.linear.…long.name |") && last.ends_with("  zero    inf"), "{last}");
    assert_eq!(cells(last).trim_end(), "0*!", "nothing is known after its last value");
}

#[test]
fn a_loss_below_zero_is_no_zero() {
    let picture = terminal_picture(&report(series([4.0, 0.0, -4.0, f64::NAN]), vec![]));
    assert!(picture.ends_with("loss (linear), steps 0 to 3: 4.00 at the start, NaN now\n|@+.!|"), "{picture}");
}
