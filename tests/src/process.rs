//! The `happyos` command as a user starts it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::home::Home;
use crate::http::Client;

/// How long a daemon may take to be ready or to stop, and a command to end.
const PATIENCE: Duration = Duration::from_secs(150);

/// A finished command.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; negative: the signal that ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

/// The `happyos` command in `home`: its configuration, its data, and nothing of the machine's user.
pub fn command(home: &Home) -> Command {
    let mut command = Command::new(crate::happyos_binary());
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("HAPPYOS_CONFIG", home.config_file())
        .env("COLUMNS", "120")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the command to its end.
///
/// # Panics
/// If it takes longer than some minutes.
pub fn run(home: &Home, args: &[&str], stdin: &str) -> Finished {
    let mut child = command(home).args(args).stdin(Stdio::piped()).spawn().expect("the command starts");
    let mut input = child.stdin.take().expect("it was piped");
    // A command that does not read its input closes it.
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let readers = [read_all(child.stdout.take()), read_all(child.stderr.take())];
    let status = wait(&mut child, &format!("`happyos {}`", args.join(" ")));
    let [stdout, stderr] = readers.map(|reader| reader.join().expect("the reader ends"));
    Finished { code: code(status), stdout, stderr }
}

fn read_all(from: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            let _ = from.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(1))
}

/// Waits for `child` by asking; std has no wait with a deadline.
fn wait(child: &mut Child, what: &str) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{what} did not end within {PATIENCE:?}");
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// A running `happyos up`.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    socket: PathBuf,
    /// What it has said so far.
    pub said: Vec<String>,
}

impl Running {
    /// Starts the daemon of `home` and waits until its socket answers.
    ///
    /// # Panics
    /// If it ends instead, or is not ready within some minutes.
    pub async fn start(home: &Home) -> Running {
        Running::start_in(home, &[]).await
    }

    /// The same with these environment variables.
    ///
    /// # Panics
    /// As [`Running::start`].
    pub async fn start_in(home: &Home, environment: &[(&str, &str)]) -> Running {
        let mut running = Running::spawn_in(home, environment);
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = running.child.try_wait().expect("a child can be waited for") {
                running.collect();
                panic!("the daemon ended with {status}:\n{}", running.said.join("\n"));
            }
            if let Ok(mut client) = Client::unix(&running.socket).await
                && client.get("/healthz").await.is_ok_and(|answer| answer.status.is_success())
            {
                return running;
            }
            assert!(Instant::now() < deadline, "the daemon is not ready:\n{}", running.said.join("\n"));
            // One line more, or a moment for it to come.
            if let Ok(line) = running.lines.recv_timeout(Duration::from_millis(5)) {
                running.said.push(line);
            }
        }
    }

    /// Starts the daemon of `home` and does not wait for it.
    ///
    /// # Panics
    /// If the command does not start.
    pub fn spawn(home: &Home) -> Running {
        Running::spawn_in(home, &[])
    }

    fn spawn_in(home: &Home, environment: &[(&str, &str)]) -> Running {
        let environment = environment.iter().copied();
        let mut child = command(home).envs(environment).arg("up").spawn().expect("the command starts");
        let (sender, lines) = channel();
        for stream in [
            child.stdout.take().map(|stream| Box::new(stream) as Box<dyn std::io::Read + Send>),
            child.stderr.take().map(|stream| Box::new(stream) as Box<dyn std::io::Read + Send>),
        ] {
            let (sender, stream) = (sender.clone(), stream.expect("it was piped"));
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Running { child, lines, socket: home.socket(), said: Vec::new() }
    }

    fn collect(&mut self) {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(100)) {
            self.said.push(line);
        }
    }

    /// Its private socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs; where it does not, what it said is collected.
    ///
    /// # Panics
    /// If the system cannot say.
    pub fn alive(&mut self) -> bool {
        let alive = self.child.try_wait().expect("a child can be waited for").is_none();
        if !alive {
            self.collect();
        }
        alive
    }

    /// Sends SIGTERM.
    ///
    /// # Panics
    /// If the process is gone.
    pub fn terminate(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("the daemon runs");
    }

    /// Waits for its end; gives its exit code and all it said.
    pub fn finish(mut self) -> (i32, Vec<String>) {
        let status = wait(&mut self.child, "the daemon");
        self.collect();
        (code(status), std::mem::take(&mut self.said))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
