//! The `happyos` command.

use std::process::ExitCode;

use happyos::cli;

/// Gives memory back to the system soon after it was freed. The C library's own keeps what many threads freed, so that
/// a few hostile megabytes would stay with the daemon for good.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What was freed goes back within a second, by a thread of the allocator's own; threads share a few arenas, so that
/// one's leavings serve the others.
#[expect(unsafe_code, reason = "the allocator reads its settings from this name, before anything runs")]
#[unsafe(export_name = "_rjem_malloc_conf")]
static ALLOCATOR_SETTINGS: &[u8; 69] = b"background_thread:true,dirty_decay_ms:500,muzzy_decay_ms:0,narenas:4\0";

fn main() -> ExitCode {
    // First of all: the helper must not have started anything that its limits would then hit.
    if std::env::args_os().nth(1).is_some_and(|command| command == happyos::runtime::compile_helper::ARGUMENT) {
        return ExitCode::from(happyos::runtime::compile_helper::main());
    }
    cli::main(happyos::daemon::start)
}
