//! The `happyos` command.

use std::process::ExitCode;

use happyos::cli;

fn main() -> ExitCode {
    // First of all: the helper must not have started anything that its limits would then hit.
    if std::env::args_os().nth(1).is_some_and(|command| command == happyos::runtime::compile_helper::ARGUMENT) {
        return ExitCode::from(happyos::runtime::compile_helper::main());
    }
    cli::main(happyos::daemon::start)
}
