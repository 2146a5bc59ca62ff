"""Creating and changing tokens for a client. Raises ``DomainError`` for what the client did wrong."""

from __future__ import annotations

from collections.abc import Callable

from libs.csms.errors import Conflict, Invalid, NotFound
from libs.csms.secrets import is_secret_token_type

from .bodies import IdTokenBody, NewIdToken
from .local_lists.token_changes import changing
from .model import IdToken, key, keys
from .service import User

NOT_FOUND = "there is no token of that text"


async def existing(user: User, id_token: str) -> IdToken:
    token = await user.find(id_token, None)
    if token is None:
        raise NotFound(NOT_FOUND)
    return token


async def create(user: User, body: NewIdToken) -> IdToken:
    if await user.find(body.id_token, None) is not None:
        raise Conflict("there is a token of that text already")

    def created(token: IdToken | None) -> IdToken:
        if token is not None:
            raise Conflict("there is a token of that text already")
        return body.created()

    return await user.id_tokens.update(key(body.id_token, body.type), created)


async def change(
    user: User, id_token: str, body: IdTokenBody, changed: Callable[[IdToken], IdToken]
) -> IdToken:
    """The text in the path wins; another one in the body is an error."""
    if body.id_token is not None and body.id_token.casefold() != id_token.casefold():
        raise Invalid("body.idToken: differs from the one in the path")
    was_key_code = is_secret_token_type((await existing(user, id_token)).type)

    def found(token: IdToken | None) -> IdToken:
        if token is None:
            raise NotFound(NOT_FOUND)
        new = changed(token)
        if is_secret_token_type(new.type) is not is_secret_token_type(token.type):
            raise Invalid("body.type: a token cannot become a KeyCode, nor stop being one")
        return new

    id = key(id_token, "KeyCode" if was_key_code else None)
    async with changing(user, id):
        return await user.id_tokens.update(id, found)


async def delete(user: User, id_token: str) -> None:
    for id in keys(id_token, None):
        if await user.id_tokens.get(id) is None:
            continue
        async with changing(user, id):
            if await user.id_tokens.delete(id) is not None:
                return
    raise NotFound(NOT_FOUND)
