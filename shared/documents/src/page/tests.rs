use super::sheet::{BOTTOM, HEIGHT, LEFT, Mark, RIGHT, SMALL, Sheet};
use super::{Faces, pages};
use crate::samples::{Sample, samples};
use proptest::prelude::*;

fn sample(name: &str) -> Sample {
    let found = samples().unwrap().into_iter().find(|it| it.name == name);
    found.unwrap()
}

fn texts(sheet: &Sheet) -> Vec<&str> {
    sheet.0.iter().filter_map(as_text).collect()
}

fn as_text(mark: &Mark) -> Option<&str> {
    match mark {
        Mark::Text { text, .. } => Some(text),
        Mark::Fill { .. } => None,
    }
}

/// All that is read on the pages, without blanks: wrapped text has lost some.
fn read(sheets: &[Sheet]) -> String {
    sheets
        .iter()
        .flat_map(texts)
        .collect::<String>()
        .replace(' ', "")
}

fn assert_is_inside(sheets: &[Sheet], faces: &Faces) {
    for (x, y, style, text) in
        sheets
            .iter()
            .flat_map(|sheet| &sheet.0)
            .filter_map(|mark| match mark {
                Mark::Text { x, y, style, text } => Some((*x, *y, *style, text)),
                Mark::Fill { .. } => None,
            })
    {
        assert!(x >= LEFT, "{text} begins at {x}");
        assert!(
            x + faces.width(text, style) <= RIGHT,
            "{text} ends too far right"
        );
        assert!((0..=HEIGHT - 300).contains(&y), "{text} stands at {y}");
    }
}

#[test]
fn everything_that_must_be_said_is_on_the_pages() {
    let faces = Faces::load().unwrap();
    for sample in samples().unwrap() {
        let sheets = pages(&sample.document().unwrap(), &faces);
        let read = read(&sheets);
        for shown in sample.shown() {
            assert!(
                read.contains(&shown.replace(' ', "")),
                "{}: {shown}",
                sample.name
            );
        }
        assert_is_inside(&sheets, &faces);
    }
}

#[test]
fn each_page_has_its_number_and_each_table_its_head() {
    let faces = Faces::load().unwrap();
    let sample = sample("twenty_lines");
    let sheets = pages(&sample.document().unwrap(), &faces);
    assert_eq!(sheets.len(), 3);
    for (place, sheet) in sheets.iter().enumerate() {
        let texts = texts(sheet);
        let number = format!("{}/3", place + 1);
        assert!(texts.contains(&number.as_str()));
        assert!(texts.contains(&"Désignation"));
        assert_eq!(texts[0] == "Facture F2026-000001", place > 0);
    }
}

#[test]
fn the_columns_do_not_run_into_each_other() {
    let faces = Faces::load().unwrap();
    for sample in samples().unwrap() {
        for sheet in pages(&sample.document().unwrap(), &faces) {
            let mut rows: Vec<(i32, i32, i32, &str)> = sheet
                .0
                .iter()
                .filter_map(|mark| match mark {
                    Mark::Text { x, y, style, text } => {
                        Some((*y, *x, x + faces.width(text, *style), text.as_str()))
                    }
                    Mark::Fill { .. } => None,
                })
                .collect();
            rows.sort_unstable();
            for pair in rows.windows(2) {
                let same_line = pair[0].0 == pair[1].0;
                assert!(
                    !same_line || pair[0].2 < pair[1].1,
                    "{}: {pair:?}",
                    sample.name
                );
            }
        }
    }
}

#[test]
fn both_languages_write_dates_and_amounts_their_way() {
    let faces = Faces::load().unwrap();
    let french = read(&pages(
        &sample("reverse_charge_french").document().unwrap(),
        &faces,
    ));
    for text in [
        "1erfévrier2026",
        "648,75\u{a0}€",
        "Du31janvier2026au28février2026",
        "Autoliquidation",
    ] {
        assert!(french.contains(text), "{text}");
    }
    let english = read(&pages(
        &sample("reverse_charge").document().unwrap(),
        &faces,
    ));
    for text in [
        "1February2026",
        "€648.75",
        "31January2026to28February2026",
        "Reversecharge",
    ] {
        assert!(english.contains(text), "{text}");
    }
}

#[test]
fn what_no_font_holds_is_a_question_mark() {
    let faces = Faces::load().unwrap();
    let shown = |text| faces.shown(text, SMALL);
    for name in [
        "Þórður Ærø",
        "Łódź Żółć",
        "Ἀθηνᾶ Ώ €",
        "Ştefan Țară Ģirts",
        "Недялко",
        "Ẽ\u{300}",
    ] {
        assert_eq!(shown(name), name);
    }
    assert_eq!(shown("山田 1\u{2011}2\t3"), "?? 1-2 3");
}

#[test]
fn a_document_too_long_for_a_page_goes_on() {
    let faces = Faces::load().unwrap();
    let mut sample = sample("domestic_paid");
    let line = sample.invoice.lines[0].clone();
    for count in 1..=20 {
        sample.invoice.lines = vec![line.clone(); count];
        let sheets = pages(&sample.document().unwrap(), &faces);
        assert_is_inside(&sheets, &faces);
        for sheet in &sheets[..sheets.len() - 1] {
            let lowest = sheet.0.iter().filter_map(|mark| match mark {
                Mark::Text { y, .. } if *y < 15_640 => Some(*y),
                Mark::Text { .. } | Mark::Fill { .. } => None,
            });
            assert!(lowest.max().unwrap() <= BOTTOM);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_name_stays_within_the_margins(name in "\\PC{1,200}", count in 1..20_usize) {
        let faces = Faces::load().unwrap();
        let mut sample = sample("tiers_and_discount");
        let mut line = sample.invoice.lines[0].clone();
        line.name.fr = name;
        sample.invoice.lines = vec![line; count];
        assert_is_inside(&pages(&sample.document().unwrap(), &faces), &faces);
    }
}
