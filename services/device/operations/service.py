"""What the operations need: commands to send, and the messages that stations report in."""

from __future__ import annotations

from dataclasses import dataclass

from ..commands.service import Commands
from ..messages.service import Messages


@dataclass(frozen=True)
class Operations:
    commands: Commands
    messages: Messages
