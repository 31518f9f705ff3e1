//! The same inputs and seed give the same bytes, on any number of threads.

use crate::cli_support::{FILES, Place};

#[test]
fn threads_and_repetition_change_no_byte() {
    let place = Place::new();
    let run = |words: &str, out: &str| place.succeed(&format!("run --trials 14 --quiet {words} --out {out}")).stdout;
    let one = run("--threads 1", "one/out");
    let two = run("--threads 2", "two/out");
    let again = run("--threads 2", "again/out");
    let without_place =
        |text: &str| text.lines().filter(|line| !line.starts_with("open ")).collect::<Vec<_>>().join("\n");
    assert_eq!(without_place(&one), without_place(&two));
    assert_eq!(without_place(&two), without_place(&again));
    for file in FILES {
        let bytes = |folder: &str| std::fs::read(place.path(folder).join("out").join(file)).expect("a file");
        assert!(bytes("one") == bytes("two"), "{file} depends on the threads");
        assert!(bytes("two") == bytes("again"), "{file} differs between runs");
    }
    let other = run("--threads 2 --seed 2", "other/out");
    assert_ne!(without_place(&other), without_place(&one), "the seed matters");
}
