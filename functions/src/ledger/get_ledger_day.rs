//! A day of all ledgers, beside what the payment provider says of it.

use super::day_books::{Books, Compared};
use super::day_view::{DifferenceView, LedgerDayView, LedgerTotalsView, ProviderTotalsView, kinds};
use domain::daybook::DayTotals;
use domain::rounding::ArithmeticError;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::app::App;
use platform::http::fields::Day;
use platform::http::form::{Form, Read};
use platform::http::operation::{Finance, Input, Operation, Spec};
use platform::http::problem::{Code, Failure};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// `GET /v1/admin/ledger/days/{date}`.
pub struct GetLedgerDay;

/// Which day.
pub struct GetLedgerDayInput {
    day: Date,
}

impl Input for GetLedgerDayInput {
    fn read(form: &mut Form) -> Read<Self> {
        let Day(midnight) = form.path("date")?;
        let day = midnight.to_zoned(TimeZone::UTC).date();
        Ok(Self { day })
    }
}

impl Operation for GetLedgerDay {
    const SPEC: Spec = Spec::get("get_ledger_day", "/v1/admin/ledger/days/{date}")
        .summary("Read what the ledgers and the payment provider say of a day, and what differs.")
        .details(
            "A day is one in UTC. A movement is compared by its payment, its direction and its \
             amount; what stands in one of the books only is looked for on the days around, and \
             is of another day where it is there. What was booked within the last moments may be \
             missing. Fees, payouts and disputes are counted under `others`: the ledger has no \
             such movements.",
        )
        .codes(&[Code::NotFound]);
    type Caller = Finance;
    type Input = GetLedgerDayInput;
    type Output = LedgerDayView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Finance>,
        input: GetLedgerDayInput,
    ) -> Result<Reply<LedgerDayView>, Failure> {
        let books = Books::of(app, input.day).await?;
        let compared = books.compare(app).await?;
        let view = view(&books, &compared, request.now);
        let view = view.map_err(|error| Failure::fault(&error))?;
        Ok(Reply::data(view))
    }
}

fn view(
    books: &Books,
    Compared {
        differences,
        complete,
    }: &Compared,
    now: Timestamp,
) -> Result<LedgerDayView, ArithmeticError> {
    let others = books.others.iter();
    Ok(LedgerDayView {
        date: books.day.to_string(),
        over: now.to_zoned(TimeZone::UTC).date() > books.day,
        complete: *complete,
        agrees: *complete && differences.is_empty(),
        ledger: LedgerTotalsView::all(DayTotals::of(&books.entries)?),
        provider: ProviderTotalsView::all(&books.provider)?,
        others: kinds(others.map(|(kind, count)| (kind.as_str(), *count))),
        differences: DifferenceView::first(differences),
        difference_count: differences.len(),
    })
}
