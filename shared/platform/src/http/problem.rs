//! Refusals: a closed set of codes, each with its status and its texts, sent
//! as RFC 9457 problem details.

use domain::locale::Locale;
use serde_json::{Value, json};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $fr:literal, $en:literal;)+) => {
        /// Why a request was refused. Part of the API: codes are never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name in the API.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status it is sent with.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// What it says.
            pub fn text(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$name, Locale::Fr) => $fr, (Self::$name, Locale::En) => $en,)+
                }
            }
        }
    };
}

codes! {
    /// The body is no JSON, or not in UTF-8, or not decodable.
    MalformedBody = "malformed_body", 400, "Le corps de la requête est illisible.", "The request body cannot be read.";
    /// The query string cannot be read, or a key is unknown or repeated.
    MalformedQuery = "malformed_query", 400, "Les paramètres de la requête sont incorrects.", "The query parameters are not as they must be.";
    /// A header cannot be read.
    MalformedHeader = "malformed_header", 400, "Un en-tête de la requête est incorrect.", "A request header is not as it must be.";
    /// The cursor was not made by this API for this query and caller.
    InvalidCursor = "invalid_cursor", 400, "Le curseur n'est pas valable pour cette requête.", "The cursor is not valid for this query.";
    /// A link's token is unknown, used or over.
    InvalidToken = "invalid_token", 400, "Le lien n'est pas valable ou a déjà servi.", "The link is not valid or was used before.";
    /// An idempotency key is required.
    IdempotencyKeyRequired = "idempotency_key_required", 400, "L'en-tête Idempotency-Key est obligatoire.", "The Idempotency-Key header is required.";
    /// The idempotency key is empty, too long or not printable.
    IdempotencyKeyInvalid = "idempotency_key_invalid", 400, "L'en-tête Idempotency-Key est incorrect.", "The Idempotency-Key header is not as it must be.";
    /// A webhook without a good signature.
    InvalidSignature = "invalid_signature", 400, "La signature n'est pas valable.", "The signature is not valid.";
    /// Not logged in, or the token is over.
    Unauthenticated = "unauthenticated", 401, "Vous devez vous connecter.", "You must log in.";
    /// Wrong e-mail or password, or the address is not confirmed.
    InvalidCredentials = "invalid_credentials", 401, "L'adresse e-mail ou le mot de passe est incorrect.", "The e-mail address or the password is wrong.";
    /// The refresh token is unknown, used or over.
    InvalidRefreshToken = "invalid_refresh_token", 401, "La session est terminée.", "The session has ended.";
    /// The payment was declined.
    PaymentDeclined = "payment_declined", 402, "Le paiement a été refusé.", "The payment was declined.";
    /// Not allowed.
    Forbidden = "forbidden", 403, "Vous n'avez pas le droit de faire cela.", "You are not allowed to do this.";
    /// A cookie call without the client header or from a foreign origin.
    CrossSite = "cross_site_request", 403, "Cette requête doit venir de l'application.", "This request must come from the application.";
    /// The shop does not sell there.
    CountryNotServed = "country_not_served", 403, "Nous ne livrons pas ce pays.", "We do not sell to this country.";
    /// Not there, or not the caller's to know of.
    NotFound = "not_found", 404, "Introuvable.", "Not found.";
    /// The route exists with other methods.
    MethodNotAllowed = "method_not_allowed", 405, "Cette méthode n'est pas proposée ici.", "This method is not offered here.";
    /// The answer cannot be in the form asked for.
    NotAcceptable = "not_acceptable", 406, "La réponse n'existe pas dans le format demandé.", "The answer does not exist in the form asked for.";
    /// The state of the thing forbids it.
    StateConflict = "state_conflict", 409, "L'état actuel ne le permet pas.", "The current state does not allow this.";
    /// A bank decides whose the money of the payment is.
    PaymentDisputed = "payment_disputed", 409, "Ce paiement est contesté auprès de la banque.", "This payment is disputed at the bank.";
    /// The same idempotency key is still being worked on.
    RequestInProgress = "request_in_progress", 409, "La même requête est encore en cours.", "The same request is still being worked on.";
    /// Somebody changed it at the same time.
    ConcurrentChange = "concurrent_change", 409, "Une autre requête l'a modifié en même temps.", "Another request changed it at the same time.";
    /// The cart was ordered already.
    CartAlreadyOrdered = "cart_already_ordered", 409, "Ce panier a déjà été commandé.", "This cart was ordered already.";
    /// It costs something else than was quoted; the new quote comes with it.
    PriceChanged = "price_changed", 409, "Le prix a changé depuis le devis.", "The price has changed since the quote.";
    /// Subscriptions renew by this card.
    CardInUse = "card_in_use", 409, "Des abonnements se renouvellent avec cette carte. Choisissez d'abord une autre carte par défaut.", "Subscriptions renew by this card. Make another one the default first.";
    /// The account keeps as many cards as it may.
    TooManyCards = "too_many_cards", 409, "Le compte a atteint le nombre de cartes permis.", "The account keeps as many cards as it may.";
    /// The cart's time is over.
    CartExpired = "cart_expired", 410, "Le panier a expiré.", "The cart has expired.";
    /// The cursor's hour is over.
    CursorExpired = "cursor_expired", 410, "Le curseur a expiré.", "The cursor has expired.";
    /// It is not the version the caller saw.
    VersionMismatch = "version_mismatch", 412, "La version a changé entre-temps.", "The version has changed meanwhile.";
    /// The body is too large.
    BodyTooLarge = "body_too_large", 413, "Le corps de la requête est trop grand.", "The request body is too large.";
    /// The body is not JSON by its content type.
    UnsupportedMediaType = "unsupported_media_type", 415, "Le corps doit être en application/json, en UTF-8.", "The body must be application/json in UTF-8.";
    /// Readable, but outside the rules; `errors` says where.
    ValidationFailed = "validation_failed", 422, "Certaines valeurs ne conviennent pas.", "Some values are not as they must be.";
    /// A card that is over cannot pay.
    CardExpired = "card_expired", 422, "Cette carte a expiré.", "This card has expired.";
    /// There is nothing to order.
    EmptyCart = "empty_cart", 422, "Le panier est vide.", "The cart is empty.";
    /// The same idempotency key came with another request.
    IdempotencyKeyReused = "idempotency_key_reused", 422, "Cette clé a déjà servi pour une autre requête.", "This key was used for another request.";
    /// Too many tries.
    TooManyRequests = "too_many_requests", 429, "Trop de tentatives. Réessayez plus tard.", "Too many tries. Try again later.";
    /// Our fault. The inside is not told.
    Internal = "internal_error", 500, "Une erreur s'est produite de notre côté.", "Something went wrong on our side.";
    /// Not now: try again.
    Unavailable = "unavailable", 503, "Le service est momentanément indisponible.", "The service is not available at the moment.";
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $fr:literal, $en:literal;)+) => {
        /// Why one field was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)+
        }

        impl Reason {
            /// Its name in the API.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it says.
            pub fn text(self, locale: Locale) -> &'static str {
                match (self, locale) {
                    $((Self::$name, Locale::Fr) => $fr, (Self::$name, Locale::En) => $en,)+
                }
            }
        }
    };
}

reasons! {
    /// The field is missing.
    Required = "required", "Ce champ est obligatoire.", "This field is required.";
    /// The field has another JSON type.
    WrongType = "wrong_type", "Ce champ n'est pas du bon type.", "This field has the wrong type.";
    /// The field does not exist.
    UnknownField = "unknown_field", "Ce champ n'existe pas.", "This field does not exist.";
    /// Outside the allowed numbers or lengths.
    OutOfRange = "out_of_range", "Cette valeur est hors limites.", "This value is out of range.";
    /// Longer than allowed.
    TooLong = "too_long", "Ce texte est trop long.", "This text is too long.";
    /// Shorter than allowed.
    TooShort = "too_short", "Ce texte est trop court.", "This text is too short.";
    /// Not in the form asked for.
    Malformed = "malformed", "Cette valeur n'a pas la bonne forme.", "This value does not have the right form.";
    /// Holds control or invisible characters.
    ControlCharacter = "control_character", "Ce texte contient des caractères interdits.", "This text holds characters that are not allowed.";
    /// Looks like a payment card number.
    CardNumber = "card_number", "N'indiquez jamais un numéro de carte ici.", "Never give a card number here.";
    /// Not one of the allowed values.
    UnknownValue = "unknown_value", "Cette valeur n'est pas proposée.", "This value is not one of those offered.";
    /// No VAT number of the country of the address, or its digits are wrong.
    InvalidVatNumber = "invalid_vat_number", "Ce numéro de TVA n'est pas valide ; vous pouvez aussi commander sans.", "This VAT number is not valid; you may also order without one.";
    /// The quote is for something else.
    OtherQuote = "other_quote", "Ce devis porte sur autre chose.", "This quote is for something else.";
    /// Must be accepted.
    MustBeAccepted = "must_be_accepted", "Vous devez accepter les conditions.", "You must accept the terms.";
    /// A throw-away mail service.
    DisposableEmail = "disposable_email", "Cette adresse est jetable.", "This address is disposable.";
    /// Too easy to guess.
    WeakPassword = "weak_password", "Ce mot de passe est trop facile à deviner.", "This password is too easy to guess.";
    /// Not on sale.
    NotOnSale = "not_on_sale", "Cette offre n'est pas en vente.", "This plan is not on sale.";
    /// More lines than a cart holds.
    TooManyLines = "too_many_lines", "Un panier contient 20 lignes au plus.", "A cart holds 20 lines at most.";
    /// Named twice.
    Duplicate = "duplicate", "Cette valeur figure deux fois.", "This value is there twice.";
    /// Leads to a place the customer may not be sent to.
    ForeignUrl = "foreign_url", "Cette adresse n'est pas autorisée.", "This address is not allowed.";
    /// No coupon of that code, or one of another customer.
    UnknownCoupon = "unknown_coupon", "Ce code n'existe pas.", "There is no such code.";
    /// A coupon in another currency.
    CurrencyMismatch = "currency_mismatch", "Ce code vaut dans une autre devise.", "This code is good in another currency.";
    /// A coupon whose time has not come.
    NotStarted = "not_started", "Ce code n'est pas encore valable.", "This code is not good yet.";
    /// A coupon whose time is over.
    Expired = "expired", "Ce code n'est plus valable.", "This code is good no more.";
    /// A coupon that was redeemed as often as it may be.
    Exhausted = "exhausted", "Ce code est épuisé.", "This code is used up.";
    /// A coupon this customer redeemed before.
    CustomerLimit = "customer_limit", "Vous avez déjà utilisé ce code.", "You have used this code before.";
    /// A coupon for who never paid anything.
    FirstPurchaseOnly = "first_purchase_only", "Ce code vaut pour un premier achat.", "This code is good for a first purchase.";
    /// A coupon for other products.
    NotApplicable = "not_applicable", "Ce code ne vaut pas pour ces produits.", "This code is not good for these products.";
    /// A coupon that would leave less to pay than can be charged.
    TooLarge = "too_large", "Avec ce code, il resterait trop peu à payer.", "With this code too little would be left to pay.";
    /// Two fields that exclude each other, or neither of them.
    Exclusive = "exclusive", "Indiquez l'un ou l'autre.", "Give one or the other.";
}

/// One refused field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer into the body, or into the query as an object.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why an operation did not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// The caller's doing: told with its code.
    Refused(Refusal),
    /// Not now: 503 with `Retry-After`.
    Unavailable {
        /// Seconds to wait.
        retry_after: u32,
        /// What happened, for the log.
        cause: String,
    },
    /// Ours: 500, and the cause in the log.
    Fault(String),
}

/// A refusal with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// Which fields.
    pub errors: Vec<FieldError>,
    /// Seconds to wait, where waiting helps.
    pub retry_after: Option<u32>,
    /// The methods offered, for 405.
    pub allow: Option<String>,
    /// What it would cost now, where the price has changed.
    pub quote: Option<Box<Value>>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self {
            code,
            errors: Vec::new(),
            // By then whoever works on the request has mostly answered it.
            retry_after: (code == Code::RequestInProgress).then_some(2),
            allow: None,
            quote: None,
        }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failure {
    /// One field was refused.
    pub fn field(path: impl Into<String>, reason: Reason) -> Self {
        Self::fields(vec![FieldError {
            path: path.into(),
            reason,
        }])
    }

    /// Several fields were refused.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::Refused(Refusal {
            errors,
            ..Code::ValidationFailed.into()
        })
    }

    /// A fault of ours with its whole chain of causes.
    pub fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Fault(chain(error))
    }
}

/// An error and everything behind it, in one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        if error.is_transient() {
            Self::Unavailable {
                retry_after: 1,
                cause: chain(&error),
            }
        } else {
            Self::fault(&error)
        }
    }
}

impl From<crate::clock::NoEntropy> for Failure {
    fn from(error: crate::clock::NoEntropy) -> Self {
        Self::fault(&error)
    }
}

impl From<crate::secrets::SecretError> for Failure {
    fn from(error: crate::secrets::SecretError) -> Self {
        Self::Unavailable {
            retry_after: 2,
            cause: chain(&error),
        }
    }
}

impl Refusal {
    /// The problem document.
    pub fn body(&self, request_id: &str, locale: Locale) -> Value {
        let text = self.code.text(locale);
        let mut body = json!({
            "success": false,
            "error": text,
            "type": format!("/problems/{}", self.code.name()),
            "title": text,
            "status": self.code.status(),
            "detail": text,
            "code": self.code.name(),
            "requestId": request_id,
        });
        if let (Some(quote), Some(members)) = (&self.quote, body.as_object_mut()) {
            members.insert("quote".to_owned(), Value::clone(quote));
        }
        if !self.errors.is_empty() {
            let errors: Vec<Value> = self
                .errors
                .iter()
                .map(|error| json!({"path": error.path, "code": error.reason.code(), "message": error.reason.text(locale)}))
                .collect();
            if let Some(map) = body.as_object_mut() {
                map.insert("errors".to_owned(), Value::Array(errors));
            }
        }
        body
    }
}
