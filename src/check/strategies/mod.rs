//! What property tests draw: shapes, rows, activations, initializers and whole networks, each shrinking to the smallest.
//!
//! ```
//! use evenkeel::check::strategies::{network, rows};
//! use evenkeel::Rows;
//! use proptest::prelude::*;
//!
//! proptest!(ProptestConfig::with_cases(16), |(network in network(1..=9, 0..=3), seed in any::<u64>())| {
//!     let network = network.build(seed)?;
//!     let x = vec![0.5; 3 * network.n_in()];
//!     let y = network.predict(Rows::new(&x, network.n_in())?)?;
//!     prop_assert_eq!(y.len(), 3 * network.n_out());
//! });
//! proptest!(|((data, width) in rows(1..=8, 1..=8))| prop_assert!(Rows::new(&data, width).is_ok()));
//! ```

mod activation;
mod block;
mod initializer;
mod network;
mod shapes;

pub use activation::{AnyActivation, activation};
pub use block::{AnyBlock, BlockKind, block};
pub use initializer::{AnyInitializer, initializer};
pub use network::{AnyNetwork, network};
pub use shapes::{rows, shapes};
