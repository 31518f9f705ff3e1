//! A small study of traffic, made by the real code from a made-up log.

use std::fmt::Write;
use std::io::Cursor;
use std::sync::LazyLock;

use fleetfront_workloads::fit::CurveKind;
use fleetfront_workloads::{CheckOptions, LogOptions, StudyOptions, TrafficStudy, study_traffic};

/// Two weeks of two models: more by day than by night, with bursts at random.
static STUDY: LazyLock<TrafficStudy> = LazyLock::new(|| {
    let mut text = "time,model\n".to_owned();
    for k in 0..14 * 144 {
        let (day, hour, minute) = (k / 144 + 1, k / 6 % 24, k % 6 * 10);
        let noise = (k * 7919 + k * k) % 97;
        let burst = if noise < 6 { 8 } else { 0 };
        let by_day = if hour == 12 { 3 } else { u32::from((8..20).contains(&hour)) };
        for second in 0..(burst + by_day + u32::from(noise > 20)) {
            let model = if noise % 3 == 0 { "b <bold>" } else { "a" };
            let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:{:02},{model}", second * 5);
        }
    }
    let check = Some(CheckOptions { seed: 1, draws: Some(39) });
    let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check };
    study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
});

pub(crate) fn study() -> TrafficStudy {
    STUDY.clone()
}
