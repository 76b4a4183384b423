//! `Diagnosis`: what a run shows, and the one cause that explains it.

mod control;
mod facts;
mod probe;

use crate::recipe::{Prepared, Recipe, Run};
use crate::{Finding, Severity};
use facts::Facts;

/// What a run shows, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// What was noticed, the worst and most certain first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Judges a run of that recipe on those data.
    pub fn of(recipe: &Recipe, data: &Prepared, run: &Run) -> Self {
        let facts = Facts::of(recipe, data, run);
        if std::env::var("FACTS").is_ok() {
            dump(&facts);
        }
        Self { findings: run.report.findings.clone() }
    }

    /// Whether nothing was found that hurts.
    pub fn is_healthy(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity == Severity::Info)
    }
}

fn dump(facts: &Facts<'_>) {
    let r = facts.run;
    let (gt, gv) = facts.run_gains();
    let (ct, cv) = facts.control_gains();
    let wmax: f64 = r
        .report
        .layers
        .iter()
        .filter_map(|l| Some(l.weight.now()? / l.weight.start()?))
        .fold(0.0, |a, b| if b.is_nan() { b } else { f64::max(a, b) });
    let wmin: f64 = r.report.layers.iter().filter_map(|l| Some(l.weight.now()? / l.weight.start()?)).fold(9e9, f64::min);
    let gmax = r.report.layers.iter().filter_map(|l| Some(l.gradient.largest()?)).fold(0.0, f64::max);
    let g0 = r.report.layers.iter().filter_map(|l| Some(l.gradient.start()?)).fold(0.0, f64::max);
    let minval = r.history.iter().filter_map(|e| e.validation.map(|v| v.loss)).fold(f64::INFINITY, f64::min);
    let hl: Vec<f64> = r.history.iter().map(|e| e.loss).collect();
    let n = hl.len();
    let out: Vec<f64> = r.end.train.outputs.iter().map(|c| c.deviation).collect();
    let outs = (out.iter().map(|x| x * x).sum::<f64>() / out.len() as f64).sqrt();
    let irms = (r.inputs.iter().map(|c| c.root_mean_square().powi(2)).sum::<f64>() / r.inputs.len() as f64).sqrt();
    let tdev = r.targets.iter().map(|c| c.deviation).fold(0.0, f64::max);
    let q = |f: f64| if n == 0 { f64::NAN } else { hl[((n - 1) as f64 * f) as usize] };
    eprintln!(
        "L0 {:.4} L1 {:.4} Lt {:.4} V1 {:.4} Vmin {:.4} | gain {:.3} {:.3} ctrl {:.3} {:.3} | ep {:.4} {:.4} {:.4} {:.4} {:.4} | out {:.2e} in {:.3} tdev {:.3} | w {:.2} {:.2} g0 {:.2e} gmax {:.2e} stop {}",
        r.start.train.loss, r.end.train.loss, r.trivial.loss.unwrap_or(f64::NAN), r.end.validation.loss, minval, gt, gv, ct, cv,
        q(0.0), q(0.25), q(0.5), q(0.75), q(1.0), outs, irms, tdev, wmin, wmax, g0, gmax, r.stopped.is_some()
    );
    for (name, p) in [("start", &facts.start), ("end", &facts.end)] {
        if let Some(p) = p {
            let s: Vec<String> = p
                .layers
                .iter()
                .map(|l| {
                    format!(
                        "{}:{:.1e}/{:.1e} c{:.2}{}",
                        l.name,
                        l.spread,
                        l.size,
                        l.constant_units,
                        l.gradient.map_or(String::new(), |g| format!(" g{:.1e} b{:.1e} w{:.2}", g, l.bias_gradient.unwrap_or(0.0), l.gain().unwrap_or(0.0)))
                    )
                })
                .collect();
            eprintln!("  {name} in {:.1e} {}", p.inputs, s.join(" | "));
        }
    }
}
