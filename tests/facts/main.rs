//! A ledger of what is known: every fact of the references, evaluated once more by one function a kind.
//!
//! `init_clip.json`: initializers, gains, fans and clippers of other libraries, executed with the versions that the source names (PyTorch,
//! Keras, TensorFlow, JAX, optax, rand), read in the source (burn, candle, tch-rs, dfdx, neuronika, torsh, timm, opacus), or by a formula. `expected`
//! is what they give; where the crate gives another thing, `ours` is that, and `why` says the reason: then it must be ours and not theirs.
//! `propagation.json`: theory of signals in deep networks; most of its numbers stand beside other tests, and it says where.

mod clippers;
mod draws;
mod fact;
mod forecasts;
mod gains;
mod initializers;
mod matrices;
mod not_ours;
mod propagation;
mod theory;

use std::collections::HashSet;

use fact::{Evaluate, Fact};
use not_ours::NOT_OURS;
use serde_json::Value;

fn facts() -> Vec<Fact> {
    let rows: Value = serde_json::from_str(include_str!("init_clip.json")).unwrap();
    rows.as_array().unwrap().iter().map(Fact::of).collect()
}

/// All kinds of one theme.
fn hold(facts: &[Fact], kinds: &[(&str, Evaluate)]) {
    let mut wrong = Vec::new();
    for (kind, evaluate) in kinds {
        let of_kind: Vec<&Fact> = facts.iter().filter(|fact| fact.kind.as_deref() == Some(kind)).collect();
        assert!(!of_kind.is_empty(), "no fact is one of {kind}");
        wrong.extend(of_kind.iter().filter_map(|fact| fact.check(*evaluate).err()));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn gains() {
    hold(&facts(), gains::KINDS);
}

#[test]
fn initializers() {
    hold(&facts(), initializers::KINDS);
}

#[test]
fn matrices() {
    hold(&facts(), matrices::KINDS);
}

#[test]
fn draws() {
    hold(&facts(), draws::KINDS);
}

#[test]
fn clippers() {
    hold(&facts(), clippers::KINDS);
}

/// A fact is evaluated, or stands among those that are not the crate's to say, with the reason.
#[test]
fn every_fact_has_one_place() {
    let themes = [gains::KINDS, initializers::KINDS, matrices::KINDS, draws::KINDS, clippers::KINDS];
    let kinds: Vec<&str> = themes.concat().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds.iter().collect::<HashSet<_>>().len(), kinds.len(), "a kind has two functions");
    let facts = facts();
    let mut ids = HashSet::new();
    for Fact { id, kind, .. } in &facts {
        assert!(ids.insert(id.as_str()), "{id} is there twice");
        let evaluated = kind.as_deref().is_some_and(|kind| kinds.contains(&kind));
        assert!(evaluated || kind.is_none(), "{id}: no function evaluates {kind:?}");
        let foreign = NOT_OURS.iter().filter(|(other, _)| other == id).count();
        assert_eq!(
            usize::from(evaluated) + foreign,
            1,
            "{id}: evaluated {evaluated}, {foreign} times among the others"
        );
    }
    for (id, reason) in NOT_OURS {
        assert!(ids.contains(id), "{id} is no fact");
        assert!(reason.ends_with('.') && reason.len() > 20, "{id}: {reason}");
    }
    assert_eq!((facts.len(), NOT_OURS.len()), (213, 23));
}
