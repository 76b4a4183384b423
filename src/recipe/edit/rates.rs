//! How long a run is, and how its learning rate changes meanwhile.

use crate::recipe::{ScheduleKind, Training};

/// Leaves the learning rate as it is through the run, but for a warm-up.
pub(in crate::recipe) fn steady(training: &mut Training) {
    training.optimizer = training.optimizer.without_decay();
    training.plateau = None;
    training.schedule = match training.schedule.take() {
        Some(ScheduleKind::Warmup { steps, .. }) => {
            Some(ScheduleKind::Warmup { steps, then: Box::new(ScheduleKind::Constant) })
        }
        _ => None,
    };
}

/// Trains so many times as long; a rate that falls does so as much more slowly, and gets to the same.
pub(in crate::recipe) fn more_epochs(training: &mut Training, factor: f64) {
    training.epochs = times(training.epochs, factor);
    training.schedule = training.schedule.take().map(|schedule| stretched(schedule, factor));
}

fn stretched(schedule: ScheduleKind, by: f64) -> ScheduleKind {
    match schedule {
        ScheduleKind::Constant => ScheduleKind::Constant,
        ScheduleKind::Cosine { steps, floor } => ScheduleKind::Cosine { steps: times(steps, by), floor },
        ScheduleKind::Exponential { factor } => ScheduleKind::Exponential { factor: factor.powf(1.0 / by) },
        ScheduleKind::StepDecay { every, factor } => ScheduleKind::StepDecay { every: times(every, by), factor },
        // A network is warm after as many steps, however many follow.
        ScheduleKind::Warmup { steps, then } => ScheduleKind::Warmup { steps, then: Box::new(stretched(*then, by)) },
    }
}

fn times(count: u64, factor: f64) -> u64 {
    (count as f64 * factor).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{LossKind, OptimizerKind, PlateauKind};
    use crate::schedule::Schedule;

    fn training(schedule: ScheduleKind) -> Training {
        Training {
            loss: LossKind::MeanSquared,
            l2: 0.0,
            batch: 8,
            epochs: 12,
            optimizer: OptimizerKind::Sgd { learning_rate: 0.1, momentum: 0.9, nesterov: true, decay: 0.01 },
            clip: None,
            schedule: Some(schedule),
            plateau: Some(PlateauKind::new(0.1, 2)),
        }
    }

    #[test]
    fn a_steady_rate_is_the_same_in_every_step_behind_its_warm_up() {
        let falling = ScheduleKind::StepDecay { every: 5, factor: 0.5 };
        for (schedule, warm) in [(falling.clone(), 0), (ScheduleKind::Warmup { steps: 9, then: Box::new(falling) }, 9)]
        {
            let mut training = training(schedule);
            steady(&mut training);
            let rates = training.rates().unwrap();
            assert!((0..1000).all(|step| (rates.factor(step) == 1.0) == (step >= warm)));
            assert_eq!(training.plateau, None);
        }
    }

    #[test]
    fn a_longer_run_goes_through_the_same_rates() {
        for schedule in [
            ScheduleKind::Cosine { steps: 40, floor: 0.1 },
            ScheduleKind::Exponential { factor: 0.9 },
            ScheduleKind::StepDecay { every: 7, factor: 0.5 },
        ] {
            let mut training = training(schedule);
            training.optimizer = training.optimizer.without_decay();
            let before = training.rates().unwrap();
            more_epochs(&mut training, 10.0);
            let after = training.rates().unwrap();
            assert_eq!(training.epochs, 120);
            for step in 0..50 {
                let (before, after) = (before.factor(step), after.factor(10 * step));
                assert!((before - after).abs() < 1e-12, "{:?}, step {step}: {before}, {after}", training.schedule);
            }
        }
    }
}
