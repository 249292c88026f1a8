//! What is there from the start: the catalogue, a customer, and one person of
//! each kind of staff.

use crate::cloud::Cloud;
use domain::account::StaffRole;
use domain::catalogue::Product;
use domain::id::ActId;
use domain::invoice::Seller;
use platform::http::problem::Failure;
use serde::{Deserialize, Serialize};

const CATALOGUE: &str = include_str!("../../catalogue.json");

/// The one password of every seeded login.
const PASSWORD: &str = "correct horse battery staple";

/// Somebody who can log in from the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// `customer`, `support`, `finance` or `admin`.
    pub role: String,
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Why the seed does not take.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The catalogue file is no list of products.
    #[error("infra/catalogue.json cannot be read")]
    Catalogue(#[from] serde_json::Error),
    /// The catalogue cannot be published.
    #[error("the catalogue cannot be published: {0}")]
    Publish(String),
    /// A user cannot be put.
    #[error("{email} cannot be put: {cause}")]
    User {
        /// Who.
        email: &'static str,
        /// Why.
        cause: String,
    },
}

impl Cloud {
    /// Publishes the catalogue and puts a customer and the staff.
    ///
    /// # Errors
    /// [`SeedError`].
    pub(crate) async fn seed(&self) -> Result<(), SeedError> {
        let app = self.app("seed");
        let products: Vec<Product> = serde_json::from_str(CATALOGUE)?;
        let act: ActId = app
            .new_id()
            .map_err(|error| SeedError::Publish(error.to_string()))?;
        app.store()
            .publish_catalogue(act, &products)
            .await
            .map_err(|error| SeedError::Publish(platform::http::problem::chain(&error)))?;
        let people = [
            (
                "customer",
                "customer@cyna.example",
                "Camille",
                "Client",
                StaffRole::Customer,
            ),
            (
                "support",
                "support@cyna.example",
                "Sacha",
                "Support",
                StaffRole::Support,
            ),
            (
                "finance",
                "finance@cyna.example",
                "Fanny",
                "Finance",
                StaffRole::Finance,
            ),
            (
                "admin",
                "admin@cyna.example",
                "Alex",
                "Admin",
                StaffRole::Admin,
            ),
        ];
        let mut logins = Vec::new();
        for (role, email, first, last, staff) in people {
            platform::identity::seed_user(&app, email, PASSWORD, first, last, staff)
                .await
                .map_err(|failure| SeedError::User {
                    email,
                    cause: told(failure),
                })?;
            logins.push(Login {
                role: role.to_owned(),
                email: email.to_owned(),
                password: PASSWORD.to_owned(),
            });
        }
        self.set_logins(logins);
        // The seed is where a history begins, no part of it.
        self.backends().engine.take_changes();
        self.backends().take_trace();
        Ok(())
    }
}

fn told(failure: Failure) -> String {
    match failure {
        Failure::Refused(refusal) => refusal.code.name().to_owned(),
        Failure::Unavailable { cause, .. } | Failure::Fault(cause) => cause,
    }
}

/// The seller on local invoices: nobody real.
pub(crate) fn seller() -> Seller {
    Seller {
        name: "CYNA Démonstration".to_owned(),
        legal_form: "SAS".to_owned(),
        capital: "10 000 €".to_owned(),
        siren: "000000000".to_owned(),
        rcs: "Paris".to_owned(),
        vat_number: "FR00000000000".to_owned(),
        line1: "1 rue de l'Exemple".to_owned(),
        postal_code: "75001".to_owned(),
        city: "Paris".to_owned(),
        country: "FR".to_owned(),
    }
}
