//! `src/lib.rs` lists the modules in layers. A module may use only those above it.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn no_module_reaches_down_or_sideways() {
    let layers = layers();
    assert!(layers.len() > 4, "lib.rs lists no layers: {layers:?}");

    let mut offences = Vec::new();
    for (depth, layer) in layers.iter().enumerate() {
        for module in layer {
            let forbidden: Vec<_> =
                layers[depth..].iter().flatten().filter(|other| *other != module).collect();
            for file in files_of(module) {
                let code = fs::read_to_string(&file).unwrap();
                let used = forbidden.iter().filter(|other| names(&code, other));
                offences.extend(used.map(|other| format!("{} uses {other}", file.display())));
            }
        }
    }
    assert!(offences.is_empty(), "modules out of order:\n{}", offences.join("\n"));
}

#[test]
fn only_the_domain_speaks_to_the_database() {
    let others = layers().into_iter().flatten().filter(|module| module != "desk");
    for file in others.flat_map(|module| files_of(&module)) {
        let code = fs::read_to_string(&file).unwrap();
        for word in ["sea_orm", "sqlx", "entity::", "migration::"] {
            assert!(!code.contains(word), "{} names {word}", file.display());
        }
    }
}

/// The modules that `lib.rs` declares, a list for each of its paragraphs.
fn layers() -> Vec<Vec<String>> {
    let lib = fs::read_to_string(source().join("lib.rs")).unwrap();
    let paragraphs = lib.split("\n\n").map(|paragraph| {
        let lines = paragraph.lines();
        let modules = lines.filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
        modules.map(str::to_owned).collect::<Vec<_>>()
    });
    paragraphs.filter(|modules| !modules.is_empty()).collect()
}

/// Whether `code` names `crate::module`, on its own or within `use crate::{…}`.
fn names(code: &str, module: &str) -> bool {
    code.match_indices("crate::").any(|(at, prefix)| {
        let path = &code[at + prefix.len()..];
        let group = path.strip_prefix('{').and_then(|group| group.split(';').next());
        let paths =
            group.map_or_else(|| vec![path], |group| group.split([',', '{', '}']).collect());
        paths.iter().any(|path| {
            let rest = path.trim_start().strip_prefix(module);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    })
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = vec![source().join(format!("{module}.rs"))];
    let mut folders = vec![source().join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.retain(|file| file.extension().is_some_and(|it| it == "rs") && file.exists());
    assert!(!files.is_empty(), "{module} has no files");
    files
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
