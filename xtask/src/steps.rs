//! Running commands one after another, aloud, up to the first failure.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// How much of a long output is told when its step failed: the reason stands at the end.
const TAIL_LINES_MAX: usize = 150;

/// How much is told when all went well: the numbers.
const SUMMARY_LINES_MAX: usize = 8;

/// One command with a name.
#[derive(Debug)]
pub(crate) struct Step {
    name: &'static str,
    program: Program,
    arguments: Vec<&'static str>,
    variables: Vec<(&'static str, OsString)>,
    needs: Option<fn() -> anyhow::Result<()>>,
    output: Output,
}

/// What becomes of the output of a step.
#[derive(Debug, Clone, Copy)]
enum Output {
    Shown,
    /// Only its end, so that what the steps before have told stays in sight.
    End,
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
        needs: None,
        output: Output::Shown,
    }
}

/// A step that runs cargo.
pub(crate) fn cargo(name: &'static str, arguments: &[&'static str]) -> Step {
    Step {
        name,
        program: Program::Cargo,
        arguments: arguments.to_vec(),
        // A snapshot that differs is a failure, never a new file.
        variables: vec![("INSTA_UPDATE", "no".into())],
        needs: None,
        output: Output::Shown,
    }
}

impl Step {
    /// The same with an environment variable set.
    pub(crate) fn with_variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// The same, after something that it cannot do without.
    pub(crate) fn needs(mut self, tool: fn() -> anyhow::Result<()>) -> Self {
        self.needs = Some(tool);
        self
    }

    /// The same, with only the end of what it says.
    pub(crate) fn quiet(mut self) -> Self {
        self.output = Output::End;
        self
    }

    fn run(&self) -> anyhow::Result<()> {
        if let Some(tool) = self.needs {
            tool()?;
        }
        let line = format!("{} {}", self.program.name(), self.arguments.join(" "));
        let mut command = self.program.command();
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        let succeeded = match self.output {
            Output::Shown => command.status().map(|status| status.success()),
            Output::End => told_at_the_end(&mut command),
        }
        .with_context(|| format!("run {line}"))?;
        ensure!(
            succeeded,
            "{} failed; to repeat only this: {line}",
            self.name
        );
        Ok(())
    }
}

/// Runs a command, and tells the end of what it said: more of it when it failed.
fn told_at_the_end(command: &mut Command) -> io::Result<bool> {
    let output = command.stdin(Stdio::null()).output()?;
    let succeeded = output.status.success();
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim_end().lines().collect();
    let told = match succeeded {
        true => SUMMARY_LINES_MAX,
        false => TAIL_LINES_MAX,
    };
    say(&lines[lines.len().saturating_sub(told)..].join("\n"));
    Ok(succeeded)
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

/// The root of the repository. As cargo says when it runs this: two clones may share one target folder.
pub(crate) fn root() -> PathBuf {
    let ours = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    ours.join("..")
}

/// Where cargo puts an executable of this workspace: beside ours, whatever its target folder is called.
pub(crate) fn built(name: &str) -> Option<PathBuf> {
    Some(
        env::current_exe()
            .ok()?
            .with_file_name(name)
            .with_extension(env::consts::EXE_EXTENSION),
    )
}

/// Tells whoever runs the chore. Goes to standard error, where cargo talks too, so that the order is kept.
pub(crate) fn say(text: &str) {
    // A chore goes on when nobody listens.
    let _nobody_listens = writeln!(io::stderr().lock(), "{text}");
}
