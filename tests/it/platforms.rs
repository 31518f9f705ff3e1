//! `docs/platforms.md` says what the files in `data/platforms/` say.

use std::fmt::Write;
use std::path::Path;

use fleetfront_scenario::{Per, Preset, presets};

const BEGIN: &str = "<!-- from data/platforms -->\n";
const END: &str = "<!-- end -->\n";

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn rules(all: &[Preset]) -> String {
    let mut out =
        "| preset | what | boots billed | idle billed | rounded up to | at least | default window | cores and \
                   memory |\n|---|---|---|---|---|---|---|---|\n"
            .to_owned();
    let seconds = |s: f64| if s > 0.0 { format!("{s} s") } else { "–".to_owned() };
    for preset in all {
        let billing = &preset.billing;
        let window = preset.window.as_ref().map_or("not stated".to_owned(), |window| seconds(window.default_s));
        let beside = preset.beside.map_or("with the GPU".to_owned(), |beside| {
            format!("${} a core-hour, ${} a GiB-hour", hourly(beside.usd_per_core_s), hourly(beside.usd_per_gib_s))
        });
        let image = if billing.image == Some(false) { ", image load not" } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {} | {}{image} | {} | {} | {} | {window} | {beside} |",
            preset.name,
            preset.title,
            yes(billing.boot),
            yes(billing.idle),
            seconds(billing.increment_s),
            seconds(billing.minimum_s),
        );
    }
    out
}

/// Dollars a second as dollars an hour, without the noise of the division.
fn hourly(usd_per_s: f64) -> f64 {
    (usd_per_s * 3600.0 * 1e6).round() / 1e6
}

fn prices(all: &[Preset]) -> String {
    let mut out =
        "| preset | GPU | its name there | price | an hour | source | date |\n|---|---|---|---|---:|---|---|\n"
            .to_owned();
    for (preset, gpu) in all.iter().flat_map(|preset| preset.gpus.iter().map(move |gpu| (preset, gpu))) {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | ${} {} {} | ${:.2} | {} ({}) | {} |",
            preset.name,
            gpu.name,
            gpu.theirs,
            gpu.usd,
            if gpu.per == Per::Hour { "an" } else { "a" },
            gpu.per.name(),
            gpu.usd_per_second() * 3600.0,
            gpu.provenance.source,
            format!("{:?}", gpu.provenance.kind).to_lowercase(),
            gpu.provenance.date,
        );
    }
    out
}

fn rest(all: &[Preset]) -> String {
    let mut out = String::new();
    for preset in all {
        let mut sources = vec![("billing", &preset.billing.provenance), ("container", &preset.container_provenance)];
        sources.extend(preset.window.as_ref().map(|window| ("window", &window.provenance)));
        let _ = writeln!(out, "**{}**\n", preset.name);
        for caveat in &preset.caveats {
            let _ = writeln!(out, "- {caveat}");
        }
        for (what, source) in sources {
            let kind = format!("{:?}", source.kind).to_lowercase();
            let _ = writeln!(out, "- {what}: {} ({kind}, {})", source.source, source.date);
        }
        out.push('\n');
    }
    out
}

/// With `FLEETFRONT_DOCS_OUT` set, the part is written anew into the page.
#[test]
fn the_page_says_what_the_files_say() {
    let all = presets();
    let wanted = format!(
        "{BEGIN}\n## Rules\n{}\n## Prices\n{}\n## What is not as it is there, and where the rules come from\n\n{}{END}",
        rules(&all),
        prices(&all),
        rest(&all)
    );
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/platforms.md");
    let text = std::fs::read_to_string(&page).expect("there is docs/platforms.md");
    let (from, to) = (text.find(BEGIN).expect("its beginning"), text.find(END).expect("its end") + END.len());
    if std::env::var_os("FLEETFRONT_DOCS_OUT").is_some() {
        let text = format!("{}{wanted}{}", &text[..from], &text[to..]);
        std::fs::write(&page, text).expect("a writable page");
        return;
    }
    assert_eq!(text[from..to], wanted, "set FLEETFRONT_DOCS_OUT and run this test once to write the page");
}
