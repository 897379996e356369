//! Starts worker processes, a bounded number at once, and takes their answers.

use std::{
    fs::File,
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::Semaphore,
    time::timeout,
};

use crate::{
    Refusal,
    limits::VIDEO_DEADLINE,
    photo::{Photo, Purpose},
    video::Facts,
    worker::{
        Protection,
        protocol::{self, ANSWER_BYTES_MAX, Answer, Execute, Job, Order},
    },
};

/// The executable of a worker process, and the arguments before the order.
#[derive(Clone, Debug)]
pub struct Program {
    /// Path of the executable.
    pub path: PathBuf,
    /// Arguments that make it call [`crate::worker::main`] with the last argument.
    pub arguments: Vec<String>,
    /// The whole environment. It turns off an allocator's reservation of memory in advance,
    /// which would count against the limit of the process.
    pub environment: Vec<(&'static str, &'static str)>,
}

impl Program {
    /// This executable with a subcommand. On Linux it is the very file that runs, also if an update has replaced it.
    ///
    /// # Errors
    ///
    /// The operating system does not tell the path of this executable.
    pub fn own(subcommand: &str) -> io::Result<Self> {
        let path = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe()?
        };
        Ok(Self {
            path,
            arguments: vec![subcommand.to_owned()],
            environment: Vec::new(),
        })
    }
}

/// Limits of [`Workers`].
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Processes that run at once. Each takes one core and up to `memory_bytes_max`.
    pub processes_max: usize,
    /// Jobs that wait for a process. Each holds its file in memory.
    pub waiting_max: usize,
    /// Time for one job from the start of its process. Then the process is killed.
    pub deadline: Duration,
    /// CPU time of one process. Then the kernel kills it.
    pub cpu_time_max: Duration,
    /// Memory of one process, enforced by the kernel.
    pub memory_bytes_max: u64,
}

impl Default for Settings {
    /// A photo of 50 megapixels takes about 450 MB and 2 s.
    fn default() -> Self {
        Self {
            processes_max: 2,
            waiting_max: 32,
            deadline: Duration::from_secs(60),
            cpu_time_max: Duration::from_secs(30),
            memory_bytes_max: 768 * 1024 * 1024,
        }
    }
}

impl Settings {
    /// Limits for videos: converting ten minutes takes minutes of two cores and up to 1.5 GB.
    pub fn video() -> Self {
        Self {
            processes_max: 1,
            waiting_max: 32,
            deadline: VIDEO_DEADLINE,
            cpu_time_max: Duration::from_secs(3000),
            memory_bytes_max: 1536 * 1024 * 1024,
        }
    }
}

/// The file for a job.
#[derive(Debug)]
pub enum Input {
    /// Bytes in memory.
    Bytes(Bytes),
    /// An open file. The worker process reads it itself, from the current position.
    File(File),
}

/// Why a job has no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The file is not accepted. The author should read why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many jobs wait. Try again later.
    #[error("too many files are being processed: try again later")]
    Busy,
    /// The process used up its CPU time. The file is most likely made to.
    #[error("the file takes too much CPU time to process")]
    CpuTimeUsed,
    /// The process did not end before its deadline: the machine is busy, the process hangs, or the file is made to take
    /// long. Try again later, a few times.
    #[error(
        "the file was not processed before the deadline: the machine is busy, or the worker process hangs"
    )]
    Late,
    /// The worker process ended without an answer: a fault of a decoder, or too little memory.
    #[error("the worker process failed ({0})")]
    Crashed(String),
    /// The worker process cannot be started or reached.
    #[error("cannot run the worker process")]
    Unavailable(#[source] io::Error),
}

/// Runs jobs in worker processes.
#[derive(Debug)]
pub struct Workers {
    program: Program,
    settings: Settings,
    /// One permit for each job that runs or waits.
    admitted: Semaphore,
    running: Semaphore,
}

impl Workers {
    /// Starts no process yet.
    pub fn new(program: Program, settings: Settings) -> Self {
        Self {
            program,
            settings,
            admitted: Semaphore::new(settings.processes_max + settings.waiting_max),
            running: Semaphore::new(settings.processes_max),
        }
    }

    /// Makes the renditions of a photo.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with a reason for the author; [`Failure::Busy`], [`Failure::Late`] and [`Failure::Unavailable`]
    /// if it should be tried again; otherwise the process failed and the photo should be reported as not readable.
    pub async fn photo(&self, input: Input, purpose: Purpose) -> Result<Photo, Failure> {
        let answer = self.run(Job::Photo(purpose), input).await?;
        match protocol::read(&answer) {
            Some((Answer::Photo(header), bytes)) => {
                header.with_bytes(bytes).ok_or_else(broken_protocol)
            }
            Some((Answer::Refused(refusal), _)) => Err(Failure::Refused(refusal)),
            Some((Answer::Video(_) | Answer::Checked(_), _)) | None => Err(broken_protocol()),
        }
    }

    /// Checks whether a video plays everywhere.
    ///
    /// # Errors
    ///
    /// As [`Self::photo`]; the refusal names what does not play.
    pub async fn video(&self, input: Input) -> Result<Facts, Failure> {
        let answer = self.run(Job::Video, input).await?;
        match protocol::read(&answer) {
            Some((Answer::Video(facts), _)) => Ok(facts),
            Some((Answer::Refused(refusal), _)) => Err(Failure::Refused(refusal)),
            Some((Answer::Photo(_) | Answer::Checked(_), _)) | None => Err(broken_protocol()),
        }
    }

    /// Runs another program. Returns its standard output.
    pub(crate) async fn execute(&self, execute: Execute) -> Result<Vec<u8>, Failure> {
        let no_input = Input::Bytes(Bytes::new());
        self.run(Job::Execute(execute), no_input).await
    }

    /// The time limit of one job.
    pub(crate) fn deadline(&self) -> Duration {
        self.settings.deadline
    }

    /// Reports which protections hold in a process that decodes. Call it at the start of the server and log it.
    ///
    /// # Errors
    ///
    /// The process cannot be started or does not answer.
    pub async fn check(&self) -> Result<Protection, Failure> {
        self.attempts(Job::Check).await
    }

    /// Reports which protections hold for another program that these workers run.
    ///
    /// # Errors
    ///
    /// As [`Self::check`].
    pub async fn check_program(&self) -> Result<Protection, Failure> {
        self.attempts(Job::CheckProgram).await
    }

    async fn attempts(&self, job: Job) -> Result<Protection, Failure> {
        let answer = self.run(job, Input::Bytes(Bytes::new())).await?;
        match protocol::read(&answer) {
            Some((Answer::Checked(protection), _)) => Ok(protection),
            Some((Answer::Photo(_) | Answer::Video(_) | Answer::Refused(_), _)) | None => {
                Err(broken_protocol())
            }
        }
    }

    async fn run(&self, job: Job, input: Input) -> Result<Vec<u8>, Failure> {
        let _admitted = self.admitted.try_acquire().map_err(|_full| Failure::Busy)?;
        let _running = self
            .running
            .acquire()
            .await
            .map_err(|_closed| Failure::Busy)?;
        let mut child = self.spawn(job, &input)?;
        let outcome = timeout(self.settings.deadline, exchange(&mut child, input)).await;
        let _ = child.kill().await; // fails only if the process has ended
        match outcome {
            Ok(answer) => answer,
            Err(_elapsed) => Err(Failure::Late),
        }
    }

    /// The process inherits no environment. It is killed if the caller gives up.
    fn spawn(&self, job: Job, input: &Input) -> Result<Child, Failure> {
        let order = Order {
            job,
            memory_bytes: self.settings.memory_bytes_max,
            cpu_s: self.settings.cpu_time_max.as_secs(),
        };
        let order = serde_json::to_string(&order).map_err(io::Error::from);
        let mut command = Command::new(&self.program.path);
        command
            .args(&self.program.arguments)
            .arg(order.map_err(Failure::Unavailable)?)
            .env_clear()
            .envs(self.program.environment.iter().copied())
            .stdin(stdin(input).map_err(Failure::Unavailable)?)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command.spawn().map_err(Failure::Unavailable)
    }
}

fn stdin(input: &Input) -> io::Result<Stdio> {
    match input {
        Input::Bytes(_) => Ok(Stdio::piped()),
        Input::File(file) => Ok(file.try_clone()?.into()),
    }
}

/// Sends the file, takes the answer and waits for the end.
async fn exchange(child: &mut Child, input: Input) -> Result<Vec<u8>, Failure> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let send = async {
        if let (Some(mut stdin), Input::Bytes(bytes)) = (stdin, input) {
            // A process that refuses early closes its end. Its answer tells why.
            let _ = stdin.write_all(&bytes).await;
        }
    };
    let receive = async {
        let mut answer = Vec::new();
        if let Some(stdout) = stdout {
            let mut bounded = stdout.take(ANSWER_BYTES_MAX + 1);
            bounded.read_to_end(&mut answer).await?;
        }
        Ok(answer)
    };
    let ((), answer) = tokio::join!(send, receive);
    let answer = answer.map_err(Failure::Unavailable)?;
    if u64::try_from(answer.len()).is_ok_and(|bytes| bytes > ANSWER_BYTES_MAX) {
        return Err(Failure::Crashed("its answer is too long".to_owned()));
    }
    let status = child.wait().await.map_err(Failure::Unavailable)?;
    ended(status).map(|()| answer)
}

/// Signal that the kernel sends when the CPU time is used up.
const SIGXCPU: i32 = rustix::process::Signal::XCPU.as_raw();

fn ended(status: ExitStatus) -> Result<(), Failure> {
    match status.signal() {
        None if status.success() => Ok(()),
        None => Err(Failure::Crashed(status.to_string())),
        Some(SIGXCPU) => Err(Failure::CpuTimeUsed),
        Some(_) => Err(Failure::Crashed(status.to_string())),
    }
}

fn broken_protocol() -> Failure {
    Failure::Crashed("its answer is not readable".to_owned())
}
