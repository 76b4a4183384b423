//! `PropagationReport`: what a check of a network has looked at.

use std::fmt;

/// What [`propagation`](super::propagation) has judged, and what it has not: handed back by [`report`](super::PropagationCheck::report).
///
/// ```
/// use evenkeel::{Linear, Network, Softmax, check};
/// let draw = |seed| Network::builder(8).layer(Linear::new(16)).layer(Softmax).seed(seed).build();
/// let report = check::propagation(draw).report()?;
/// assert_eq!(report.by_signal, ["0.linear"]);
/// assert_eq!(report.not_by_signal, ["1.softmax"]); // what it makes of its inputs hangs together
/// assert_eq!(report.parameters, ["0.linear.weight", "0.linear.bias"]);
/// println!("{report}");
/// # Ok::<(), evenkeel::check::Failure>(())
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PropagationReport {
    /// How many networks were drawn.
    pub networks: usize,
    /// The layers whose outputs are as large as theory says, given what goes in.
    pub by_signal: Vec<String>,
    /// The layers of whose outputs theory says nothing that could be judged.
    pub not_by_signal: Vec<String>,
    /// The parameters whose numbers are as their initializers claim.
    pub parameters: Vec<String>,
    /// The parameters of which their initializers claim nothing.
    pub unclaimed: Vec<String>,
}

impl fmt::Display for PropagationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        writeln!(f, "{} networks", self.networks)?;
        writeln!(f, "judged by their signal: {}", list(&self.by_signal))?;
        writeln!(f, "not judged by their signal: {}", list(&self.not_by_signal))?;
        writeln!(f, "judged by their numbers: {}", list(&self.parameters))?;
        write!(f, "nothing is claimed of: {}", list(&self.unclaimed))
    }
}
