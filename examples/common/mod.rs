//! What the examples share: the digits, and options of the command line.
#![allow(dead_code, unused_imports, reason = "each example uses its own part")]

mod digits;

use std::fmt::Display;
use std::str::FromStr;

use evenkeel::*;

#[allow(unused_imports, reason = "each example uses its own part")]
pub use digits::digits_in_two;

/// The names of the activations, for the help.
pub const ACTIVATIONS: &str = "identity, relu, leaky_relu, elu, selu, gelu, silu, mish, tanh, sigmoid, hard_sigmoid, \
                               softplus, softsign";

/// The activation of that name.
pub fn activation<T: Float>(name: &str) -> Result<Box<dyn Layer<T>>, String> {
    Ok(match name {
        "identity" => Box::new(Identity),
        "relu" => Box::new(Relu),
        "leaky_relu" => Box::new(LeakyRelu::default()),
        "elu" => Box::new(Elu::default()),
        "selu" => Box::new(Selu),
        "gelu" => Box::new(Gelu),
        "silu" => Box::new(Silu),
        "mish" => Box::new(Mish),
        "tanh" => Box::new(Tanh),
        "sigmoid" => Box::new(Sigmoid),
        "hard_sigmoid" => Box::new(HardSigmoid),
        "softplus" => Box::new(Softplus),
        "softsign" => Box::new(Softsign),
        _ => return Err(format!("there is no activation {name:?}; there are: {ACTIVATIONS}")),
    })
}

/// What an example may fail with.
pub type Failure = Box<dyn std::error::Error>;

/// The arguments of the command line, taken one by one.
pub struct Options(Vec<String>);

impl Options {
    /// What stands on the command line; with `--help` it prints `help` and ends.
    pub fn read(help: &str) -> Self {
        let options = Self(std::env::args().skip(1).collect());
        if options.0.iter().any(|option| option == "--help" || option == "-h") {
            print!("{help}");
            std::process::exit(0);
        }
        options
    }

    /// Whether a flag stands there.
    pub fn flag(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|option| option == name);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// The value behind an option, or what it is without.
    pub fn value<V: FromStr<Err: Display>>(&mut self, name: &str, without: &str) -> Result<V, String> {
        let given = match self.0.iter().position(|option| option == name) {
            Some(at) if at + 1 < self.0.len() => {
                self.0.remove(at);
                self.0.remove(at)
            }
            Some(_) => return Err(format!("{name} needs a value behind it")),
            None => without.to_owned(),
        };
        given.parse().map_err(|error| format!("{name} {given}: {error}"))
    }

    /// Nothing where every option was understood.
    pub fn done(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some(unknown) => Err(format!("there is no option {unknown:?}; see --help")),
        }
    }
}

/// Runs an example: an error becomes one line on standard error, and exit status 2.
pub fn run(main: impl FnOnce() -> Result<(), Failure>) -> std::process::ExitCode {
    match main() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::from(2)
        }
    }
}
