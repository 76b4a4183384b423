//! Layers whose rows are images.
//!
//! An image of height H, width W and C channels is a row of H x W x C numbers, channels last: pixel (r, c) stands at `(r * W + c) * C`, its
//! channels side by side. So the window of a convolution is some runs of neighbours, a 1x1 convolution is a plain product, and what is
//! done to every channel alike is done to whole vectors. Data that stand channel by channel are brought into this order by
//! [`ChannelsLast`].

mod average_pool2d;
mod blocks;
mod channels_last;
mod conv2d;
mod convolution;
mod depthwise;
mod max_pool2d;
mod positions;
mod share;
mod unfold;
mod window;
mod winograd;

pub use average_pool2d::AveragePool2d;
pub use channels_last::ChannelsLast;
pub use conv2d::Conv2d;
pub use max_pool2d::MaxPool2d;
pub use window::{Extent, Padding};
