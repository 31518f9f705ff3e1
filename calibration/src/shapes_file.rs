//! The file of a joint sample of shapes: one shape a line.

use crate::problem::{Problem, several};
use crate::table::{NO_ROWS, filled_lines};

/// The quantities of a shape, by the names of their columns.
pub const SHAPE_COLUMNS: [&str; 4] = ["steps", "megapixels", "frames", "images"];
/// The greatest value of each.
pub const SHAPE_MOST: [f64; 4] = [10_000.0, 1_000.0, 100_000.0, 1_000.0];
/// The greatest weight: they count in relation to each other.
pub const SHAPE_WEIGHT_MAX: f64 = 1e15;
/// Most different shapes of a file.
const SHAPES_MAX: usize = 10_000;
/// So many problems are told at once: a file of the wrong kind has one in every line.
const PROBLEMS_MAX: usize = 20;

/// A joint sample of shapes.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeSample {
    /// Which of steps, megapixels, frames and images the file gives.
    pub given: [bool; 4],
    /// Weight and values, 0 for what is not given. Equal shapes stand together, in rising order.
    pub rows: Vec<(f64, [f64; 4])>,
}

/// Reads the columns `weight` and one or more of `steps,megapixels,frames,images`, in any order: how often requests have
/// these values together. Steps, frames and images are whole numbers.
///
/// # Errors
/// The first problems of the file, in the order of its lines.
pub fn read_shapes(file: &str, text: &str) -> Result<ShapeSample, Vec<Problem>> {
    let problem = |line: Option<u64>, key: &str, message: String, help: &str| Problem {
        file: file.to_owned(),
        line,
        column: None,
        key: key.to_owned(),
        message,
        help: help.to_owned(),
    };
    let help = "begin with the header line weight,steps,megapixels,frames,images, without what does not vary";
    let mut lines = filled_lines(text);
    let Some((at, header)) = lines.next() else { return Err(vec![problem(None, "", "is empty".to_owned(), help)]) };
    let Some(columns) = columns(header) else {
        return Err(vec![problem(Some(at), "", format!("the header is `{header}`"), help)]);
    };
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (line, content) in lines {
        match row(content, &columns) {
            Ok(row) => rows.push(row),
            Err((key, message, help)) => problems.push(problem(Some(line), key, message, &help)),
        }
        if problems.len() == PROBLEMS_MAX {
            break;
        }
    }
    let rows = together(rows);
    if problems.is_empty() && rows.is_empty() {
        problems.push(problem(None, "", NO_ROWS.0.to_owned(), NO_ROWS.1));
    } else if problems.is_empty() && rows.iter().all(|(weight, _)| *weight == 0.0) {
        let help = "give at least one shape a weight above zero";
        problems.push(problem(None, "weight", "is zero in every line".to_owned(), help));
    } else if rows.len() > SHAPES_MAX {
        let message = format!("has {} different shapes, more than the {SHAPES_MAX} that are simulated", rows.len());
        problems.push(problem(None, "", message, "round the values, so that more shapes are alike"));
    }
    let given = std::array::from_fn(|k| columns.contains(&Column::Quantity(k)));
    if problems.is_empty() { Ok(ShapeSample { given, rows }) } else { Err(problems) }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Weight,
    Quantity(usize),
}

/// The columns of a header, each once, the weight and a quantity among them.
fn columns(header: &str) -> Option<Vec<Column>> {
    let column = |name: &str| match name.trim() {
        "weight" => Some(Column::Weight),
        name => SHAPE_COLUMNS.iter().position(|own| *own == name).map(Column::Quantity),
    };
    let columns: Vec<Column> = header.split(',').map(column).collect::<Option<_>>()?;
    let is_new = |(place, column): (usize, &Column)| !columns[..place].contains(column);
    let is_whole = columns.contains(&Column::Weight) && columns.len() >= 2;
    (is_whole && columns.iter().enumerate().all(is_new)).then_some(columns)
}

/// Column, message and help.
type Wrong = (&'static str, String, String);

fn row(content: &str, columns: &[Column]) -> Result<(f64, [f64; 4]), Wrong> {
    let fields: Vec<&str> = content.split(',').map(str::trim).collect();
    if fields.len() != columns.len() {
        let message = format!("has {}, the header has {}", several(fields.len(), "field", "fields"), columns.len());
        return Err(("", message, "write a weight and a value of each quantity".to_owned()));
    }
    let (mut weight, mut values) = (0.0, [0.0; 4]);
    for (field, column) in fields.iter().zip(columns) {
        let number = field.parse::<f64>().ok().filter(|number| number.is_finite());
        match column {
            Column::Weight => {
                let help = "write how often the shape comes, from 0 to 1e15";
                weight = number
                    .filter(|weight| (0.0..=SHAPE_WEIGHT_MAX).contains(weight))
                    .ok_or_else(|| ("weight", format!("`{field}` is no weight"), help.to_owned()))?;
            }
            Column::Quantity(k) => {
                values[*k] = number.filter(|value| is_quantity(*k, *value)).ok_or_else(|| {
                    let name = SHAPE_COLUMNS[*k];
                    (name, format!("`{field}` is no number of {name}"), quantity_help(*k))
                })?;
            }
        }
    }
    Ok((weight, values))
}

/// Whether a value may be one of the quantity at this place of [`SHAPE_COLUMNS`].
#[must_use]
pub fn is_quantity(k: usize, value: f64) -> bool {
    let is_whole = SHAPE_COLUMNS[k] == "megapixels" || value.fract() == 0.0;
    value > 0.0 && value <= SHAPE_MOST[k] && is_whole
}

/// What values of the quantity at this place of [`SHAPE_COLUMNS`] are.
#[must_use]
pub fn quantity_help(k: usize) -> String {
    let kind = if SHAPE_COLUMNS[k] == "megapixels" { "a number above zero" } else { "a whole number from 1" };
    format!("give {kind}, up to {}", SHAPE_MOST[k])
}

/// Equal shapes as one.
fn together(mut rows: Vec<(f64, [f64; 4])>) -> Vec<(f64, [f64; 4])> {
    let order = |a: &[f64; 4], b: &[f64; 4]| a.iter().zip(b).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne());
    rows.sort_by(|a, b| order(&a.1, &b.1).unwrap_or(std::cmp::Ordering::Equal));
    rows.dedup_by(|next, kept| {
        let is_equal = order(&next.1, &kept.1).is_none();
        kept.0 += if is_equal { next.0 } else { 0.0 };
        is_equal
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let found = read_shapes("shapes.csv", text).expect_err("bad input");
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].to_string()
    }

    #[test]
    fn shapes_are_read_with_their_weights_and_equal_ones_add_up() {
        let text = "# of a week\nmegapixels,weight,steps\n1.05,2,28\n\n2.1,1,28\n1.05,0.5, 28\n1.05,3,20\n";
        let sample = read_shapes("shapes.csv", text).expect("a sample");
        assert_eq!(sample.given, [true, true, false, false]);
        let rows = [(3.0, [20.0, 1.05, 0.0, 0.0]), (2.5, [28.0, 1.05, 0.0, 0.0]), (1.0, [28.0, 2.1, 0.0, 0.0])];
        assert_eq!(sample.rows, rows);
    }

    #[test]
    fn problems_name_line_cause_and_mend() {
        assert!(problem("").starts_with("shapes.csv: is empty\n  help: begin with the header line weight,steps"));
        for header in ["steps,megapixels", "weight", "weight,step", "weight,steps,steps"] {
            let expected = format!("shapes.csv:1: the header is `{header}`");
            assert!(problem(&format!("{header}\n1,1\n")).starts_with(&expected));
        }
        assert!(problem("weight,steps\n").starts_with("shapes.csv: has a header but no rows"));
        assert!(problem("weight,steps\n1\n").starts_with("shapes.csv:2: has 1 field, the header has 2"));
        for weight in ["-1", "nan", "often"] {
            let expected = format!("shapes.csv:2: weight: `{weight}` is no weight");
            assert!(problem(&format!("weight,steps\n{weight},20\n")).starts_with(&expected));
        }
        for (name, value) in [("steps", "20.5"), ("steps", "0"), ("frames", "-3"), ("images", "1001"), ("steps", "x")] {
            let found = problem(&format!("weight,{name}\n1,{value}\n"));
            assert!(found.starts_with(&format!("shapes.csv:2: {name}: `{value}` is no number of {name}")), "{found}");
            assert!(found.contains("help: give a whole number from 1, up to 1"), "{found}");
        }
        assert!(problem("weight,megapixels\n1,0\n").contains("help: give a number above zero, up to 1000"));
        assert!(problem("weight,steps\n0,20\n0,30\n").starts_with("shapes.csv: weight: is zero in every line"));
    }

    #[test]
    fn too_many_shapes_and_files_of_the_wrong_kind_are_told_once() {
        let rows: Vec<String> = (1..=10_001).map(|k| format!("1,{}\n", f64::from(k) / 100.0)).collect();
        let found = problem(&format!("weight,megapixels\n{}", rows.concat()));
        assert!(found.starts_with("shapes.csv: has 10001 different shapes"), "{found}");
        let text = format!("weight,steps\n{}", "x,y\n".repeat(1000));
        assert_eq!(read_shapes("shapes.csv", &text).expect_err("problems").len(), 20);
    }
}
