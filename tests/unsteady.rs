//! A loss that rises is told from one that is only as unsteady as the losses of single rows are.

use evenkeel::*;
use rand::RngExt;
use rand_distr::StandardNormal;

fn watched(losses: impl Iterator<Item = f64>) -> StabilityReport {
    let mut monitor = Monitor::new();
    for (step, loss) in losses.enumerate() {
        monitor.begin(step as u64);
        monitor.end(loss);
    }
    monitor.report()
}

/// Squared errors of single rows: squares of normal numbers, of which one in twelve is below a hundredth of the mean. The loss falls, to
/// six tenths, so that nothing else excuses it.
#[test]
fn single_rows_differ_by_any_factor() {
    let mut first_is_lucky = 0;
    for seed in 0..20_000 {
        let mut generator = Generator::numbered(7, "rows", seed);
        let mut normal = || generator.sample::<f64, _>(StandardNormal);
        let losses: Vec<f64> = (0..300).map(|step| normal().powi(2) * if step < 150 { 1.0 } else { 0.6 }).collect();
        first_is_lucky += u64::from(losses[0] < 0.01);
        let report = watched(losses.iter().copied());
        assert!(report.finding(Symptom::UnstableLoss).is_none(), "{seed}: {:?}\n{report}", &losses[..5]);
    }
    // P(|z| < 0.1) is 0.0797; within six deviations.
    assert!((first_is_lucky as f64 - 0.0797 * 20_000.0).abs() < 6.0 * (20_000.0 * 0.0797 * 0.92_f64).sqrt());
}

#[test]
fn what_rises_is_told() {
    let mut generator = Generator::named(4, "batches");
    let mut noise = |loss: f64| loss * (1.0 + 0.1 * generator.sample::<f64, _>(StandardNormal));
    let from = |step: usize, at: usize, to: f64| if step < at { 2.3 } else { to };
    for (what, loss) in [
        ("at once", &(|step| from(step, 1, 500.0)) as &dyn Fn(usize) -> f64),
        ("after four steps", &|step| from(step, 4, 500.0)),
        ("later", &|step| from(step, 20, 60.0)),
        ("much later", &|step| from(step, 200, 60.0)),
        ("little by little", &|step| 2.3 * 1.02_f64.powi(step as i32)),
        ("by doubling", &|step| 2.3 * 2_f64.powi(step.min(9) as i32)),
    ] {
        let report = watched((0..300).map(|step| noise(loss(step))));
        let finding = report.finding(Symptom::UnstableLoss).unwrap_or_else(|| panic!("{what}\n{report}"));
        assert_eq!(finding.severity, Severity::Warning, "{what}: {finding}");
    }
}
