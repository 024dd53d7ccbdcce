"""What stands in `Rollback guide` is told apart without asking anybody."""

from __future__ import annotations

import pytest

from deploylog.guide_links import MOST_LINKS, BadLink, DriveLink, WebLink, links_in

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz_-0123456789"


@pytest.mark.parametrize(
    "link",
    [
        f"https://docs.google.com/document/d/{ID}/edit?usp=sharing",
        f"https://docs.google.com/document/u/1/d/{ID}",
        f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0",
        f"https://drive.google.com/file/d/{ID}/view",
        f"https://drive.google.com/open?id={ID}",
        f"https://drive.google.com/drive/folders/{ID}",
        f"https://drive.google.com/drive/u/0/folders/{ID}?resourcekey=0-x",
        f"docs.google.com/document/d/{ID}/edit",
        f"HTTPS://Docs.Google.com/document/d/{ID}",
    ],
)
def test_a_link_to_drive_names_its_file(link: str) -> None:
    assert links_in(f"  {link} ") == (DriveLink(link, ID),)


@pytest.mark.parametrize(
    "link",
    [
        f"https://docs.google.com.wiki.example/document/d/{ID}",
        f"https://wiki.example/document/d/{ID}",
        "https://docs.google.com/document/d/e/2PACX-published/pub",
        "https://docs.google.com/",
    ],
)
def test_what_only_resembles_one_is_a_page_like_any_other(link: str) -> None:
    [found] = links_in(link)
    assert isinstance(found, WebLink)


def test_host_and_path_of_a_page_are_told_apart() -> None:
    [page] = links_in("https://Wiki.Host.example/rollback/addon?version=3.2.10#steps")
    assert page == WebLink(
        "https://Wiki.Host.example/rollback/addon?version=3.2.10#steps",
        "wiki.host.example",
        "/rollback/addon?version=3.2.10",
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://wiki.host.example:8443/x",
        "https://wiki.host.example./x",
        "https://wíki.host.example/x",
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://localhost/x",
    ],
)
def test_an_address_out_of_the_ordinary_is_accepted_and_has_no_host_to_fetch_from(link: str) -> None:
    [page] = links_in(link)
    assert isinstance(page, WebLink)
    assert page.host == ""


@pytest.mark.parametrize(
    "link",
    [
        "http://wiki.host.example/x",
        "https://wiki.host.example@evil.example/x",
        "https://user:word@wiki.host.example/x",
        "https:///x",
        "https://",
        "https://wiki.host.example:0/x",
        "https://wiki.host.example:99999/x",
        "https://wiki.host.example\\@evil.example/x",
        "https://[::1/x",
        "https://a b".replace(" ", "\u202e"),
        "ftp://wiki.host.example/x",
        "file:///etc/passwd",
        "javascript://alert",
    ],
)
def test_an_address_that_a_person_should_not_open_is_no_link(link: str) -> None:
    assert links_in(link) == (BadLink(link),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "put addon-diba 3.2.10 back and restart",
        "psql postgres://db/x < before.sql",
        "ask ana@docs.google.com/team",
    ],
)
def test_a_text_holds_no_link(text: str) -> None:
    assert links_in(text) == ()


def test_links_within_a_text_are_found_without_what_surrounds_them_each_once() -> None:
    text = (
        f"Steps (https://wiki.host.example/x), jars: docs.google.com/document/d/{ID}. Again https://wiki.host.example/x"
    )
    assert [one.text for one in links_in(text)] == [
        "https://wiki.host.example/x",
        f"docs.google.com/document/d/{ID}",
    ]


def test_a_cell_full_of_links_is_looked_at_up_to_a_bound() -> None:
    assert len(links_in(" ".join(f"https://wiki.host.example/{one}" for one in range(50)))) == MOST_LINKS
