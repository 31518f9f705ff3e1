//! Tests of reading tables: what is read, and what is refused.

use super::*;

fn read(text: &str) -> Result<Vec<(u64, String, f64)>, Vec<Problem>> {
    Table::read("t.csv", text, &["name", "value"], |row| {
        let (name, value) = (row.text("name"), row.number("value", Bound::Positive));
        Some((row.line(), name?, value?))
    })
    .finish_filled()
}

fn problems(text: &str) -> Vec<String> {
    read(text).expect_err("bad input").iter().map(ToString::to_string).collect()
}

#[test]
fn comments_blank_lines_and_a_byte_order_mark_are_skipped_and_lines_stay_right() {
    let rows = read("\u{feff}# a table\r\n\r\nname,value\r\n# one\r\na, 1.5\r\n\r\n\"b, c\",2\r\n").expect("valid");
    assert_eq!(rows, [(5, "a".to_owned(), 1.5), (7, "b, c".to_owned(), 2.0)]);
}

#[test]
fn cells_are_what_stands_in_the_lines() {
    let found = table_cells("\u{feff}# a\nname,value\n\na, 1.5\n\"b, c\",\n\"open,1\n");
    assert_eq!(found, [vec!["name", "value"], vec!["a", "1.5"], vec!["b, c", ""], vec!["\"open,1"]]);
}

#[test]
fn every_problem_is_reported_with_its_line_and_column() {
    let found = problems("name,value\na,NaN\n,-1\nb,0\nc,1e999\nd,two");
    let places: Vec<&str> = found.iter().map(|p| p.split(": `").next().expect("a place")).collect();
    assert_eq!(found.len(), 6, "{found:#?}");
    assert!(places[0].starts_with("t.csv:2: value"), "{}", found[0]);
    assert!(found[1].starts_with("t.csv:3: name: is empty"), "{}", found[1]);
    assert!(found[2].starts_with("t.csv:3: value: `-1` is not a number above zero"), "{}", found[2]);
    assert!(found[3].starts_with("t.csv:4: value"), "{}", found[3]);
    assert!(found[4].starts_with("t.csv:5: value"), "{}", found[4]);
    assert!(found[5].starts_with("t.csv:6: value: `two`"), "{}", found[5]);
}

#[test]
fn fields_too_few_and_too_many_have_each_their_mend() {
    assert_eq!(
        problems("name,value\na\nb,1,2\n"),
        [
            "t.csv:2: has 1 field, the header has 2\n  help: leave empty what is not known, but write its comma",
            "t.csv:3: has 3 fields, the header has 2\n  help: put quotes round a field that contains a comma",
        ]
    );
}

fn read_named(text: &str) -> Result<Vec<(String, Option<f64>)>, Vec<Problem>> {
    Table::read_named("t.csv", text, &["name", "value"], &["name"], |row| {
        let (name, value) = (row.text("name"), row.optional_number("value", Bound::Positive));
        Some((name?, value))
    })
    .finish_filled()
}

#[test]
fn columns_may_stand_in_any_order_and_be_left_out() {
    assert_eq!(read_named("value,name\n1,a\n").expect("valid"), [("a".to_owned(), Some(1.0))]);
    assert_eq!(read_named("name\na\n").expect("valid"), [("a".to_owned(), None)]);
    let found = |text| read_named(text).expect_err("bad input").iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        found("nmae,value,value\na,1,2\n"),
        [
            "t.csv:1: nmae: is no column that is known here\n  help: did you mean `name`?",
            "t.csv:1: value: is named twice in the header\n  help: remove one of the two columns",
            "t.csv:1: name: is missing from the header\n  help: add the column",
        ]
    );
    let lower = "column names are lower case: write `name`";
    assert_eq!(
        found("Name,VALUE\na,1\n"),
        [format!("t.csv:1: Name, VALUE: are no columns that are known here\n  help: {lower}, `value`")]
    );
    assert_eq!(
        found("NAME,value\na,1\n"),
        [format!("t.csv:1: NAME: is no column that is known here\n  help: {lower}")]
    );
}

#[test]
fn a_file_without_rows_is_a_problem() {
    assert!(problems("")[0].starts_with("t.csv: is empty\n  help: begin with the header line name,value"));
    assert!(problems("# only a comment\n")[0].starts_with("t.csv: is empty"));
    assert!(problems("name,value\n")[0].starts_with("t.csv: has a header but no rows"));
}

#[test]
fn another_header_is_shown_beside_the_right_one() {
    let found = problems("# table\nvalue,name\n1,a\n");
    let expected = "t.csv:2: the header is `value,name`\n  help: write the header line name,value";
    assert_eq!(found, [expected]);
}

#[test]
fn a_line_with_too_many_fields_or_an_open_quote_is_a_problem_of_that_line_only() {
    let found = problems("name,value\na,1,2\n\"b,1\nc,x\n");
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("t.csv:2: has 3 fields, the header has 2"), "{}", found[0]);
    assert!(found[1].starts_with("t.csv:3: has a quote that is not closed"), "{}", found[1]);
    assert!(found[2].starts_with("t.csv:4: value: `x`"), "{}", found[2]);
}
