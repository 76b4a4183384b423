//! The page about a report.

use evenkeel::*;

use super::reports::{HOSTILE, edges, finding, full_layer, report, series};
use super::xml::elements;
use super::{history, moments};

fn page(report: &StabilityReport) -> String {
    ReportPage::new(report).title(HOSTILE).history(&history()).forecast(&moments()).html()
}

/// Fails unless the page is well-formed, needs nothing from elsewhere, and is the same again.
pub fn check(name: &str, report: &StabilityReport) {
    for html in [page(report), report.html()] {
        let elements = elements(&html).unwrap_or_else(|error| panic!("{name}: {error}"));
        let of = |tag: &str| elements.iter().filter(|element| element.tag == tag).count();
        assert_eq!((of("script"), of("link"), of("img"), of("a"), of("iframe")), (0, 0, 0, 0, 0), "{name}");
        assert_eq!((of("title") - of("svg") >= 1, of("main"), of("h1")), (true, 1, 1), "{name}");
        // Nothing is loaded: the only address is the name of a namespace.
        let addresses = html.matches("http").count() - html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
        assert_eq!(addresses, 0, "{name}");
        assert!(!html.contains("url(") && !html.contains("@import") && !html.contains("src="), "{name}");
        assert!(html.contains("width=device-width") && html.contains("prefers-color-scheme:dark"), "{name}");
        // Headings do not skip a level.
        let levels = elements.iter().filter(|element| matches!(&*element.tag, "h1" | "h2" | "h3"));
        let levels: Vec<u8> = levels.map(|heading| heading.tag.as_bytes()[1] - b'0').collect();
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{name}: {levels:?}");
    }
    assert_eq!(page(report), page(&report.clone()), "{name}: the same report gives the same bytes");
}

#[test]
fn well_formed_and_alone_at_every_edge() {
    for (name, report) in edges() {
        check(name, &report);
    }
}

#[test]
fn names_are_text_and_nothing_else() {
    let (_, hostile) = edges().into_iter().find(|(name, _)| *name == "hostile names").unwrap();
    let html = page(&hostile);
    assert!(!html.contains("<script") && !html.contains('\u{1b}') && !html.contains('\u{202e}'));
    let elements = elements(&html).unwrap();
    let shown = HOSTILE.replace(['\u{1b}', '\u{202e}', '\u{0}'], "\u{fffd}").replace('\n', " ");
    assert!(elements.iter().any(|element| element.tag == "code" && element.text == shown));
    assert!(elements.iter().any(|element| element.tag == "h1" && element.text == shown));
}

#[test]
fn findings_stand_first_with_severity_in_words_and_remedies_in_order() {
    let mut report = report(series([1.0, 2.0]), vec![full_layer("0.linear", &[1.0, 2.0])]);
    report.findings =
        [Severity::Critical, Severity::Warning, Severity::Info].map(|s| finding(s, &["0.linear", "1.tanh"])).to_vec();
    let html = report.html();
    let elements = elements(&html).unwrap();
    let headings: Vec<&str> =
        elements.iter().filter(|element| element.tag == "h3").map(|element| &*element.text).collect();
    let expected = ["Critical", "Warning", "Info"].map(|severity| format!(" {severity}: vanishing gradients"));
    assert_eq!(headings, expected);
    let signs: Vec<&str> =
        elements.iter().filter(|element| element.has_class("sign")).map(|element| &*element.text).collect();
    assert_eq!(signs, ["✖", "▲", "●"]);
    let first = html.split("</article>").next().unwrap();
    let mut at = 0;
    for part in [
        "the gradient fades at 0.linear, 1.tanh",
        "Layers near the input get hardly any gradient",
        "step 12",
        "weights too small",
        "gradient of the first layer: 1.3e-9",
        "<code>0.linear</code>, <code>1.tanh</code>",
        "Draw the weights with He",
        "Replace the activation by a&lt;b",
        "Put fewer layers in a row",
    ] {
        at += first[at..].find(part).unwrap_or_else(|| panic!("{part} does not come after what is before it"));
    }
    assert!(html.find("<article").unwrap() < html.find("<svg").unwrap());
}

#[test]
fn what_was_not_recorded_has_no_picture() {
    assert_eq!(Monitor::new().report().html().matches("<svg").count(), 0);
    let full = report(series([1.0]), vec![full_layer("0.linear", &[1.0])]);
    assert_eq!((full.html().matches("<svg").count(), page(&full).matches("<svg").count()), (6, 7));
}

#[test]
fn files_are_small() {
    let wave =
        |layer: usize| (0..3000).map(|step| (1.0 + (step * (layer + 1)) as f64).sin().abs() * 1e-3).collect::<Vec<_>>();
    let layers = |count: usize| (0..count).map(|at| full_layer(&format!("{at}.linear"), &wave(at))).collect();
    let size = |count: usize| page(&report(series(wave(0)), layers(count))).len();
    let (ten, two_hundred) = (size(10), size(200));
    assert!(ten < 300_000, "{ten} bytes for 10 layers");
    assert!(two_hundred < 2_500_000, "{two_hundred} bytes for 200 layers");
}

#[test]
fn a_page_is_written_to_a_file_or_it_is_said_why_not() {
    let (report, folder) = (Monitor::new().report(), env!("CARGO_TARGET_TMPDIR"));
    let path = std::path::Path::new(folder).join("report.html");
    report.to_html(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), report.html());
    let nowhere = std::path::Path::new(folder).join("nowhere").join("report.html");
    let refused = report.to_html(&nowhere).unwrap_err();
    assert!(matches!(&refused, Error::Write { path, .. } if *path == nowhere));
    assert!(refused.to_string().starts_with(&nowhere.display().to_string()));
}
