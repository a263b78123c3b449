//! What was built for gaps: each build with its rounds, kept as the origin of what is served.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Store, StoreError};
use crate::base::Digest;

/// Most builds that are kept, the youngest; those that made what is served are kept besides.
pub const BUILDS_MAX: u64 = 500;
/// Most builds that one listing gives.
const LISTED_MAX: i64 = 200;

/// What became of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildState {
    /// It may have another round.
    Open,
    /// A round passed, and its file is being put into the skills directory.
    Passed,
    /// What it made was put into the skills directory, and needs nothing more.
    Live,
    /// What it made waits for the operator.
    Waiting,
    /// Its rounds are used up.
    Failed,
    /// Somebody ended it.
    Cancelled,
}

const STATES: [(BuildState, i64, &str); 6] = [
    (BuildState::Open, 0, "open"),
    (BuildState::Passed, 1, "passed"),
    (BuildState::Live, 2, "live"),
    (BuildState::Waiting, 3, "waiting"),
    (BuildState::Failed, 4, "failed"),
    (BuildState::Cancelled, 5, "cancelled"),
];

impl BuildState {
    /// The name used on the wire and in commands.
    pub fn as_str(self) -> &'static str {
        STATES.iter().find(|(state, ..)| *state == self).map_or("open", |(.., name)| name)
    }

    fn number(self) -> i64 {
        STATES.iter().find(|(state, ..)| *state == self).map_or(0, |(_, number, _)| *number)
    }

    fn of(number: i64) -> BuildState {
        STATES.iter().find(|(_, known, _)| *known == number).map_or(BuildState::Open, |(state, ..)| *state)
    }
}

/// One build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRecord {
    /// Its id: twelve hexadecimal digits.
    pub id: Box<str>,
    /// The gap's id.
    pub gap: Box<str>,
    /// Who asked for it.
    pub who: Box<str>,
    /// What wrote its rounds: `file`, or an agent's name.
    pub writer: Box<str>,
    /// What became of it.
    pub state: BuildState,
    /// What the skill is to do beside the gap's requests: JSON.
    pub need: Box<str>,
    /// The bundle that passed.
    pub bundle: Option<Box<str>>,
    /// Its digest.
    pub digest: Option<Digest>,
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    /// When it last changed.
    pub changed_ms: u64,
    /// Rounds so far.
    pub n_rounds: u32,
}

/// One round of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundRecord {
    /// Counted from 1.
    pub number: u32,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What was written.
    pub source: Box<str>,
    /// Whether the gate let it through.
    pub passed: bool,
    /// What each stage of the gate found: a JSON array.
    pub verdicts: Box<str>,
    /// What its writer was told.
    pub told: Option<Box<str>>,
    /// Calls of models that it took.
    pub model_calls: u32,
    /// What those cost, in millionths of the operator's currency.
    pub cost: u64,
}

/// What building took within some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Builds that were begun.
    pub builds: u64,
    /// Rounds.
    pub rounds: u64,
    /// Calls of models.
    pub model_calls: u64,
    /// What those cost, in millionths of the operator's currency.
    pub cost: u64,
}

const COLUMNS: &str = "id, gap, who, writer, state, need, bundle, digest, began_ms, changed_ms, n_rounds";

impl Store {
    /// The builds, the one that changed last first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn builds(&self) -> Result<Vec<BuildRecord>, StoreError> {
        self.read(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM build ORDER BY changed_ms DESC, id LIMIT {LISTED_MAX}");
            connection.prepare_cached(&sql)?.query_map([], record)?.collect()
        })
        .await
    }

    /// One build with its rounds, the first one first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn build(&self, id: &str) -> Result<Option<(BuildRecord, Vec<RoundRecord>)>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM build WHERE id = ?1");
            let found = connection.prepare_cached(&sql)?.query_row([&id], record).optional()?;
            found.map(|found| Ok((found, rounds(connection, &id)?))).transpose()
        })
        .await
    }

    /// The build that made these bytes of a bundle.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn build_of(&self, bundle: &str, digest: Digest) -> Result<Option<Box<str>>, StoreError> {
        let (bundle, digest) = (bundle.to_owned(), digest.to_string());
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT id FROM build WHERE bundle = ?1 AND digest = ?2 ORDER BY changed_ms DESC LIMIT 1",
                )?
                .query_row([&bundle, &digest], |row| row.get(0))
                .optional()
        })
        .await
    }

    /// What all builds took since then.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn spent_since(&self, since_ms: u64) -> Result<Spent, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT (SELECT count(*) FROM build WHERE began_ms >= ?1), count(*), coalesce(sum(model_calls), 0),
                     coalesce(sum(cost), 0) FROM build_round WHERE at_ms >= ?1",
                )?
                .query_row([signed(since_ms)], |row| {
                    Ok(Spent {
                        builds: unsigned(row.get(0)?),
                        rounds: unsigned(row.get(1)?),
                        model_calls: unsigned(row.get(2)?),
                        cost: unsigned(row.get(3)?),
                    })
                })
        })
        .await
    }

    /// Writes a build down, with a round of it where there is a new one, in one transaction.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn save_build(&self, build: BuildRecord, round: Option<RoundRecord>) -> Result<(), StoreError> {
        self.write(move |connection| save(connection, &build, round.as_ref())).await
    }
}

fn save(connection: &Connection, build: &BuildRecord, round: Option<&RoundRecord>) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO build (id, gap, who, writer, state, need, bundle, digest, began_ms, changed_ms, n_rounds)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, need = excluded.need, bundle = excluded.bundle,
             digest = excluded.digest, changed_ms = excluded.changed_ms, n_rounds = excluded.n_rounds",
        )?
        .execute(params![
            build.id,
            build.gap,
            build.who,
            build.writer,
            build.state.number(),
            build.need,
            build.bundle,
            build.digest.map(|digest| digest.to_string()),
            signed(build.began_ms),
            signed(build.changed_ms),
            build.n_rounds,
        ])?;
    if let Some(round) = round {
        connection
            .prepare_cached(
                "INSERT INTO build_round (build, number, at_ms, source, passed, verdicts, told, model_calls, cost)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                build.id,
                round.number,
                signed(round.at_ms),
                round.source,
                round.passed,
                round.verdicts,
                round.told,
                round.model_calls,
                signed(round.cost),
            ])?;
    }
    connection
        .prepare_cached(
            "DELETE FROM build WHERE state NOT IN (1, 2, 3) AND id IN
             (SELECT id FROM build ORDER BY changed_ms DESC, id LIMIT -1 OFFSET ?1)",
        )?
        .execute([signed(BUILDS_MAX)])
        .map(|_| ())
}

fn rounds(connection: &Connection, build: &str) -> rusqlite::Result<Vec<RoundRecord>> {
    let mut statement = connection.prepare_cached(
        "SELECT number, at_ms, source, passed, verdicts, told, model_calls, cost FROM build_round WHERE build = ?1
         ORDER BY number",
    )?;
    let round = |row: &Row<'_>| {
        Ok(RoundRecord {
            number: row.get(0)?,
            at_ms: unsigned(row.get(1)?),
            source: row.get(2)?,
            passed: row.get(3)?,
            verdicts: row.get(4)?,
            told: row.get(5)?,
            model_calls: row.get(6)?,
            cost: unsigned(row.get(7)?),
        })
    };
    statement.query_map([build], round)?.collect()
}

fn record(row: &Row<'_>) -> rusqlite::Result<BuildRecord> {
    let digest: Option<String> = row.get(7)?;
    Ok(BuildRecord {
        id: row.get(0)?,
        gap: row.get(1)?,
        who: row.get(2)?,
        writer: row.get(3)?,
        state: BuildState::of(row.get(4)?),
        need: row.get(5)?,
        bundle: row.get(6)?,
        digest: digest.and_then(|digest| Digest::parse(&digest)),
        began_ms: unsigned(row.get(8)?),
        changed_ms: unsigned(row.get(9)?),
        n_rounds: row.get(10)?,
    })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
