//! The `happyos` command.

use std::process::ExitCode;

use happyos::cli::{self, Fault};

fn main() -> ExitCode {
    // First of all: the helper must not have started anything that its limits would then hit.
    if std::env::args_os().nth(1).is_some_and(|command| command == "compile-helper") {
        return ExitCode::from(happyos::runtime::compile_helper::main());
    }
    cli::main(|_, _, _| Box::pin(async { Err(Fault::failed("there is no daemon in this build")) }))
}
