//! Mails about logging in.

use super::letter::{Addressee, Letter};
use super::words::moment;
use domain::locale::Locale;
use jiff::Timestamp;

/// Asks for the confirmation of an address, with a link that holds the token.
pub fn verification(to: &Addressee, app_url: &str, token: &str) -> Letter {
    let link = format!("{app_url}/verify-email?token={token}");
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Confirmez votre adresse e-mail",
            vec!["Un compte CYNA vient d'être créé avec cette adresse. Confirmez qu'elle est bien la vôtre pour pouvoir vous connecter.".to_owned()],
        )
        .with_action("Confirmer mon adresse", link)
        .with_note("Ce lien est valable 24 heures et ne sert qu'une fois.")
        .with_note("Vous n'avez pas créé de compte\u{a0}? Ignorez ce message\u{a0}: sans confirmation, personne ne peut s'en servir."),
        Locale::En => Letter::new(
            to,
            "Confirm your e-mail address",
            vec!["A CYNA account has just been created with this address. Confirm that it is yours to be able to sign in.".to_owned()],
        )
        .with_action("Confirm my address", link)
        .with_note("This link is valid for 24 hours and works once.")
        .with_note("You did not create an account? Ignore this message: without confirmation nobody can use it."),
    }
}

/// Says that the address somebody registered with has an account already.
pub fn already_registered(to: &Addressee, app_url: &str) -> Letter {
    let link = format!("{app_url}/login");
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Vous avez déjà un compte CYNA",
            vec![
                "Quelqu'un, sans doute vous, a voulu créer un compte avec cette adresse. Or elle en a déjà un\u{a0}: rien n'a été créé ni modifié.".to_owned(),
                "Connectez-vous avec votre mot de passe habituel. Si votre adresse n'est pas encore confirmée, demandez un nouveau lien depuis la page de connexion.".to_owned(),
            ],
        )
        .with_action("Me connecter", link)
        .with_note("Ce n'était pas vous\u{a0}? Vous n'avez rien à faire."),
        Locale::En => Letter::new(
            to,
            "You already have a CYNA account",
            vec![
                "Somebody, probably you, tried to create an account with this address. It has one already: nothing was created or changed.".to_owned(),
                "Sign in with your usual password. If your address is not confirmed yet, ask for a new link on the sign-in page.".to_owned(),
            ],
        )
        .with_action("Sign in", link)
        .with_note("It was not you? There is nothing you need to do."),
    }
}

/// Warns that a session was ended at `at` because its used key came back.
pub fn session_reused(to: &Addressee, app_url: &str, at: Timestamp) -> Letter {
    let link = format!("{app_url}/login");
    let when = moment(at, &to.zone, to.locale);
    match to.locale {
        Locale::Fr => Letter::new(
            to,
            "Sécurité\u{a0}: une de vos sessions a été fermée",
            vec![
                format!("Le {when}, une ancienne clé d'une de vos sessions a été présentée une seconde fois. Elle a pu être copiée\u{a0}: par précaution, nous avons fermé cette session."),
                "Vos autres sessions restent ouvertes. Reconnectez-vous pour continuer sur l'appareil concerné.".to_owned(),
            ],
        )
        .with_action("Me reconnecter", link)
        .with_note("Si vous ne reconnaissez pas cette activité, changez votre mot de passe et vérifiez vos appareils."),
        Locale::En => Letter::new(
            to,
            "Security: one of your sessions was closed",
            vec![
                format!("On {when}, an old key of one of your sessions was presented a second time. It may have been copied: to be safe, we closed that session."),
                "Your other sessions stay open. Sign in again to go on with the device concerned.".to_owned(),
            ],
        )
        .with_action("Sign in again", link)
        .with_note("If you do not recognise this activity, change your password and check your devices."),
    }
}
