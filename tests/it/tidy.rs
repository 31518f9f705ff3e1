//! What a machine can check of the style rules: which crate may know which, and what source files must not hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The library crates, and which of ours each may depend on: data flows one way.
const ARROWS: [(&str, &[&str]); 6] = [
    ("sim", &[]),
    ("workloads", &["sim"]),
    ("calibration", &["sim"]),
    ("scenario", &["sim", "workloads", "calibration"]),
    ("planner", &["sim", "workloads", "calibration", "scenario"]),
    ("plots", &["sim", "workloads", "calibration", "scenario", "planner"]),
];
/// The binary may depend on all of them.
const ROOT: &str = "fleetfront";
const MOST_LINES: usize = 500;
/// Results depend on nothing but inputs and seed.
const UNREPEATABLE: [&str; 3] = ["HashMap", "HashSet", "SystemTime"];
/// Only the binary prints (and a test that skips itself may say so).
const PRINTING: [&str; 3] = ["println!", "print!(", "dbg!("];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The crates of the workspace and everything that they depend on: normal, build and dev dependencies alike.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(workspace()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_string();
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let of_package = |package: &Value| (name(package), list(&package["dependencies"]).iter().map(name).collect());
    list(&metadata["packages"]).iter().map(of_package).collect()
}

/// The arrows of `dependencies` that [`ARROWS`] does not have, and crates that it does not know.
fn wrong_arrows(dependencies: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (package, targets) in dependencies.iter().filter(|(package, _)| *package != ROOT) {
        let short = |name: &str| name.strip_prefix("fleetfront-").map(ToString::to_string);
        let Some((from, allowed)) = ARROWS.iter().find(|(name, _)| short(package).as_deref() == Some(name)) else {
            wrong.push(format!("{package} has no place in the architecture"));
            continue;
        };
        let ours =
            targets.iter().filter_map(|target| if target == ROOT { Some(target.clone()) } else { short(target) });
        wrong.extend(ours.filter(|to| !allowed.contains(&to.as_str())).map(|to| format!("{from} -> {to}")));
    }
    wrong
}

/// All `.rs` files below `folder`, by name; none if there is no such folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn library_sources() -> Vec<PathBuf> {
    ARROWS.iter().flat_map(|(name, _)| sources(&workspace().join(name).join("src"))).collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The lines of `text` that hold one of `words`, with their places.
fn lines_with(file: &Path, text: &str, words: &[&str]) -> Vec<String> {
    let numbered = text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
    numbered.map(|(number, line)| format!("{}:{}: {}", file.display(), number + 1, line.trim())).collect()
}

#[test]
fn dependencies_point_the_way_the_data_flows() {
    let dependencies = dependencies();
    assert_eq!(dependencies.len(), ARROWS.len() + 1, "crates of the workspace: {:?}", dependencies.keys());
    assert_eq!(wrong_arrows(&dependencies), Vec::<String>::new());
}

#[test]
fn an_arrow_against_the_flow_is_found() {
    let arrow = |from: &str, to: &str| BTreeMap::from([(from.to_string(), vec!["serde".to_string(), to.to_string()])]);
    assert_eq!(wrong_arrows(&arrow("fleetfront-sim", "fleetfront-workloads")), ["sim -> workloads"]);
    assert_eq!(wrong_arrows(&arrow("fleetfront-plots", "fleetfront")), ["plots -> fleetfront"]);
    assert_eq!(
        wrong_arrows(&arrow("fleetfront-extra", "serde")),
        ["fleetfront-extra has no place in the architecture"]
    );
    assert!(wrong_arrows(&arrow("fleetfront-planner", "fleetfront-scenario")).is_empty());
}

#[test]
fn a_file_holds_one_concept() {
    let mut files = library_sources();
    files.extend(sources(&workspace().join("cli")));
    assert!(files.len() > 20, "{} source files found", files.len());
    let sizes = files.iter().map(|file| (file, read(file).lines().count()));
    let long: Vec<_> = sizes.filter(|(_, lines)| *lines > MOST_LINES).collect();
    assert!(long.is_empty(), "split these at the second concept: {long:#?}");
}

#[test]
fn libraries_neither_print_nor_depend_on_chance() {
    let mut found = Vec::new();
    for file in library_sources() {
        let text = read(&file);
        let outside_tests = text.split("#[cfg(test)]").next().expect("a first part");
        found.extend(lines_with(&file, &text, &UNREPEATABLE));
        found.extend(lines_with(&file, outside_tests, &PRINTING));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn nothing_is_left_to_do() {
    let mut files = library_sources();
    files.extend(["cli", "tests", "benches"].iter().flat_map(|folder| sources(&workspace().join(folder))));
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!(")];
    let found: Vec<String> = files.iter().flat_map(|file| lines_with(file, &read(file), &words)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The pages that a stranger reads first do not lead nowhere.
#[test]
fn links_of_the_readme_lead_to_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).expect("there is a README.md");
    let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.contains(&"docs/frontier.png"), "the picture of the frontier: {links:?}");
    for link in links.iter().filter(|link| !link.starts_with("http")) {
        assert!(root.join(link).is_file(), "{link} is no file");
    }
}
