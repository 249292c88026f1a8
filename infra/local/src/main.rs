//! `make run`: the whole cloud on this machine.

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use local::{Cloud, Options, openapi, publish, server};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::net::TcpListener;

/// The whole CYNA cloud in one process, offline.
#[derive(Debug, Parser)]
#[command(name = "local")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write the API description and its reference page.
    Openapi {
        /// Only say whether the files are as they would be written.
        #[arg(long)]
        check: bool,
        /// The description; the page `docs.html` is written beside it.
        #[arg(long, default_value = "infra/openapi.json")]
        out: PathBuf,
    },
    /// Publish a catalogue to a deployed table, with the AWS credentials of
    /// the environment.
    PublishCatalogue {
        /// Name of the table.
        #[arg(long)]
        table: String,
        /// AWS region.
        #[arg(long)]
        region: String,
        /// The products.
        #[arg(long, default_value = "infra/catalogue.json")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct RunArgs {
    /// Port of the API; PORT in the environment, else 3000.
    #[arg(long)]
    port: Option<u16>,
    /// Port of the DynamoDB endpoint; 8000, or the next free one.
    #[arg(long)]
    dynamodb_port: Option<u16>,
    /// What the clock shows at the start, as 2026-01-31T09:00:00Z.
    #[arg(long)]
    now: Option<Timestamp>,
    /// Keep the data in this file.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Off only for load tests.
    #[arg(long, default_value = "on")]
    rate_limits: Switch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Any error that ends the program.
type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        Some(Command::Openapi { check: true, out }) => openapi::check(&out).map_err(Failed::from),
        Some(Command::Openapi { check: false, out }) => openapi::write(&out).map_err(Failed::from),
        Some(Command::PublishCatalogue {
            table,
            region,
            file,
        }) => block_on(async {
            let version = publish::publish(&table, &region, &file).await?;
            writeln!(std::io::stdout(), "published as version {version}")?;
            Ok(())
        }),
        None => block_on(run(cli.run)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "{}",
                platform::http::problem::chain(&*error)
            );
            ExitCode::FAILURE
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

async fn run(args: RunArgs) -> Result<(), Failed> {
    let port = match args.port {
        Some(port) => port,
        None => port_of_environment()?.unwrap_or(3000),
    };
    let api = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| {
            format!("port {port} cannot be used: {error}; choose another with --port")
        })?;
    let table = dynamodb_listener(args.dynamodb_port).await?;
    let mut options = Options::run(api.local_addr()?.port());
    options.dynamodb_url = Some(format!("http://{}", table.local_addr()?));
    options.now = args.now.unwrap_or(options.now);
    options.rate_limits = args.rate_limits == Switch::On;
    if let Some(folder) = args
        .data
        .as_deref()
        .and_then(std::path::Path::parent)
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)?;
    }
    options.data = args.data;
    let cloud = Cloud::new(options).await?;
    welcome(&cloud)?;
    let stop = async {
        // Without a handler the signal ends the process, which is as good.
        let _ = tokio::signal::ctrl_c().await;
    };
    server::serve(cloud, api, Some(table), stop).await;
    Ok(())
}

fn port_of_environment() -> Result<Option<u16>, Failed> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program's own setting, by custom named PORT"
    )]
    match std::env::var("PORT") {
        Ok(text) if !text.is_empty() => Ok(Some(
            text.parse()
                .map_err(|_| format!("PORT is no port: {text}"))?,
        )),
        Ok(_) | Err(_) => Ok(None),
    }
}

async fn dynamodb_listener(wanted: Option<u16>) -> Result<TcpListener, Failed> {
    let (first, last) = match wanted {
        Some(port) => (port, port),
        None => (8000, 8019),
    };
    for port in first..=last {
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)).await {
            return Ok(listener);
        }
    }
    Err(format!("no port from {first} to {last} is free; choose one with --dynamodb-port").into())
}

fn welcome(cloud: &Cloud) -> std::io::Result<()> {
    let base = &cloud.options().base_url;
    let mut out = std::io::stdout().lock();
    writeln!(out, "CYNA, local stack. It is {} here.\n", cloud.now())?;
    writeln!(out, "  everything   {base}/_local")?;
    writeln!(out, "  API          {base}/v1")?;
    writeln!(out, "  reference    {base}/docs")?;
    writeln!(out, "  mailbox      {base}/_local/mailbox")?;
    if let Some(url) = &cloud.options().dynamodb_url {
        writeln!(out, "  DynamoDB     {url}")?;
    }
    writeln!(out)?;
    for login in cloud.logins() {
        writeln!(
            out,
            "  {:<11}  {}  {}",
            login.role, login.email, login.password
        )?;
    }
    writeln!(out, "\nCtrl-C ends it.")
}
