//! What a function is told by its environment, and what it is not asked.

use crate::app::App;
use std::process::Command;

/// The environment of a deployed function.
const ENVIRONMENT: [(&str, &str); 16] = [
    ("AWS_REGION", "eu-west-3"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    ("TABLE_NAME", "cyna"),
    ("APP_URL", "https://app.cyna.example/"),
    (
        "ALLOWED_ORIGINS",
        "https://app.cyna.example, https://cyna.example",
    ),
    ("TOKEN_ISSUER", "urn:cyna:test"),
    ("SECRET_PREFIX", "cyna"),
    ("MAIL_FROM", "no-reply@cyna.example"),
    ("STRIPE_API_URL", "https://api.stripe.com/"),
    (
        "VIES_API_URL",
        "https://ec.europa.eu/taxation_customs/vies/rest-api",
    ),
    ("LIVE_MODE", "true"),
    ("ONE_STOP_SHOP", "false"),
    ("REFUND_APPROVAL_ABOVE", "100000"),
    ("BOOTSTRAP_ADMIN_EMAIL", ""),
    (
        "SELLER",
        r#"{"name": "CYNA", "legalForm": "SAS", "capital": "10 000 €", "siren": "000000000",
            "rcs": "Paris", "vatNumber": "FR00000000000", "line1": "1 rue de l'Exemple",
            "postalCode": "75001", "city": "Paris", "country": "FR"}"#,
    ),
];

/// Says to a process that it is the inner one.
const INNER: &str = "CYNA_TEST_OF_A_DEPLOYED_FUNCTION";

/// The app of a deployed function. A process may not change its own
/// environment: so the outer one runs the test of this name again in a process
/// that has that environment and no other, and gets none.
pub(crate) fn deployed(test: &str) -> Option<App> {
    if super::variable(INNER).is_ok() {
        return Some(App::from_env().unwrap());
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([test, "--exact"]).env_clear();
    let ran = again.envs(ENVIRONMENT).env(INNER, "1").output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.contains("1 passed"), "{told}");
    None
}

#[test]
fn nothing_starts_under_a_number_in_whose_name_the_register_is_not_asked() {
    let told = |number: &str| {
        let (_, text) = ENVIRONMENT[ENVIRONMENT.len() - 1];
        super::seller(&text.replace("FR00000000000", number))
    };
    for (typed, number) in [
        ("FR00000000000", "FR00000000000"),
        ("fr 40 303 265 045", "FR40303265045"),
    ] {
        assert_eq!(told(typed).unwrap().vat_number, number);
    }
    for wrong in ["", "FR", "FR0000000000", "00000000000", "CHE123456789", "é"] {
        let refused = told(wrong).unwrap_err().to_string();
        assert!(
            refused.contains("SELLER") && refused.contains("vatNumber"),
            "{refused}"
        );
    }
    let refused = super::seller("{}").unwrap_err().to_string();
    assert!(refused.ends_with("legal identity as JSON"), "{refused}");
}

#[test]
fn a_deployed_function_counts_tries_and_trusts_no_page_but_those_it_is_told() {
    let name =
        "config::tests::a_deployed_function_counts_tries_and_trusts_no_page_but_those_it_is_told";
    let Some(app) = deployed(name) else {
        return;
    };
    let config = app.config();
    assert!(config.rate_limits);
    for ours in ["https://app.cyna.example", "https://cyna.example"] {
        assert!(config.allows_origin(ours), "{ours}");
        assert!(
            config.allows_return_url(&format!("{ours}/thanks")),
            "{ours}"
        );
    }
    for foreign in [
        "https://app.cyna.example.evil.com",
        "https://cyna.example:8443",
        "http://cyna.example",
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "https://[::1]",
        "",
    ] {
        assert!(!config.allows_origin(foreign), "{foreign}");
        assert!(
            !config.allows_return_url(&format!("{foreign}/thanks")),
            "{foreign}"
        );
    }
}
