//! Reading the whole audit log to see whether it is as it was written.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::chain::{self, Head, Link};
use super::log::{LINE_BYTES_MAX, Paths, last_line};
use crate::security::files::{self, Key};

/// How many entries there are, all of them as they were written, or the first place where they are not.
pub fn verify(dir: &Path) -> Result<u64, String> {
    let paths = Paths::new(dir);
    let failed = |error: io::Error| error.to_string();
    let key = files::read_key(&paths.key()).map_err(failed)?;
    let key = key.ok_or_else(|| {
        format!(
            "`{}` is missing: there is no log here\nhint: see whether `--data` names the folder of the daemon",
            paths.key().display()
        )
    })?;
    let _lock = files::lock(&paths.key()).map_err(failed)?;
    let head = Head::read(&paths.head(), &key).map_err(failed)?.ok_or_else(|| {
        format!(
            "`{}` is missing or was changed: whether the end of the log is there cannot be told",
            paths.head().display()
        )
    })?;
    let mut link = head.base.clone();
    for path in paths.files() {
        match last_line(&path).map_err(failed)? {
            None => continue,
            // Left by a crash between telling the head and dropping the file.
            Some(line) if left_over(&line, &head.base) => continue,
            Some(_) => {
                check_file(&path, &key, &head, &mut link).map_err(|what| format!("`{}`: {what}", path.display()))?
            }
        }
    }
    if link.number < head.last.number {
        return Err(format!(
            "`{}`: entries {} to {} were cut off",
            paths.file(0).display(),
            link.number + 1,
            head.last.number
        ));
    }
    Ok(link.number - head.base.number)
}

fn left_over(last_line: &[u8], base: &Link) -> bool {
    chain::read_line(last_line).is_some_and(|(_, link)| link.number > 0 && link == *base)
}

fn check_file(path: &Path, key: &Key, head: &Head, link: &mut Link) -> Result<(), String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut file).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line);
        if read.map_err(|error| error.to_string())? == 0 {
            return Ok(());
        }
        let Some(whole) = line.strip_suffix(b"\n") else {
            return Err(format!("what follows entry {} has no end", link.number));
        };
        chain::check_line(key, link, whole)?;
        if link.number == head.last.number && *link != head.last {
            return Err(format!("entry {} is not the one that was written", link.number));
        }
    }
}
