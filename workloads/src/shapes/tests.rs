use super::*;

fn columns(names: &[&str]) -> Vec<ShapeColumn> {
    names.iter().map(|name| ShapeColumn::from(*name)).collect()
}

fn models() -> Vec<String> {
    vec!["a".to_owned(), "b".to_owned()]
}

#[test]
fn sizes_are_described_and_held_against_each_other() {
    let mut book = ShapeBook::new(&columns(&["steps", "images", "tokens"]), 2);
    let rows = [(20.0, 1.0, 7.0), (20.0, 1.0, f64::NAN), (30.0, 4.0, 7.0), (50.0, 2.0, 7.0)];
    for (line, (steps, images, tokens)) in rows.into_iter().enumerate() {
        book.push(0, &[steps, images, tokens], 1, line as u64);
    }
    book.push(1, &[f64::NAN, 1.0, 7.0], 3, 9);
    let found = book.finish(&models()).expect("sizes");
    let steps = &found.columns[0];
    assert_eq!((steps.requests, steps.missing, steps.size), (4, 3, Some(Size::Steps)));
    // 20, 20, 30, 50: the variance is 150.
    assert!((steps.mean - 30.0).abs() < 1e-12 && (steps.cv.expect("a cv") - 150_f64.sqrt() / 30.0).abs() < 1e-12);
    let quantiles: Vec<f64> = steps.quantiles.iter().map(|of| of.value).collect();
    assert_eq!(quantiles, [20.0, 20.0, 20.0, 25.0, 35.0, 44.0, 50.0]);
    // Of (20, 1), (20, 1), (30, 4), (50, 2): covariance 5, variances 150 and 1.5.
    let coefficient = found.correlations[0].coefficient.expect("they vary");
    assert!((coefficient - 5.0 / (150.0 * 1.5_f64).sqrt()).abs() < 1e-12, "{coefficient}");
    assert_eq!(found.correlations[1].columns, ["steps", "tokens"]);
    assert_eq!(found.correlations[1].coefficient, None, "all have as many tokens");
    let [of_a] = &found.samples[..] else { panic!("one model has whole rows: {:?}", found.samples) };
    assert_eq!((of_a.model.as_str(), of_a.requests, of_a.left_out, of_a.is_sample), ("a", 4, 0, false));
    assert_eq!(of_a.sizes, [Size::Steps, Size::Images]);
    let rows: Vec<(u64, &[f64])> = of_a.rows.iter().map(|row| (row.weight, &row.values[..])).collect();
    assert_eq!(rows, [(2, &[20.0, 1.0][..]), (1, &[30.0, 4.0]), (1, &[50.0, 2.0])]);
}

#[test]
fn width_times_height_are_megapixels_and_odd_sizes_stand_in_no_row() {
    let mut book = ShapeBook::new(&columns(&["width", "height", "images=n"]), 1);
    book.push(0, &[1024.0, 1024.0, 1.0], 2, 1);
    for odd in [[0.0, 1024.0, 1.0], [1024.0, 1024.0, 1.5], [1024.0, 1024.0, 2000.0]] {
        book.push(0, &odd, 1, 2);
    }
    let found = book.finish(&models()).expect("sizes");
    assert_eq!((found.columns[3].column.as_str(), found.columns[3].size), ("width x height", Some(Size::Megapixels)));
    let sample = &found.samples[0];
    assert_eq!((sample.sizes.as_slice(), sample.left_out), (&[Size::Megapixels, Size::Images][..], 3));
    assert_eq!(sample.rows, [ShapeRow { weight: 2, values: vec![1.048_576, 1.0] }]);
}

/// A sample of many different rows has the mean of all of them, and is the same every time.
#[test]
fn of_many_different_rows_a_sample_is_kept() {
    let sample = || {
        let mut book = ShapeBook::new(&columns(&["steps", "megapixels"]), 1);
        for k in 0..50_000_u64 {
            // Later requests are larger: a sample of the first would be too small.
            book.push(0, &[1.0 + (k / 1000) as f64, 0.5 + k as f64 * 1e-6], 1, k + 2);
        }
        book.finish(&models()).expect("sizes").samples.remove(0)
    };
    let found = sample();
    assert!(found.is_sample && found.rows.len() == ROWS_MAX, "{}", found.rows.len());
    assert_eq!(found.requests, 50_000);
    let mean = found.rows.iter().map(|row| row.values[0]).sum::<f64>() / ROWS_MAX as f64;
    // The mean of 1 to 50, give or take four standard errors.
    assert!((mean - 25.5).abs() < 4.0 * 14.4 / (ROWS_MAX as f64).sqrt(), "{mean}");
    assert_eq!(sample(), found);
}

#[test]
fn a_log_without_sizes_has_none() {
    let mut book = ShapeBook::new(&[], 1);
    book.push(0, &[], 1, 1);
    assert_eq!(book.finish(&models()), None);
    let mut book = ShapeBook::new(&columns(&["steps"]), 1);
    book.push(0, &[f64::NAN], 1, 1);
    assert_eq!(book.finish(&models()), None);
}
