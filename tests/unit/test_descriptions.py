"""Every field of a REST body and of a stored document says what it is."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

import libs
import services


def every_model() -> list[type[BaseModel]]:
    for package in (libs, services):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found = {model for model in below(BaseModel) if model.__module__.split(".")[0] in ("libs", "services")}
    return sorted(found, key=lambda model: (model.__module__, model.__qualname__))


def below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for one in model.__subclasses__():
        yield one
        yield from below(one)


@pytest.mark.parametrize("model", every_model(), ids=lambda model: f"{model.__module__}.{model.__qualname__}")
def test_every_field_has_a_description(model: type[BaseModel]) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []
