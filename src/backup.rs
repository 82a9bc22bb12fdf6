//! `recado backup` and `recado restore`.

use std::fs::{File, OpenOptions, rename};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use recado::app::open;
use recado::config::{Backup, Restore};
use recado::desk::Db;

use crate::commands::say;

/// What only its owner may read: customers' texts, and password hashes.
const PRIVATE: u32 = 0o600;

/// How the names of a database's files end: the database, what is yet to be moved into it, and what its users share.
/// <https://sqlite.org/tempfiles.html>
const FILES: [&str; 3] = ["", "-wal", "-shm"];

/// Copies the database to a file, which is there once it is whole.
pub(crate) async fn back_up(Backup { to, storage }: &Backup) -> anyhow::Result<()> {
    let file = file_of(&storage.database_url)?;
    if !file.exists() {
        bail!("there is no database at {}", file.display());
    }
    if to.exists() {
        bail!("{} is there already", to.display());
    }
    let part = beside(to, "part");
    create(&part)?.set_len(0)?;
    let db = Db::connect(&storage.database_url, 1).await.context("cannot open the database")?;
    db.back_up(&part).await.context("cannot copy the database")?;
    db.close().await?;
    let copy = File::open(&part)?;
    copy.sync_all()?;
    put(&part, to)?;
    say(&format!("{} bytes in {}", copy.metadata()?.len(), to.display()));
    Ok(())
}

/// Puts a copy in the database's place, and has clients load afresh.
pub(crate) async fn restore(Restore { from, replace, storage }: &Restore) -> anyhow::Result<()> {
    let file = file_of(&storage.database_url)?;
    if file.exists() && !replace {
        bail!("{} is there already: stop the server, and say --replace", file.display());
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let part = beside(&file, "part");
    let mut copy = create(&part)?;
    copy.set_len(0)?;
    let mut backup = File::open(from).with_context(|| format!("cannot open {}", from.display()))?;
    io::copy(&mut backup, &mut copy)?;
    copy.sync_all()?;
    let checked = check(&part).await;
    if let Err(error) = checked {
        std::fs::remove_file(&part)?;
        return Err(error.context(format!("{} is no backup of Recado's", from.display())));
    }
    if !is_free(&file) {
        let aside = aside(&file);
        for end in FILES {
            let (old, kept) = (with_end(&file, end), with_end(&aside, end));
            if old.exists() {
                rename(old, kept)?;
            }
        }
        say(&format!("what was there is {} now", aside.display()));
    }
    put(&part, &file)?;
    open(storage, None).await?.restart_logs().await?;
    say(&format!("{} is restored; clients will load afresh", file.display()));
    Ok(())
}

/// A name that nothing has yet which an earlier restore has put aside.
fn aside(file: &Path) -> PathBuf {
    let names = (1_u32..).map(|number| match number {
        1 => beside(file, "before-restore"),
        number => beside(file, &format!("before-restore-{number}")),
    });
    let mut free = names.filter(|name| is_free(name));
    free.next().expect("a folder holds fewer files than there are numbers")
}

/// Whether there is neither a database of that name nor what one has left beside it: that would be moved into
/// the next one.
fn is_free(name: &Path) -> bool {
    FILES.iter().all(|end| !with_end(name, end).exists())
}

async fn check(copy: &Path) -> anyhow::Result<()> {
    let db = Db::connect(&format!("sqlite:{}", copy.display()), 1).await?;
    let is_whole = db.is_whole().await;
    db.close().await?;
    if is_whole? { Ok(()) } else { bail!("it is damaged, or another program's") }
}

fn file_of(url: &str) -> anyhow::Result<PathBuf> {
    Db::file(url).context(
        "only SQLite is backed up by Recado; PostgreSQL has pg_dump and pg_basebackup, and after \
         going back to an earlier moment wants `recado restart-logs`",
    )
}

fn create(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(PRIVATE).open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

/// Gives a file its name, for good.
fn put(part: &Path, path: &Path) -> anyhow::Result<()> {
    rename(part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    with_end(path, &format!(".{end}"))
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
