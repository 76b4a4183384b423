//! `ReportPage`: a report as one HTML file.

mod figures;
mod findings;
mod outcome;
mod tables;

use std::path::Path;

use super::forecast::ForecastMoment;
use super::markup::Markup;
use super::style;
use super::words::{capital, count, counted, number};
use crate::recipe::{Diagnosis, Repair, Run};
use crate::{Epoch, Error, Finding, Severity, StabilityReport};
use outcome::Judged;

/// A report as one HTML file with everything in it: no network, no scripts, readable on a phone, in the dark and without colours.
///
/// The findings come first, with severity, why they matter, cause, evidence and what may help; then the loss, a heat map of the gradients,
/// update-to-weight ratios, the spread of the outputs, dead and saturated units, the gradients of recurrent layers through time, each
/// with its numbers in a table that opens; pictures of what was not recorded are left out. The same report gives the same bytes.
///
/// ```
/// # use std::ops::ControlFlow;
/// use evenkeel::*;
/// # let data = Dataset::values((0..64).map(|i| (i % 16) as f32 / 8.0).collect(), 2, (0..32).map(|i| (i % 2) as f32).collect(), 1)?;
/// let network = Network::builder(2).layer(Linear::new(8)).layer(Tanh).layer(Linear::new(1)).seed(1).build()?;
/// let trainer = Trainer::builder(network, MeanSquared::new(), Sgd::new(0.05)?).epochs(5).watch(Monitor::new());
/// let mut trainer = trainer.build()?;
/// trainer.fit(&data, Some(&data), |_| ControlFlow::Continue(()))?;
///
/// let report = trainer.report().expect("the run is watched");
/// let page = ReportPage::new(&report).title("A tanh layer").history(trainer.history());
/// assert!(page.html().contains("<h1>A tanh layer</h1>"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReportPage<'a> {
    report: &'a StabilityReport,
    title: String,
    history: &'a [Epoch],
    forecast: &'a [ForecastMoment],
    judged: Option<Judged<'a>>,
    repair: Option<&'a Repair>,
}

impl<'a> ReportPage<'a> {
    /// A page about a report.
    pub fn new(report: &'a StabilityReport) -> Self {
        let title = "Stability report".to_owned();
        Self { report, title, history: &[], forecast: &[], judged: None, repair: None }
    }

    /// With another title than "Stability report".
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    /// With the validation losses of a run's history beside the training loss.
    pub fn history(self, history: &'a [Epoch]) -> Self {
        Self { history, ..self }
    }

    /// With what was forecast beside what was measured.
    pub fn forecast(self, moments: &'a [ForecastMoment]) -> Self {
        Self { forecast: moments, ..self }
    }

    /// With what a diagnosis made of the run: its findings in the place of the report's, how good the answers are, and how sure the cause is.
    pub fn diagnosis(self, run: &'a Run, diagnosis: &'a Diagnosis) -> Self {
        Self { judged: Some((run, diagnosis)), ..self }
    }

    /// With what came of a repair of the run that was diagnosed; nothing without a [`diagnosis`](Self::diagnosis).
    pub fn repair(self, repair: &'a Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }

    /// The findings that are shown.
    fn findings(&self) -> &'a [Finding] {
        self.judged.map_or(&self.report.findings, |(_, diagnosis)| &diagnosis.findings)
    }

    /// The file's text: HTML that is well-formed XML too.
    pub fn html(&self) -> String {
        let mut markup = Markup::default();
        markup.insert("<!DOCTYPE html>\n");
        markup.element("html", &[("lang", &"en")], |markup| {
            markup.element("head", &[], |markup| {
                markup.void("meta", &[("charset", &"utf-8")]);
                markup.void("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
                markup.void("meta", &[("name", &"color-scheme"), ("content", &"light dark")]);
                markup.leaf("title", &[], &self.title);
                markup.element("style", &[], |markup| {
                    markup.insert(style::PAGE);
                    markup.insert(style::PICTURES);
                });
            });
            markup.element("body", &[], |markup| {
                markup.element("main", &[], |markup| {
                    self.write_header(markup);
                    findings::write(markup, self.findings(), &self.report.non_finite);
                    if let (Some(judged), Some(repair)) = (self.judged, self.repair) {
                        outcome::write_repair(markup, judged, repair);
                    }
                    figures::write(markup, self.report, self.history, self.forecast);
                    tables::write_layers(markup, self.report);
                });
            });
        });
        markup.insert("\n");
        markup.finish()
    }

    /// Writes the page to a file, over what is there.
    ///
    /// # Errors
    /// [`Error::Write`] where the system refuses.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let refused = |error: std::io::Error| Error::Write { path: path.to_owned(), reason: error.to_string() };
        std::fs::write(path, self.html()).map_err(refused)
    }

    fn write_header(&self, markup: &mut Markup) {
        let report = self.report;
        markup.element("header", &[], |markup| {
            markup.leaf("h1", &[], &self.title);
            let severities = self.findings().iter().map(|finding| finding.severity);
            let healthy = severities.clone().all(|severity| severity == Severity::Info);
            let verdict = match (healthy, self.findings().is_empty()) {
                (true, true) => "✔ Nothing was found.".to_owned(),
                (true, false) => format!("✔ Nothing was found that hurts: {}.", counted(severities)),
                (false, _) => format!("{}.", capital(&counted(severities))),
            };
            markup.element("p", &[], |markup| markup.leaf("strong", &[], &verdict));
            let (loss, clipping) = (&report.loss, &report.clipping);
            if let Some(judged) = self.judged {
                outcome::write_summary(markup, judged);
            }
            let were = if report.steps == 1 { "was" } else { "were" };
            let (steps, layers) = (count(report.steps, "step"), count(report.layers.len() as u64, "layer"));
            let mut text = format!("{steps} {were} watched, of {layers}. ");
            text += &format!("The loss was {} at the start, is {} now, ", number(loss.start()), number(loss.now()));
            text += &format!("and was {} at its lowest.", number(loss.smallest()));
            if clipping.steps > 0 {
                text +=
                    &format!(" The gradient was clipped in {} of {}", clipping.clipped, count(clipping.steps, "step"));
                if clipping.clipped > 0 {
                    text += &format!("; its largest norm was {}", number(Some(clipping.largest_norm)));
                }
                text.push('.');
            }
            markup.leaf("p", &[], &text);
        });
    }
}

impl StabilityReport {
    /// The report as one HTML page; [`ReportPage`] says what is in it, and takes a title, a history and a forecast besides.
    ///
    /// ```
    /// let html = evenkeel::Monitor::new().report().html();
    /// assert!(html.starts_with("<!DOCTYPE html>") && html.contains("Nothing was found"));
    /// ```
    pub fn html(&self) -> String {
        ReportPage::new(self).html()
    }

    /// Writes the report to an HTML file, over what is there.
    ///
    /// ```no_run
    /// evenkeel::Monitor::new().report().to_html("report.html")?;
    /// # Ok::<(), evenkeel::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Write`] where the system refuses.
    pub fn to_html(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        ReportPage::new(self).save(path)
    }
}
