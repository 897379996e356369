//! Open-loop load: arrivals follow the clock and never wait for answers.
//!
//! In a closed loop each client sends its next request after an answer. It asks less of a slow server and so hides how
//! slow it is. Here the arrival times are determined in advance, and a latency counts from the intended moment, even if
//! this process sends the request late. Time, requests and requests in flight are bounded. An arrival beyond the bound
//! is counted as not sent.

mod act;
mod arrivals;
mod live;
mod mix;
mod report;
mod run;
mod stats;
mod table;

pub use self::arrivals::{Arrivals, Shape};
pub use self::mix::{Action, Mix, MixError};
pub use self::report::html;
pub use self::run::{Options, run};
pub use self::stats::{
    ActionStats, Distribution, LagStats, Latency, Quantile, Report, SecondStats,
};
pub use self::table::table;
