//! Networks that learn raise no alarm.

use super::Proof;
use super::common::Failure;
use super::draws::Peace;

/// Says how many networks learned, and how many of these raised an alarm.
pub fn run(learned: u64, say: &mut impl FnMut(Proof)) -> Result<(), Failure> {
    let mut claim = |what: &str, peace: Peace| {
        let Peace { drawn, learned, alarms, infos } = peace;
        let found = format!("{} alarms and {} notes of {learned} that learned of {drawn}", alarms.len(), infos.len());
        let holds = alarms.is_empty();
        alarms.iter().for_each(|alarm| println!("{alarm}"));
        // What was noted, in one line each.
        for info in &infos {
            let name = info.lines().find(|line| line.starts_with("name")).unwrap_or_default();
            println!("{}: {name}", info.lines().next().unwrap_or_default());
        }
        say(Proof { of: format!("healthy networks, {what}"), found, holds });
    };
    claim("monitor", Peace::of_monitors(learned));
    claim("diagnosis", Peace::of_recipes(learned));
    Ok(())
}
