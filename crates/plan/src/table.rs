//! The plan as text for a terminal: demand, machines, and all inputs.

use std::fmt::Write;

use super::Plan;
use super::assumptions::Assumptions;
use super::demand::{Demand, Rate};
use super::fleet::Role;
use super::input::{Origin, RECORDED_ON};
use super::needs::Bound;
use super::one_machine::OneMachine;
use super::recovery::Recovery;
use super::unit::{Unit, digits};

/// The whole text.
pub fn table(plan: &Plan, assumptions: &Assumptions) -> String {
    let mut out = Out(String::new());
    demand(&mut out, plan);
    one_machine(&mut out, &plan.one_machine);
    one_region(&mut out, plan);
    two_regions(&mut out, &plan.two_regions);
    inputs(&mut out, assumptions);
    out.0
}

struct Out(String);

impl Out {
    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _infallible = writeln!(self.0, "{}", text.trim_end());
    }

    fn title(&mut self, text: &str) {
        self.line("");
        self.line(text);
    }
}

fn demand(out: &mut Out, plan: &Plan) {
    let Plan { demand, .. } = plan;
    out.line(&format!(
        "{} people are active on a day; a story has {:.0} readers unless its author is large",
        Unit::People.show(demand.active),
        demand.readers_per_story
    ));
    out.title(&format!("{:<28}{:>12}{:>12}", "demand", "mean", "peak"));
    for (name, rate) in rates(demand) {
        out.line(&format!(
            "  {name:<26}{:>12}{:>12}",
            Unit::PerSecond.show(rate.mean),
            Unit::PerSecond.show(rate.peak)
        ));
    }
    let peak = |out: &mut Out, name: &str, value: String| {
        out.line(&format!("  {name:<26}{:>12}{value:>12}", ""));
    };
    peak(out, "live streams", Unit::Count.show(demand.connections));
    let bits = |value| Unit::BitsPerSecond.show(value);
    peak(out, "network, API", bits(plan.network));
    peak(out, "network, photos", bits(plan.media_network));

    let bytes = |value| Unit::Bytes.show(value);
    out.title(&format!(
        "{:<28}{:>12}{:>12}{:>12}",
        "disk, one copy", "first day", "a year", "kept"
    ));
    for (name, disk) in [("store", &plan.store_disk), ("photos", &plan.media_disk)] {
        out.line(&format!(
            "  {name:<26}{:>12}{:>12}{:>12}",
            bytes(disk.first),
            bytes(disk.per_year),
            bytes(disk.kept())
        ));
    }
}

fn rates(demand: &Demand) -> [(&'static str, Rate); 9] {
    [
        ("feed reads", demand.feed_reads),
        ("  with a page", demand.pages),
        ("  that rebuild a timeline", demand.rebuilds),
        ("stories", demand.stories),
        ("deliveries", demand.deliveries),
        ("stories sent to streams", demand.stream_events),
        ("likes and comments", demand.likes.and(demand.comments)),
        ("log-ins", demand.log_ins),
        ("durable writes, all", demand.writes()),
    ]
}

fn one_machine(out: &mut Out, one: &OneMachine) {
    out.title(&format!(
        "{:<28}{:>12}{:>14}{:>8}",
        "on one machine", "needed", "usable", ""
    ));
    for bound in &one.bounds {
        let unit = unit_of(bound);
        out.line(&format!(
            "  {:<26}{:>12}{:>14}{:>7}%",
            bound.name,
            shown(unit, bound.needed, bound),
            shown(unit, bound.of_a_machine, bound),
            digits(bound.machines() * 100.0)
        ));
    }
    let most = Unit::People.show(one.people_max);
    out.line(&match one.fits {
        true => format!(
            "  it fits; up to {most} people fit, limited by {}",
            one.scarcest
        ),
        false => format!(
            "  it does not fit, limited by {}; up to {most} people fit",
            one.scarcest
        ),
    });

    out.title(&format!(
        "{:<28}{:>12}{:>12}{:>12}",
        "processor, one machine", "peak", "each", "cores"
    ));
    for work in &one.works.0 {
        out.line(&format!(
            "  {:<26}{:>12}{:>12}{:>12}",
            work.name,
            Unit::PerSecond.show(work.per_second),
            Unit::Micros.show(work.micros),
            digits(work.cores)
        ));
    }
    out.title("memory, one machine");
    let memory = &one.memory;
    for (name, bytes) in [
        ("timelines", memory.timelines),
        ("cached people", memory.people),
        ("cached stories", memory.stories),
        ("connections", memory.connections),
        ("pages of the store", memory.store),
    ] {
        out.line(&format!("  {name:<26}{:>12}", Unit::Bytes.show(bytes)));
    }
}

fn unit_of(bound: &Bound) -> Unit {
    match bound.name {
        "memory" | "disk" => Unit::Bytes,
        "network" => Unit::BitsPerSecond,
        "writes" => Unit::PerSecond,
        _ => Unit::Count,
    }
}

fn shown(unit: Unit, value: f64, bound: &Bound) -> String {
    match bound.name {
        "processor" => format!("{} cores", digits(value)),
        _ => unit.show(value),
    }
}

fn one_region(out: &mut Out, plan: &Plan) {
    let fleet = &plan.one_region;
    out.title(&format!(
        "{:<28}{:>12}{:>12}{:>12}  {}",
        "one region, many machines", "machines", "cores", "memory", "bound by"
    ));
    for role in fleet.roles() {
        out.line(&format!(
            "  {:<26}{:>12}{:>12}{:>12}  {}",
            role.name,
            machines(role),
            digits(role.needs.cores),
            Unit::Bytes.show(role.needs.memory),
            role.bound_by
        ));
    }
    out.line(&format!("  {:<26}{:>12}", "all", fleet.machines()));
    out.line("  cores and memory: used at the peak, one copy; +: spare machines and copies. The engines for many");
    out.line(
        "  machines are not part of this version: their costs, and so this table, are assumed.",
    );
}

fn machines(role: &Role) -> String {
    match role.further {
        0 => role.working.to_string(),
        further => format!("{} + {further}", role.working),
    }
}

fn two_regions(out: &mut Out, ways: &[Recovery]) {
    out.title(&format!(
        "{:<22}{:>6}{:>7}{:>13}  {}",
        "two regions", "here", "there", "between", "loss; recovery time (not measured)"
    ));
    for way in ways {
        out.line(&format!(
            "  {:<20}{:>6}{:>7}{:>13}  {}; {}",
            way.name,
            way.here,
            way.there,
            Unit::BitsPerSecond.show(way.between.peak),
            way.lost,
            way.back
        ));
    }
}

fn inputs(out: &mut Out, assumptions: &Assumptions) {
    let guesses = assumptions
        .each()
        .filter(|(_, _, origin)| origin.is_assumed());
    out.title(&format!(
        "made from ({} assumed, not measured); change any input with --set NAME=VALUE",
        guesses.count()
    ));
    let mut section = "";
    for (input, value, origin) in assumptions.each() {
        if section != input.section {
            section = input.section;
            out.line(&format!(" {section}"));
        }
        out.line(&format!(
            "  {:<24}{:>12}  {:<11} {}",
            input.name,
            input.unit.show(value),
            brief(origin),
            input.meaning()
        ));
    }
    out.line(&format!(
        "  recorded: by sosik plan --measure on {RECORDED_ON}"
    ));
    out.line("  from load: a server under sosik load against this plan, docs/guide/plan.md");
    if assumptions
        .each()
        .any(|(_, _, origin)| matches!(origin, Origin::Bench(_)))
    {
        out.line("  bench: by cargo xtask bench, from --costs");
    }
}

fn brief(origin: &Origin) -> &'static str {
    use super::input::Basis;
    match origin {
        Origin::Default(Basis::Assumed) => "assumed",
        Origin::Default(Basis::Recorded) => "recorded",
        Origin::Default(Basis::Checked) => "from load",
        Origin::Given => "given",
        Origin::Measured => "measured",
        Origin::Bench(_) => "bench",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[&str]) -> String {
        let mut assumptions = Assumptions::default();
        assumptions.set(set.iter().copied()).unwrap();
        table(&Plan::of(assumptions.values()), &assumptions)
    }

    #[test]
    fn everything_that_the_plan_is_made_from_is_in_the_table_with_its_origin() {
        let all = with(&["people=2M"]);
        let (_, text) = all.split_once("\nmade from (").unwrap();
        for (input, ..) in Assumptions::default().each() {
            let line = text.lines().find(|line| {
                line.strip_prefix("  ")
                    .is_some_and(|line| line.split(' ').next() == Some(input.name))
            });
            let line = line.unwrap_or_else(|| panic!("{} is not in\n{text}", input.name));
            let said = match input.name {
                "people" => "given",
                _ => brief(&Origin::Default(input.basis)),
            };
            assert!(line.contains(said), "{line}");
        }
    }

    #[test]
    fn the_verdict_on_one_machine_names_what_is_scarce() {
        assert!(with(&["people=10k"]).contains("it fits; up to"));
        let text = with(&["people=1G"]);
        assert!(text.contains("it does not fit, "), "{text}");
    }

    #[test]
    fn no_line_of_figures_is_wider_than_a_wide_terminal() {
        const WIDTH: usize = 135;
        for people in ["people=1", "people=10M", "people=10G"] {
            for line in with(&[people]).lines() {
                assert!(line.chars().count() <= WIDTH, "{line}");
            }
        }
    }
}
