"""Makes the stations and their token known to a CSMS, by its REST interface."""

from __future__ import annotations

import asyncio

import httpx

from .options import Simulation

_AT_ONCE = 16


class RegistrationFailed(Exception):
    """The CSMS refused to register a station or token. The text says which and why."""


def client(simulation: Simulation) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {simulation.api_token}"} if simulation.api_token else {}
    return httpx.AsyncClient(headers=headers, timeout=30, trust_env=False)


async def register(simulation: Simulation, client: httpx.AsyncClient) -> None:
    """Registers what the simulation says. What is known already is fine. Raises ``RegistrationFailed``."""
    if simulation.register_token:
        await _token(client, simulation)
    if not simulation.register:
        return
    ids = iter([simulation.station_id(number) for number in range(simulation.stations)])

    async def take_ids() -> None:
        for id in ids:
            await _station(client, simulation, id)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_ONCE):
                tasks.create_task(take_ids())
    except* RegistrationFailed as failures:
        first = failures.exceptions[0]
    else:
        return
    raise first


async def _token(client: httpx.AsyncClient, simulation: Simulation) -> None:
    """All the stations use the one token at the same time."""
    token = {
        "idToken": simulation.id_tag,
        "type": "ISO14443",
        "status": "Accepted",
        "maxActiveTransactions": 0,
    }
    await _post(client, f"{simulation.register_token.rstrip('/')}/idtokens", token)


async def _station(client: httpx.AsyncClient, simulation: Simulation, id: str) -> None:
    stations = f"{simulation.register.rstrip('/')}/chargingstations"
    await _post(client, stations, {"id": id})
    if simulation.password:
        await _post(client, f"{stations}/{id}/credentials", {"secret": simulation.password})


async def _post(client: httpx.AsyncClient, url: str, body: dict[str, object]) -> None:
    try:
        response = await client.post(url, json=body)
    except httpx.HTTPError as error:
        raise RegistrationFailed(f"{url}: {type(error).__name__}") from error
    if response.is_error and response.status_code != httpx.codes.CONFLICT:
        raise RegistrationFailed(f"{url}: HTTP {response.status_code} {response.text[:200]}")
