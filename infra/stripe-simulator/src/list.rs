//! Lists: newest first, paged by the id of the last object seen.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::form::Form;

/// What a list holds.
pub(crate) trait Listed {
    /// The id pages go on from.
    fn id(&self) -> &str;
    /// When the object came to be.
    fn created(&self) -> Timestamp;
}

/// Which part of a list is wanted.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
    /// Inclusive bounds of `created`, in Unix seconds.
    from: i64,
    to: i64,
}

impl Page {
    /// Takes the paging parameters of a request.
    pub(crate) fn take(form: &mut Form) -> Result<Self, ApiError> {
        let limit = form.take_integer("limit")?.unwrap_or(10);
        let limit = usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=100).contains(limit));
        let limit = limit
            .ok_or_else(|| ApiError::invalid("limit", "This value must be between 1 and 100."))?;
        let mut created = form.group("created");
        let from = created.take_integer("gte")?.unwrap_or(i64::MIN);
        let after = created
            .take_integer("gt")?
            .map_or(i64::MIN, |bound| bound.saturating_add(1));
        let to = created.take_integer("lte")?.unwrap_or(i64::MAX);
        let before = created
            .take_integer("lt")?
            .map_or(i64::MAX, |bound| bound.saturating_sub(1));
        created.finish()?;
        Ok(Self {
            limit,
            starting_after: form.take("starting_after"),
            ending_before: form.take("ending_before"),
            from: from.max(after),
            to: to.min(before),
        })
    }

    /// The page of `objects`, which come oldest first and already filtered.
    pub(crate) fn of<'a, T: Listed + 'a>(
        &self,
        url: &str,
        objects: impl DoubleEndedIterator<Item = &'a T>,
        render: impl Fn(&T) -> Value,
    ) -> Result<Value, ApiError> {
        let newest_first: Vec<&T> = objects
            .rev()
            .filter(|object| (self.from..=self.to).contains(&object.created().as_second()))
            .collect();
        let (rows, has_more) = if let Some(cursor) = &self.ending_before {
            let newer = newest_first.get(..position(&newest_first, "ending_before", cursor)?);
            let newer = newer.unwrap_or_default();
            let skipped = newer.len().saturating_sub(self.limit);
            (newer.get(skipped..).unwrap_or_default(), skipped > 0)
        } else {
            let start = match &self.starting_after {
                Some(cursor) => position(&newest_first, "starting_after", cursor)? + 1,
                None => 0,
            };
            let rest = newest_first.get(start..).unwrap_or_default();
            (
                rest.get(..self.limit).unwrap_or(rest),
                rest.len() > self.limit,
            )
        };
        let data: Vec<Value> = rows.iter().map(|object| render(object)).collect();
        Ok(json!({ "object": "list", "url": url, "has_more": has_more, "data": data }))
    }
}

fn position<T: Listed>(rows: &[&T], param: &str, cursor: &str) -> Result<usize, ApiError> {
    rows.iter()
        .position(|row| row.id() == cursor)
        .ok_or_else(|| ApiError::no_such_in(param, "object", cursor))
}
