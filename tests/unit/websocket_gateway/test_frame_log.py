"""Frames in the DEBUG log."""

from __future__ import annotations

import json
import logging

import pytest

from services.websocket_gateway.session import log_frame


@pytest.fixture(autouse=True)
def _debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize(
    "payload",
    [
        {"idToken": {"idToken": "SECRET", "type": "KeyCode"}},
        {"idTag": "SECRET"},
        {"key": "AuthorizationKey", "value": "SECRET"},
        {"setVariableData": [{"attributeValue": 'x"\\SECRET'}]},
        {"connectionData": {"basicAuthPassword": "SECRET"}},
        {"location": "ftp://user:SECRET@host"},
        {"idToken": {"idToken": "y" * 780 + "SECRET"}},
    ],
)
def test_secrets_are_not_shown(payload: object, caplog: pytest.LogCaptureFixture) -> None:
    log_frame("received from", "CS1", json.dumps([2, "1", "Action", payload]))
    log_frame("sent to", "CS1", json.dumps([2, "1", "Action", payload]).encode())

    assert "SECRET" not in caplog.text
    assert '[2, "1", "Action"' in caplog.text


def test_frames_are_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    log_frame("received from", "CS1", "[" + "1," * 500_000 + "1]")

    assert len(caplog.messages[0]) < 250
    assert "(1000003)" in caplog.text


def test_nothing_is_shown_above_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    log_frame("received from", "CS1", "[]")

    assert not caplog.messages
