//! What makes a shop's time pass, and what goes wrong in it.

use crate::shop::{Answer, Shop, User, local_path, return_to, text};
use bytes::Bytes;
use jiff::SignedDuration;
use local::Fault;
use platform::payments::provider::API_VERSION;
use platform::secrets::Secret;
use platform::store::keys;
use serde_json::{Value, json};
use std::fmt::Write as _;
use stripe_simulator::Reply;

impl Shop {
    /// Lets time pass without anything happening.
    pub fn wait(&self, seconds: i64) {
        let later = self.cloud.now() + SignedDuration::from_secs(seconds);
        self.cloud.skip_to(later);
    }

    /// One run of a job, as its schedule starts it; what it reports.
    pub async fn tick(&self, job: &str) -> Value {
        let ran = self.cloud.run_job(job, json!({"version": 1})).await;
        ran.unwrap()
    }

    /// Makes an effect after the present one fail.
    pub fn fail(&self, after: u64, fault: Fault) {
        self.cloud.plan_fault(self.cloud.effects() + after, fault);
    }

    /// Makes effects fail by chance from now on; `{}` ends it.
    pub async fn faults(&self, faults: Value) {
        assert_eq!(self.post("/_local/faults", &faults).await.status, 200);
    }

    /// Gives a card on the page a customer opens for it; the card as it is
    /// listed then.
    pub async fn give_card(&self, user: &User, card: &str) -> Value {
        let key = format!("card-{}", self.cloud.effects());
        let call = user.call("POST", "/v1/payment-methods").key(&key);
        let asked = call.json(&return_to()).send().await.data(201);
        let path = local_path(&text(&asked["setupUrl"]));
        let given = self.post(&path, &json!({"card": card})).await;
        assert_eq!(given.json["status"], "paid", "{}", given.json);
        self.cloud.settle().await;
        let cards = user.get("/v1/payment-methods").await.data(200);
        cards.as_array().unwrap().last().unwrap().clone()
    }

    /// Lets nothing reach the provider from now on; `faults` with `{}` ends it.
    pub async fn cut_off_provider(&self) {
        let refused = json!({"provider": {"refused": 1.0}, "seed": 1});
        self.faults(refused).await;
    }

    /// What the register says of a VAT number from now on: `registered`,
    /// `unknown`, or `unavailable`.
    pub async fn register_says(&self, number: &str, answer: &str) {
        let entry = json!({"number": number, "answer": answer});
        let answer = self.post("/_local/vat-numbers", &entry).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
    }

    /// Posts an event as the provider does, with this signature.
    pub async fn post_event(&self, signature: &str, body: impl Into<Bytes>) -> Answer {
        let call = self.call("POST", "/v1/webhooks/stripe");
        let call = call.header("stripe-signature", signature);
        call.raw("application/json", body).send().await
    }

    /// Posts a form to the provider, which none of the shop's functions did,
    /// whatever the weather.
    pub fn ask_provider(&self, path: &str, form: String) -> Value {
        let key = self.cloud.secret(Secret::ProviderApiKey);
        let request = http::Request::post(path)
            .header("authorization", format!("Bearer {key}"))
            .header("stripe-version", API_VERSION);
        let request = request.body(Bytes::from(form)).unwrap();
        let simulator = self.cloud.simulator();
        match simulator.handle_under(self.cloud.now(), &request, None) {
            Reply::Answer(response) => serde_json::from_slice(response.body()).unwrap(),
            Reply::Lost | Reply::Refused => panic!("no answer to {path}"),
        }
    }

    /// The card holder of a payment of the provider's disputes it; the id of
    /// the dispute. Its events are due.
    pub fn dispute(&self, intent: &str) -> String {
        let (simulator, now) = (self.cloud.simulator(), self.cloud.now());
        simulator.dispute(now, intent, false).unwrap()
    }

    /// Sends evidence, which decides a dispute: `winning_evidence` or
    /// `losing_evidence`; anything else is weighed.
    pub fn send_evidence(&self, dispute: &str, text: &str) -> Value {
        let form = format!("evidence[uncategorized_text]={text}");
        self.ask_provider(&format!("/v1/disputes/{dispute}"), form)
    }

    /// A capture the shop did not ask for, like this payment of the provider's
    /// book, its metadata included.
    pub fn capture_like(&self, payment: &Value) {
        let field = |name| text(&payment[name]);
        let mut form = format!(
            "amount={}&currency={}&customer={}&payment_method={}&confirm=true&off_session=true",
            payment["amount"],
            field("currency"),
            field("customer"),
            field("paymentMethod"),
        );
        for (name, value) in payment["metadata"].as_object().into_iter().flatten() {
            write!(form, "&metadata[{name}]={}", text(value)).unwrap();
        }
        let made = self.ask_provider("/v1/payment_intents", form);
        assert_eq!(made["status"], "succeeded", "{made}");
    }

    /// The shards in which something is due to renew, so that the effects of a
    /// sweep are those of the one subscription.
    pub async fn shards_due(&self) -> Vec<u8> {
        let app = self.cloud.app("test");
        let mut due = Vec::new();
        for shard in 0..keys::SHARDS {
            let now = self.cloud.now();
            let found = app.store().due(keys::Job::Renew, shard, now, 1).await;
            if !found.unwrap().is_empty() {
                due.push(shard);
            }
        }
        assert_eq!(due.len(), 1);
        due
    }
}
