//! From words to a mail: one layout for all.

use super::statement::Statement;
use domain::account::User;
use domain::anchor::Zone;
use domain::email::EmailAddress;
use domain::invoice::Seller;
use domain::locale::Locale;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use platform::mail::Mail;
use serde::Serialize;

/// Who a mail is written to.
#[derive(Clone)]
pub struct Addressee {
    /// Where it goes.
    pub email: EmailAddress,
    /// Given name, if the address was confirmed. Whoever registers somebody
    /// else's address chooses the name: it must not carry their words there.
    pub name: Option<String>,
    /// In which language.
    pub locale: Locale,
    /// Time zone of the dates in it.
    pub zone: Zone,
}

impl Addressee {
    /// A user, in this language and time zone.
    pub fn new(user: User, locale: Locale, zone: Zone) -> Self {
        let name = user
            .email_verified_at
            .map(|_| user.first_name.as_str().to_owned());
        Self {
            email: user.email,
            name,
            locale,
            zone,
        }
    }
}

/// The one thing a mail asks its reader to do.
#[derive(Serialize)]
pub(super) struct Action {
    pub(super) label: &'static str,
    pub(super) url: String,
}

/// A mail before it is laid out. All texts are plain: the layout escapes them.
#[derive(Serialize)]
pub struct Letter {
    lang: Locale,
    subject: String,
    greeting: String,
    paragraphs: Vec<String>,
    statement: Option<Statement>,
    action: Option<Action>,
    notes: Vec<String>,
    signature: &'static str,
    colon: &'static str,
}

/// What the layout reads.
#[derive(Serialize)]
struct Page<'a> {
    #[serde(flatten)]
    letter: &'a Letter,
    imprint: String,
}

impl Letter {
    /// A letter that begins with these paragraphs.
    pub(super) fn new(to: &Addressee, subject: impl Into<String>, paragraphs: Vec<String>) -> Self {
        let (hello, signature, colon) = match to.locale {
            Locale::Fr => ("Bonjour", "L'équipe CYNA", "\u{a0}:"),
            Locale::En => ("Hello", "The CYNA team", ":"),
        };
        let name = to.name.iter().map(|name| format!(" {name}"));
        Self {
            lang: to.locale,
            subject: subject.into(),
            greeting: format!("{hello}{},", name.collect::<String>()),
            paragraphs,
            statement: None,
            action: None,
            notes: Vec::new(),
            signature,
            colon,
        }
    }

    /// With a statement of what was billed.
    pub(super) fn with_statement(self, statement: Statement) -> Self {
        Self {
            statement: Some(statement),
            ..self
        }
    }

    /// With a link.
    pub(super) fn with_action(self, label: &'static str, url: String) -> Self {
        Self {
            action: Some(Action { label, url }),
            ..self
        }
    }

    /// With a remark below everything else.
    pub(super) fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The mail, signed by the seller.
    ///
    /// # Errors
    /// When a template is wrong, which the tests would show.
    pub fn render(&self, seller: &Seller) -> Result<Mail, minijinja::Error> {
        let environment = templates()?;
        let page = Value::from(Serde(Page {
            letter: self,
            imprint: imprint(seller, self.lang),
        }));
        let html = environment
            .get_template("letter.html")?
            .render(page.clone())?;
        Ok(Mail {
            subject: self.subject.clone(),
            text: environment
                .get_template("letter.txt")?
                .render(page.clone())?,
            // A slash needs no escaping, and addresses stay legible without.
            html: html.replace("&#x2f;", "/"),
        })
    }
}

/// The name of a template decides how it escapes: `.html` does, `.txt` not.
fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.add_template("letter.html", include_str!("../../mails/letter.html"))?;
    environment.add_template("letter.txt", include_str!("../../mails/letter.txt"))?;
    Ok(environment)
}

/// What a company says of itself in its letters (C. com. R123-237).
fn imprint(seller: &Seller, locale: Locale) -> String {
    let Seller {
        name,
        legal_form,
        capital,
        siren,
        rcs,
        line1,
        postal_code,
        city,
        vat_number,
        ..
    } = seller;
    let (share_capital, vat) = match locale {
        Locale::Fr => ("au capital de", "TVA"),
        Locale::En => ("with a share capital of", "VAT"),
    };
    format!(
        "{name}, {legal_form} {share_capital} {capital} – {line1}, {postal_code} {city} – SIREN {siren} – {rcs} – {vat} {vat_number}"
    )
}
