//! Units that start equal, and stay equal.

use super::nested::Drawn;
use super::parts::Part;
use crate::init::Target;
use crate::network::Design;
use crate::{Float, Param, Role, Structure};

/// The layers of sums whose units cannot be told apart: those whose weights are all one number, and those of the next one as well, so that the
/// gradients are equal, too. Layers of others are looked into.
pub(super) fn of<T: Float>(design: &Design<'_, T>) -> Vec<String> {
    let mut found = Found::default();
    for (name, layer, plan, targets) in design.each() {
        found.visit(&Drawn { layer, plan, targets }, name, &plan.params);
    }
    found.tied
}

/// What has been found on the way from input to output.
#[derive(Default)]
struct Found {
    tied: Vec<String>,
    /// The last layer of sums, if its units are equal still.
    equal: Option<String>,
}

impl Found {
    /// `params` are those of the layer, by the names that the network knows them by.
    fn visit<T: Float>(&mut self, drawn: &Drawn<'_, T>, name: &str, params: &[Param]) {
        let inside = drawn.inside();
        if !inside.is_empty() {
            let mut rest = params;
            for layer in &inside {
                // Ways that part or meet bring in what differs from unit to unit.
                if drawn.layer.structure() != Structure::InTurn {
                    self.equal = None;
                }
                let own = rest.split_off(..layer.plan.params.len()).unwrap_or_default();
                self.visit(layer, name, own);
            }
            if drawn.layer.structure() != Structure::InTurn {
                self.equal = None;
            }
            return;
        }
        let part = drawn.part();
        if let Some(dense) = part.sums() {
            let constant = dense.weight.variance == 0.0;
            let before = self.equal.take();
            self.tied.extend(before.filter(|_| constant));
            if constant && dense.bias.variance == 0.0 && dense.n_out > 1 {
                self.equal = Some(full_name(name, params));
            }
        } else if !keeps_equal(drawn, &part) {
            self.equal = None;
        }
    }
}

/// Whether equal units are still equal behind it, and have equal gradients before it if they have behind it.
fn keeps_equal<T: Float>(drawn: &Drawn<'_, T>, part: &Part<'_>) -> bool {
    // Each unit is left out in rows of its own.
    if matches!(part, Part::Dropout(kept) if *kept < 1.0) || drawn.layer.structure() == Structure::Lookup {
        return false;
    }
    let alike = |target: &Target| target.moments.is_some_and(|moments| moments.variance == 0.0);
    let weighs = drawn.plan.params.iter().any(|param| param.role == Role::Weight);
    !weighs && drawn.targets.iter().all(alike)
}

/// The name of a layer inside another, as those of its parameters have it.
fn full_name(outer: &str, params: &[Param]) -> String {
    let path = params.first().and_then(|param| param.name.rsplit_once('.'));
    path.map_or_else(|| outer.to_owned(), |(path, _)| format!("{outer}.{path}"))
}
