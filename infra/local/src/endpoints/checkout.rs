//! The hosted payment page.

use super::{
    Answer, PAGE_POLICY, Refused, accepts, is_form, json, page, posted, read_json, see_other,
    wants_page,
};
use crate::cloud::Cloud;
use bytes::Bytes;
use http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY};
use http::{HeaderValue, Request, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json as object;
use stripe_simulator::{
    CheckoutLine, CheckoutView, PayError, PayOutcome, PayStatus, SessionStatus,
};

/// What a client posts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Submitted {
    card: Option<String>,
    authenticate: Option<bool>,
}

/// A card of the provider's test book, with what it does.
#[derive(Debug, Clone, Copy, Serialize)]
struct TestCard {
    number: &'static str,
    fr: &'static str,
    en: &'static str,
}

const TEST_CARDS: [TestCard; 10] = [
    TestCard {
        number: "4242 4242 4242 4242",
        fr: "acceptée",
        en: "accepted",
    },
    TestCard {
        number: "4000 0025 0000 3155",
        fr: "authentification, puis acceptée",
        en: "authentication, then accepted",
    },
    TestCard {
        number: "4000 0027 6000 3184",
        fr: "authentification à chaque paiement",
        en: "authentication at every payment",
    },
    TestCard {
        number: "4000 0000 0000 0341",
        fr: "acceptée ici, refusée au renouvellement",
        en: "accepted here, declined at renewal",
    },
    TestCard {
        number: "4000 0000 0000 0002",
        fr: "refusée",
        en: "declined",
    },
    TestCard {
        number: "4000 0000 0000 9995",
        fr: "provision insuffisante",
        en: "insufficient funds",
    },
    TestCard {
        number: "4000 0000 0000 9979",
        fr: "volée",
        en: "stolen",
    },
    TestCard {
        number: "4000 0000 0000 0069",
        fr: "expirée",
        en: "expired",
    },
    TestCard {
        number: "4000 0000 0000 0259",
        fr: "acceptée, puis contestée",
        en: "accepted, then disputed",
    },
    TestCard {
        number: "4000 0000 0000 5126",
        fr: "acceptée, un remboursement revient",
        en: "accepted, a refund is returned",
    },
];

impl Cloud {
    pub(super) fn checkout_page(&self, request: &Request<Bytes>, session: &str) -> Answer {
        let view = self.session(session)?;
        if !wants_page(request) {
            return Ok(json(&view));
        }
        let french = speaks_french(request, &view);
        let line = |line: &CheckoutLine| {
            object!({
                "name": line.name,
                "quantity": line.quantity,
                "amount": money(line.amount, view.currency.as_deref(), french),
            })
        };
        let lines: Vec<_> = view.lines.iter().map(line).collect();
        let mut response = page(
            "checkout.html",
            object!({
                "fr": french,
                "view": view,
                "open": view.status == SessionStatus::Open,
                "complete": view.status == SessionStatus::Complete,
                "amount": money(view.amount, view.currency.as_deref(), french),
                "lines": lines,
                "back": back_to(&view),
                "cards": TEST_CARDS,
            }),
        )?;
        // Paying leads to the shop's own page, and a form's target counts
        // where it is sent on to as well.
        let policy = match origin_of(&view.success_url) {
            Some(origin) => PAGE_POLICY.replace(
                "form-action 'self'",
                &format!("form-action 'self' {origin}"),
            ),
            None => PAGE_POLICY.to_owned(),
        };
        if let Ok(policy) = HeaderValue::try_from(policy) {
            response
                .headers_mut()
                .insert(CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }

    pub(super) fn checkout_submit(&self, request: &Request<Bytes>, session: &str) -> Answer {
        let form = is_form(request);
        let submitted = if form {
            Submitted {
                card: posted(request, "card"),
                authenticate: posted(request, "authenticate").map(|answer| answer == "yes"),
            }
        } else {
            read_json(request)?
        };
        let outcome = match submitted {
            Submitted {
                card: Some(card),
                authenticate: None,
            } => self.simulator().pay(self.now(), session, &card),
            Submitted {
                card: None,
                authenticate: Some(true),
            } => self.simulator().authenticate(self.now(), session),
            Submitted {
                card: None,
                authenticate: Some(false),
            } => self.simulator().fail_authentication(self.now(), session),
            Submitted { .. } => {
                return Err(Refused::unprocessable(
                    "give either \"card\" or \"authenticate\"",
                ));
            }
        };
        match outcome {
            Ok(outcome) if form && !accepts(request).contains("application/json") => {
                self.send_on(session, &outcome)
            }
            Ok(outcome) => Ok(json(&outcome)),
            Err(error) => Err(refusal(error)),
        }
    }

    fn send_on(&self, session: &str, outcome: &PayOutcome) -> Answer {
        let page = format!("/_local/checkout/{session}");
        match outcome.status {
            PayStatus::Paid => see_other(&back_to(&self.session(session)?)),
            PayStatus::Declined | PayStatus::AuthenticationRequired => see_other(&page),
        }
    }

    fn session(&self, session: &str) -> Result<CheckoutView, Refused> {
        self.simulator()
            .checkout(self.now(), session)
            .ok_or_else(|| Refused::not_found("there is no such checkout session"))
    }
}

fn refusal(error: PayError) -> Refused {
    let status = match error {
        PayError::UnknownSession => StatusCode::NOT_FOUND,
        PayError::NotOpen | PayError::NothingToAuthenticate => StatusCode::CONFLICT,
        PayError::InvalidNumber | PayError::UnknownCard => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Refused(status, error.to_string())
}

/// Where the buyer goes after paying.
fn back_to(view: &CheckoutView) -> String {
    view.success_url
        .replace("{CHECKOUT_SESSION_ID}", &view.session_id)
}

fn origin_of(url: &str) -> Option<String> {
    let uri: http::Uri = url.parse().ok()?;
    Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
}

fn speaks_french(request: &Request<Bytes>, view: &CheckoutView) -> bool {
    let asked = request
        .headers()
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    match view.locale.as_deref() {
        Some(locale) if locale != "auto" => locale.starts_with("fr"),
        Some(_) | None => asked.is_none_or(|asked| asked.to_ascii_lowercase().starts_with("fr")),
    }
}

/// An amount of a currency with cents, for people to read.
fn money(minor: u64, currency: Option<&str>, french: bool) -> String {
    let separator = if french { ',' } else { '.' };
    let currency = currency.unwrap_or_default().to_ascii_uppercase();
    format!("{}{separator}{:02} {currency}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::{money, origin_of};

    #[test]
    fn amounts_are_written_for_people() {
        assert_eq!(money(129_900, Some("eur"), true), "1299,00 EUR");
        assert_eq!(money(5, Some("usd"), false), "0.05 USD");
    }

    #[test]
    fn the_origin_of_a_return_url_is_scheme_host_and_port() {
        assert_eq!(
            origin_of("http://localhost:5173/done?x=1").as_deref(),
            Some("http://localhost:5173")
        );
        assert_eq!(origin_of("/relative"), None);
    }
}
