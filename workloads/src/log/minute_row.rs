//! The wide form of the Azure Functions trace: a function a line, a column a minute.

use super::columns::{Columns, Missing, position};
use super::fault::Fault;
use super::span::Values;
use super::value::count;

/// Minutes of a day.
const MINUTES: i64 = 1440;

/// Where things stand in the lines of a table with a column for each minute of a day, numbered from 1.
#[derive(Debug)]
pub(super) struct MinuteRow {
    /// How many fields the header has.
    pub(super) fields: usize,
    model: usize,
    client: Option<usize>,
    /// The field and the minute (from 0) of each column of counts.
    minutes: Vec<(usize, i64)>,
    /// The counts of the last line that are not zero.
    counts: Vec<(i64, u64)>,
}

impl MinuteRow {
    /// Finds the columns: functions are the models and owners the clients, unless others are named.
    pub(super) fn of(header: &[String], given: &Columns) -> Result<Self, Missing> {
        let find = |meaning, name: &Option<String>, usual: &str| match name {
            Some(name) => position(header, name).map(Some).ok_or(Missing { meaning, name: Some(name.clone()) }),
            None => Ok(position(header, usual)),
        };
        let model = find("model", &given.model, "HashFunction")?;
        let model = model.ok_or(Missing { meaning: "model", name: Some("HashFunction".into()) })?;
        let client = find("client", &given.client, "HashOwner")?;
        let minute = |name: &String| name.parse().ok().filter(|minute| (1..=MINUTES).contains(minute));
        let numbered = header.iter().enumerate();
        let minutes: Vec<_> =
            numbered.filter_map(|(field, name)| minute(name).map(|minute| (field, minute - 1))).collect();
        if minutes.is_empty() {
            return Err(Missing { meaning: "count", name: Some("1".into()) });
        }
        Ok(Self { fields: header.len(), model, client, minutes, counts: Vec::new() })
    }

    /// The columns by meaning, for the summary; those of the counts are too many to name.
    pub(super) fn columns(&self, header: &[String]) -> Columns {
        let client = self.client.map(|field| header[field].clone());
        Columns { model: Some(header[self.model].clone()), client, ..Columns::default() }
    }

    /// The field of the model.
    pub(super) fn model(&self) -> usize {
        self.model
    }

    /// The field of the client.
    pub(super) fn client(&self) -> Option<usize> {
        self.client
    }

    /// The name of a field that may be wrong.
    pub(super) fn name(&self, field: usize) -> String {
        let minute = self.minutes.iter().find(|(place, _)| *place == field).map(|(_, minute)| (minute + 1).to_string());
        minute.unwrap_or_else(|| format!("field {}", field + 1))
    }

    /// Reads the counts of a line, all or none. The slots of faults are fields.
    pub(super) fn read(&mut self, values: Values<'_>) -> Result<(), Fault> {
        self.counts.clear();
        for &(field, minute) in &self.minutes {
            let requests = count(values.get(field)).map_err(|kind| kind.at(field))?;
            if requests > 0 {
                self.counts.push((minute, requests));
            }
        }
        Ok(())
    }

    /// The minutes (from 0) of the line that was read with their counts, without those without requests.
    pub(super) fn counts(&self) -> &[(i64, u64)] {
        &self.counts
    }
}
