//! The clocks that times of the day are told by.

use serde::{Deserialize, Serialize};

use crate::file::ScenarioFile;

/// Which clock results and schedules follow, and which ones the traffic follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// IANA name of the time zone of all results and of every schedule.
    pub reporting_time_zone: String,
    /// IANA names of the time zones that load curves are written in, each once, in the scenario's order; a
    /// replayed model has none.
    pub curve_time_zones: Vec<String>,
    /// The day whose offsets between these zones were taken, as `YYYY-MM-DD`.
    pub date: String,
}

/// The clocks of a file.
pub(crate) fn clock(file: &ScenarioFile) -> Clock {
    let mut curve_time_zones: Vec<String> = Vec::new();
    for model in file.models.iter().filter(|model| model.replay.is_none()) {
        let zone = model.curve_time_zone.as_ref().unwrap_or(&file.traffic.curve_time_zone);
        if !curve_time_zones.contains(zone) {
            curve_time_zones.push(zone.clone());
        }
    }
    Clock {
        reporting_time_zone: file.traffic.reporting_time_zone.clone(),
        curve_time_zones,
        date: file.traffic.date.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{default_scenario, edited};

    #[test]
    fn every_zone_of_the_traffic_is_named_once() {
        let clock = default_scenario().clock;
        assert_eq!(clock.reporting_time_zone, "UTC");
        assert_eq!((clock.curve_time_zones, clock.date.as_str()), (vec!["America/New_York".to_owned()], "2026-11-23"));
        let new = "name = \"lora\"\ncurve_file = \"lora.csv\"\ncurve_time_zone = \"Asia/Tokyo\"\nrequests";
        let flat = (0..24).fold("hour,weight,kind,source,date\n".to_owned(), |text, hour| {
            format!("{text}{hour},1,assumed,test,2026-11-23\n")
        });
        let files = edited("name = \"lora\"\nrequests", new).with("lora.csv", &flat);
        let clock = Scenario::load(&files).expect("no problems").clock;
        assert_eq!(clock.curve_time_zones, ["America/New_York", "Asia/Tokyo"]);
    }
}
