//! Follows the model that compares requests by meaning: in use soon after it was installed, out of use once removed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use crate::orchestrator::Orchestrator;
use crate::remote::{self, MODEL};
use crate::routing::Embed;
use crate::routing::embedding::E5;
use crate::self_building::{Meaning, Routed};

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Tells the gate how requests are routed.
pub struct OfRequests(pub Orchestrator);

#[async_trait]
impl Routed for OfRequests {
    async fn meaning(&self) -> Option<Meaning> {
        self.0.meaning().await.map(|(index, embed)| Meaning { index, embed })
    }
}

/// Gives `orchestrator` the model in `folder` whenever that changes, until `shutdown`. What may end soon looks `later`: a
/// single command does not read a model that it has no time to use.
pub async fn follow(folder: PathBuf, orchestrator: Orchestrator, later: bool, shutdown: CancellationToken) {
    let first = if later { LOOK } else { Duration::ZERO };
    let mut look = tokio::time::interval_at(tokio::time::Instant::now() + first, LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut seen = None;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = look.tick() => {}
        }
        let found = remote::path(&folder, &MODEL).map(|path| (changed_at(&path), path));
        if found == seen {
            continue;
        }
        seen.clone_from(&found);
        let embed = match found {
            None => None,
            Some((_, path)) => match tokio::task::spawn_blocking(move || read(&path)).await {
                Ok(Ok(model)) => Some(model),
                Ok(Err(why)) => {
                    tracing::error!(%why, "the model cannot be used: requests are compared by words (hint: `happyos model pull`)");
                    None
                }
                Err(error) => {
                    tracing::error!(%error, "reading the model stopped");
                    None
                }
            },
        };
        let model = embed.as_ref().map_or("none", |_| MODEL.name);
        let vectors = remote::vectors_path(&folder, &MODEL);
        match orchestrator.set_embed(embed, Some(vectors)).await {
            Ok(()) => {
                tracing::info!(model, "requests are compared by their words, and by meaning where there is a model")
            }
            Err(failure) => tracing::error!(%failure, "the index of the skills could not be made with the model"),
        }
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|found| found.modified()).ok()
}

fn read(path: &Path) -> Result<Arc<dyn Embed>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let model = E5::parse(&bytes, MODEL.name).map_err(|error| format!("`{}`: {error}", path.display()))?;
    Ok(Arc::new(model))
}
