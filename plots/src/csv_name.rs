//! Names in tables that people open in spreadsheets.

/// A name as a cell. A spreadsheet would take one that begins like a formula for a formula and run it, so an apostrophe
/// goes before it: spreadsheets take that as "this is text".
pub(crate) fn csv_name(name: &str) -> String {
    // Tab, carriage return and line feed are skipped by some before they look; full-width signs are taken as the others.
    let begins = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if name.trim_start_matches(' ').starts_with(begins) { format!("'{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_begins_like_a_formula() {
        for name in ["=HYPERLINK(\"http://a.example\")", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"] {
            assert_eq!(csv_name(name), format!("'{name}"));
        }
        for name in ["flux-schnell", "a=b", "", "'=1", "fp8+nf4", "1.3b"] {
            assert_eq!(csv_name(name), name);
        }
    }
}
