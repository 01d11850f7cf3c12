//! Reads the arguments and hands over.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use auditor::app::{self, AppError};
use auditor::config::{self, Args, Command, DoctorArgs, QueryArgs, RunArgs, Settings, WatchedFile};
use auditor::doctor::{self, Form};
use auditor::exit::Exit;
use auditor::query::{self, Gaps, Reader};
use auditor::{record, report, telemetry, verify};

const REFERRAL: &str = "`auditor doctor` says what this node lacks and what to do";

fn main() -> ExitCode {
    let exit = match Args::parse().command {
        Command::Run(args) => run(*args),
        Command::Doctor(args) => examine(&args),
        Command::Verify(args) => match verify::answer(&args) {
            Ok((text, exit)) => print(text.as_bytes(), exit),
            Err(error) => fail(&error.to_string(), error.exit()),
        },
        Command::Query(args) => search(&args),
        Command::Report(args) => match report::report(&args) {
            Ok(report) => print(report.render(args.output).as_bytes(), report.exit()),
            Err(error) => fail(&error.to_string(), error.exit()),
        },
        Command::Completions { shell } => print(&config::completions(shell), Exit::Success),
        Command::Man => match config::manual() {
            Ok(page) => print(&page, Exit::Success),
            Err(error) => fail(&error.to_string(), Exit::Failed),
        },
        Command::Schema => print(record::markdown().as_bytes(), Exit::Success),
    };
    exit.into()
}

fn run(args: RunArgs) -> Exit {
    let file = WatchedFile::new(&args);
    let settings = match Settings::load(args) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string(), Exit::Usage),
    };
    let lines = telemetry::init_logs(settings.telemetry_endpoint.is_some());
    match app::run(&settings, file, lines) {
        Ok(()) => Exit::Success,
        Err(error) => match error.exit() {
            Exit::Missing => fail(&explained(&error), Exit::Missing),
            exit => fail(&error.to_string(), exit),
        },
    }
}

/// Where privilege is missing, the verifier's words are about what follows from that.
fn explained(error: &AppError) -> String {
    let text = error.to_string();
    match doctor::remedy(error) {
        Some(remedy) => {
            let what = text.lines().next().unwrap_or_default();
            format!("{what}\n{remedy}\n{REFERRAL}")
        }
        None => format!("{text}\n{REFERRAL}"),
    }
}

fn examine(args: &DoctorArgs) -> Exit {
    let form = if args.json { Form::Json } else { Form::Text };
    let report = doctor::examine(config::proc_root(config::variable));
    print(report.render(form).as_bytes(), report.exit())
}

fn search(args: &QueryArgs) -> Exit {
    let out = io::stdout().lock();
    let reader = if out.is_terminal() {
        let colour = config::variable("NO_COLOR").is_none();
        Reader::Terminal { colour }
    } else {
        Reader::Program
    };
    match query::query(args, reader, out) {
        Ok(gaps) if gaps.is_none() => Exit::Success,
        Ok(Gaps {
            missing,
            unreadable,
        }) => {
            let message = format!(
                "the answer may be incomplete: in what was searched {missing} records are missing \
                 and {unreadable} are unreadable; `auditor verify` says more"
            );
            fail(&message, Exit::Failed)
        }
        Err(error) => fail(&error.to_string(), error.exit()),
    }
}

/// A reader that has gone (`auditor man | head`) has read enough.
fn print(text: &[u8], exit: Exit) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(&format!("write to standard output: {error}"), Exit::Failed)
        }
        _ => exit,
    }
}

fn fail(message: &str, exit: Exit) -> Exit {
    eprintln!("error: {message}");
    exit
}
