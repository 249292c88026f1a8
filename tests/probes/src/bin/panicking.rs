//! A function with a defect, started like any other.

use platform::app::App;
use platform::http::form::{Form, Read};
use platform::http::operation::{Anybody, Input, Media, Operation, Spec};
use platform::http::problem::Failure;
use platform::http::reply::Reply;
use platform::http::request::Request;

fn main() -> Result<(), lambda_runtime::Error> {
    platform::lambda::serve::<Panicking>()
}

/// `GET /panicking`: panics when told to.
struct Panicking;

/// Whether to panic.
struct Told {
    panic: bool,
}

impl Input for Told {
    fn read(form: &mut Form) -> Read<Self> {
        let panic = form.query::<bool>("panic")?.unwrap_or(false);
        Ok(Self { panic })
    }
}

impl Operation for Panicking {
    const SPEC: Spec = Spec::get("panicking", "/panicking").media(Media::Document);
    type Caller = Anybody;
    type Input = Told;
    type Output = ();
    type Error = Failure;

    #[expect(clippy::panic, reason = "the defect")]
    async fn run(_app: &App, _request: Request<Anybody>, told: Told) -> Result<Reply<()>, Failure> {
        if told.panic {
            panic!("a defect");
        }
        Ok(Reply::document(
            "text/plain; charset=utf-8",
            b"no panic".to_vec(),
        ))
    }
}
