//! The real program as a process of its own, which can be killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use super::{Database, SECRET};

/// A running server.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Starts `recado serve` and waits until it listens.
    pub(crate) fn serve(database: &Database, flags: &[&str]) -> Self {
        Self::start(recado(database), flags)
    }

    /// As `serve`, but with so few descriptors.
    pub(crate) fn with_descriptors(database: &Database, limit: usize, flags: &[&str]) -> Self {
        let mut command = program(Command::new("sh"), database);
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_recado")]);
        Self::start(command, flags)
    }

    /// As `serve`, its log going into a file.
    pub(crate) fn telling(database: &Database, log: File, flags: &[&str]) -> Self {
        let mut command = recado(database);
        command.stderr(log);
        Self::start(command, flags)
    }

    fn start(mut command: Command, flags: &[&str]) -> Self {
        command.args(["serve", "--host", "127.0.0.1", "--port", "0", "--jwt-secret", SECRET]);
        let mut child = command.args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines.next().expect("the server says where it listens").unwrap();
        let address = told.trim_start_matches("Recado listens on ").split(": ").next().unwrap();
        Self { child, url: format!("http://{address}") }
    }

    /// Kills it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a supervisor does.
    pub(crate) fn ask_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.unwrap().success());
    }

    /// How many descriptors it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// The memory it holds, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command of the program to its end.
pub(crate) fn run(database: &Database, args: &[&str]) -> Output {
    recado(database).args(args).output().unwrap()
}

fn recado(database: &Database) -> Command {
    program(Command::new(env!("CARGO_BIN_EXE_recado")), database)
}

fn program(mut command: Command, database: &Database) -> Command {
    // Nothing of the developer's own environment, nor a `.env` of theirs.
    command.env_clear().current_dir(std::env::temp_dir());
    command.env("DATABASE_URL", database.url()).env("RECADO_LOG", "warn");
    command.env("MEDIA_URL", database.media_url());
    command
}
