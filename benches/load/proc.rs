//! What the kernel knows of processes: <https://man7.org/linux/man-pages/man5/proc.5.html>.

use std::fs::{read_dir, read_to_string};
use std::process::Command;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context as _;
use recado::desk::Time;

/// A tick of the clock that the kernel shows CPU time in: `USER_HZ` is 100 wherever Rust runs.
const TICK: Duration = Duration::from_millis(10);

/// CPU time so far.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    /// Of the server and its children.
    server: Duration,
    /// Of clients and webhooks, which is this process.
    load: Duration,
    /// Of everybody.
    machine: Duration,
}

/// CPU time of one stretch.
pub(crate) struct Used {
    pub(crate) server: Duration,
    pub(crate) load: Duration,
    /// Of everybody else on the machine, the database included where it is a server of its own.
    pub(crate) others: Duration,
}

impl Cpu {
    pub(crate) fn now(server: u32) -> anyhow::Result<Self> {
        let mut spent = Duration::ZERO;
        for pid in family(server)? {
            spent += cpu(pid)?;
        }
        Ok(Self { server: spent, load: cpu(std::process::id())?, machine: machine()? })
    }

    pub(crate) fn since(self, before: Self) -> Used {
        let server = self.server.saturating_sub(before.server);
        let load = self.load.saturating_sub(before.load);
        let others = self.machine.saturating_sub(before.machine + server + load);
        Used { server, load, others }
    }
}

/// The memory that a server and its children hold, in KiB.
pub(crate) fn resident_kib(server: u32) -> anyhow::Result<u64> {
    let mut sum = 0;
    for pid in family(server)? {
        let status = read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        sum += line.split_whitespace().nth(1).context("no VmRSS")?.parse::<u64>()?;
    }
    Ok(sum)
}

/// How many files, sockets and the like a process has open.
pub(crate) fn open_files(pid: u32) -> anyhow::Result<usize> {
    Ok(read_dir(format!("/proc/{pid}/fd"))?.count())
}

/// What was measured, where and when.
pub(crate) fn setting() -> anyhow::Result<String> {
    let cores = available_parallelism()?;
    let about = read_to_string("/proc/cpuinfo")?;
    let model = about.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let kernel = read_to_string("/proc/sys/kernel/osrelease")?;
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    let changed = if git(&["status", "--porcelain", "src", "Cargo.lock"]).is_empty() {
        ""
    } else {
        " with changes"
    };
    let at = Time::now().isoformat();
    let (date, clock) = (at.get(..10).unwrap_or_default(), at.get(11..16).unwrap_or_default());
    Ok(format!(
        "{cores} cores of {model}, Linux {}; commit {commit}{changed}; {date} {clock} UTC",
        kernel.trim()
    ))
}

/// A process and all that descend from it.
fn family(eldest: u32) -> anyhow::Result<Vec<u32>> {
    let mut born = Vec::new();
    for entry in read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // Whoever has ended meanwhile is nobody's child any more.
        if let Ok(parent) = field(pid, 4) {
            born.push((pid, u32::try_from(parent)?));
        }
    }
    let mut family = vec![eldest];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(born.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| pid));
        next += 1;
    }
    Ok(family)
}

/// CPU time of a process, in its own code and in the kernel.
fn cpu(pid: u32) -> anyhow::Result<Duration> {
    Ok(TICK * u32::try_from(field(pid, 14)? + field(pid, 15)?)?)
}

/// A field of `/proc/PID/stat`, counted as the manual does.
fn field(pid: u32, number: usize) -> anyhow::Result<u64> {
    let stat = read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is a name in parentheses, which may hold anything.
    let (_, rest) = stat.rsplit_once(") ").context("no name")?;
    Ok(rest.split(' ').nth(number - 3).context("too few fields")?.parse()?)
}

/// CPU time of everybody: user, nice, system, irq, softirq.
fn machine() -> anyhow::Result<Duration> {
    let stat = read_to_string("/proc/stat")?;
    let ticks = stat.lines().next().context("no cpu line")?.split_whitespace().skip(1);
    let ticks: Vec<u32> = ticks.map(str::parse).collect::<Result<_, _>>()?;
    Ok(TICK * [0, 1, 2, 5, 6].into_iter().filter_map(|field| ticks.get(field)).sum::<u32>())
}

fn git(args: &[&str]) -> String {
    let answer = Command::new("git").args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let said = answer.map(|answer| answer.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}
