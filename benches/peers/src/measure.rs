//! Samples of a step's time.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::workload::Step;

/// Long enough for the clock and for what a step now and then does besides.
const SAMPLE: Duration = Duration::from_millis(30);
const WARM_UP: Duration = Duration::from_millis(300);

/// A contestant in this process.
pub struct Here {
    step: Step,
    /// How many steps make a sample; none before the warm-up.
    steps: Option<u32>,
}

impl Here {
    pub fn new(step: Step) -> Self {
        Self { step, steps: None }
    }

    /// Microseconds of a step; the first one warms up.
    pub fn sample(&mut self) -> Option<f64> {
        let steps = match self.steps {
            Some(steps) => steps,
            None => self.warm_up(),
        };
        let start = Instant::now();
        let mut loss = 0.0;
        for _ in 0..steps {
            loss = black_box((self.step)());
        }
        let elapsed = start.elapsed();
        assert!(loss.is_finite(), "a loss of {loss}: this is no training");
        Some(elapsed.as_secs_f64() * 1e6 / f64::from(steps))
    }

    fn warm_up(&mut self) -> u32 {
        // What is done only once is no measure of the others.
        (self.step)();
        let (start, mut steps) = (Instant::now(), 0);
        while steps < 3 || start.elapsed() < WARM_UP {
            (self.step)();
            steps += 1;
        }
        let needed = (SAMPLE.as_secs_f64() / start.elapsed().as_secs_f64() * f64::from(steps)).ceil();
        *self.steps.insert(needed as u32)
    }
}

/// The middle one; none of none.
pub fn median(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

/// The most memory that this process held so far, as Linux tells.
pub fn peak_kib() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
