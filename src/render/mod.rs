//! Pictures of reports: SVG, one HTML page, and lines of a terminal.

mod activation_spread;
mod axes;
mod columns;
mod forecast;
mod gradient_heat_map;
mod inactive_units;
mod lag_norms;
mod layer_rows;
mod levels;
mod loss_curve;
mod mark;
mod markup;
mod page;
mod picture;
mod scale;
mod style;
mod terminal;
mod update_ratio;
mod words;
mod wrap;

pub use activation_spread::activation_spread_svg;
pub use forecast::{ForecastMoment, forecast_svg};
pub use gradient_heat_map::gradient_heat_map_svg;
pub use inactive_units::inactive_units_svg;
pub use lag_norms::lag_norms_svg;
pub use loss_curve::loss_curve_svg;
pub use page::ReportPage;
pub use terminal::terminal_picture;
pub use update_ratio::update_ratio_svg;
