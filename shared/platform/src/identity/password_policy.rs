//! What a new password must be (NIST SP 800-63B-4, 3.1.1.2): long, not
//! guessable, and nothing about its owner or the shop. No rules about kinds of
//! characters, and the text stays exactly as it was typed.

use crate::http::problem::Reason;
use domain::email::EmailAddress;
use zxcvbn::{Score, zxcvbn};

/// Fewest characters of a password that stands alone, without a second factor.
const SHORTEST: usize = 15;
/// Most characters.
const LONGEST: usize = 128;
/// Most bytes: what is hashed is bounded before it is hashed.
const LONGEST_BYTES: usize = 512;

/// The shop's name, which every product's name begins with. An estimator of
/// guesses does not see how near it lies.
const SHOP: &str = "cyna";

/// Names shorter than this are parts of ordinary words.
const SHORTEST_NAME: usize = 4;

/// Whose password it is to be.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    /// The e-mail address.
    pub email: &'a EmailAddress,
    /// The company, if there is one.
    pub company: Option<&'a str>,
}

/// Judges a new password.
///
/// # Errors
/// [`Reason::TooShort`], [`Reason::TooLong`] or [`Reason::WeakPassword`].
pub fn judge(password: &str, owner: Owner<'_>) -> Result<(), Reason> {
    let characters = password.chars().count();
    if characters > LONGEST || password.len() > LONGEST_BYTES {
        return Err(Reason::TooLong);
    }
    if characters < SHORTEST {
        return Err(Reason::TooShort);
    }
    let blank = password.chars().all(char::is_whitespace);
    if blank || names_somebody(password, owner) || zxcvbn(password, &[]).score() < Score::Three {
        return Err(Reason::WeakPassword);
    }
    Ok(())
}

fn names_somebody(password: &str, owner: Owner<'_>) -> bool {
    let password = password.to_lowercase();
    let company = owner.company.unwrap_or_default().to_lowercase();
    let joined: String = company.split_whitespace().collect();
    let names = [owner.email.local_part(), &company, &joined];
    password.contains(SHOP)
        || names
            .iter()
            .any(|name| name.chars().count() >= SHORTEST_NAME && password.contains(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(password: &str) -> Result<(), Reason> {
        let email = EmailAddress::parse("ada.lovelace@example.com").unwrap();
        judge(
            password,
            Owner {
                email: &email,
                company: Some("Analytical Engines"),
            },
        )
    }

    #[test]
    fn a_long_phrase_is_accepted_as_it_is() {
        for password in [
            "tangerine kettle orbit 9",
            "Où vont les girafes violettes",
            "🦒🦀🐢🐝🦉🐙🐬🦚🦔🐿🦜🦩🐌🦋🐞 zx",
        ] {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_bounded_in_bytes() {
        assert_eq!(judged("kettle-orbit-9"), Err(Reason::TooShort));
        assert_eq!(judged(&"k7#".repeat(43)), Err(Reason::TooLong));
        assert_eq!(judged(&"🦀".repeat(129)), Err(Reason::TooLong));
        assert_eq!(judged("éééééééééééééé"), Err(Reason::TooShort));
    }

    #[test]
    fn what_is_easy_to_guess_is_refused() {
        for password in [
            "               ",
            "passwordpassword",
            "password12345678",
            "1234567890123456",
            "qwertyuiopasdfgh",
            "aaaaaaaaaaaaaaaaaaaa",
            "iloveyouiloveyou",
        ] {
            assert_eq!(judged(password), Err(Reason::WeakPassword), "{password}");
        }
    }

    #[test]
    fn what_names_the_owner_or_the_shop_is_refused() {
        for password in [
            "sunshine-monday-cyna",
            "my CYNA tangerine kettle",
            "ada.lovelace tangerine kettle",
            "tangerine Analytical Engines",
            "tangerine analyticalengines 7",
        ] {
            assert_eq!(judged(password), Err(Reason::WeakPassword), "{password}");
        }
    }
}
