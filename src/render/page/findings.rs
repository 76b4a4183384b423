//! The findings of a report, and the numbers that were not finite.

use super::tables::write_table;
use crate::render::markup::Markup;
use crate::render::words::{capital, number, quantity, sign, spaced};
use crate::{Finding, NonFiniteNumber};

pub(super) fn write(markup: &mut Markup, findings: &[Finding], not_finite: &[NonFiniteNumber]) {
    markup.element("section", &[("aria-label", &"Findings")], |markup| {
        markup.leaf("h2", &[], "Findings");
        if findings.is_empty() {
            markup.leaf("p", &[], "None.");
        }
        findings.iter().for_each(|finding| write_finding(markup, finding));
        write_not_finite(markup, not_finite);
    });
}

fn write_finding(markup: &mut Markup, finding: &Finding) {
    let Finding { symptom, severity, layers, step, cause, evidence, message, remedies } = finding;
    markup.element("article", &[("class", &format!("finding {severity}"))], |markup| {
        markup.element("h3", &[], |markup| {
            markup.leaf("span", &[("class", &"sign"), ("aria-hidden", &"true")], sign(*severity));
            markup.text(&format!(" {}: {}", capital(severity.name()), spaced(symptom.name())));
        });
        markup.leaf("p", &[], message);
        markup.element("dl", &[], |markup| {
            write_entry(markup, "Why it matters", |markup| markup.text(&capital(symptom.why())));
            write_entry(markup, "Since", |markup| markup.text(&format!("step {step}")));
            write_entry(markup, "Cause", |markup| markup.text(&spaced(cause.name())));
            if !evidence.is_empty() {
                let items =
                    evidence.iter().map(|evidence| format!("{}: {}", spaced(evidence.what), quantity(evidence.value)));
                write_entry(markup, "Evidence", |markup| write_list(markup, "ul", items));
            }
            if !layers.is_empty() {
                write_entry(markup, if layers.len() == 1 { "Layer" } else { "Layers" }, |markup| {
                    for (index, layer) in layers.iter().enumerate() {
                        markup.text(if index == 0 { "" } else { ", " });
                        markup.leaf("code", &[], layer);
                    }
                });
            }
            if !remedies.is_empty() {
                let items = remedies.iter().map(|remedy| capital(&remedy.to_string()));
                write_entry(markup, "Try", |markup| write_list(markup, "ol", items));
            }
        });
    });
}

fn write_entry(markup: &mut Markup, what: &str, inside: impl FnOnce(&mut Markup)) {
    markup.leaf("dt", &[], what);
    markup.element("dd", &[], inside);
}

pub(super) fn write_list(markup: &mut Markup, kind: &str, items: impl Iterator<Item = String>) {
    markup.element(kind, &[], |markup| items.for_each(|item| markup.leaf("li", &[], &item)));
}

fn write_not_finite(markup: &mut Markup, not_finite: &[NonFiniteNumber]) {
    if not_finite.is_empty() {
        return;
    }
    markup.leaf("h3", &[], "Numbers that were not finite, in the order in which they came");
    let rows = not_finite.iter().map(|first| {
        let (what, value) = (format!("{} {}", first.kind, first.what), number(Some(first.value)));
        vec![what, first.step.to_string(), first.index.to_string(), value, first.count.to_string()]
    });
    write_table(markup, &["first of", "step", "entry", "value", "how many in all"], rows);
}
