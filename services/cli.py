"""The command line: ``csms up``, ``run``, ``key``, ``user``, ``audit``, ``simulate`` and others."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, NoReturn, cast, get_args

import typer
import uvloop
from rich.console import Console

from libs.csms import logs
from libs.csms.messaging.bus import UnknownSubscription, UnknownTopic
from libs.csms.settings import BadSetting, Settings, load

from . import processes
from .audit_commands import app as audit_commands
from .demo.run import Demo, run_demo
from .demo.scenario import MAX_STATIONS
from .demo.terminal import shown as shown_demo
from .key_commands import app as key_commands
from .processes import ServiceName
from .reference import message_table
from .simulator.options import Simulation, Versions
from .simulator.quirks import ALL, QUIRKS
from .simulator.simulation import RegistrationFailed
from .simulator.simulation import simulate as run_simulation
from .simulator.terminal import print_summary, shown
from .user_commands import app as user_commands

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(key_commands, name="key")
app.add_typer(user_commands, name="user")
app.add_typer(audit_commands, name="audit")
log = logging.getLogger(__name__)

PortFlag = Annotated[int | None, typer.Option(min=0, max=65535)]


@app.callback()
def csms() -> None:
    """A Charging Station Management System: OCPP 1.6, 2.0.1, 2.1. Settings are in docs/configuration.md."""


@app.command()
def up(
    data_dir: Annotated[Path | None, typer.Option(help="Where the embedded store keeps its file.")] = None,
    host: Annotated[str | None, typer.Option(help="Address of the HTTP APIs.")] = None,
    gateway_host: Annotated[str | None, typer.Option(help="Address of the gateway.")] = None,
    gateway_port: PortFlag = None,
    device_port: PortFlag = None,
    transaction_port: PortFlag = None,
    user_port: PortFlag = None,
    console_port: PortFlag = None,
) -> None:
    """The whole CSMS in one process: no cloud, no container; its data in one folder."""
    settings = _settings(
        data_dir=data_dir,
        host=host,
        gateway_host=gateway_host,
        gateway_port=gateway_port,
        device_port=device_port,
        transaction_port=transaction_port,
        user_port=user_port,
        console_port=console_port,
    )
    logs.configure("csms", settings.log_level)
    _run(processes.run_all(settings, lambda: _welcome(settings), _show_first_key))


@app.command()
def demo(
    data_dir: Annotated[
        Path | None, typer.Option(help="Keeps the demo here. Without it, it goes at the end.")
    ] = None,
    stations: Annotated[int, typer.Option(min=1, max=MAX_STATIONS, help="How many.")] = MAX_STATIONS,
    days: Annotated[int, typer.Option(min=1, max=90, help="Of history.")] = 30,
    gateway_port: PortFlag = None,
    device_port: PortFlag = None,
    transaction_port: PortFlag = None,
    user_port: PortFlag = None,
    console_port: PortFlag = None,
) -> None:
    """The whole CSMS with invented stations: their past, then stations that charge. On this machine only."""
    with folder_of(data_dir) as folder:
        settings = _settings(
            backend="embedded",
            data_dir=folder,
            host="127.0.0.1",
            gateway_host="127.0.0.1",
            gateway_port=gateway_port,
            device_port=device_port,
            transaction_port=transaction_port,
            user_port=user_port,
            console_port=console_port,
        )

        def started() -> None:
            logs.configure("csms", "ERROR")  # of its troubles, the console tells
            _welcome(settings)

        logs.configure("csms", "CRITICAL")  # one message of the past is a dead letter, as is meant
        with shown_demo(Console(stderr=True), started) as shows:
            _run(run_demo(Demo(stations, days), settings, shows))


@contextmanager
def folder_of(data_dir: Path | None) -> Iterator[Path]:
    """The one that was given, or one that is gone after the block."""
    if data_dir is not None:
        yield data_dir
        return
    with TemporaryDirectory(prefix="csms-demo-") as folder:
        yield Path(folder)


def _show_first_key(key: str) -> None:
    """Once: what is stored is its hash."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        f"\n[bold]The key of the first administrator, shown only now:[/]\n\n  {key}\n\n"
        "Send it as `Authorization: Bearer`. It makes others: `csms key create`, or POST /keys; and "
        "people: `csms user add`, or POST /users.",
        markup=True,
    )


def _welcome(settings: Settings) -> None:
    gateway, host = settings.gateway_host, settings.host
    data = settings.data_dir if settings.backend == "embedded" else f"Google Cloud project {settings.project}"
    Console(stderr=True, highlight=False).print(
        f"\n[bold]The CSMS is up[/]\n\n"
        f"  console       http://{host}:{settings.console_port}\n"
        f"  stations      ws://{gateway}:{settings.gateway_port}/ocpp/{{stationId}}\n"
        f"  device        http://{host}:{settings.device_port}/docs\n"
        f"  transaction   http://{host}:{settings.transaction_port}/docs\n"
        f"  user          http://{host}:{settings.user_port}/docs\n"
        f"  data          {data}\n"
    )


@app.command()
def run(
    service: ServiceName,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Instead of PORT.")] = None,
) -> None:
    """One service in its own process, on Pub/Sub and Firestore or their emulators."""
    settings = _settings(port=port)
    logs.configure(service, settings.log_level)
    _run(processes.run_one(service, settings))


@app.command()
def provision() -> None:
    """Create every topic and subscription on Pub/Sub, and update the subscriptions that are there already."""
    settings = _settings()
    logs.configure("provision", settings.log_level)
    _run(processes.provision_all(settings))


@app.command()
def simulate(
    url: Annotated[str, typer.Option(help="Of the CSMS, up to the station's id.")] = Simulation.url,
    stations: Annotated[int, typer.Option(min=1, help="How many.")] = Simulation.stations,
    version: Annotated[str, typer.Option(help="1.6, 2.0.1, 2.1 or mixed.")] = Simulation.version,
    sessions: Annotated[int, typer.Option(min=0, help="Of each station.")] = Simulation.sessions,
    duration: Annotated[float, typer.Option(help="Of a session, in seconds.")] = Simulation.duration,
    lifetime: Annotated[float | None, typer.Option(help="Seconds that the stations stay at least.")] = None,
    meter_interval: Annotated[float, typer.Option(help="Seconds.")] = Simulation.meter_interval,
    connectors: Annotated[int, typer.Option(min=1, help="Of each station.")] = Simulation.connectors,
    power: Annotated[int, typer.Option(help="Watts while charging.")] = Simulation.power,
    prefix: Annotated[str, typer.Option(help="Of the stations' ids.")] = Simulation.prefix,
    id_tag: Annotated[str, typer.Option(help="The token they charge with.")] = Simulation.id_tag,
    password: Annotated[str, typer.Option(help="For Basic authentication.")] = "",
    quirks: Annotated[
        str, typer.Option(help=f"How they depart from OCPP: {', '.join([*QUIRKS, ALL])}.")
    ] = "",
    register: Annotated[str, typer.Option(help="Register the stations here, at a device service.")] = "",
    register_token: Annotated[str, typer.Option(help="Register the token here, at a user service.")] = "",
    api_token: Annotated[
        str, typer.Option(help="A key, or the API token, for these two.", envvar="CSMS_API_TOKEN")
    ] = "",
) -> None:
    """Charging stations that boot, authorize, charge and stop, against any CSMS."""
    if version not in get_args(Versions):
        _stop(f"--version {version}: it is one of {', '.join(get_args(Versions))}")
    if quirks not in ("", ALL, *QUIRKS):
        _stop(f"--quirks {quirks}: it is one of {', '.join([*QUIRKS, ALL])}")
    simulation = Simulation(
        url=url,
        stations=stations,
        version=cast(Versions, version),
        sessions=sessions,
        duration=duration,
        lifetime=lifetime,
        meter_interval=meter_interval,
        connectors=connectors,
        power=power,
        prefix=prefix,
        id_tag=id_tag,
        password=password,
        quirks=quirks,
        register=register,
        register_token=register_token,
        api_token=api_token,
    )
    console = Console()
    try:
        with shown(console) as report:
            summary = uvloop.run(run_simulation(simulation, report))
    except RegistrationFailed as error:
        _stop(str(error))
    print_summary(console, summary)
    if summary.unreachable_stations or summary.lost_messages:
        raise SystemExit(1)


@app.command()
def messages() -> None:
    """The OCPP messages that stations send and what becomes of them, as a Markdown table."""
    typer.echo(message_table(), nl=False)


def _settings(**flags: object) -> Settings:
    try:
        return load(**flags)
    except BadSetting as error:
        _stop(str(error))


def _run(main: Coroutine[Any, Any, None]) -> None:
    _collect_less_often()
    try:
        uvloop.run(main)
    except (BadSetting, BaseExceptionGroup) as failure:
        for error in _leaves(failure):
            if isinstance(error, BadSetting):
                _stop(str(error))
            if isinstance(error, UnknownTopic | UnknownSubscription):
                _stop(f"{error} is not there: run `csms provision` first")
            log.error("stopped by a failure", exc_info=error)
        sys.exit(1)


def _collect_less_often() -> None:
    """Messages leave no cyclic garbage, and a connection that ends leaves 10 kB of it. But a thousand calls
    in work hold a hundred thousand objects, which Python would search for garbage again and again, each time
    for 30 ms. So it searches only where more are new than that: for 0.2 s, once in 4,000 connections.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 5, 5)


def _leaves(errors: BaseException) -> list[BaseException]:
    if isinstance(errors, BaseExceptionGroup):
        return [leaf for error in errors.exceptions for leaf in _leaves(error)]
    return [errors]


def _stop(text: str) -> NoReturn:
    Console(stderr=True).print(f"csms: {text}", style="red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(2)


if __name__ == "__main__":
    app()
