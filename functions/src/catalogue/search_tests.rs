use super::*;

fn products() -> Vec<Product> {
    serde_json::from_str(include_str!("../../../infra/catalogue.json")).unwrap()
}

fn slugs(search: &Search, locale: Locale) -> Vec<String> {
    let products = products();
    search
        .run(&products, locale)
        .hits
        .iter()
        .map(|hit| hit.product.slug.clone())
        .collect()
}

fn words(text: &str) -> Search {
    Search {
        text: Some(text.to_owned()),
        ..Search::default()
    }
}

#[test]
fn without_filters_everything_listed_is_found_in_catalogue_order() {
    let listed: Vec<String> = products()
        .into_iter()
        .filter(Product::is_listed)
        .map(|product| product.slug)
        .collect();
    assert_eq!(slugs(&Search::default(), Locale::Fr), listed);
    assert!(listed.len() >= 9);
}

#[test]
fn case_accents_and_composition_do_not_matter() {
    let plain = slugs(&words("detection"), Locale::Fr);
    assert!(!plain.is_empty());
    for text in [
        "Détection",
        "DÉTECTION",
        "de\u{301}tection",
        "  detection  ",
    ] {
        assert_eq!(slugs(&words(text), Locale::Fr), plain, "{text:?}");
    }
}

#[test]
fn what_the_name_says_comes_before_what_the_description_says() {
    let products = products();
    let found = words("xdr").run(&products, Locale::En);
    let in_name: Vec<bool> = found
        .hits
        .iter()
        .map(|hit| fold(&hit.product.texts.name.en).contains("xdr"))
        .collect();
    assert!(in_name.contains(&true) && in_name.contains(&false));
    assert!(in_name.is_sorted_by_key(|named| Reverse(*named)));
}

#[test]
fn prices_rise_unless_they_are_asked_to_fall() {
    let products = products();
    let prices = |order| {
        let search = Search {
            sort: Sort::Price,
            order,
            ..Search::default()
        };
        let hits = search.run(&products, Locale::Fr).hits;
        hits.iter()
            .map(|hit| hit.price.unwrap().amount())
            .collect::<Vec<_>>()
    };
    let rising = prices(None);
    assert!(rising.is_sorted());
    assert_eq!(prices(Some(Order::Asc)), rising);
    assert!(prices(Some(Order::Desc)).is_sorted_by_key(|amount| Reverse(*amount)));
}

#[test]
fn names_sort_in_the_language_of_the_request() {
    let products = products();
    let search = Search {
        sort: Sort::Name,
        ..Search::default()
    };
    for locale in [Locale::Fr, Locale::En] {
        let hits = search.run(&products, locale).hits;
        assert!(
            hits.is_sorted_by_key(|hit| fold(hit.product.texts.name.get(locale))),
            "{locale:?}"
        );
    }
}

#[test]
fn the_newest_come_first() {
    let search = Search {
        sort: Sort::Newest,
        ..Search::default()
    };
    let products = products();
    assert!(
        search
            .run(&products, Locale::Fr)
            .hits
            .is_sorted_by_key(|hit| Reverse(hit.product.id))
    );
}

#[test]
fn price_bounds_are_inclusive() {
    let products = products();
    let cheapest = products
        .iter()
        .filter_map(|product| starting_price(product, None))
        .map(|price| price.amount())
        .min();
    let exact = cheapest.and_then(|amount| u64::try_from(amount).ok());
    let search = Search {
        price_min: exact,
        price_max: exact,
        ..Search::default()
    };
    let hits = search.run(&products, Locale::Fr).hits;
    assert!(!hits.is_empty());
    assert!(
        hits.iter()
            .all(|hit| hit.price.map(|price| price.amount()) == cheapest)
    );
}

#[test]
fn a_currency_leaves_out_what_is_not_sold_in_it() {
    let products = products();
    let search = Search {
        currency: Some(Currency::parse("USD").unwrap()),
        ..Search::default()
    };
    let hits = search.run(&products, Locale::Fr).hits;
    assert!(!hits.is_empty() && hits.len() < products.len());
    assert!(
        hits.iter()
            .all(|hit| hit.price.unwrap().currency().as_str() == "USD")
    );
}

#[test]
fn families_are_counted_as_if_none_was_chosen() {
    let products = products();
    let search = Search {
        families: vec!["edr".to_owned()],
        ..Search::default()
    };
    let found = search.run(&products, Locale::Fr);
    assert!(found.hits.iter().all(|hit| hit.product.family == "edr"));
    assert_eq!(found.families.get("edr"), Some(&found.hits.len()));
    let counted: usize = found.families.values().sum();
    assert_eq!(
        counted,
        Search::default().run(&products, Locale::Fr).hits.len()
    );
}

#[test]
fn drafts_are_never_found() {
    let mut products = products();
    for product in &mut products {
        product.status = domain::catalogue::ProductStatus::Draft;
    }
    assert!(Search::default().run(&products, Locale::Fr).hits.is_empty());
}

#[test]
fn a_search_text_is_words() {
    let read = |text: &str| SearchText::from_text(text).map(|text| text.0);
    for text in ["soc", "c'est-à-dire", "24/7", "R&D", "🛡", &"a".repeat(256)] {
        assert_eq!(read(text).as_deref(), Ok(text));
    }
    let long = "a".repeat(257);
    let emoji = "🛡".repeat(1000);
    for (text, reason) in [
        (long.as_str(), Reason::TooLong),
        (emoji.as_str(), Reason::TooLong),
        ("", Reason::TooShort),
        ("  ", Reason::TooShort),
        ("*", Reason::Malformed),
        ("%%", Reason::Malformed),
        ("? *", Reason::Malformed),
        ("#pk = :x", Reason::Malformed),
        ("a\0b", Reason::ControlCharacter),
    ] {
        assert_eq!(read(text), Err(reason), "{text:.20?}");
    }
}

#[test]
fn a_filter_has_one_to_fifty_plain_values() {
    let read = |text: &str| Values::from_text(text).map(|values| values.0.len());
    assert_eq!(read("soc,edr"), Ok(2));
    assert_eq!(read(&vec!["a"; 50].join(",")), Ok(50));
    for (text, reason) in [
        (vec!["a"; 51].join(","), Reason::OutOfRange),
        (String::new(), Reason::TooShort),
        ("soc,".to_owned(), Reason::TooShort),
        ("#pk = :x".to_owned(), Reason::Malformed),
        ("SOC".to_owned(), Reason::Malformed),
    ] {
        assert_eq!(read(&text), Err(reason), "{text:.20?}");
    }
}
