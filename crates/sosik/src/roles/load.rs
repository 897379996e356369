//! `sosik load`: puts load on a running server and measures its answers.

use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use sosik_load::attack::{self, Attack};
use sosik_load::cast::{self, Recorder};
use sosik_load::check::{Entry, Kind, Rules, Verdict, judge, write};
use sosik_load::client::{Client, Reach};
use sosik_load::faults::{Fault, FaultInjector, Plan, Server};
use sosik_load::load::{Mix, Options, Report, Shape, html, run as run_load, table};
use sosik_load::people::{self, Account};
use tokio_util::sync::CancellationToken;

use super::{Outcome, Sources};
use crate::random::random_u64;
use crate::{print, progress};

/// Longest run: a day. Use several runs for a longer time.
const SECONDS_MAX: u64 = 86_400;
/// Highest rate of one process, in requests a second. Above it the run would measure this program.
const RATE_MAX: f64 = 100_000.0;
/// Default maximum number of people.
const PEOPLE_DEFAULT: usize = 100;
/// Most people. Each needs memory and a session.
const PEOPLE_MAX: usize = 1_000_000;
/// Most people in a cast. Each receives much of what the others do, and all of it is recorded.
const CAST_MAX: usize = 200;
/// Violations printed. The JSON contains all of them, and the history contains the details.
const SHOWN_MAX: usize = 10;
/// Longest rise of the rush.
const RAMP: Duration = Duration::from_secs(60);

/// The people, the requests, the rate and the duration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Arrivals follow the clock and never wait for answers; a latency counts from the intended moment. \
The server limits how often one person or address may ask; raise its rates for a load test."
)]
pub struct Args {
    /// URL of the server, or of several nodes of one service; each request goes to the next of them
    #[arg(
        long,
        value_name = "URL,…",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8420"
    )]
    url: Vec<String>,
    /// Allow load on another machine
    #[arg(long)]
    anywhere: bool,
    #[command(flatten)]
    who: Who,
    /// Maximum number of people
    #[arg(long, value_name = "N", default_value_t = PEOPLE_DEFAULT, value_parser = up_to(PEOPLE_MAX))]
    people_max: usize,
    /// Requests a second
    #[arg(long, default_value = "100", value_parser = rate)]
    rate: f64,
    /// How the rate changes over time
    #[arg(long, visible_alias = "shape", value_enum, default_value_t = Curve::Flat)]
    curve: Curve,
    /// The factor of the rush in the curve `step`
    #[arg(long, default_value = "10", value_parser = rate)]
    times: f64,
    /// Duration of the run
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
    /// Actions of people, as weights [default: sixty reads for each story]
    #[arg(long, value_name = "ACTION=WEIGHT,…")]
    mix: Option<Mix>,
    /// Live streams kept open
    #[arg(long, value_name = "N", default_value_t = 0)]
    streams: usize,
    /// Maximum number of requests in flight; an arrival beyond it counts as failed
    #[arg(long, value_name = "N", default_value_t = 4_096)]
    under_way_max: usize,
    /// Maximum number of requests in all
    #[arg(long, value_name = "N", default_value_t = 50_000_000)]
    requests_max: usize,
    /// Seed; the same number makes the same arrivals
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People in the cast of --check
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = up_to(CAST_MAX))]
    cast: usize,
    /// Milliseconds between two actions of one person of the cast
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    cast_pace: u64,
    /// Seconds that a delivery may take before --check reports it as missing
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    settle: u64,
    /// Seconds within which 99 of 100 stories must appear in live streams
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=600))]
    prompt: u64,
    /// Write the history that --check judged, one entry a line
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    #[command(flatten)]
    trouble: Trouble,
    /// Connections that each attack keeps open
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = up_to(attack::CONNECTIONS_MAX))]
    attack_connections: usize,
    /// Start this server first and stop it at the end: after `--`, such as `-- sosik serve`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
    /// Write a report with plots: one HTML file that opens offline
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print one JSON object instead of the table
    #[arg(long)]
    json: bool,
}

/// The people on whose behalf requests are sent.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Who {
    /// Also let a cast do everything that the promises cover, and judge what it saw
    #[arg(long)]
    check: bool,
    /// A file of people: one JSON object a line with `handle` and either `password` or `token`
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,
    /// HANDLE:PASSWORD of a person in a demo, whose friends have the same password
    #[arg(long, value_name = "HANDLE:PASSWORD")]
    demo: Option<String>,
    /// Sign up this number of people, and make each a friend of the next few
    #[arg(long, value_name = "N", value_parser = up_to(PEOPLE_MAX))]
    sign_up: Option<usize>,
    /// Attack the server, the first if there are several, during the run; only on a loopback address
    #[arg(long, value_enum, value_name = "ATTACK,…", value_delimiter = ',')]
    attack: Vec<AttackKind>,
}

/// Attacks that try to exhaust a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AttackKind {
    /// Large files without an account, never read
    UnreadAnswers,
    /// Large pages of the API with an account, never read
    UnreadApi,
    /// Live streams, never read
    UnreadStreams,
    /// Bodies at 1.2 kB/s
    SlowBodies,
    /// Connections without a complete request
    Silent,
    /// A large file, repeatedly
    Bundle,
    /// All of these at once
    All,
}

impl AttackKind {
    fn attacks(self) -> Vec<Attack> {
        match self {
            Self::UnreadAnswers => vec![Attack::UnreadAnswers],
            Self::UnreadApi => vec![Attack::UnreadApi],
            Self::UnreadStreams => vec![Attack::UnreadStreams],
            Self::SlowBodies => vec![Attack::SlowBodies],
            Self::Silent => vec![Attack::Silent],
            Self::Bundle => vec![Attack::Bundle],
            Self::All => Attack::ALL.to_vec(),
        }
    }
}

/// The faults during --check.
#[derive(Debug, clap::Args)]
struct Trouble {
    /// Inject this fault during --check, in turn; needs COMMAND
    #[arg(long, value_enum, value_name = "FAULT,…", value_delimiter = ',', requires_all = ["command", "check"])]
    fault: Vec<FaultKind>,
    /// Seconds from the begin of one fault to the begin of the next
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    fault_every: u64,
    /// Milliseconds that a fault lasts
    #[arg(long, value_name = "MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    fault_for: u64,
    /// A folder on the disk that full-disk fills; use a small disk made for the purpose
    #[arg(long, value_name = "FOLDER")]
    disk: Option<PathBuf>,
    /// Seconds by which the clock jumps; negative is backwards
    #[arg(long, value_name = "SECONDS", default_value_t = -60, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-86_400..=86_400))]
    jump: i64,
}

/// Faults of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FaultKind {
    /// SIGKILL, then a restart
    Kill,
    /// SIGSTOP, then SIGCONT after a while
    Pause,
    /// Fills the disk of --disk for a while
    FullDisk,
    /// The clock jumps, and jumps back after a while; only with a test build (feature `sabotage`)
    Clock,
}

/// How the rate changes over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Curve {
    /// A constant rate
    Flat,
    /// A third as usual, a third with a rush, and a third as usual again
    Step,
    /// A day, compressed into the duration: a quiet night and a peak at two in the afternoon
    Day,
}

/// Puts load on the server and prints the results.
///
/// # Errors
/// The server must not be addressed, or people cannot log in.
pub async fn run(args: Args, _sources: Sources) -> anyhow::Result<Outcome> {
    let reach = if args.anywhere {
        Reach::Anywhere
    } else {
        Reach::Loopback
    };
    let client = Client::new(&args.url, reach)?;
    let mut trouble = FaultInjector::new(plan(&args.trouble)).context("prepare the faults")?;
    let mut server = match args.command.is_empty() {
        true => None,
        false => Some(
            Server::start(&client, args.command.clone(), trouble.environment())
                .await
                .context("start the server")?,
        ),
    };
    let people = who(&client, &args).await?;
    let options = options(&args)?;
    print::note(&format!(
        "{} people send requests to {} for {} s\n",
        people.len(),
        args.url.join(", "),
        args.seconds
    ));
    let checked = async {
        match args.who.check {
            true => Some(check(&client, &args, server.as_mut(), &mut trouble).await).transpose(),
            false => Ok(None),
        }
    };
    let (report, history, attacks) = tokio::try_join!(
        run_with_progress(&client, people, &options),
        checked,
        run_attacks(&client, &args)
    )?;
    let verdict = history.as_ref().map(|history| judge(history, rules(&args)));
    if let (Some(path), Some(history)) = (&args.history, &history) {
        write_history(path, history)?;
    }
    if let Some(path) = &args.report {
        let check = verdict.as_ref().map(as_text);
        let page = html(&report, &title(&args), check.as_deref());
        fs::write(path, page).with_context(|| format!("write {}", path.display()))?;
    }
    print::out(&match args.json {
        true => format!(
            "{}\n",
            json!({ "load": report, "check": verdict.as_ref().map(as_json), "attacks": attacks })
        ),
        false => format!(
            "{}{}{}",
            table(&report),
            attacks.iter().map(attack_line).collect::<String>(),
            verdict.as_ref().map_or_else(String::new, as_text)
        ),
    })?;
    let clean = verdict.is_none_or(|verdict| verdict.is_clean());
    Ok(match report.sum(|of| of.failed) {
        0 if clean => Outcome::Fine,
        _some => Outcome::Difference,
    })
}

/// Attacks the server during the run.
async fn run_attacks(client: &Client, args: &Args) -> anyhow::Result<Vec<attack::AttackStats>> {
    let mut attacks = Vec::new();
    for attack in args.who.attack.iter().flat_map(|kind| kind.attacks()) {
        if !attacks.contains(&attack) {
            attacks.push(attack);
        }
    }
    if attacks.is_empty() {
        return Ok(Vec::new());
    }
    let options = attack::Options {
        connections: args.attack_connections,
        length: Duration::from_secs(args.seconds),
    };
    let never = CancellationToken::new();
    let url = args.url.first().map_or("", String::as_str);
    let stats = attack::run(client, url, &attacks, options, &never).await;
    stats.context("attack the server")
}

fn attack_line(stats: &attack::AttackStats) -> String {
    format!(
        "attack {}: {} connections opened, {} not, {} ended by the server; {} requests, {} answered, {} refused\n",
        stats.attack.name(),
        stats.opened,
        stats.not_opened,
        stats.ended,
        stats.requests,
        stats.answered,
        stats.refused
    )
}

fn title(args: &Args) -> String {
    let curve = match args.curve {
        Curve::Flat => String::new(),
        Curve::Step => format!(", in the rush {} times as many", args.times),
        Curve::Day => ", as the mean of a day".to_owned(),
    };
    let Args {
        url, rate, seconds, ..
    } = args;
    let url = url.join(", ");
    format!("Load on {url}: {rate} requests a second{curve}, {seconds} s")
}

fn rules(args: &Args) -> Rules {
    Rules {
        settle: Duration::from_secs(args.settle),
        counts: Duration::from_secs(args.settle),
        prompt: Duration::from_secs(args.prompt),
        ..Rules::default()
    }
}

/// Runs the cast on the same server at the same time.
async fn check(
    client: &Client,
    args: &Args,
    server: Option<&mut Server>,
    trouble: &mut FaultInjector,
) -> anyhow::Result<Vec<Entry>> {
    let options = cast::Options {
        people: args.cast,
        name: format!("c{:x}_", random_u64()? >> 24),
        length: Duration::from_secs(args.seconds),
        pace: Duration::from_millis(args.cast_pace),
        seed: args.seed,
        rules: rules(args),
    };
    let recorder = Arc::new(Recorder::started());
    let never = CancellationToken::new();
    let played = cast::play(client, &options, &recorder, &never);
    let played = async { played.await.context("sign up the cast") };
    let Some(server) = server.filter(|_| !args.trouble.fault.is_empty()) else {
        return played.await;
    };
    let faults = trouble.inject(server, options.length, &recorder);
    let faults = async { faults.await.context("inject a fault") };
    let (history, faults) = tokio::try_join!(played, faults)?;
    print::note(&format!("faults injected: {faults}\n"));
    Ok(history)
}

fn plan(trouble: &Trouble) -> Plan {
    let fault = |kind: &FaultKind| match kind {
        FaultKind::Kill => Fault::Kill,
        FaultKind::Pause => Fault::Pause,
        FaultKind::FullDisk => Fault::FullDisk,
        FaultKind::Clock => Fault::Clock,
    };
    Plan {
        faults: trouble.fault.iter().map(fault).collect(),
        every: Duration::from_secs(trouble.fault_every),
        lasts: Duration::from_millis(trouble.fault_for),
        disk: trouble.disk.clone(),
        jump: trouble.jump,
    }
}

fn write_history(path: &Path, history: &[Entry]) -> anyhow::Result<()> {
    let file = fs::File::create(path).with_context(|| format!("make {}", path.display()))?;
    write(history, BufWriter::new(file)).with_context(|| format!("write {}", path.display()))
}

fn as_json(verdict: &Verdict<'_>) -> Value {
    json!({
        "comparisons": verdict.comparisons(),
        "violations": verdict.violations(),
        "left_out": verdict.left_out(),
    })
}

fn as_text(verdict: &Verdict<'_>) -> String {
    let count = verdict.violations().len() + verdict.left_out();
    let mut text = format!(
        "check: {} comparisons, {count} violations\n",
        verdict.comparisons()
    );
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| verdict.count(*kind) > 0)
    {
        text.push_str(&format!("{:>6}  {}\n", verdict.count(kind), kind.title()));
    }
    for violation in verdict.violations().iter().take(SHOWN_MAX) {
        text.push_str(&format!("\n{violation}"));
    }
    text
}

fn options(args: &Args) -> anyhow::Result<Options> {
    let length = Duration::from_secs(args.seconds);
    let rate = args.rate;
    Ok(Options {
        shape: match args.curve {
            Curve::Flat => Shape::Flat { rate },
            Curve::Step => Shape::Step {
                rate,
                times: args.times,
                ramp: RAMP.min(length / 10),
            },
            Curve::Day => Shape::Day { rate },
        },
        length,
        mix: args.mix.unwrap_or_default(),
        streams: args.streams,
        under_way_max: args.under_way_max,
        requests_max: args.requests_max,
        seed: args.seed,
        name: random_u64()?,
    })
}

/// Runs with a progress bar, and ends early if a stop is requested.
async fn run_with_progress(
    client: &Client,
    people: Vec<Account>,
    options: &Options,
) -> anyhow::Result<Report> {
    let stop = CancellationToken::new();
    let bar = progress::bar("seconds of load", options.length.as_secs());
    let progress = |second, (offered, served, shed)| {
        bar.set_position(second);
        bar.set_message(format!("{offered} offered, {served} served, {shed} shed"));
    };
    let mut running = std::pin::pin!(run_load(client, people, options, &stop, progress));
    let report = tokio::select! {
        report = &mut running => report,
        asked = tokio::signal::ctrl_c() => {
            asked?;
            stop.cancel();
            running.await
        }
    };
    bar.finish_and_clear();
    Ok(report)
}

async fn who(client: &Client, args: &Args) -> anyhow::Result<Vec<Account>> {
    let Who {
        people,
        demo,
        sign_up,
        check,
        attack,
    } = &args.who;
    let mut people = match (people, demo, sign_up) {
        (Some(path), _, _) => {
            let text =
                fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            let mut people = people::parse(&text)?;
            people.truncate(args.people_max);
            people::log_in(client, people).await?
        }
        (_, Some(demo), _) => {
            let (handle, password) = demo
                .split_once(':')
                .context("write --demo HANDLE:PASSWORD")?;
            let people = people::find_friends(client, handle, password, args.people_max).await?;
            people::log_in(client, people).await?
        }
        (_, _, many) => people::sign_up(client, "load", many.unwrap_or_default()).await?,
    };
    people.truncate(args.people_max.max(sign_up.unwrap_or_default()));
    if people.is_empty() && !check && attack.is_empty() {
        bail!("there are no people to send requests for");
    }
    Ok(people)
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text
        .parse()
        .map_err(|_not_a_number| "write a number".to_owned())?;
    if (0.01..=RATE_MAX).contains(&rate) {
        Ok(rate)
    } else {
        Err(format!("from 0.01 to {RATE_MAX}"))
    }
}

fn up_to(most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        _ => Err(format!("from 1 to {most}")),
    }
}
