//! Runs commands in order, prints their progress, and stops at the first failure.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// Most lines printed of a failed step's output. The cause is at the end of it.
const TAIL_LINES_MAX: usize = 150;

/// Most lines printed of a successful step's output. The summary is at the end of it.
const SUMMARY_LINES_MAX: usize = 8;

/// Builds the server as the tests do, so that it is not compiled twice.
pub(crate) const SERVER: &[&str] = &["build", "-p", "sosik", "--features", "balance"];

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

/// How the output of a step is shown.
#[derive(Debug, Clone, Copy)]
enum Output {
    Shown,
    /// Only the end, so that the output of earlier steps stays in view.
    End,
}

/// The program that a step runs, and its working directory.
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

/// A step that runs `cargo`.
pub(crate) fn cargo(name: &'static str, arguments: &[&'static str]) -> Step {
    Step {
        name,
        program: Program::Cargo,
        arguments: arguments.to_vec(),
        // A snapshot that differs is a failure and never creates a file.
        variables: vec![("INSTA_UPDATE", "no".into())],
        needs: None,
        output: Output::Shown,
    }
}

impl Step {
    /// Sets an environment variable for the step.
    pub(crate) fn with_variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Adds a tool that the step needs.
    pub(crate) fn needs(mut self, tool: fn() -> anyhow::Result<()>) -> Self {
        self.needs = Some(tool);
        self
    }

    /// Shows only the end of the step's output.
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
            Output::End => print_tail(&mut command),
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

/// Runs a command and prints the end of its output, more of it if it failed.
fn print_tail(command: &mut Command) -> io::Result<bool> {
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

/// Runs the steps, and prints at the end how long each took.
///
/// # Errors
/// The first step that failed. Later steps do not run.
pub(crate) fn run(steps: &[Step]) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        say(&format!("[{}/{}] {}", at + 1, steps.len(), step.name));
        let (outcome, took) = timed(|| step.run());
        times.push((step.name, took));
        if outcome.is_err() {
            say(&table(&times));
            return outcome;
        }
    }
    say(&format!("{}all steps succeeded", table(&times)));
    Ok(())
}

/// The seconds of each step and of all together.
fn table(times: &[(&'static str, Duration)]) -> String {
    let sum = ("together", times.iter().map(|(_, took)| *took).sum());
    let line = |(name, took): &(&str, Duration)| format!("{:>9.1}  {name}\n", took.as_secs_f64());
    let lines: String = times.iter().chain([&sum]).map(line).collect();
    format!("  seconds  step\n{lines}")
}

#[expect(clippy::disallowed_methods, reason = "measures how long a step took")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let outcome = work();
    (outcome, begun.elapsed())
}

/// The `cargo` that runs this program, with the root of the repository as its working directory.
pub(crate) fn cargo_command() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The root of the repository. Cargo passes it at run time, because two clones may share one target folder.
pub(crate) fn root() -> PathBuf {
    let ours = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    ours.join("..")
}

/// The path of an executable of this workspace. It is beside this program, whatever the target folder is called.
pub(crate) fn built(name: &str) -> Option<PathBuf> {
    Some(
        env::current_exe()
            .ok()?
            .with_file_name(name)
            .with_extension(env::consts::EXE_EXTENSION),
    )
}

/// Prints a line for the person who runs the chore. It goes to standard error, as cargo's own output does, so that the
/// order is kept.
pub(crate) fn say(text: &str) {
    // A closed standard error does not stop a chore.
    let _nobody_listens = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_each_step_and_their_sum() {
        let times = [
            ("format", Duration::from_millis(640)),
            ("tests", Duration::from_secs(312)),
        ];
        assert_eq!(
            table(&times),
            "  seconds  step\n      0.6  format\n    312.0  tests\n    312.6  together\n"
        );
    }
}
