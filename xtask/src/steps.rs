//! Running commands one after another, aloud, up to the first failure.

use std::{
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// One command with a name.
#[derive(Debug)]
pub(crate) struct Step {
    name: &'static str,
    program: Program,
    arguments: Vec<&'static str>,
    variables: Vec<(&'static str, &'static str)>,
}

/// What a step runs, and where.
#[derive(Debug, Clone, Copy)]
enum Program {
    /// At the root of the repository.
    Cargo,
    /// In `web/`.
    Npm,
}

impl Program {
    fn command(self) -> Command {
        match self {
            Self::Cargo => cargo_command(),
            Self::Npm => {
                let mut command = Command::new("npm");
                command.current_dir(root().join("web"));
                command
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Npm => "npm --prefix web",
        }
    }
}

/// A step that runs npm for the web client. Its packages are installed by the first build of the executable.
pub(crate) fn npm(name: &'static str, arguments: &[&'static str]) -> Step {
    Step {
        name,
        program: Program::Npm,
        arguments: arguments.to_vec(),
        variables: Vec::new(),
    }
}

/// A step that runs cargo.
pub(crate) fn cargo(name: &'static str, arguments: &[&'static str]) -> Step {
    Step {
        name,
        program: Program::Cargo,
        arguments: arguments.to_vec(),
        // A snapshot that differs is a failure, never a new file.
        variables: vec![("INSTA_UPDATE", "no")],
    }
}

impl Step {
    /// The same with an environment variable set.
    pub(crate) fn with_variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn run(&self) -> anyhow::Result<()> {
        let line = format!("{} {}", self.program.name(), self.arguments.join(" "));
        let status = self
            .program
            .command()
            .args(&self.arguments)
            .envs(self.variables.iter().copied())
            .status()
            .with_context(|| format!("run {line}"))?;
        ensure!(
            status.success(),
            "{} failed; to repeat only this: {line}",
            self.name
        );
        Ok(())
    }
}

/// Runs the steps and says how long each took.
///
/// # Errors
/// The first step that failed; later ones are not run.
pub(crate) fn run(steps: &[Step]) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        say(&format!("[{}/{}] {}", at + 1, steps.len(), step.name));
        let (outcome, took) = timed(|| step.run());
        times.push(format!("{} {:.1} s", step.name, took.as_secs_f64()));
        if outcome.is_err() {
            say(&format!("times: {}", times.join(", ")));
            return outcome;
        }
    }
    say(&format!("all fine; times: {}", times.join(", ")));
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "measures how long a step took")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let outcome = work();
    (outcome, begun.elapsed())
}

/// The cargo that runs us, at the root of the repository.
pub(crate) fn cargo_command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Tells whoever runs the chore. Goes to standard error, where cargo talks too, so that the order is kept.
pub(crate) fn say(text: &str) {
    // A chore goes on when nobody listens.
    let _nobody_listens = writeln!(io::stderr().lock(), "{text}");
}
