//! Facts of what the crate does not have.

/// The id, and why nothing here could be evaluated.
pub const NOT_OURS: &[(&str, &str)] = &[
    ("fan.err.1d", RANK),
    ("orthogonal.1d", RANK),
    ("eye.3d", RANK),
    ("sparse.3d", RANK),
    ("keras.err.orth-1d", RANK),
    ("keras.err.identity-3d", RANK),
    ("jax.err.1d", RANK),
    ("jax.err.orth1d", RANK),
    ("optax.per_example.inf", EXAMPLES),
    ("optax.per_example.0.0", EXAMPLES),
    ("optax.per_example.nan", EXAMPLES),
    ("opacus.factor", EXAMPLES),
    ("opacus.adaclip", EXAMPLES),
    ("optax.centralize", "No clipper takes the mean from a gradient."),
    ("optax.normalize", "No clipper makes a small gradient larger, as normalizing it would."),
    ("optax.add_noise.std", "No noise is added to gradients."),
    ("smooth.tanh", SMOOTH),
    ("smooth.auto-s", SMOOTH),
    (
        "stableadamw.rms",
        "Clippers limit gradients; AdamW here does not limit its update by the root mean square of g^2 / v.",
    ),
    ("zero-init.3x2", HADAMARD),
    ("zero-init.5x2", HADAMARD),
    (
        "metainit.gq",
        "No initializer is trained by the gradient quotient of the loss; layers are scaled on data by `Lsuv`.",
    ),
    ("bilinear.4", "There is no transposed convolution whose weights would interpolate."),
];

const RANK: &str = "A parameter has rows and columns, whatever it is of: there is no other rank to refuse.";
const EXAMPLES: &str =
    "Gradients are clipped as the sum over a batch, not row by row, as differential privacy asks for.";
const SMOOTH: &str = "Every clipper leaves alone what is within its limit, which a smooth factor does not.";
const HADAMARD: &str = "There is no initializer of Hadamard matrices.";
