//! The pages for people, rendered from `infra/local/pages`.

use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde::Serialize;
use std::sync::OnceLock;

/// The style sheet of every page.
pub(crate) const STYLE: &str = include_str!("../pages/style.css");

const TEMPLATES: [(&str, &str); 7] = [
    ("layout.html", include_str!("../pages/layout.html")),
    ("home.html", include_str!("../pages/home.html")),
    ("mailbox.html", include_str!("../pages/mailbox.html")),
    ("checkout.html", include_str!("../pages/checkout.html")),
    (
        "verify_email.html",
        include_str!("../pages/verify_email.html"),
    ),
    ("verified.html", include_str!("../pages/verified.html")),
    ("app.html", include_str!("../pages/app.html")),
];

/// Renders a page; everything put into it is escaped.
///
/// # Errors
/// When the template has a fault.
pub(crate) fn render(name: &str, context: impl Serialize) -> Result<String, Error> {
    static PAGES: OnceLock<Result<Environment<'static>, Error>> = OnceLock::new();
    let pages = PAGES.get_or_init(|| {
        let mut pages = Environment::new();
        pages.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES {
            pages.add_template(name, source)?;
        }
        Ok(pages)
    });
    match pages {
        Ok(pages) => pages.get_template(name)?.render(Serde(context)),
        Err(error) => Err(Error::new(error.kind(), error.to_string())),
    }
}
