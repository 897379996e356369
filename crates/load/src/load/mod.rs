//! Open-loop load: arrivals follow the clock and never wait for answers.
//!
//! A closed loop, in which each client asks again when it was answered, asks less of a slow server and so hides how slow
//! it is. Here the moments of arrival are decided beforehand, and a latency is counted from the moment that was intended:
//! when this process comes late itself, that counts as well. What is bounded: time, requests, and requests under
//! way; an arrival that finds no room is counted as not sent and never forgotten.

mod act;
mod arrivals;
mod figures;
mod live;
mod mix;
mod report;
mod run;
mod table;

pub use self::arrivals::{Arrivals, Shape};
pub use self::figures::{
    ActionFigures, Distribution, LagFigures, Latency, Quantile, Report, SecondFigures,
};
pub use self::mix::{Action, Mix, MixError};
pub use self::report::html;
pub use self::run::{Options, run};
pub use self::table::table;
