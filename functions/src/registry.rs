//! Every operation and job, one line each: what the local gateway, the
//! OpenAPI generator and the contract tests read.

use futures::future::BoxFuture;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_runtime::{Error, LambdaEvent};
use platform::app::App;
use platform::http::form::{Description, Form};
use platform::http::operation::{Access, Caller, Input, Operation, Spec};
use platform::job::Job;
use serde_json::Value;
use std::sync::Arc;

use crate::{
    auth, cards, cart, catalogue, coupons, events, invoices, ledger, orders, payments, profile,
    refunds, subscriptions, system, taxes,
};

/// What running one comes to: the Lambda's answer as JSON.
type Invoked = BoxFuture<'static, Result<Value, Error>>;

/// An HTTP operation.
pub struct Entry {
    /// Its facts.
    pub spec: Spec,
    /// Who may call.
    pub access: Access,
    /// What a request consists of.
    pub describe: fn() -> Description,
    /// The JSON schema of the answer's data.
    pub output: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// Runs it on a gateway event, as its Lambda would.
    pub invoke: fn(Arc<App>, LambdaEvent<ApiGatewayV2httpRequest>) -> Invoked,
}

/// A job.
pub struct JobEntry {
    /// Operation id.
    pub id: &'static str,
    /// Runs it on an event, with the deadline in milliseconds since 1970.
    pub run: fn(Arc<App>, Value, u64) -> Invoked,
}

fn http<O: Operation>() -> Entry
where
    O::Output: schemars::JsonSchema,
{
    Entry {
        spec: O::SPEC,
        access: O::Caller::ACCESS,
        describe: || Form::describe(O::Input::read),
        output: |generator| generator.subschema_for::<O::Output>(),
        invoke: |app, event| {
            Box::pin(async move {
                let response = platform::lambda::invoke::<O>(&app, event).await?;
                Ok(serde_json::to_value(response)?)
            })
        },
    }
}

fn job<J: Job>() -> JobEntry {
    JobEntry {
        id: J::ID,
        run: |app, event, deadline_ms| {
            Box::pin(async move {
                let event = serde_json::from_value(event)?;
                let report = platform::job::run::<J>(&app, event, deadline_ms).await?;
                Ok(serde_json::to_value(report)?)
            })
        },
    }
}

/// Every HTTP operation.
pub fn operations() -> Vec<Entry> {
    vec![
        http::<auth::register::Register>(),
        http::<auth::verify_email::VerifyEmail>(),
        http::<auth::resend_verification::ResendVerification>(),
        http::<auth::login::Login>(),
        http::<auth::refresh_session::RefreshSession>(),
        http::<auth::logout::Logout>(),
        http::<auth::jwks::Jwks>(),
        http::<profile::get_profile::GetProfile>(),
        http::<catalogue::list_products::ListProducts>(),
        http::<catalogue::get_product::GetProduct>(),
        http::<cart::get_cart::GetCart>(),
        http::<cart::set_cart_item::SetCartItem>(),
        http::<cart::remove_cart_item::RemoveCartItem>(),
        http::<cart::clear_cart::ClearCart>(),
        http::<cart::merge_cart::MergeCart>(),
        http::<orders::quote_order::QuoteOrder>(),
        http::<orders::create_order::CreateOrder>(),
        http::<orders::get_order::GetOrder>(),
        http::<orders::list_orders::ListOrders>(),
        http::<orders::get_order_timeline::GetOrderTimeline>(),
        http::<orders::pay_order::PayOrder>(),
        http::<orders::cancel_order::CancelOrder>(),
        http::<payments::payment_webhook::PaymentWebhook>(),
        http::<payments::list_payments::ListPayments>(),
        http::<cards::list_payment_methods::ListPaymentMethods>(),
        http::<cards::create_payment_method::CreatePaymentMethod>(),
        http::<cards::set_default_payment_method::SetDefaultPaymentMethod>(),
        http::<cards::remove_payment_method::RemovePaymentMethod>(),
        http::<subscriptions::list_subscriptions::ListSubscriptions>(),
        http::<subscriptions::get_subscription::GetSubscription>(),
        http::<subscriptions::list_renewals::ListRenewals>(),
        http::<invoices::list_invoices::ListInvoices>(),
        http::<invoices::get_invoice::GetInvoice>(),
        http::<invoices::get_invoice_pdf::GetInvoicePdf>(),
        http::<refunds::get_payment::GetPayment>(),
        http::<refunds::refund::Refund>(),
        http::<refunds::approve_refund::ApproveRefund>(),
        http::<coupons::create_coupon::CreateCoupon>(),
        http::<coupons::get_coupon::GetCoupon>(),
        http::<coupons::list_coupons::ListCoupons>(),
        http::<coupons::end_coupon::EndCoupon>(),
        http::<orders::find_orders::FindOrders>(),
        http::<payments::find_payments::FindPayments>(),
        http::<ledger::verify_ledger::VerifyLedger>(),
        http::<ledger::export_ledger::ExportLedger>(),
        http::<ledger::get_ledger_day::GetLedgerDay>(),
        http::<ledger::get_series::GetSeries>(),
        http::<system::health::Health>(),
        http::<system::openapi::Openapi>(),
        http::<system::docs::Docs>(),
        http::<system::no_route::NoRoute>(),
    ]
}

/// Every job.
pub fn jobs() -> Vec<JobEntry> {
    vec![
        job::<subscriptions::renew_subscriptions::RenewSubscriptions>(),
        job::<payments::reconcile_payments::ReconcilePayments>(),
        job::<events::dispatch_events::DispatchEvents>(),
        job::<taxes::check_vat_numbers::CheckVatNumbers>(),
    ]
}
