//! The command line, and the process pinned to its cores.

use std::env;
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::Command;

const USAGE: &str = "options: --threads N, --samples N, --only W1,W2, --python PATH, --memory Wn";
const PINNED: &str = "EVENKEEL_PEERS_PINNED";

pub struct Options {
    pub threads: usize,
    pub samples: usize,
    pub only: Option<String>,
    pub python: String,
    pub memory: Option<String>,
}

impl Options {
    pub fn from_arguments() -> Result<Self, Box<dyn Error>> {
        let mut options = Self { threads: 1, samples: 15, only: None, python: "python3".to_owned(), memory: None };
        let mut arguments = env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(USAGE)?;
            match name.as_str() {
                "--threads" => options.threads = value.parse()?,
                "--samples" => options.samples = value.parse()?,
                "--only" => options.only = Some(value),
                "--python" => options.python = value,
                "--memory" => options.memory = Some(value),
                _ => return Err(USAGE.into()),
            }
        }
        if options.threads == 0 || options.samples == 0 {
            return Err(USAGE.into());
        }
        Ok(options)
    }

    pub fn wants(&self, workload: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.split(',').any(|name| name == workload))
    }

    /// Becomes this program once more, on as many cores as it may have threads, and with every pool of threads told so.
    pub fn run_pinned(&self) -> Result<(), Box<dyn Error>> {
        let cores = format!("0-{}", self.threads - 1);
        let threads = self.threads.to_string();
        let mut command = Command::new("taskset");
        command.args(["-c", &cores]).arg(env::current_exe()?).args(env::args_os().skip(1)).env(PINNED, "1");
        for pool in ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
            command.env(pool, &threads);
        }
        command.env("JAX_PLATFORMS", "cpu");
        if self.threads == 1 {
            command.env("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false");
        }
        Err(format!("taskset: {}", command.exec()).into())
    }
}

pub fn is_pinned() -> bool {
    env::var_os(PINNED).is_some()
}
