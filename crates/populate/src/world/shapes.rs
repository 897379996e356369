//! Compares the shape of a world with other graphs, as a table and a plot.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sosik_load::world::measure::{Measured, measure};
use sosik_load::world::{World, plot};

use super::Listed;
use crate::Watch;
use crate::import::{Input, pair};

/// Maximum number of people in a described world. All of its friendships are in memory; larger worlds have the same
/// shape.
pub const PEOPLE_DESCRIBED_MAX: u32 = 200_000;
/// Lines per read.
const STEP: usize = 100_000;

/// Measures a world and the graphs of edge lists, writes the plot, and returns the table.
///
/// # Errors
/// When a file cannot be read or written.
pub fn describe(
    world: &World,
    lists: &[PathBuf],
    svg: Option<&Path>,
    watch: Watch,
) -> anyhow::Result<String> {
    let mut graphs = vec![("sosik world".to_owned(), of_world(world))];
    for path in lists {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy();
        let name = name.split('.').next().unwrap_or_default().to_owned();
        graphs.push((name, of_list(path, watch)?));
    }
    if let Some(svg) = svg {
        let curves: Vec<_> = (graphs.iter())
            .map(|(name, measured)| (name.as_str(), measured))
            .collect();
        std::fs::write(svg, plot::svg(&curves))
            .with_context(|| format!("write {}", svg.display()))?;
    }
    Ok(table(&graphs))
}

fn of_world(world: &World) -> Measured {
    let mut all = Vec::with_capacity(world.people() as usize);
    for town in 0..world.towns() {
        let town = world.friends_of_town(town);
        all.extend(town.iter().map(|(_, friends)| friends.to_vec()));
    }
    of_all(&all)
}

fn of_list(path: &Path, watch: Watch) -> anyhow::Result<Measured> {
    let list = Listed::read(path, watch)?;
    let mut all = vec![Vec::new(); list.people() as usize];
    let mut input = Input::open(path, "friendships", watch)?;
    loop {
        let lines = input.lines(STEP, pair)?;
        if lines.is_empty() {
            break;
        }
        let places = lines.into_iter().filter_map(|line| line.says.ok());
        for (one, other) in places.filter(|(one, other)| one != other) {
            if let (Some(one), Some(other)) = (list.place(one), list.place(other)) {
                all[one as usize].push(other);
                all[other as usize].push(one);
            }
        }
    }
    input.bar.finish_and_clear();
    for friends in &mut all {
        friends.sort_unstable();
        friends.dedup();
    }
    Ok(of_all(&all))
}

fn of_all(all: &[Vec<u32>]) -> Measured {
    let all: Vec<_> = all.iter().map(Vec::as_slice).collect();
    measure(&all)
}

fn table(graphs: &[(String, Measured)]) -> String {
    let mut table = String::from(
        "| graph | people | friendships | mean | median | 99 % below | most | clustering | by chance |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (name, found) in graphs {
        let Measured {
            people,
            friendships,
            mean,
            median,
            percentile_99,
            max,
            clustering,
            clustering_by_chance,
            ..
        } = found;
        let _into_a_string_this_cannot_fail = writeln!(
            table,
            "| {name} | {people} | {friendships} | {mean:.1} | {median} | {percentile_99} | {max} | {clustering:.3} | \
             {clustering_by_chance:.4} |"
        );
    }
    table
}
