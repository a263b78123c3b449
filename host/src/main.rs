//! The `happyos` command.

use std::process::ExitCode;

use happyos::cli::{self, Fault};

fn main() -> ExitCode {
    cli::main(|_, _, _| Box::pin(async { Err(Fault::failed("there is no daemon in this build")) }))
}
