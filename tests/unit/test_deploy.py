"""What is deployed: the indexes of Firestore, the rights of each service, and the script that deploys all."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from deploy import permissions
from deploy.indexes import FILE, collections, definitions
from libs.csms.access.token_callers import IdentityTokens
from libs.csms.clock import utc_now
from libs.csms.messaging.provision import TOPICS
from libs.csms.settings import Settings, load, variables
from libs.csms.storage.store import Index
from services.processes import ROUTERS

REPOSITORY = Path(__file__).parents[2]
SERVICES = ["console", "device", "gateway", "transaction", "user"]
DECLARED = [(name, index) for name, indexes in collections().items() for index in indexes]


def test_the_indexes_that_are_deployed_are_those_that_the_services_ask_for() -> None:
    assert FILE.read_text() == definitions()


def test_firestore_takes_so_many_indexes_and_exemptions() -> None:
    """Its limits for one database: 200 exemptions, and 200 composite indexes without billing."""
    deployed = json.loads(definitions())

    assert len(deployed["indexes"]) <= 200
    assert len(deployed["fieldOverrides"]) <= 200


@pytest.mark.parametrize(("collection", "index"), DECLARED)
def test_every_index_is_used(collection: str, index: Index) -> None:
    """By its order, and each of its fields: the stores refuse the queries that lack one."""
    orders, words = asked()
    assert (index.order_by, index.descending) in orders
    assert set(index.equals) <= words


def test_no_index_is_declared_twice() -> None:
    assert len(set(DECLARED)) == len(DECLARED)


def _calls() -> Iterator[ast.AST]:
    """The source of the services, without their declarations of indexes."""
    for folder in ("libs", "services"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            yield from _without_declarations(ast.parse(path.read_text()))


def _without_declarations(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=ast.Name("Index" | "filters")):
            return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _without_declarations(child)


def _order(query: ast.Call) -> tuple[str, bool]:
    given = dict(zip(("equals", "order_by", "descending"), query.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in query.keywords if keyword.arg}
    order_by = ast.literal_eval(given["order_by"]) if "order_by" in given else ""
    return order_by, ast.literal_eval(given["descending"]) if "descending" in given else False


def _words(node: ast.AST) -> set[str]:
    match node:
        case ast.Constant(str(text)):
            return {text}
        case ast.Call(keywords=keywords):
            return {keyword.arg for keyword in keywords if keyword.arg}
    return set()


@cache
def asked() -> tuple[set[tuple[str, bool]], set[str]]:
    """The orders of all queries, and every word in the source.

    Of stations that a command to many selects, the fields are those of the selection's model.
    """
    orders, words = set(), {"firmwareVersion"}
    for node in _calls():
        words |= _words(node)
        match node:
            case ast.Call(func=ast.Name("Query")):
                orders.add(_order(node))
    return orders, words


GCLOUD = """#!/bin/bash
echo "$@" >> "$CALLS"
case "$*" in
  "projects describe "*) echo 4711 ;;
  *" describe "*) exit 1 ;;
  "secrets create "*) cat > /dev/null ;;
esac
"""
"""Of a project in which there is nothing yet."""


@pytest.fixture(scope="module", params=["inbox", "action"])
def routing(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory, routing: str) -> list[str]:
    return deployed_with(tmp_path_factory.mktemp("deploy"), ROUTING=routing)


def deployed_with(tmp_path: Path, **options: str) -> list[str]:
    """What the script asks of gcloud, in order."""
    for tool in ("gcloud", "npx"):
        stand_in = tmp_path / tool
        stand_in.write_text(GCLOUD)
        stand_in.chmod(0o755)
    recorded = tmp_path / "calls"
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(recorded), "PROJECT": "p"}
    subprocess.run(
        [REPOSITORY / "deploy/deploy.sh"],
        env=environment | options,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return recorded.read_text().splitlines()


def test_every_service_is_deployed_once_and_after_those_that_it_asks(calls: list[str]) -> None:
    deployed = {call.split()[2]: call for call in calls if call.startswith("run deploy ")}

    assert [call.split()[2] for call in calls if call.startswith("run deploy ")] == [
        "csms-device",
        "csms-user",
        "csms-transaction",
        "csms-console",
        "csms-gateway",
    ]
    assert not any(call.startswith("run services update") for call in calls)
    device, transaction, user = (url_of(name) for name in ("device", "transaction", "user"))
    urls = f";CSMS_DEVICE_URL={device};CSMS_TRANSACTION_URL={transaction};CSMS_USER_URL={user} "
    assert urls in deployed["csms-console"]
    assert f";CSMS_DEVICE_URL={device} " in f"{deployed['csms-user']} "
    assert f";CSMS_USER_URL={user} " in f"{deployed['csms-transaction']} "
    assert f";CSMS_DEVICE_URL={device};" in deployed["csms-gateway"]


def url_of(service: str) -> str:
    """As Cloud Run makes it of the name, the number of the project and the region."""
    return f"https://csms-{service}-4711.europe-west1.run.app"


def test_services_ask_each_other_as_who_they_are_for_each_other(calls: list[str]) -> None:
    """The audience of each is the URL by which others ask it, and all know the accounts of all who ask."""
    deployed = {call.split()[2]: call for call in calls if call.startswith("run deploy ")}
    accounts = ",".join(
        f"{name}=csms-{name}@p.iam.gserviceaccount.com"
        for name in ("gateway", "transaction", "user", "console")
    )

    assert len(deployed) == 5
    for name, call in deployed.items():
        assert "--set-env-vars=^;^GOOGLE_CLOUD_PROJECT=p;" in call
        assert f";CSMS_SERVICE_ACCOUNTS={accounts};" in call
        assert f";CSMS_SERVICE_AUDIENCE={url_of(name.removeprefix('csms-'))};" in call
        settings = dict(pair.split("=", 1) for pair in call.split("^;^")[1].split()[0].split(";"))
        known = {variable for field in Settings.model_fields for variable in variables(field)}
        assert set(settings) <= known
        given = load(
            service_accounts=settings["CSMS_SERVICE_ACCOUNTS"],
            service_audience=settings["CSMS_SERVICE_AUDIENCE"],
        )
        assert IdentityTokens.of(given, utc_now) is not None


@pytest.mark.parametrize(("apis", "public"), [("private", {"gateway"}), ("public", set(SERVICES))])
def test_only_stations_come_without_an_account_unless_the_apis_are_public(
    tmp_path: Path, apis: str, public: set[str]
) -> None:
    calls = deployed_with(tmp_path, APIS=apis)
    deployed = {
        call.split()[2].removeprefix("csms-"): call for call in calls if call.startswith("run deploy ")
    }

    assert {name for name, call in deployed.items() if " --allow-unauthenticated " in call} == public
    private = {name for name, call in deployed.items() if " --no-allow-unauthenticated " in call}
    assert private == set(SERVICES) - public


def test_the_apis_are_told_how_people_sign_in_and_the_gateway_is_not(tmp_path: Path) -> None:
    given = {
        "CSMS_OIDC_ISSUER": "https://login.example.com",
        "CSMS_OIDC_AUDIENCE": "csms-api",
        "CSMS_OIDC_ROLES": "csms-admins=admin,support=viewer",
        "CSMS_IAP_AUDIENCE": "/projects/1/a,/projects/1/b",
    }
    calls = deployed_with(tmp_path, **given)
    deployed = {
        call.split()[2].removeprefix("csms-"): call for call in calls if call.startswith("run deploy ")
    }

    for name, call in deployed.items():
        settings = dict(pair.split("=", 1) for pair in call.split("^;^")[1].split()[0].split(";"))
        passed = {variable: text for variable, text in settings.items() if variable in given}
        assert passed == ({} if name in ("gateway", "console") else given)


def test_a_service_may_be_asked_before_whoever_asks_it_is_there(calls: list[str]) -> None:
    """By a right to that one service."""
    for asking, asked in (("gateway", "device"), ("user", "device"), ("transaction", "user")):
        given = next(
            n
            for n, call in enumerate(calls)
            if call.startswith(f"run services add-iam-policy-binding csms-{asked} ")
            and f"--member=serviceAccount:csms-{asking}@p." in call
        )
        at = {
            name: next(n for n, call in enumerate(calls) if call.startswith(f"run deploy csms-{name} "))
            for name in (asking, asked)
        }
        assert at[asked] < given < at[asking]


def test_what_cloud_run_says_of_its_clients_is_believed(calls: list[str]) -> None:
    """Without TLS of which the gateway knows, no station of security profile 2 could connect."""
    deployed = [call for call in calls if call.startswith("run deploy ")]

    assert len(deployed) == 5
    assert all(
        re.search(r";CSMS_TRUSTED_PROXIES=169\.254\.0\.0/16(;| |$)", call) is not None for call in deployed
    )


def test_pubsub_itself_may_move_messages_to_the_dead_letter_topic(calls: list[str]) -> None:
    agent = "--member=serviceAccount:service-4711@gcp-sa-pubsub.iam.gserviceaccount.com"
    granted = [call for call in calls if agent in call]

    assert [call.split("--role=")[1].split()[0] for call in granted] == [
        "roles/pubsub.publisher",
        "roles/pubsub.subscriber",
    ]
    provisioned = next(n for n, call in enumerate(calls) if call.startswith("run jobs deploy csms-provision"))
    assert calls.index(granted[0]) > provisioned


def test_only_services_that_hash_secrets_get_the_pepper(calls: list[str]) -> None:
    assert any(call.startswith("secrets create csms-pepper ") for call in calls)
    given = {call.split()[2] for call in calls if "CSMS_PEPPER=csms-pepper:1" in call}
    assert given == {"csms-device", "csms-user"}
    started = [call for call in calls if call.startswith("run deploy ")]
    assert len(started) == 5
    assert all(call.count("--set-secrets=") + call.count("--clear-secrets") == 1 for call in started)


SECRETS: dict[str, set[str]] = {
    "console": set(),
    "gateway": set(),
    "device": {"api-token", "audit-key", "pepper"},
    "transaction": {"api-token", "audit-key"},
    "user": {"api-token", "audit-key", "pepper"},
}
ASKED = {
    "gateway": ["device"],
    "user": ["device"],
    "transaction": ["user"],
    "device": [],
    "console": ["device", "transaction", "user"],
}
PERMISSIONS = [tuple(line.split()) for line in permissions.permissions()]


def rights_of(service: str, calls: list[str]) -> set[tuple[str, str]]:
    """What the account of a service may do: each role, and where. The project is ``p``."""
    member = f"--member=serviceAccount:csms-{service}@p.iam.gserviceaccount.com"
    found = set()
    for call in calls:
        if member in call:
            what, _, rest = call.partition(" add-iam-policy-binding ")
            found.add((call.split("--role=")[1].split()[0], f"{what} {rest.split()[0]}"))
    return found


def test_the_permissions_that_are_deployed_follow_from_the_code() -> None:
    assert permissions.FILE.read_text() == permissions.text(), "run `python -m deploy.permissions`"


def test_every_topic_has_a_publisher_and_every_subscription_one_consumer() -> None:
    assert {name for _, kind, name in PERMISSIONS if kind == "publisher"} == set(TOPICS)
    consumed = [name for _, kind, name in PERMISSIONS if kind == "subscriber"]
    provisioned = [one.name for router in ROUTERS for one in router.subscriptions]
    assert sorted(consumed) == sorted([*provisioned, "device.UndeliverableMessage"])


@pytest.mark.parametrize(
    ("topic", "services"),
    [
        ("BootNotificationRequest", {"gateway", "device"}),  # which puts dead letters back
        ("BootNotificationResponse", {"device"}),
        ("ResetRequest", {"device"}),
        ("ResetResponse", {"gateway", "device"}),
        ("AuthorizeRequest", {"gateway", "device"}),
        ("AuthorizeResponse", {"user"}),
        ("TransactionEnded", {"transaction", "device"}),
        ("CommandEnded", {"device"}),
        ("DeadLetter", set(SERVICES)),
    ],
)
def test_only_who_says_something_may_publish_it(topic: str, services: set[str]) -> None:
    assert {
        service for service, kind, name in PERMISSIONS if (kind, name) == ("publisher", topic)
    } == services


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_runs_as_an_account_of_its_own(service: str, calls: list[str]) -> None:
    [deployed] = [call for call in calls if call.startswith(f"run deploy csms-{service} ")]

    assert f"iam service-accounts create csms-{service}" in calls
    assert f"--service-account=csms-{service}@p.iam.gserviceaccount.com" in deployed


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_rights_that_it_needs_and_no_more(
    service: str, calls: list[str], routing: str
) -> None:
    has_store = service not in ("gateway", "console")
    answers_to_inboxes = routing == "inbox" and has_store
    expected = {("roles/logging.logWriter", "projects p")}
    for secret in SECRETS[service]:
        expected.add(("roles/secretmanager.secretAccessor", f"secrets csms-{secret}"))
    if has_store:
        expected.add(("roles/datastore.user", "projects p"))
    if service in ("gateway", "device", "console"):
        expected.add(("projects/p/roles/csmsOwnTopics", "projects p"))
    for asked in ASKED[service]:
        expected.add(("roles/run.invoker", f"run services csms-{asked}"))
    if answers_to_inboxes:
        expected.add(("roles/pubsub.publisher", "projects p"))
    for whose, kind, name in PERMISSIONS:
        if whose == service and not (kind == "publisher" and answers_to_inboxes):
            place = "topics" if kind == "publisher" else "subscriptions"
            expected.add((f"roles/pubsub.{kind}", f"pubsub {place} {name}"))

    assert rights_of(service, calls) == expected


def test_only_the_job_that_provisions_may_change_topics_and_it_reads_no_secret(calls: list[str]) -> None:
    assert rights_of("provision", calls) == {
        ("roles/logging.logWriter", "projects p"),
        ("roles/pubsub.editor", "projects p"),
    }
    [job] = [call for call in calls if call.startswith("run jobs deploy ")]
    assert "--service-account=csms-provision@p" in job
    assert "secret" not in job
    assert [call for call in calls if "roles/pubsub.editor" in call and "csms-provision@" not in call] == []


def test_rights_are_given_to_topics_that_are_there(calls: list[str]) -> None:
    provisioned = next(n for n, call in enumerate(calls) if call.startswith("run jobs deploy csms-provision"))
    given = [n for n, call in enumerate(calls) if call.startswith("pubsub ")]

    assert min(given) > provisioned


def test_stations_need_tls_and_a_secret_on_cloud_run(calls: list[str]) -> None:
    [device] = [call for call in calls if call.startswith("run deploy csms-device ")]

    assert "CSMS_MIN_SECURITY_PROFILE=2" in device


def test_a_service_is_given_its_secrets_and_no_others(calls: list[str]) -> None:
    """The gateway has none: one that an earlier version has mounted is taken away."""
    deployed = {
        call.split()[2].removeprefix("csms-"): call for call in calls if call.startswith("run deploy ")
    }
    secrets = {
        name: set(re.findall(r"csms-([a-z-]+):", re.findall(r"--(?:set|clear)-secrets\S*", call)[0]))
        for name, call in deployed.items()
    }

    assert secrets == SECRETS
    created = {call.split()[2] for call in calls if call.startswith("secrets create ")}
    assert created == {f"csms-{name}" for names in secrets.values() for name in names}
