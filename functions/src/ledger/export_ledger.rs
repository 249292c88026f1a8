//! All ledgers of a period as a file for accountants.

use super::references::References;
use super::rows::csv;
use domain::ledger::LedgerEntry;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::app::App;
use platform::http::cursor::Binding;
use platform::http::fields::{Day, Opaque};
use platform::http::form::{Form, Read};
use platform::http::operation::{Finance, Input, Media, Operation, Spec};
use platform::http::problem::{Code, Failure, Reason};
use platform::http::reply::Reply;
use platform::http::request::Request;

/// Longest period, in days: a year, whatever its length.
const LONGEST: i64 = 366;

/// Most entries of one answer: some 600 KB, where a function may answer 6 MB.
const MOST_ENTRIES: usize = 500;

/// Most days that are looked up for one answer.
const MOST_DAYS: u32 = 100;

/// `GET /v1/admin/ledger/export`.
pub struct ExportLedger;

/// Of which days, and which part of the file.
pub struct ExportLedgerInput {
    from: Date,
    to: Date,
    cursor: Option<String>,
}

impl Input for ExportLedgerInput {
    fn read(form: &mut Form) -> Read<Self> {
        let from = form.query::<Day>("from");
        let to = form.query::<Day>("to");
        let cursor = form.query::<Opaque>("cursor");
        let from = match from {
            Ok(None) => Err(form.refuse("/from", Reason::Required)),
            Ok(Some(Day(at))) => Ok(at),
            Err(recorded) => Err(recorded),
        };
        let to = match to {
            Ok(None) => Err(form.refuse("/to", Reason::Required)),
            Ok(Some(Day(at))) => Ok(at),
            Err(recorded) => Err(recorded),
        };
        let (from, to) = (from?, to?);
        let days = to.duration_since(from).as_hours() / 24 + 1;
        if !(1..=LONGEST).contains(&days) {
            return Err(form.refuse("/to", Reason::OutOfRange));
        }
        Ok(Self {
            from: date(from),
            to: date(to),
            cursor: cursor?.map(|Opaque(cursor)| cursor),
        })
    }
}

fn date(midnight: Timestamp) -> Date {
    midnight.to_zoned(TimeZone::UTC).date()
}

impl Operation for ExportLedger {
    const SPEC: Spec = Spec::get("export_ledger", "/v1/admin/ledger/export")
        .summary("Export all ledgers of a period as CSV, for accountants.")
        .details(
            "`from` and `to` are the first and the last day, in UTC, at most 366 days. Rows are \
             sorted by time, one for each line of an entry; debit and credit are decimals of the \
             row's currency, one of them empty. An answer holds at most 500 entries, none even, \
             each of them whole, below the names of the columns; while the response has a `Link` \
             with `rel=\"next\"`, the file goes on there. What was booked within the last \
             moments may be missing: of a day that is over nothing is.",
        )
        .media(Media::Document)
        .codes(&[Code::InvalidCursor, Code::CursorExpired]);
    type Caller = Finance;
    type Input = ExportLedgerInput;
    type Output = ();
    type Error = Failure;

    async fn run(
        app: &App,
        request: Request<Finance>,
        input: ExportLedgerInput,
    ) -> Result<Reply<()>, Failure> {
        let Finance(claims) = &request.caller;
        let binding = Binding::of(Self::SPEC.id, &claims.user.to_string(), &request);
        let place = match &input.cursor {
            Some(cursor) => Place::parse(&binding.open(app, cursor).await?)?,
            None => Place::first(input.from),
        };
        let part = place.part;
        let (entries, next) = read(app, place, input.to).await?;
        let references = References::of(app, &entries).await?;
        let file = csv(&entries, &references)?;
        let (from, to) = (input.from, input.to);
        let name = format!("ledger_{from}_{to}_part_{part}.csv");
        let reply = Reply::document("text/csv; header=present; charset=utf-8", file).header(
            "content-disposition",
            format!("attachment; filename=\"{name}\""),
        );
        let Some(next) = next else { return Ok(reply) };
        let cursor = binding.seal(app, &next.to_text()).await?;
        let path = Self::SPEC.path;
        Ok(reply.header(
            "link",
            format!("<{path}?from={from}&to={to}&cursor={cursor}>; rel=\"next\""),
        ))
    }
}

/// Where a part of the file begins.
struct Place {
    /// 1, 2, 3 …
    part: u32,
    day: Date,
    /// After which place of that day in the index.
    after: Option<String>,
}

impl Place {
    fn first(day: Date) -> Self {
        Self {
            part: 1,
            day,
            after: None,
        }
    }

    fn to_text(&self) -> String {
        let after = self.after.as_deref().unwrap_or_default();
        format!("{} {} {after}", self.part, self.day)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default();
        let (part, day, after) = (next(), next(), next());
        match (part.parse(), day.parse()) {
            (Ok(part), Ok(day)) => Ok(Self {
                part,
                day,
                after: (!after.is_empty()).then(|| after.to_owned()),
            }),
            (Err(_), _) | (_, Err(_)) => Err(Code::InvalidCursor.into()),
        }
    }
}

/// Reads on from a place until the answer is full, enough days were looked up,
/// or the period is over; where the next part begins.
async fn read(
    app: &App,
    mut place: Place,
    to: Date,
) -> Result<(Vec<LedgerEntry>, Option<Place>), Failure> {
    let mut entries = Vec::new();
    let part = place.part.saturating_add(1);
    for _ in 0..MOST_DAYS {
        let room = MOST_ENTRIES.saturating_sub(entries.len());
        let found = app
            .store()
            .ledger_day(place.day, place.after.as_deref(), room)
            .await?;
        entries.extend(found.entries);
        place = match (found.next, place.day.tomorrow()) {
            (Some(after), _) => {
                let (day, after) = (place.day, Some(after));
                return Ok((entries, Some(Place { part, day, after })));
            }
            (None, Ok(day)) if day <= to => Place {
                part,
                day,
                after: None,
            },
            (None, Ok(_) | Err(_)) => return Ok((entries, None)),
        };
        if entries.len() >= MOST_ENTRIES {
            break;
        }
    }
    Ok((entries, Some(place)))
}
