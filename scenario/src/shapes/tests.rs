use approx::assert_relative_eq;

use super::*;
use crate::testing::{check, default_scenario, edited, only_problem};
use crate::{Files, Scenario};

/// A place inside the second model of the default scenario, flux-dev, before its variants.
const PLACE: &str = "switch_in_from_s = { lora = 0.0 }\n";
const SOURCE: &str = "provenance = { kind = \"assumed\", source = \"a test\", date = \"2027-01-02\" }\n";

/// The section with these lines.
fn section(lines: &str) -> String {
    format!("{PLACE}{}", inline(lines))
}

/// As the only table of a model that its further keys can follow.
fn inline(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().chain(SOURCE.lines()).collect();
    format!("shape = {{ {} }}\n", lines.join(", "))
}

fn load(lines: &str) -> Scenario {
    Scenario::load(&edited(PLACE, &section(lines))).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn mix(scenario: &Scenario) -> &ShapeMix {
    scenario.models[1].shape.as_ref().expect("it has shapes")
}

#[test]
fn without_shapes_a_service_time_is_its_law() {
    let scenario = default_scenario();
    for model in &scenario.models {
        let service = model.service_on(0, 3).expect("it is known");
        assert!(model.shape.is_none() && service.work.is_none());
        assert_eq!(Some(service.law), model.variants[0].cells[3].service.as_ref().map(|fit| fit.law));
    }
}

#[test]
fn quantities_are_numbers_values_or_laws_and_the_rest_is_the_reference() {
    let lines = "steps = { values = [20, 28, 50], weights = [1, 3, 1] }\nmegapixels = 2.1\n\
                 reference = { steps = 28, megapixels = 1.05, frames = 1 }\nfixed_share = 0.1";
    let scenario = load(lines);
    let shapes = mix(&scenario);
    let Shapes::Independent(all) = &shapes.shapes else { panic!("each by itself") };
    assert_eq!(all[0], [(1.0, 20.0), (3.0, 28.0), (1.0, 50.0)]);
    assert_eq!([&all[1], &all[2], &all[3]].map(Clone::clone), [2.1, 1.0, 1.0].map(|value| vec![(1.0, value)]));
    assert_eq!(shapes.reference_words(), "28 steps, 1.05 megapixels");
    assert_eq!(shapes.larger_than_reference().as_deref(), Some("2.1 megapixels"));
    // E[W] = (20 + 3 x 28 + 50) / (5 x 28) x 2.
    let model = &scenario.models[1];
    let reference_s = model.variants[0].cells[3].service.as_ref().expect("it is known").law.mean_s();
    let expected = reference_s * (0.1 + 0.9 * 154.0 / 140.0 * 2.0);
    assert_relative_eq!(model.mean_service_s(0, 3).expect("it is known"), expected, max_relative = 1e-12);
    // Values without weights come alike.
    let alike = load("frames = { values = [81, 41] }\nreference = { frames = 81 }\nfixed_share = 0.0");
    assert_eq!(mix(&alike).reference_words(), "81 frames");
    assert_eq!(mix(&alike).larger_than_reference(), None);
    // A text, as a saved scenario is, holds all of it.
    let text = serde_json::to_string(&alike).expect("it can be written");
    assert_eq!(serde_json::from_str::<Scenario>(&text).expect("it can be read"), alike);
}

/// The mean of a law rounded up is the sum of P(X > k), here from the quantile function turned round by bisection.
#[test]
fn a_law_is_rounded_up_exactly() {
    let above = |law: &Law, x: f64| {
        let (mut low, mut high) = (1e-9, 1.0 - 1e-9);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if law.seconds_at(middle) <= x { low = middle } else { high = middle }
        }
        1.0 - low
    };
    let seconds = Seconds::new(28.0).expect("a span");
    for (name, law) in [("lognormal", Law::lognormal(seconds, 0.4)), ("gamma", Law::gamma(seconds, 0.4))] {
        let lines = format!(
            "steps = {{ {name} = {{ mean = 28.0, cv = 0.4 }} }}\nreference = {{ steps = 28 }}\nfixed_share = 0.0"
        );
        let scenario = load(&lines);
        let Shapes::Independent(all) = &mix(&scenario).shapes else { panic!("each by itself") };
        let total: f64 = all[0].iter().map(|(weight, _)| weight).sum();
        assert!(all[0].is_sorted_by(|a, b| a.1 < b.1) && (total - 4_294_967_296.0).abs() < 0.5, "{name}");
        let mean = all[0].iter().map(|(weight, value)| weight * value).sum::<f64>() / total;
        let expected: f64 = (0..400).map(|k| above(&law, f64::from(k))).sum();
        assert_relative_eq!(mean, expected, max_relative = 1e-6);
    }
    // Sizes are rounded up to hundredths.
    let sizes = load(
        "megapixels = { lognormal = { mean = 1.0, cv = 0.3 } }\nreference = { megapixels = 1.0 }\nfixed_share = 0.1",
    );
    let Shapes::Independent(all) = &mix(&sizes).shapes else { panic!("each by itself") };
    assert!(all[1].iter().all(|(_, value)| (value * 100.0 - (value * 100.0).round()).abs() < 1e-9));
    let mean = all[1].iter().map(|(w, v)| w * v).sum::<f64>() / 4_294_967_296.0;
    assert!((1.0045..1.0055).contains(&mean), "half a hundredth more than the law: {mean}");
}

#[test]
fn a_joint_sample_is_read_from_its_file() {
    let lines = "file = \"shapes.csv\"\nreference = { steps = 28, frames = 1, megapixels = 1.0 }\nfixed_share = 0.0\nframes_exponent = 1.3";
    let files = edited(PLACE, &section(lines)).with("shapes.csv", "weight,steps,frames\n3,28,1\n1,14,16\n");
    let scenario = Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let row = |weight, steps, frames| (weight, Shape { steps, megapixels: 1.0, frames, images: 1.0 });
    assert_eq!(mix(&scenario).shapes, Shapes::Joint(vec![row(1.0, 14.0, 16.0), row(3.0, 28.0, 1.0)]));
    let service = scenario.models[1].service_on(0, 3).expect("it is known");
    let work = service.work.expect("shapes").mean_work();
    assert_relative_eq!(work, 0.75 + 0.25 * 0.5 * 16.0_f64.powf(1.3), max_relative = 1e-12);
    // What is wrong with it has its line; what is not there, the line that names it.
    let problem = only_problem(&files.clone().with("shapes.csv", "weight,steps,frames\n3,28.5,1\n"));
    assert_eq!((problem.file.as_str(), problem.line, problem.key.as_str()), ("shapes.csv", Some(2), "steps"));
    let key = "models[1].shape.file";
    check(PLACE, &section(lines), "\"shapes.csv\"", key, "there is no file \"shapes.csv\"", "put shapes.csv there");
}

#[test]
fn a_gpu_type_may_have_a_fixed_share_of_its_own() {
    let lines = "steps = 56\nreference = { steps = 28 }\nfixed_share = 0.1";
    let cell = |more: &str| format!("[[cells]]\nmodel = \"flux-dev\"\ngpu = \"L40S\"\n{more}{SOURCE}\n[files]");
    let text = crate::testing::edited_text("scenario.toml", PLACE, &section(lines));
    let stated = text.replacen("[files]", &cell("fixed_share = 0.4\n"), 1);
    let scenario = Scenario::load(&Files::embedded().with("scenario.toml", &stated));
    let scenario = scenario.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let factor = |gpu: usize| {
        let service = scenario.models[1].service_on(0, gpu).expect("it is known");
        service.mean_s() / service.law.mean_s()
    };
    let l40s = scenario.gpus.iter().position(|gpu| gpu.name == "L40S").expect("it is there");
    assert_relative_eq!(factor(l40s), 0.4 + 0.6 * 2.0, max_relative = 1e-12);
    assert_relative_eq!(factor(l40s + 4), 0.1 + 0.9 * 2.0, max_relative = 1e-12);
    let share = "0.4";
    let (key, help) = ("cells[0].fixed_share", "or say which shapes there are");
    check("[files]", &cell("fixed_share = 0.4\n"), share, key, "requests of flux-dev have no shape", help);
}

#[test]
fn what_contradicts_itself_is_refused_by_name() {
    let all = "reference = { steps = 28, megapixels = 1.0, frames = 1, images = 1 }\nfixed_share = 0.1";
    for (lines, at, key, message, help) in [
        ("file = \"x.csv\"\nsteps = 20", "steps = 20", "steps", "the file says which steps there are", "or `file`"),
        ("images = 1.5", "images = 1.5", "images", "1.5 is no number of images", "a whole number from 1, up to 1000"),
        ("steps = 0", "steps = 0", "steps", "0 is no number of steps", "a whole number from 1"),
        (
            "steps = { values = [20, 30], weights = [1] }",
            "weights",
            "steps.weights",
            "1 weights for 2 values",
            "one weight a value",
        ),
        (
            "steps = { values = [20, 30], weights = [0, 0] }",
            "weights",
            "steps.weights",
            "all weights are zero",
            "at least one",
        ),
        ("steps = { values = [] }", "values", "steps.values", "0 values are none", "give 1 to 10000"),
        ("steps = { values = [20, 0] }", "0] }", "steps.values[1]", "0 is no number of steps", "a whole number"),
        ("steps = { weights = [1] }", "steps = {", "steps", "this does not say in one way which steps", "give values"),
        (
            "steps = { values = [20], gamma = { mean = 9.0, cv = 1.0 } }",
            "steps = {",
            "steps",
            "this does not say in one way which steps",
            "or gamma",
        ),
        ("steps = { values = [20], weights = [2e15] }", "weights", "steps.weights", "is outside 0 to", "in relation"),
        (
            "steps = { weights = [1], gamma = { mean = 9.0, cv = 1.0 } }",
            "steps = {",
            "steps",
            "this does not say in one way which steps",
            "values (and weights)",
        ),
        (
            "steps = { lognormal = { mean = 0.0, cv = 1.0 } }",
            "mean",
            "steps.lognormal.mean",
            "the mean is 0",
            "above zero",
        ),
        (
            "steps = { lognormal = { mean = 90.0, cv = 9.0 } }",
            "lognormal",
            "steps.lognormal",
            "too far to be simulated",
            "a smaller cv",
        ),
        ("steps = 20\nframes_exponent = 1.2", "frames_exponent", "frames_exponent", "has no effect", "state `frames`"),
        (
            "megapixels = 2.0\nmegapixels_exponent = 9.0",
            "megapixels_exponent",
            "megapixels_exponent",
            "9 is outside 0 to 4",
            "",
        ),
        ("steps = \"20\"", "steps = \"20\"", "steps", "\"20\" is not a number", "leave out the quotes"),
        ("steps = { values = [20], mean = 20.0 }", "mean", "steps.mean", "there is no key `mean` here", "known here"),
    ] {
        let (lines, key) = (format!("{lines}\n{all}"), format!("models[1].shape.{key}"));
        let files = edited(PLACE, &section(&lines)).with("x.csv", "weight,steps\n1,20\n");
        let problem = only_problem(&files);
        assert_eq!(problem.key, key, "{problem}");
        assert!(problem.message.contains(message) && problem.help.contains(help), "{problem}");
        let text = files.text("scenario.toml").expect("it is there");
        let line = text.lines().position(|line| line.starts_with("shape = ")).expect("the section") as u64 + 1;
        assert!(problem.line == Some(line) && section(&lines).contains(at), "{problem}");
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    let shape = "models[1].shape";
    for (lines, key, message, help) in [
        ("reference = { steps = 28 }\nfixed_share = 0.1", "", "does not say which shapes there are", "or name a file"),
        (
            "steps = 20\nreference = {}\nfixed_share = 0.1",
            ".reference",
            "not those that the benchmarks timed",
            "write steps =",
        ),
        (
            "steps = 20\nreference = { steps = 0 }\nfixed_share = 0.1",
            ".reference.steps",
            "0 is no number of steps",
            "whole",
        ),
        (
            "steps = 20\nreference = { steps = 28 }\nfixed_share = 1.1",
            ".fixed_share",
            "1.1 is outside 0 to 1",
            "a share",
        ),
        (
            "steps = 20\nreference = { steps = 28 }",
            ".fixed_share",
            "`fixed_share` is missing",
            "does not grow with the shape",
        ),
    ] {
        let problem = only_problem(&edited(PLACE, &section(lines)));
        assert_eq!(problem.key, format!("{shape}{key}"), "{problem}");
        assert!(problem.message.contains(message) && problem.help.contains(help), "{problem}");
    }
}

#[test]
fn larger_requests_make_an_overload() {
    // 20,000 x 7.3 s / 86,400 s = 1.69 at the reference.
    let limited = |shape: &str| {
        let text = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
        let (busy, pool) = ("name = \"wan2.1\"\nrequests_per_day = ", "models = [\"wan2.1\"]\n");
        let text = text.replacen(&format!("{busy}20.0\n"), &format!("{busy}20000.0\n{shape}"), 1);
        let text = text.replacen(pool, &format!("{pool}max_containers = 2\n"), 1);
        Scenario::load(&Files::embedded().with("scenario.toml", &text)).err()
    };
    assert_eq!(limited(""), None);
    let twice =
        inline("frames = { values = [81, 41], weights = [1, 1] }\nreference = { frames = 41 }\nfixed_share = 0.0");
    let problems = limited(&twice).expect("overload");
    // E[W] = (81 / 41 + 1) / 2 = 1.488.
    assert!(problems[0].message.contains("keep 2.51 containers busy on average"), "{problems:?}");
}

/// The example of the page on the model is a scenario.
#[test]
fn the_documented_example_can_be_read() {
    let page = include_str!("../../../docs/model.md");
    let from = page.find("[models.shape]  ").expect("the example");
    let example = page[from..].split("```").next().expect("its end");
    let scenario = Scenario::load(&edited("[[models.variants]]", &format!("{example}\n[[models.variants]]")));
    let scenario = scenario.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let model = &scenario.models[0];
    assert_eq!(model.adapters.as_ref().map(|mix| mix.weights.len()), Some(40));
    assert_eq!(
        model.shape.as_ref().map(ShapeMix::reference_words).as_deref(),
        Some("30 steps, 1.05 megapixels, 1 image")
    );
}
