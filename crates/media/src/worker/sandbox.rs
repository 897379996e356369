//! What a worker process gives up before it reads a file from a stranger.
//!
//! Resource limits work on every Unix, and the process ends if they cannot be set. Landlock (no files, no network) and
//! seccomp (only a few system calls) exist on Linux. Where the kernel lacks one, the other still holds;
//! [`Protection`] reports it, so that the server can log it at its start.

use std::{fs::File, io, net::UdpSocket};

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};

use crate::worker::protocol::Execute;

/// What the kernel enforces in a worker process. Each field is the result of an attempt, not of a version check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Landlock is active: the process opens no file.
    pub landlock: bool,
    /// Seccomp is active: the process makes no system call that decoding does not need.
    pub seccomp: bool,
    /// An attempt to open a file failed.
    pub files_denied: bool,
    /// An attempt to open a socket failed.
    pub sockets_denied: bool,
    /// An attempt to take more memory than allowed failed.
    pub memory_denied: bool,
}

/// The lowest priority, so that reads of the feed keep their latency while photos are decoded.
const NICENESS: i32 = 19;

/// Open files of another program: its libraries while it starts, input and output.
const PROGRAM_FILES_MAX: u64 = 64;

/// Open files: standard input, output and error. Landlock and seccomp are set up before.
const FILES_MAX: u64 = 3;

/// Address space above the memory limit: code, libraries and stacks, which hold no decoded pixels.
const ADDRESS_SPACE_EXTRA: u64 = 2 * 1024 * 1024 * 1024;

/// Distance of the hard limits. At the soft limit of CPU time the kernel sends a signal of its own, at the hard one a
/// kill, which could have other reasons.
const HARD_LIMIT_EXTRA: u64 = 1;

/// Makes the kernel kill this process when its parent ends, so that a killed server leaves no `ffmpeg` running for
/// minutes. The setting stays when this process becomes another program.
///
/// On Linux the parent is the *thread* that started this process. So [`Workers`](crate::worker::Workers) must run on
/// threads that live as long as the server, as those of a runtime do.
///
/// # Errors
///
/// The operating system refuses it.
pub(super) fn end_with_parent() -> io::Result<()> {
    kernel::end_with_parent()
}

/// Enters the sandbox for good.
///
/// # Errors
///
/// The operating system refuses a resource limit.
pub(super) fn enter(memory_bytes: u64, cpu_s: u64) -> io::Result<Protection> {
    nice(NICENESS)?;
    let landlock = kernel::deny_files();
    set(&limits(memory_bytes, cpu_s))?;
    set(&[(Resource::Nofile, FILES_MAX), (Resource::Fsize, 0)])?; // pipes are not files
    let enforced = Enforced {
        landlock,
        seccomp: kernel::deny_calls(),
    };
    Ok(enforced.attempts(memory_bytes))
}

/// Prepares for another program: it reads system files and one upload, writes into one folder, and has no network.
///
/// # Errors
///
/// The operating system refuses a resource limit.
pub(super) fn enter_for(execute: &Execute, memory_bytes: u64, cpu_s: u64) -> io::Result<Enforced> {
    nice(NICENESS)?;
    let reads = [&execute.program, &execute.reads];
    let landlock = kernel::deny_other_files(reads, execute.writes.as_deref());
    set(&limits(memory_bytes, cpu_s))?;
    set(&[
        (Resource::Nofile, PROGRAM_FILES_MAX),
        (Resource::Fsize, execute.file_bytes_max),
    ])?;
    let seccomp = kernel::deny_outward();
    Ok(Enforced { landlock, seccomp })
}

/// Enters the sandbox for another program, and reports which protections hold by trying what they must deny.
///
/// # Errors
///
/// The operating system refuses a resource limit.
pub(super) fn check_program(memory_bytes: u64, cpu_s: u64) -> io::Result<Protection> {
    let own = std::env::current_exe()?;
    let execute = Execute {
        program: own.clone(),
        arguments: Vec::new(),
        reads: own,
        writes: None,
        file_bytes_max: 0,
    };
    let enforced = enter_for(&execute, memory_bytes, cpu_s)?;
    Ok(enforced.attempts(memory_bytes))
}

/// The protections that the kernel accepted.
pub(super) struct Enforced {
    landlock: bool,
    seccomp: bool,
}

impl Enforced {
    fn attempts(self, memory_bytes: u64) -> Protection {
        Protection {
            landlock: self.landlock,
            seccomp: self.seccomp,
            files_denied: File::open("/").is_err(),
            sockets_denied: UdpSocket::bind("127.0.0.1:0").is_err(),
            memory_denied: memory_denied(memory_bytes),
        }
    }
}

fn set(limits: &[(Resource, u64)]) -> io::Result<()> {
    for (resource, most) in limits {
        let limit = Rlimit {
            current: Some(*most),
            maximum: Some(most + HARD_LIMIT_EXTRA),
        };
        setrlimit(*resource, limit)?;
    }
    Ok(())
}

/// `Data` counts what is allocated and written to. `As` also bounds what is only reserved.
fn limits(memory_bytes: u64, cpu_s: u64) -> [(Resource, u64); 4] {
    [
        (Resource::Data, memory_bytes),
        (Resource::As, memory_bytes + ADDRESS_SPACE_EXTRA),
        (Resource::Cpu, cpu_s),
        (Resource::Core, 0), // a core dump would hold the photo
    ]
}

fn memory_denied(memory_bytes: u64) -> bool {
    let bytes = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
    Vec::<u8>::new().try_reserve_exact(bytes).is_err()
}

#[cfg(target_os = "linux")]
mod kernel {
    use std::path::{Path, PathBuf};

    use landlock::{
        ABI, Access, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr, RulesetCreated,
        RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    /// Newest version of Landlock whose rights are given up. Older kernels give up those that they know.
    const LANDLOCK: ABI = ABI::V6;

    /// System calls that decoding needs. Others return `EPERM`, because a C library that probes the kernel then falls
    /// back, while killing the process would turn an update of that library into lost photos.
    const ALLOWED: [libc::c_long; 21] = [
        libc::SYS_read,
        libc::SYS_lseek,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_gettid,
        libc::SYS_getpid,
        libc::SYS_tgkill, // `abort` signals itself
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];

    /// System calls that map memory. They are allowed for memory that cannot be executed.
    const MAPPING: [libc::c_long; 2] = [libc::SYS_mmap, libc::SYS_mprotect];

    /// Files that a program needs to start. Not the rest of `/etc`, because configurations hold passwords.
    const SYSTEM: [&str; 4] = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"];

    /// System calls of a network, and those that reach into other processes. The queues of io_uring open sockets and files
    /// without a system call for each, so the filter would not see them.
    const OUTWARD: [libc::c_long; 6] = [
        libc::SYS_socket,
        libc::SYS_io_uring_setup,
        libc::SYS_pidfd_getfd,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
    ];

    pub(super) fn end_with_parent() -> std::io::Result<()> {
        let kill = Some(rustix::process::Signal::KILL);
        Ok(rustix::process::set_parent_process_death_signal(kill)?)
    }

    /// Denies all files, network and signals to other processes. True if the kernel enforces it.
    pub(super) fn deny_files() -> bool {
        let rules = rules().and_then(RulesetCreated::restrict_self);
        rules.is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
    }

    /// Allows reading the files of the system, the program and its input, and regular files in one folder. Denies all
    /// other files. True if the kernel enforces it.
    pub(super) fn deny_other_files(reads: [&PathBuf; 2], writes: Option<&Path>) -> bool {
        let allow = || {
            let read = AccessFs::from_read(LANDLOCK);
            let rules = rules()?.add_rules(path_beneath_rules(SYSTEM, read))?;
            let rules = rules.add_rules(path_beneath_rules(reads, read))?;
            let folder = path_beneath_rules(writes, ordinary_files());
            rules.add_rules(folder)?.restrict_self()
        };
        allow().is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
    }

    /// Rights of a program in its folder: regular files only. It cannot create links, pipes, devices or folders there,
    /// or run a file.
    fn ordinary_files() -> BitFlags<AccessFs> {
        AccessFs::ReadFile
            | AccessFs::WriteFile
            | AccessFs::Truncate
            | AccessFs::MakeReg
            | AccessFs::RemoveFile
            | AccessFs::ReadDir
    }

    fn rules() -> Result<RulesetCreated, RulesetError> {
        Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?
            .scope(Scope::from_all(LANDLOCK))?
            .create()
    }

    /// Denies all system calls but a few. True if the kernel enforces it.
    pub(super) fn deny_calls() -> bool {
        decoding().is_some_and(apply)
    }

    /// Denies network and other processes. True if the kernel enforces it.
    pub(super) fn deny_outward() -> bool {
        outward().is_some_and(apply)
    }

    fn apply(filter: SeccompFilter) -> bool {
        let program = BpfProgram::try_from(filter);
        program.is_ok_and(|program| seccompiler::apply_filter_all_threads(&program).is_ok())
    }

    fn decoding() -> Option<SeccompFilter> {
        let allowed = ALLOWED.map(|call| (call, Vec::new()));
        let not_executable = not_executable()?;
        let mapping = MAPPING.map(|call| (call, vec![not_executable.clone()]));
        let rules = allowed.into_iter().chain(mapping).collect();
        let machine = std::env::consts::ARCH.try_into().ok()?;
        SeccompFilter::new(rules, denied()?, SeccompAction::Allow, machine).ok()
    }

    fn outward() -> Option<SeccompFilter> {
        let rules = OUTWARD.map(|call| (call, Vec::new())).into_iter().collect();
        let machine = std::env::consts::ARCH.try_into().ok()?;
        SeccompFilter::new(rules, SeccompAction::Allow, denied()?, machine).ok()
    }

    fn denied() -> Option<SeccompAction> {
        Some(SeccompAction::Errno(u32::try_from(libc::EPERM).ok()?))
    }

    /// The third argument of both calls is the protection of the memory.
    fn not_executable() -> Option<SeccompRule> {
        let executable = u64::try_from(libc::PROT_EXEC).ok()?;
        let unset = SeccompCmpOp::MaskedEq(executable);
        let condition = SeccompCondition::new(2, SeccompCmpArgLen::Dword, unset, 0).ok()?;
        SeccompRule::new(vec![condition]).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    use std::path::{Path, PathBuf};

    #[expect(clippy::unnecessary_wraps, reason = "Linux may refuse")]
    pub(super) fn end_with_parent() -> std::io::Result<()> {
        Ok(())
    }

    pub(super) fn deny_files() -> bool {
        false
    }

    pub(super) fn deny_other_files(_reads: [&PathBuf; 2], _writes: Option<&Path>) -> bool {
        false
    }

    pub(super) fn deny_calls() -> bool {
        false
    }

    pub(super) fn deny_outward() -> bool {
        false
    }
}
