//! The command line.

mod backup;
mod commands;

use recado::config::{Cli, Command, LogFormat, Serve, Simulate};
use recado::simulate::Simulator;
use recado::{app, telemetry};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let cli = Cli::read()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            None => serve(cli.serve).await,
            Some(Command::Serve(settings)) => serve(*settings).await,
            Some(Command::Simulate(options)) => simulate(&options).await,
            Some(command) => commands::run(command).await,
        }
    })
}

async fn serve(mut settings: Serve) -> anyhow::Result<()> {
    Simulate::stand_in(&mut settings);
    telemetry::start(&settings.log, settings.log_format)?;
    let app = app::App::start(&settings).await?;
    commands::say(app::welcome(&settings, app.address()).trim_end());
    let simulator = match Simulate::beside(&settings, app.address().port()) {
        Some(options) => Some(Simulator::start(&options).await?),
        None => None,
    };
    if let Some(simulator) = &simulator {
        commands::say(&simulator.introduction());
    }
    app.run(asked_to_stop()).await;
    Ok(())
}

async fn simulate(options: &Simulate) -> anyhow::Result<()> {
    telemetry::start(&options.log, LogFormat::Text)?;
    let simulator = Simulator::start(options).await?;
    commands::say(&simulator.introduction());
    tokio::select! {
        () = simulator.finished() => {}
        () = asked_to_stop() => {}
    }
    commands::say(&simulator.summary());
    Ok(())
}

/// Comes true when the operator or the system asks the program to stop.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
