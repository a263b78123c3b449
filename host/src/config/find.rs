//! Where the configuration file is, and where private state is by default.

use std::env;
use std::path::{Path, PathBuf};

/// The name of the configuration file.
pub const FILE_NAME: &str = "happyos.toml";
/// The name of one in JSON, beside that one or in its place.
pub const JSON_FILE_NAME: &str = "happyos.json";

/// What of the process's environment the configuration depends on.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `HAPPYOS_CONFIG`.
    pub config: Option<PathBuf>,
    /// `XDG_CONFIG_HOME`.
    pub xdg_config_home: Option<PathBuf>,
    /// `XDG_DATA_HOME`.
    pub xdg_data_home: Option<PathBuf>,
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// The working directory.
    pub current_dir: PathBuf,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Environment {
        let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG specification says that relative paths in its variables are to be ignored.
        let absolute = |name: &str| path(name).filter(|path| path.is_absolute());
        Environment {
            config: path("HAPPYOS_CONFIG"),
            xdg_config_home: absolute("XDG_CONFIG_HOME"),
            xdg_data_home: absolute("XDG_DATA_HOME"),
            home: absolute("HOME"),
            current_dir: env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        }
    }

    /// `$XDG_DATA_HOME/happyos`, or `~/.local/share/happyos`.
    pub fn data_dir(&self) -> PathBuf {
        let base = self.xdg_data_home.clone().or_else(|| self.home.as_ref().map(|home| home.join(".local/share")));
        base.unwrap_or_else(|| self.current_dir.clone()).join("happyos")
    }

    /// Where this user's own signing keys are: `keys` beside the configuration file.
    pub fn keys_dir(&self) -> Option<PathBuf> {
        Some(self.config_dir()?.join("keys"))
    }

    fn config_dir(&self) -> Option<PathBuf> {
        let base = self.xdg_config_home.clone().or_else(|| self.home.as_ref().map(|home| home.join(".config")))?;
        Some(base.join("happyos"))
    }
}

/// The configuration files: the one asked for, or the first there is of `$HAPPYOS_CONFIG`, `./happyos.toml` with
/// `./happyos.json` beside it, and the same two in `$XDG_CONFIG_HOME/happyos`. One that was named is returned even if it is
/// not there, so that reading it says so.
pub fn find_files(asked: Option<&Path>, environment: &Environment) -> Vec<PathBuf> {
    let named = asked.map(Path::to_path_buf).or_else(|| environment.config.clone());
    if let Some(path) = named {
        return vec![environment.current_dir.join(path)];
    }
    let in_folder = |folder: PathBuf| -> Vec<PathBuf> {
        [FILE_NAME, JSON_FILE_NAME].iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
    };
    let folders = [Some(environment.current_dir.clone()), environment.config_dir()];
    folders.into_iter().flatten().map(in_folder).find(|files| !files.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_that_has_one_wins() {
        let root = tempfile::tempdir().unwrap();
        let config_home = root.path().join("config");
        std::fs::create_dir_all(config_home.join("happyos")).unwrap();
        let mut environment = Environment {
            xdg_config_home: Some(config_home.clone()),
            current_dir: root.path().join("here"),
            ..Default::default()
        };
        assert!(find_files(None, &environment).is_empty());
        let at_home = config_home.join("happyos/happyos.toml");
        std::fs::write(&at_home, "").unwrap();
        assert_eq!(find_files(None, &environment), [at_home]);
        environment.current_dir = root.path().to_path_buf();
        std::fs::write(root.path().join("happyos.toml"), "").unwrap();
        assert_eq!(find_files(None, &environment), [root.path().join("happyos.toml")]);
        std::fs::write(root.path().join("happyos.json"), "{}").unwrap();
        assert_eq!(find_files(None, &environment), ["happyos.toml", "happyos.json"].map(|name| root.path().join(name)));
        environment.config = Some("gone.toml".into());
        assert_eq!(find_files(None, &environment), [root.path().join("gone.toml")]);
        assert_eq!(find_files(Some(Path::new("/x.toml")), &environment), [PathBuf::from("/x.toml")]);
    }
}
