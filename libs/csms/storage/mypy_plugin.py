"""Has mypy check ``Document.changed``: its arguments are the fields of the document, with their types."""

from __future__ import annotations

from collections.abc import Callable

from mypy.nodes import ARG_NAMED_OPT, Var
from mypy.plugin import MethodSigContext, Plugin
from mypy.typeops import map_type_from_supertype
from mypy.types import AnyType, FunctionLike, Instance, Type, TypeOfAny, get_proper_type

DOCUMENT = "libs.csms.storage.store.Document"


class DocumentPlugin(Plugin):
    def get_method_signature_hook(self, fullname: str) -> Callable[[MethodSigContext], FunctionLike] | None:
        return _fields_as_arguments if fullname.endswith(".changed") else None


def _fields_as_arguments(context: MethodSigContext) -> FunctionLike:
    document = get_proper_type(context.type)
    if not isinstance(document, Instance) or not document.type.has_base(DOCUMENT):
        return context.default_signature
    fields = _fields(document)
    return context.default_signature.copy_modified(
        arg_names=list(fields), arg_kinds=[ARG_NAMED_OPT] * len(fields), arg_types=list(fields.values())
    )


def _fields(document: Instance) -> dict[str, Type]:
    fields: dict[str, Type] = {}
    for base in reversed(document.type.mro):
        if not base.has_base(DOCUMENT):
            continue
        for name, symbol in base.names.items():
            if (
                isinstance(symbol.node, Var)
                and not name.startswith(("_", "model_"))
                and not symbol.node.is_classvar
            ):
                declared = symbol.node.type or AnyType(TypeOfAny.special_form)
                fields[name] = map_type_from_supertype(declared, document.type, base)
    return fields


def plugin(version: str) -> type[Plugin]:
    return DocumentPlugin
