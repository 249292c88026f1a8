//! A local cloud behind a port, for processes that know AWS only by its
//! endpoint.

use bytes::Bytes;
use http::Request;
use local::{Cloud, Options, SaveError};
use serde_json::{Value, json};
use std::error::Error;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A local cloud, seeded, whose time is the real one, and its endpoint for the
/// table and the secrets.
pub struct Stack {
    cloud: Cloud,
    endpoint: SocketAddr,
    server: JoinSet<()>,
}

impl Stack {
    /// Starts it.
    ///
    /// # Errors
    /// When the cloud cannot be built or there is no free port.
    pub async fn start() -> Result<Self, Box<dyn Error + Send + Sync>> {
        Self::start_with(|options| options).await
    }

    /// Starts it, set up otherwise.
    ///
    /// # Errors
    /// As for [`Stack::start`].
    pub async fn start_with(
        set_up: impl FnOnce(Options) -> Options,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let api = TcpListener::bind("127.0.0.1:0").await?;
        let aws = TcpListener::bind("127.0.0.1:0").await?;
        let (port, endpoint) = (api.local_addr()?.port(), aws.local_addr()?);
        let options = set_up(Options {
            print_log: false,
            ..Options::run(port)
        });
        let cloud = Box::pin(Cloud::new(options)).await?;
        let mut server = JoinSet::new();
        server.spawn(Box::pin(local::server::serve(
            cloud.clone(),
            api,
            Some(aws),
            std::future::pending(),
        )));
        Ok(Self {
            cloud,
            endpoint,
            server,
        })
    }

    /// The cloud.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Ends it, with everything that is not in the table written beside its
    /// data file.
    ///
    /// # Errors
    /// When that cannot be written.
    pub async fn stop(mut self) -> Result<(), SaveError> {
        self.server.shutdown().await;
        self.cloud.save()
    }

    /// The environment of a function of this cloud, as the template would set
    /// it; the provider is this cloud's.
    pub fn environment(&self) -> Vec<(String, String)> {
        let base = &self.cloud.options().base_url;
        let aws = format!("http://{}", self.endpoint);
        environment(&self.cloud, &aws, &format!("{base}/_local"))
    }

    /// What the seeded customer logs in with.
    ///
    /// # Errors
    /// When nobody was seeded.
    pub fn credentials(&self) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let logins = self.cloud.logins();
        let customer = logins
            .iter()
            .find(|login| login.role == "customer")
            .ok_or("nobody was seeded")?;
        Ok(json!({"email": customer.email, "password": customer.password}))
    }

    /// Logs the seeded customer in: the access token.
    ///
    /// # Errors
    /// When that fails.
    pub async fn log_in(&self) -> Result<String, Box<dyn Error + Send + Sync>> {
        let login = self
            .post("/v1/auth/login", &[], &self.credentials()?)
            .await?;
        let token = login.pointer("/data/accessToken").and_then(Value::as_str);
        Ok(token.ok_or("the login gave no token")?.to_owned())
    }

    /// Places an order for ten of the first plan there is: its id.
    ///
    /// # Errors
    /// When that fails.
    pub async fn place_order(&self, token: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
        let products: Value = serde_json::from_str(include_str!("../../infra/catalogue.json"))?;
        let plan = products
            .pointer("/0/plans/0")
            .ok_or("the catalogue is empty")?;
        let order = json!({
            "items": [{"planId": plan.get("id"), "quantity": 10}],
            "billingAddress": {
                "name": "Lea Martin",
                "line1": "12 rue des Forges",
                "postalCode": "69001",
                "city": "Lyon",
                "country": "FR",
            },
            "returnUrl": "http://localhost:5173/thanks",
            "acceptTerms": true,
        });
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("idempotency-key", "the first order"),
        ];
        let placed = self.post("/v1/orders", &headers, &order).await?;
        let id = placed.pointer("/data/order/id").and_then(Value::as_str);
        Ok(id.ok_or("the order has no id")?.to_owned())
    }

    /// Posts to the API: the answer's body.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = Box::pin(
            self.cloud
                .request(request.body(Bytes::from(body.to_string()))?),
        )
        .await;
        if !response.status().is_success() {
            let said = String::from_utf8_lossy(response.body()).into_owned();
            return Err(format!("POST {path} was answered {}: {said}", response.status()).into());
        }
        Ok(serde_json::from_slice(response.body())?)
    }
}

/// The environment of a function of this cloud, as the template would set it,
/// but that it is told where to reach AWS and, on the web, the provider and the
/// register of VAT numbers.
pub fn environment(cloud: &Cloud, aws: &str, web: &str) -> Vec<(String, String)> {
    let app = cloud.app("environment");
    let config = app.config();
    let variables = [
        ("AWS_REGION", config.region.clone()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL", aws.to_owned()),
        ("TABLE_NAME", config.table.clone()),
        ("APP_URL", config.app_url.clone()),
        ("ALLOWED_ORIGINS", config.allowed_origins.join(",")),
        ("TOKEN_ISSUER", config.issuer.clone()),
        ("SECRET_PREFIX", config.secret_prefix.clone()),
        ("MAIL_FROM", config.mail_from.clone()),
        ("STRIPE_API_URL", format!("{web}/stripe")),
        ("VIES_API_URL", format!("{web}/vies")),
        ("LIVE_MODE", config.live_mode.to_string()),
        ("ONE_STOP_SHOP", config.one_stop_shop.to_string()),
        (
            "REFUND_APPROVAL_ABOVE",
            config.refund_approval_above.to_string(),
        ),
        ("SELLER", json!(config.seller).to_string()),
        ("RUST_LOG", "info".to_owned()),
    ];
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    variables.into_iter().map(owned).collect()
}
