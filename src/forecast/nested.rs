//! How the scatter of a draw passes through layers that are made of others.

use super::parts::Part;
use super::spread::{Carried, Joined, Laws, MOVED};
use crate::init::Target;
use crate::{Draws, Float, InitMoments, Layer, Moments, Plan, Structure};

/// A layer with its plan and how its parameters are drawn.
#[derive(Debug)]
pub(super) struct Drawn<'a, T: Float> {
    pub(super) layer: &'a dyn Layer<T>,
    pub(super) plan: &'a Plan,
    pub(super) targets: &'a [Target],
}

impl<'a, T: Float> Drawn<'a, T> {
    pub(super) fn moments(&self) -> Option<Vec<InitMoments>> {
        self.targets.iter().map(|target| target.moments).collect()
    }

    pub(super) fn part(&self) -> Part<'a> {
        let draws = self.targets.first().map_or(Draws::Independent, |target| target.draws);
        Part::of(self.layer, self.plan, self.moments().as_deref(), draws)
    }

    /// The layers inside.
    pub(super) fn inside(&self) -> Vec<Self> {
        let mut targets = self.targets;
        let one = |(layer, plan): (&'a dyn Layer<T>, &'a Plan)| {
            let targets = targets.split_off(..plan.params.len()).unwrap_or_default();
            Self { layer, plan, targets }
        };
        self.layer.children().into_iter().zip(&self.plan.inside).map(one).collect()
    }

    /// What comes out of it, and how far that scatters, where what goes in has these moments.
    pub(super) fn forward(&self, laws: &mut Laws, x: Moments, carried: Carried) -> Option<(Moments, Carried)> {
        match self.layer.structure() {
            Structure::InTurn => {
                let start = Some((x, carried));
                self.inside().iter().fold(start, |so_far, inside| {
                    let (x, carried) = so_far?;
                    inside.forward(laws, x, carried)
                })
            }
            Structure::Residual => {
                let y = self.layer.moments(self.plan, x, &self.moments()?)?.y;
                Some((y, self.joined(laws, x, carried, y).unwrap_or(Carried::Unknown)))
            }
            _ => {
                let y = self.layer.moments(self.plan, x, &self.moments()?)?.y;
                let part = self.part();
                let of = match part {
                    Part::Pointwise(function) => Some(function.expected(x.mean, x.variance())),
                    _ => None,
                };
                Some((y, laws.forward(carried, &part, (x, y), of, self.plan.n_out)))
            }
        }
    }

    /// A branch and the way around it.
    fn joined(&self, laws: &mut Laws, x: Moments, carried: Carried, y: Moments) -> Option<Carried> {
        let inside = self.inside();
        let (branch, projection) = (inside.first()?, inside.get(1));
        let inputs = [carried, carried.settled(0.0), carried.settled(MOVED)];
        let mut of_branch = [Carried::Unknown; 3];
        let mut skip = inputs;
        let mut passed = x.second;
        for ((made, way), input) in of_branch.iter_mut().zip(&mut skip).zip(inputs) {
            *made = branch.forward(laws, x, input)?.1;
            if let Some(projection) = projection {
                let (y, made) = projection.forward(laws, x, input)?;
                (passed, *way) = (y.second, made);
            }
        }
        // A branch that is not centred has something in common with what it is added to.
        let made = branch.forward(laws, x, carried)?.0;
        if made.mean != 0.0 || y.second <= passed || y.second.is_nan() {
            return None;
        }
        let factor = (y.second - passed) / made.second;
        let branch = of_branch.map(|carried| carried.multiplied(factor));
        let share = (y.second - passed) / y.second;
        Some(Joined { x: carried, skip, branch, share }.carried(self.plan.n_out))
    }

    /// From the gradient by its outputs to that by its inputs.
    pub(super) fn backward(&self, laws: &mut Laws, carried: Carried) -> Carried {
        if self.layer.structure() == Structure::InTurn {
            let (inside, mut carried) = (self.inside(), carried);
            for (index, layer) in inside.iter().enumerate().rev() {
                let is_masked = index > 0 && matches!(inside[index - 1].part(), Part::Dropout(_));
                carried = match layer.part() {
                    // What is left out has another slope than what is not.
                    Part::Pointwise(_) if is_masked => Carried::Unknown,
                    _ => layer.backward(laws, carried),
                };
            }
            return carried;
        }
        laws.backward(carried, &self.part(), self.plan.n_out)
    }
}
