//! `Structure`: what theory may take a layer for.

/// What a layer is to theory, beyond the moments that it says: what [`Layer::structure`](crate::Layer::structure) hands back.
///
/// ```
/// use evenkeel::{Layer, Linear, Structure};
/// assert_eq!(Linear::<f32>::new(3).structure(), Structure::Sums);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Structure {
    /// Every output is a weighted sum of all inputs: its first parameter is the weight, a column an output, and the second, if there is one, the
    /// bias.
    Sums,
    /// The same of a window that passes over an image or a sequence: the weight has a column a channel, and a row for each number that the window
    /// sees.
    Convolution,
    /// Numbers are left out at random, anew for every row, and the others scaled up, so that means stay.
    Mask,
    /// Every row is brought to the same mean square.
    RowNorm {
        /// And to mean 0.
        is_centred: bool,
    },
    /// Every column, or every channel of an image, is brought to mean 0 and to the same mean square over all rows of a batch. Its state holds two
    /// numbers for each; its first parameter, if there is one, is the gain.
    BatchNorm,
    /// An output is the mean, or the largest, of a window of its channel, so that the gradients by a channel add up to what they do behind it.
    Pooling,
    /// Rows of its weight are looked up: it makes no sums.
    Lookup,
    /// An output depends on how several inputs hang together, as steps of a sequence or numbers of a row do: recurrent layers,
    /// attention, softmax. What moments say of single numbers is not enough to know it.
    Joint,
    /// The layers inside, one after the other.
    InTurn,
    /// The first layer inside, added to its own input, or to what the second makes of that.
    Residual,
    /// Anything else.
    Other,
}
