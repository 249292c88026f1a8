//! The numbers of a year: whether each was given once, to an invoice that says
//! so, in the order of time.

use super::series_view::{SeriesView, SeriesYearView};
use domain::invoice::{Invoice, Series};
use domain::series_audit::SeriesAudit;
use platform::app::App;
use platform::http::cursor::Binding;
use platform::http::fields::{Opaque, Whole};
use platform::http::form::{Form, Read};
use platform::http::operation::{Finance, Input, Operation, Spec};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;
use platform::store::invoices::GivenNumber;
use platform::store::{PageRequest, keys};
use serde::{Deserialize, Serialize};

/// Years there can be numbers of.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

/// Most numbers that are judged for one answer.
const MOST_READ: usize = 1_000;

/// Numbers that are read at a time.
const AT_A_TIME: u32 = 100;

/// `GET /v1/admin/series/{year}`.
pub struct GetSeries;

/// Of which year, and where to go on.
pub struct GetSeriesInput {
    year: i16,
    cursor: Option<String>,
}

impl Input for GetSeriesInput {
    fn read(form: &mut Form) -> Read<Self> {
        let year = form.path::<Whole<0, 9999>>("year");
        let cursor = form.query::<Opaque>("cursor");
        let Whole(year) = year?;
        let year = i16::try_from(year).unwrap_or_default();
        if !YEARS.contains(&year) {
            return Err(form.refuse("/year", Reason::OutOfRange));
        }
        let cursor = cursor?.map(|Opaque(cursor)| cursor);
        Ok(Self { year, cursor })
    }
}

impl Operation for GetSeries {
    const SPEC: Spec = Spec::get("get_series", "/v1/admin/series/{year}")
        .summary("Verify the numbers of a year: gaps, doubles, dates that go back, and the sums.")
        .details(
            "The numbers of invoices, then those of credit notes, are read in order, each with \
             the invoice it was given to; a year without numbers is sound. At most a thousand are \
             judged for an answer: while there is a `nextCursor`, the next answer goes on, and \
             says what was found from the first number on. What was found ends with the cursor, \
             an hour later.",
        )
        .codes(&[Code::NotFound, Code::InvalidCursor, Code::CursorExpired]);
    type Caller = Finance;
    type Input = GetSeriesInput;
    type Output = SeriesYearView;
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Finance>,
        input: GetSeriesInput,
    ) -> Result<Reply<SeriesYearView>, Failure> {
        let Finance(claims) = &request.caller;
        let scope = format!("{} {}", claims.user, input.year);
        let binding = Binding::of(Self::SPEC.id, &scope, &request);
        let mut audit = match &input.cursor {
            Some(cursor) => {
                let kept = binding.open(app, cursor).await?;
                serde_json::from_str(&kept).map_err(|_| Code::InvalidCursor)?
            }
            None => YearAudit::start(input.year),
        };
        audit.go_on(app).await?;
        let next = match audit.is_complete() {
            true => None,
            false => {
                let kept = serde_json::to_string(&audit);
                let kept = kept.map_err(|error| Failure::fault(&error))?;
                Some(binding.seal(app, &kept).await?)
            }
        };
        let view = SeriesYearView {
            year: input.year,
            sound: audit.series.iter().all(SeriesAudit::is_sound),
            complete: audit.is_complete(),
            series: audit.series.iter().map(SeriesView::of).collect(),
        };
        let count = view.series.len();
        Ok(Reply::data(view).page(count, next))
    }
}

/// What was found so far, as the cursor keeps it.
#[derive(Serialize, Deserialize)]
struct YearAudit {
    series: [SeriesAudit; 2],
    /// How many of them were read to their ends.
    closed: usize,
}

impl YearAudit {
    fn start(year: i16) -> Self {
        Self {
            series: [Series::Invoice, Series::CreditNote].map(|it| SeriesAudit::start(it, year)),
            closed: 0,
        }
    }

    fn is_complete(&self) -> bool {
        self.closed >= self.series.len()
    }

    /// Judges the next numbers.
    async fn go_on(&mut self, app: &App) -> Result<(), Failure> {
        let mut left = MOST_READ;
        for audit in self.series.iter_mut().skip(self.closed) {
            if !judge(app, audit, &mut left).await? {
                return Ok(());
            }
            self.closed = self.closed.saturating_add(1);
        }
        Ok(())
    }
}

/// Judges numbers of a series while some may be read; true at its end.
async fn judge(app: &App, audit: &mut SeriesAudit, left: &mut usize) -> Result<bool, Failure> {
    let (series, year) = (audit.series, audit.year);
    // Read before the numbers and after them: some may be given meanwhile.
    let before = app.store().series(series, year).await?;
    loop {
        if *left == 0 {
            return Ok(false);
        }
        let page = PageRequest {
            limit: AT_A_TIME,
            after: audit.last.map(|last| keys::series_number(last.number).sk),
            descending: false,
        };
        let page = app.store().numbers_of(series, year, &page).await?;
        let given: Vec<GivenNumber> = page.items.into_iter().map(|it| it.value).collect();
        *left = left.saturating_sub(given.len());
        note(app, audit, &given).await?;
        if page.next.is_none() {
            let after = app.store().series(series, year).await?;
            let (before, after) = (before.map(|it| it.value), after.map(|it| it.value));
            audit.close(before.as_ref(), after.as_ref());
            return Ok(true);
        }
    }
}

/// Judges these numbers with their invoices.
async fn note(app: &App, audit: &mut SeriesAudit, given: &[GivenNumber]) -> Result<(), Failure> {
    let key = |it: &GivenNumber| keys::invoice(it.account, it.invoice);
    let mut wanted: Vec<_> = given.iter().map(key).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut batch = app.store().batch(&wanted).await?;
    let mut invoices = std::collections::BTreeMap::new();
    for key in wanted {
        if let Some(read) = batch.take::<Invoice>(&key)? {
            invoices.insert(key, read.value);
        }
    }
    for it in given {
        let invoice = invoices.get(&key(it));
        let double = match invoice.and_then(Invoice::issued) {
            Some((says, _)) if says != it.number => {
                let at = keys::series_number(says);
                let other = app.store().get::<GivenNumber>(&at).await?;
                other.is_some_and(|other| other.value.invoice == it.invoice)
            }
            Some(_) | None => false,
        };
        audit
            .note(it.number, it.invoice, invoice, double)
            .map_err(|error| Failure::fault(&error))?;
    }
    Ok(())
}
