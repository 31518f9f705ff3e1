//! Whatever a log holds, reading it ends with a summary or an error, and the books agree.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};

use crate::log::{Columns, Layout, LogOptions, read_log, read_sorted};

/// What logs are made of, and what they should not be.
const PIECES: [&[u8]; 40] = [
    b",",
    b"\n",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"\r\n",
    b";",
    b"\t",
    b" ",
    b"-",
    b"+",
    b".",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"time",
    b"model",
    b"count",
    b"duration_s",
    b"status",
    b"\"time\":",
    b"\"model\":\"a\"",
    b"null",
    b"2024-11-15",
    b"16:57:50",
    b"T",
    b"Z",
    b"1731689870",
    b"99999999999999999999",
    b"1e308",
    b"NaN",
    b"minute",
    b"func",
    b"\\u00",
    b"\"\"",
    b"200",
];

/// Beginnings after which garbage is met in the middle of a log.
const BEGINNINGS: [&str; 9] = [
    "",
    "time,model,duration_s,status\n2024-11-15,a,1,ok\n",
    "time,count\n2024-11-15,1\n2024-11-16,1\n",
    "t,count\n0,1\n1,1\n",
    "func,minute,count\n1,1,1\n",
    "HashOwner,HashFunction,1,2,1440\no,f,1,2,3\n",
    "{\"time\": 1731689870, \"model\": \"a\"}\n",
    "[{\"time\": 1731689870}, ",
    "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1,2\n",
];

fn garbage(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut text = BEGINNINGS[random.random_range(0..BEGINNINGS.len())].as_bytes().to_vec();
    for _ in 0..random.random_range(0..60) {
        if random.random_range(0..8) == 0 {
            text.push(random.next_u32() as u8);
        } else {
            text.extend_from_slice(PIECES[random.random_range(0..PIECES.len())]);
        }
    }
    text
}

#[test]
fn garbage_is_never_a_panic_and_the_books_agree() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let (mut read, mut refused) = (0, 0);
    for round in 0..20_000 {
        let text = garbage(&mut random);
        let layout = (round % 4 == 0).then(|| Layout::ALL[random.random_range(0..Layout::ALL.len())]);
        let shape = if round % 8 == 0 { vec!["status".into()] } else { Vec::new() };
        let options = LogOptions {
            layout,
            columns: Columns { shape, ..Columns::default() },
            zone: if round % 2 == 0 { "UTC".into() } else { "Europe/Berlin".into() },
            wrong_share_max: 1.0,
            ..LogOptions::default()
        };
        let (mut entries, mut requests, mut unsorted_count) = (0, 0u64, 0);
        let mut latest_ns = i64::MIN;
        let result = read_log(&text[..], "log", &options, |entry| {
            entries += 1;
            requests = requests.saturating_add(entry.requests);
            unsorted_count += u64::from(entry.at_ns < latest_ns);
            latest_ns = latest_ns.max(entry.at_ns);
            assert!(entry.duration_s.is_none_or(|duration_s| duration_s.is_finite() && duration_s >= 0.0));
        });
        let Ok(summary) = result else {
            refused += 1;
            continue;
        };
        read += 1;
        let counted = (summary.entries, summary.requests, summary.unsorted_count, summary.last_ns);
        assert_eq!(counted, (entries, requests, unsorted_count, latest_ns), "{}", text.escape_ascii());
        assert!(summary.wrong_count <= summary.lines && summary.wrong.len() as u64 == summary.wrong_count.min(10));
        assert_eq!(summary.zones.iter().map(|seen| seen.stamps).sum::<u64>(), entries);
        let mut before_ns = i64::MIN;
        let sorted = read_sorted(
            || Ok(&text[..]),
            "log",
            &options,
            |entry| {
                assert!(entry.at_ns >= before_ns);
                before_ns = entry.at_ns;
            },
        );
        assert_eq!(sorted.expect("it was read before"), summary);
    }
    assert!(read > 1000 && refused > 1000, "{read} read and {refused} refused: too few of one to tell");
}
