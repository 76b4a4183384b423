//! Networks drawn at random: none of those that learn raises an alarm, neither of the monitor nor of the whole diagnosis.
//!
//! The example `proofs` draws three hundred of each that learn; here `NETWORKS=300 cargo test --test all healthy_at_random` does.

use super::healthy_draws;

use healthy_draws::Peace;

/// How many are to learn.
fn count() -> u64 {
    std::env::var("NETWORKS").ok().and_then(|count| count.parse().ok()).unwrap_or(12)
}

fn holds(peace: &Peace) {
    let Peace { drawn, learned, alarms, infos } = peace;
    assert!(3 * learned > *drawn, "only {learned} of {drawn} learned: the draws are no test");
    assert!(alarms.is_empty(), "{} alarms of {learned} that learned:\n{}", alarms.len(), alarms.join("\n\n"));
    println!("{learned} of {drawn} networks learned, without an alarm; {} notes:\n{}", infos.len(), infos.join("\n\n"));
}

#[test]
fn whoever_learns_raises_no_alarm_of_the_monitor() {
    holds(&Peace::of_monitors(count()));
}

#[test]
fn whoever_learns_raises_no_alarm_of_the_diagnosis() {
    holds(&Peace::of_recipes(count()));
}
