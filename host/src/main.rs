//! The `happyos` command.

fn main() -> std::process::ExitCode {
    if std::env::args_os().nth(1).is_some_and(|argument| argument == happyos::runtime::compile_helper::ARGUMENT) {
        return happyos::runtime::compile_helper::main().into();
    }
    std::process::ExitCode::SUCCESS
}
