//! Every target: its corpus, and random changes of it from a fixed seed.
//! `FUZZ_SEED` takes another seed, `FUZZ_TIMES` so many times the changes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what cannot be fails, and says where"
)]

use fuzz_targets::{TARGETS, Target, find, nodes, template};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestError, TestRunner};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Pieces that parsers trip over.
const PIECES: [&[u8]; 40] = [
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b";",
    b":",
    b"=",
    b".",
    b"-",
    b"+",
    b"_",
    b"@",
    b"%",
    b"%00",
    b"%zz",
    b"&",
    b"#",
    b"*",
    b"0",
    b"9223372036854775808",
    b"-1",
    b"1e400",
    b"null",
    b"true",
    b"\xff",
    b"\xc3\xa9",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x94\x96",
    b"A",
    b"=",
];

/// One change of an input. Places are shares of its length.
#[derive(Debug, Clone)]
enum Edit {
    /// One bit is flipped.
    Flip(Index, u8),
    /// Bytes are put in.
    Insert(Index, Vec<u8>),
    /// Up to so many bytes are taken out.
    Cut(Index, usize),
    /// A part is there twice.
    Double(Index, usize),
    /// Two bytes change places.
    Swap(Index, Index),
    /// What follows is left out.
    End(Index),
    /// A node of its JSON is replaced or left out.
    Node(usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    prop_oneof![
        1 => (place(), 0_u8..8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        1 => (place(), select(&PIECES[..])).prop_map(|(at, piece)| Edit::Insert(at, piece.to_vec())),
        1 => (place(), vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        1 => (place(), 1_usize..12).prop_map(|(at, length)| Edit::Cut(at, length)),
        1 => (place(), 1_usize..40).prop_map(|(at, length)| Edit::Double(at, length)),
        1 => (place(), place()).prop_map(|(at, with)| Edit::Swap(at, with)),
        1 => place().prop_map(Edit::End),
        3 => (any::<usize>(), any::<usize>()).prop_map(|(at, odd)| Edit::Node(at, odd)),
    ]
}

fn change(input: &mut Vec<u8>, edit: &Edit) {
    let length = input.len();
    // One past the end is a place too.
    let place = |at: &Index| at.index(length + 1);
    match edit {
        Edit::Flip(at, bit) => {
            if let Some(byte) = input.get_mut(place(at)) {
                *byte ^= 1 << bit;
            }
        }
        Edit::Insert(at, bytes) => {
            let at = place(at);
            input.splice(at..at, bytes.iter().copied());
        }
        Edit::Cut(at, count) => {
            let at = place(at);
            input.drain(at..(at + count).min(length));
        }
        Edit::Double(at, count) => {
            let at = place(at);
            input.extend_from_within(at..(at + count).min(length));
            input[at..].rotate_right(length.min(at + count) - at);
        }
        Edit::Swap(at, with) => {
            let (at, with) = (place(at), place(with));
            if at < length && with < length {
                input.swap(at, with);
            }
        }
        Edit::End(at) => input.truncate(place(at)),
        Edit::Node(at, odd) => {
            if let Some(changed) = nodes::change(input, *at, *odd) {
                *input = changed;
            }
        }
    }
}

/// A number of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "a longer run by hand, which no configuration of the shop concerns"
)]
fn setting(name: &str, otherwise: u32) -> u32 {
    let set = std::env::var(name).ok();
    set.map_or(otherwise, |set| set.parse().unwrap())
}

/// The committed inputs of a target.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).join(target.name);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no corpus", target.name);
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

fn check(name: &str) {
    let target = find(name).unwrap();
    let corpus = corpus(&target);
    for input in &corpus {
        (target.run)(input);
    }
    let config = Config {
        cases: target.changes.saturating_mul(setting("FUZZ_TIMES", 1)),
        failure_persistence: None,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(setting("FUZZ_SEED", 20_260_115).into()),
        ..Config::default()
    };
    // Half of the changes befall the input as it is written, half the input
    // with real tokens in it.
    let filled: Vec<Vec<u8>> = corpus.iter().map(|input| (target.fill)(input)).collect();
    let inputs = [corpus, filled].concat();
    let changed = (select(inputs), vec(edit(), 0..5));
    let outcome = TestRunner::new(config).run(&changed, |(input, edits)| {
        (target.run)(&edited(input, &edits));
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(reason, (input, edits))) => {
            let input = edited(input, &edits);
            panic!("{name}: {reason}\ninput: b\"{}\"", input.escape_ascii())
        }
        other => other.unwrap(),
    }
}

fn edited(mut input: Vec<u8>, edits: &[Edit]) -> Vec<u8> {
    for edit in edits {
        change(&mut input, edit);
    }
    input
}

macro_rules! tests {
    ($($name:ident)+) => {
        const TESTED: &[&str] = &[$(stringify!($name),)+];

        $(#[test]
        fn $name() {
            check(stringify!($name));
        })+
    };
}

tests! {
    ids email line fields codes decimal money dates language if_match cookie signature
    provider_objects access_token access_claims refresh_token cart_token cursor at_the_door
    accept idempotency_key query host json_body request event webhook
}

#[test]
fn every_target_is_tested_and_every_corpus_has_its_target() {
    let targets: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(targets, TESTED.iter().copied().collect());
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).unwrap();
    let folders: BTreeSet<String> = folders
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        targets
            .into_iter()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>(),
        folders
    );
    assert_eq!(template::fill(b"{plan 0 4}"), b"pln_");
}
