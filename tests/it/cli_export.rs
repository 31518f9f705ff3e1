//! `fleetfront export`: any allocation of a saved study as a file, and what is refused.

use crate::cli_support::Place;

fn with_run() -> Place {
    let place = Place::new();
    place.small_scenario("small");
    place.succeed("run small --trials 3 --quiet");
    place
}

#[test]
fn what_is_exported_by_default_is_what_the_run_wrote() {
    let place = with_run();
    let done = place.succeed("export out");
    assert_eq!((done.stdout, done.stderr.as_str()), (place.text("out/config.py"), ""));
    let done = place.succeed("export out/study.json --format pull-request");
    assert_eq!(done.stdout, place.text("out/pull_request.md"));
    assert!(done.stdout.contains("fleetfront run small --trials 3 --seed 1"), "{}", done.stdout);
    assert_eq!(place.names("."), ["out", "small"], "stdout is no file");
}

#[test]
fn files_go_where_they_are_sent() {
    let place = with_run();
    std::fs::create_dir(place.path("deploy")).expect("made");
    for (format, file) in [("config.py", "config.py"), ("json", "allocation.json"), ("csv", "endpoints.csv")] {
        let done = place.succeed(&format!("export out --allocation current --format {format} --out deploy"));
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
        let stdout = place.succeed(&format!("export out --allocation current --format {format}")).stdout;
        assert_eq!(stdout, place.text(&format!("deploy/{file}")));
        // What was there is replaced.
        place.succeed(&format!("export out --allocation current --format {format} --out deploy/{file}"));
        assert_eq!(stdout, place.text(&format!("deploy/{file}")));
    }
    assert_eq!(place.names("deploy"), ["allocation.json", "config.py", "endpoints.csv"]);
    let json = place.json("deploy/allocation.json");
    assert_eq!((&json["allocation"]["name"], &json["time_zone"]), (&"current".into(), &"UTC".into()));
    let lines: Vec<String> = place.text("deploy/endpoints.csv").lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 7);
    assert!(lines[1].starts_with("current,flux-schnell,"), "{}", lines[1]);
}

#[test]
fn what_cannot_be_exported_is_refused_with_what_to_do() {
    let place = with_run();
    let refused = |words: &str, what: &str, help: &str| {
        let done = place.fleetfront(&format!("export out {words}"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{words}");
        assert!(done.stderr.contains(what), "{words}: {}", done.stderr);
        assert!(done.stderr.contains(&format!("help: {help}")), "{words}: {}", done.stderr);
    };
    refused("--allocation curent", "the study out has no allocation \"curent\"", "did you mean \"current\"?");
    let (what, help) = ("allocation \"proposed\" cannot run: ", "export \"proposed (repaired)\", which can run");
    for format in ["config.py", "schedule.py", "pull-request"] {
        refused(&format!("--allocation proposed --format {format}"), what, help);
    }
    refused("--format schedule.py", "has the same bounds all day", "export it with --format config.py");
    refused("--out nowhere/config.py", "--out nowhere/config.py: cannot be written", "name a file in a folder");
    #[cfg(not(feature = "parquet"))]
    refused("--format parquet", "this build writes no Parquet", "build with --features parquet");
    let done = place.fleetfront("export nothing.json");
    assert!(done.code == Some(2) && done.stderr.contains("nothing.json: there is no such file"), "{}", done.stderr);
    // Any allocation can be looked at.
    assert!(place.succeed("export out --allocation proposed --format csv").stdout.contains("proposed,flux-schnell,"));
}
