//! The daemon's side of compiling: starts the helper, watches it, and kills it when it takes too much.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::compile_helper::{ARGUMENT, LINE_BYTES_MAX, Order, Verdict};
use super::shape::Shape;
use crate::config::CompileConfig;

/// Why there is no compiled code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The bytes are at fault: they will be refused the next time too.
    #[error("{0}")]
    Refused(String),
    /// Compiling takes more than it may: refused again until it may take more.
    #[error("{0}")]
    TooCostly(String),
    /// The machine had no time for it, twice: it may work another time.
    #[error(
        "the machine is too busy: compiling it was not given {cpu_s} processor seconds within {wall_s} s (hint: this says nothing \
         of the file; try again when there is less to do)"
    )]
    Busy {
        /// Processor seconds that it may take.
        cpu_s: u64,
        /// Seconds that were waited for that.
        wall_s: u64,
    },
    /// The machine or the helper is at fault: it may work another time.
    #[error("the compile helper failed: {0}")]
    Helper(String),
}

/// Compiled code that is larger than this is not taken from the helper.
const CODE_BYTES_MAX: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Runs one helper process at a time.
pub struct Compiler {
    program: PathBuf,
    config: CompileConfig,
    turn: Semaphore,
}

impl Compiler {
    /// A compiler whose helper is `program`.
    pub fn new(program: &Path, config: CompileConfig) -> Compiler {
        Compiler { program: program.to_owned(), config, turn: Semaphore::new(1) }
    }

    /// Compiles `bytes` in a process of its own.
    ///
    /// # Errors
    /// `Refused` or `TooCostly` when the bytes are at fault, `Helper` when the process could not do its work.
    pub async fn compile(&self, bytes: &[u8]) -> Result<(Shape, Vec<u8>), CompileError> {
        let _turn = self.turn.acquire().await.map_err(helper)?;
        let order = Order {
            input_bytes: bytes.len() as u64,
            memory_bytes: self.config.memory_bytes_max,
            cpu_s: self.config.cpu_s + (self.config.cpu_s_per_mib * bytes.len() as u64).div_ceil(MIB),
        };
        // The helper is nice: on a busy machine its processor seconds take longer, and then longer still.
        let mut waited_s = 0;
        for times in [6, 18] {
            let wall = Duration::from_secs(order.cpu_s * times);
            if let Ok(result) = tokio::time::timeout(wall, self.run(&order, bytes)).await {
                return result;
            }
            waited_s += wall.as_secs();
            tracing::warn!(waited_s, "the machine is too busy to compile a file");
        }
        Err(CompileError::Busy { cpu_s: order.cpu_s, wall_s: waited_s })
    }

    async fn run(&self, order: &Order, bytes: &[u8]) -> Result<(Shape, Vec<u8>), CompileError> {
        let mut child = Command::new(&self.program)
            .arg(ARGUMENT)
            .env_clear()
            // The helper starts no thread, and address space that is kept counts against its limit.
            .env("_RJEM_MALLOC_CONF", "background_thread:false,retain:false")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| CompileError::Helper(format!("`{}` does not start: {error}", self.program.display())))?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(CompileError::Helper("it has no standard streams".into()));
        };
        let mut head = serde_json::to_vec(order).map_err(helper)?;
        head.push(b'\n');
        let send = async {
            // A helper that refuses early stops reading: its verdict says why, not the broken pipe.
            let _ = stdin.write_all(&head).await;
            let _ = stdin.write_all(bytes).await;
            drop(stdin);
        };
        let receive = async {
            let mut stdout = BufReader::new(stdout.take(LINE_BYTES_MAX + CODE_BYTES_MAX));
            let mut line = String::new();
            let mut code = Vec::new();
            if stdout.read_line(&mut line).await.is_ok() {
                let _ = stdout.read_to_end(&mut code).await;
            }
            (line, code)
        };
        let complain = async {
            let mut text = String::new();
            let _ = stderr.take(LINE_BYTES_MAX).read_to_string(&mut text).await;
            text
        };
        let ((), (line, code), complaint) = tokio::join!(send, receive, complain);
        let status = child.wait().await.map_err(helper)?;
        if status.success() {
            return match serde_json::from_str(&line).map_err(helper)? {
                Verdict::Compiled(shape) => Ok((shape, code)),
                Verdict::Refused(why) => Err(CompileError::Refused(why)),
            };
        }
        Err(self.explain(order, status, &complaint))
    }

    fn explain(&self, order: &Order, status: std::process::ExitStatus, complaint: &str) -> CompileError {
        use std::os::unix::process::ExitStatusExt;
        const SIGKILL: i32 = 9;
        const SIGXCPU: i32 = 24;
        const SIGABRT: i32 = 6;
        match status.signal() {
            // With soft and hard limit equal the kernel sends SIGKILL.
            Some(SIGKILL | SIGXCPU) => CompileError::TooCostly(format!(
                "compiling it takes more than {} processor seconds (hint: `compile.cpu_s` in happyos.toml raises this)",
                order.cpu_s
            )),
            Some(SIGABRT) if complaint.contains("memory allocation") => CompileError::TooCostly(format!(
                "compiling it takes more than {} bytes of memory (hint: `compile.memory_bytes_max` in happyos.toml raises this)",
                order.memory_bytes
            )),
            _ => CompileError::Helper(format!(
                "{status}: {}",
                complaint.trim().lines().last().unwrap_or("no word from it")
            )),
        }
    }
}

fn helper(error: impl std::fmt::Display) -> CompileError {
    CompileError::Helper(error.to_string())
}
