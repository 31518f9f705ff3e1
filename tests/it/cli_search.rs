//! What is searched: how much, what is left out, and what is said when nothing is left.

use crate::cli_support::Place;

#[test]
fn check_says_how_large_the_space_is_and_what_is_left_out() {
    let place = Place::new();
    let scenario = place.scenario("mine");
    let lists = "min_containers = [0, 2]\nmax_containers = [1, 4]";
    scenario.edit("scenario.toml", "min_containers = [0, 1]", lists);
    let done = place.succeed("check mine");
    for part in ["search: ", " pool settings, ", " fleets", "min_containers = 2 is above max_containers = 1"] {
        assert!(done.stdout.contains(part), "{part:?} is missing:\n{}", done.stdout);
    }
}

#[test]
fn a_grid_that_leaves_nothing_is_refused_with_the_reason() {
    let place = Place::new();
    let scenario = place.scenario("mine");
    scenario.edit("scenario.toml", "min_containers = [0, 1]", "min_containers = [3]\nmax_containers = [2]");
    for words in ["run mine", "why --allocation current mine"] {
        let done = place.fleetfront(words);
        assert_eq!(done.code, Some(2), "{words}: {}", done.stderr);
        let parts = [
            "error: nothing is left to simulate:",
            "\n  wan2.1: min_containers = 3 is above max_containers = 2: ",
            "help: let the lists of [grid] hold values that go together",
        ];
        for part in parts {
            assert!(done.stderr.contains(part), "{part:?} is missing:\n{}", done.stderr);
        }
    }
    assert_eq!(place.names("."), ["mine"], "nothing was written");
}

#[test]
fn a_model_that_fits_nowhere_is_refused_with_the_constraint() {
    let place = Place::new();
    place.scenario("mine").edit("scenario.toml", "quality_lpips_max = 0.30", "quality_lpips_max = 0.05");
    let done = place.fleetfront("run mine");
    assert_eq!(done.code, Some(2));
    for part in ["quality beyond criteria.quality_lpips_max 30 of 30 (T4 3, ", "quality_lpips_max = 0.09 or more"] {
        assert!(done.stderr.contains(part), "{part:?} is missing:\n{}", done.stderr);
    }
}
