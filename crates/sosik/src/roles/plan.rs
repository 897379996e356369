//! `sosik plan`: estimates the machines needed for a number of users and shows every assumption.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};
use sosik_measure::Extent;
use sosik_plan::assumptions::Assumptions;
use sosik_plan::input::RECORDED_ON;
use sosik_plan::table::table;
use sosik_plan::{Plan, costs};

use super::{Outcome, Sources};
use crate::{print, progress};

/// The number of users, and the source of the costs.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Sources of costs, in order of precedence: --set, --measure, --costs, \
the figures recorded with this version. \
Figures that were not measured are marked as assumed."
)]
pub struct Args {
    /// People, such as 10M; short for --set people=10M
    #[arg(long, value_name = "N")]
    people: Option<String>,
    /// Set one figure of the estimate; repeatable, the last one wins
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Take costs from the output of `cargo xtask bench --json`
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// Measure costs on this machine first, for about 15 s, with a store in a temporary folder
    #[arg(long)]
    measure: bool,
    /// Where that temporary folder is made: on the disk to measure [default: the system's]
    #[arg(long, value_name = "FOLDER", requires = "measure")]
    measure_in: Option<PathBuf>,
    /// Print one JSON object instead of the tables, in base units
    #[arg(long)]
    json: bool,
}

/// Estimates, and prints the tables.
///
/// # Errors
/// A figure is not valid, or the measurement fails.
pub async fn run(args: Args, _sources: Sources) -> anyhow::Result<Outcome> {
    // Checked first, so that an error in the arguments is reported before the measurement.
    gathered(&args)?;
    let mut assumptions = Assumptions::default();
    if let Some(text) = read_costs(&args)? {
        costs::take(&mut assumptions, &text)?;
    }
    if args.measure {
        let folder = args.measure_in.clone().unwrap_or_else(std::env::temp_dir);
        let sign_of_life = progress::spinner("measuring");
        let measured = sosik_measure::costs(&folder, Extent::usual()).await;
        sign_of_life.finish_and_clear();
        measured.context("measure")?.given_to(&mut assumptions);
    }
    assumptions.set(given(&args).iter().map(String::as_str))?;
    let plan = Plan::of(assumptions.values());
    print::out(&match args.json {
        true => format!("{}\n", as_json(&plan, &assumptions)),
        false => table(&plan, &assumptions),
    })?;
    Ok(Outcome::Fine)
}

/// All inputs except the measurement.
fn gathered(args: &Args) -> anyhow::Result<()> {
    let mut assumptions = Assumptions::default();
    if let Some(text) = read_costs(args)? {
        costs::take(&mut assumptions, &text)?;
    }
    Ok(assumptions.set(given(args).iter().map(String::as_str))?)
}

fn read_costs(args: &Args) -> anyhow::Result<Option<String>> {
    let read = |path: &PathBuf| {
        fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
    };
    args.costs.as_ref().map(read).transpose()
}

fn given(args: &Args) -> Vec<String> {
    let people = args
        .people
        .as_ref()
        .map(|people| format!("people={people}"));
    people.into_iter().chain(args.set.clone()).collect()
}

fn as_json(plan: &Plan, assumptions: &Assumptions) -> Value {
    let inputs: Vec<Value> = assumptions
        .each()
        .map(|(input, value, origin)| {
            json!({
                "name": input.name,
                "value": value,
                "unit": input.unit.name(),
                "from": origin.to_string(),
                "assumed": origin.is_assumed(),
                "meaning": input.meaning(),
            })
        })
        .collect();
    json!({ "plan": plan, "made_from": inputs, "recorded_on": RECORDED_ON })
}
