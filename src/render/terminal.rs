//! A report as lines of a terminal.

use super::columns::last_step;
use super::gradient_heat_map::gradients;
use super::levels::{Level, Levels};
use super::scale::Scale;
use super::words::{counted, number, quantity, shortened, sign, spaced, steps, width};
use super::wrap::wrapped;
use crate::{Bin, Evidence, StabilityReport};

/// How many columns a line has at most.
const COLUMNS: usize = 100;

/// From small to large; a space is where nothing was recorded.
const SHADES: [char; 9] = ['.', ':', '-', '=', '+', '*', '#', '%', '@'];
const ZERO: char = '0';
const NOT_FINITE: char = '!';

/// How many columns of cells there are at most, and of letters of a name.
const CELLS: usize = 64;
const NAME: usize = 19;

/// Renders what was found, the loss and the gradients of a report in at most 100 columns of plain text.
///
/// Findings first. Then the loss over the steps, and a heat map with a row for each layer with parameters, both in the characters
/// `.:-=+*#%@` from small to large: the norms by the logarithm, the loss too where it spans more than two decades. `0` is a norm of zero,
/// `!` has something that is not finite. At the end of a row stand the decimal logarithms of its first and its last value. No colours, no
/// control characters, whatever the names are.
///
/// ```
/// use evenkeel::{Monitor, Param, terminal_picture};
/// let mut monitor = Monitor::new();
/// let weight = monitor.watch_parameter("0.linear", &Param::weight(1, 1));
/// for step in 0..9 {
///     monitor.begin(step);
///     monitor.gradient(weight, &[10_f64.powi(-(step as i32))])?;
///     monitor.end(1.0 / (step + 1) as f64);
/// }
/// let picture = terminal_picture(&monitor.report());
/// assert!(picture.contains("0.linear |@%#*+=-:.|    0.0   -8.0"));
/// # Ok::<(), evenkeel::Error>(())
/// ```
pub fn terminal_picture(report: &StabilityReport) -> String {
    let mut lines = Vec::new();
    push_findings(&mut lines, report);
    push_loss(&mut lines, report);
    push_gradients(&mut lines, report);
    lines.join("\n")
}

fn push_findings(lines: &mut Vec<String>, report: &StabilityReport) {
    if report.findings.is_empty() {
        lines.push("no findings".to_owned());
        return;
    }
    lines.push(counted(report.findings.iter().map(|finding| finding.severity)));
    for finding in &report.findings {
        let (symptom, cause) = (spaced(finding.symptom.name()), spaced(finding.cause.name()));
        let head = format!("{} {}: {symptom} since step {}", sign(finding.severity), finding.severity, finding.step);
        lines.extend(wrapped(&head, 0, COLUMNS));
        lines.extend(wrapped(&finding.message, 2, COLUMNS));
        lines.extend(wrapped(&format!("why it matters: {}", finding.symptom.why()), 2, COLUMNS));
        let said = |evidence: &Evidence| format!(", {} {}", spaced(evidence.what), quantity(evidence.value));
        let evidence = finding.evidence.iter().map(said);
        lines.extend(wrapped(&format!("cause: {cause}{}", evidence.collect::<String>()), 2, COLUMNS));
        if !finding.remedies.is_empty() {
            let remedies: Vec<String> = finding.remedies.iter().map(ToString::to_string).collect();
            lines.extend(wrapped(&format!("try: {}", remedies.join("; or ")), 2, COLUMNS));
        }
    }
}

fn push_loss(lines: &mut Vec<String>, report: &StabilityReport) {
    let loss = &report.loss;
    if loss.is_empty() {
        return;
    }
    // As the curve is drawn: losses may be zero, and below.
    let means = loss.bins().iter().filter(|bin| bin.count > 0).map(|bin| bin.mean);
    let up = Scale::fitting(means).between(0.0, SHADES.len() as f64);
    let cell = |bin: &Bin| match up.at(bin.mean) {
        Some(at) if bin.non_finite == 0 => SHADES[(at as usize).min(SHADES.len() - 1)],
        _ => NOT_FINITE,
    };
    let span = (loss.bins().first().map_or(0, |bin| bin.first_step), last_step(loss));
    lines.push(String::new());
    let scale = if up.is_log() { "logarithmic" } else { "linear" };
    let (start, now) = (number(loss.start()), number(loss.now()));
    lines.extend(wrapped(&format!("loss ({scale}), {}: {start} at the start, {now} now", steps(span)), 0, COLUMNS));
    lines.push(format!("|{}|", loss.bins().iter().map(cell).collect::<String>()));
}

fn push_gradients(lines: &mut Vec<String>, report: &StabilityReport) {
    let Some((layers, columns)) = gradients(report, CELLS) else { return };
    let rows: Vec<Vec<Option<Bin>>> = layers.iter().map(|layer| columns.cells(&layer.gradient)).collect();
    let levels = Levels::of(rows.iter().flatten().flatten(), SHADES.len());
    let names: Vec<String> = layers.iter().map(|layer| shortened(&layer.name, NAME)).collect();
    let longest = names.iter().map(|name| width(name)).max().unwrap_or(0);
    lines.push(String::new());
    let (low, high) = (number(levels.lowest()), number(levels.highest()));
    lines
        .push(format!("norm of the gradient: . {low} to @ {high}; 0 zero, ! not finite; then log10 at the start, now"));
    for ((layer, cells), name) in layers.iter().zip(&rows).zip(names) {
        let gap = " ".repeat(longest - width(&name));
        let cells: String = cells.iter().map(|cell| shade(&levels, cell.as_ref())).collect();
        let [start, now] = [layer.gradient.start(), layer.gradient.now()].map(logarithm);
        lines.push(format!("{name}{gap} |{cells}| {start:>6} {now:>6}"));
    }
}

fn shade(levels: &Levels, bin: Option<&Bin>) -> char {
    match bin.map(|bin| (bin.non_finite, levels.of_bin(bin))) {
        None => ' ',
        Some((1.., _) | (_, Level::NotFinite)) => NOT_FINITE,
        Some((_, Level::Zero)) => ZERO,
        Some((_, Level::Of(level))) => SHADES[level.min(SHADES.len() - 1)],
    }
}

fn logarithm(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if !value.is_finite() => format!("{value}"),
        Some(0.0) => "zero".to_owned(),
        Some(value) => format!("{:.1}", value.log10()),
    }
}
