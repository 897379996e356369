//! The worker process.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Command, ExitCode},
};

use crate::{
    limits::PHOTO_BYTES_MAX,
    photo::{self, Purpose},
    video,
    worker::{
        protocol::{self, Answer, Execute, Job, Order},
        sandbox,
    },
};

/// Runs one order and ends. `order` is the last argument of the process; see [`crate::worker::Program`].
///
/// Call it before any thread is started: the sandbox covers threads that start later.
pub fn main(order: &str) -> ExitCode {
    match obey(order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE, // the parent reads the exit code and sees that the answer is missing
    }
}

fn obey(order: &str) -> io::Result<()> {
    let order: Order = serde_json::from_str(order)?;
    sandbox::end_with_parent()?;
    // A file can be searched, the standard input of the library cannot.
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    if let Job::Execute(execute) = order.job {
        return become_program(&execute, order.memory_bytes, order.cpu_s);
    }
    if matches!(order.job, Job::CheckProgram) {
        let protection = sandbox::check_program(order.memory_bytes, order.cpu_s)?;
        return protocol::write(io::stdout().lock(), &Answer::Checked(protection));
    }
    let protection = sandbox::enter(order.memory_bytes, order.cpu_s)?;
    let mut output = io::stdout().lock();
    match order.job {
        Job::Photo(purpose) => render(input, &mut output, purpose),
        Job::Video => check(input, &mut output),
        Job::Check | Job::CheckProgram | Job::Execute(_) => {
            protocol::write(&mut output, &Answer::Checked(protection))
        }
    }?;
    output.flush()
}

fn render(input: File, output: impl Write, purpose: Purpose) -> io::Result<()> {
    let mut file = Vec::new();
    // One byte above the limit, so that `render` sees that there are too many.
    input.take(PHOTO_BYTES_MAX + 1).read_to_end(&mut file)?;
    match photo::render(&file, purpose) {
        Ok(photo) => protocol::write_photo(output, &photo),
        Err(refusal) => protocol::write(output, &Answer::Refused(refusal)),
    }
}

fn check(mut input: File, output: impl Write) -> io::Result<()> {
    let bytes = input.seek(SeekFrom::End(0))?;
    input.rewind()?;
    let answer = match video::check::facts(BufReader::new(input), bytes) {
        Ok(facts) => Answer::Video(facts),
        Err(refusal) => Answer::Refused(refusal),
    };
    protocol::write(output, &answer)
}

/// Returns only if the program cannot be started.
fn become_program(execute: &Execute, memory_bytes: u64, cpu_s: u64) -> io::Result<()> {
    sandbox::enter_for(execute, memory_bytes, cpu_s)?;
    let mut program = Command::new(&execute.program);
    program.args(&execute.arguments); // its standard input is ours: an empty pipe
    Err(program.exec())
}
