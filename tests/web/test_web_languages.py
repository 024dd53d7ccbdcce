"""Every page speaks each language whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from dashboards import dashboard_of
from deploylog.lifecycle import EffectState
from deploylog.messages import sentence_names
from deploylog.model import LANGUAGES, Kind

TEMPLATES = Path(__file__).parents[2] / "templates"


def catalogue(language: str) -> dict[str, str]:
    text = (TEMPLATES / f"pages.{language}.yaml").read_text(encoding="utf-8")
    read: dict[str, str] = YAML(typ="safe", pure=True).load(text)
    return read


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogues_have_the_same_codes_in_the_same_order_with_the_same_names(language: str) -> None:
    english = {code: sentence_names(text) for code, text in catalogue("en").items()}
    own = {code: sentence_names(text) for code, text in catalogue(language).items()}
    assert list(own.items()) == list(english.items())


def test_every_kind_and_state_of_effects_has_its_words() -> None:
    codes = {f"kind_{one.value}" for one in Kind} | {f"effect_{one.value}" for one in EffectState}
    assert codes <= catalogue("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_shown_in_the_organizations_language(board: Any, language: str) -> None:
    world = board.world
    spoken, organization = world.config, world.config.organization.model_copy(update={"language": language})
    world.config = spoken.model_copy(update={"organization": organization})
    try:
        client = dashboard_of(world).test_client()
    finally:
        world.config = spoken
    log_id = world.log().file_id
    pages = ("/", "/month", "/agenda", "/customers", "/customers/DIBA", "/figures", "/mails/end")
    for path in (*pages, f"/deployments/{log_id}/DIBA-0006"):
        answer = client.get(path)
        assert answer.status_code == 200, path
        shown = answer.get_data(as_text=True)
        assert f'<html lang="{language}">' in shown
        assert catalogue(language)["page_figures"] in shown


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/customers/NOBODY", "/deployments/no/DIBA-0001", "/mails/none", "/mails/start/fr", "/mails/999"],
)
def test_what_is_not_there_is_said_in_a_sentence(board: Any, path: str) -> None:
    answer = board.app.test_client().get(path)
    assert answer.status_code == 404
    assert "Traceback" not in answer.get_data(as_text=True)
