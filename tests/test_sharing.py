"""Who shall have a log, and what makes its permissions match: pure, table by table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import contact, customer
from deploylog.google.drive import Permission
from deploylog.model import Gets, OperatedBy, Party
from deploylog.sharing import Share, changes, named, outsiders, read_share, wanted_shares

EVA, PAU = "eva@customer.example", "pau@customer.example"
DOMAINS = ("soffid.example", "soffid-staff.example")


def permission(address: str, role: str = "reader", kind: str = "user", inherited: bool = False) -> Permission:
    return Permission(f"id of {address}", kind, role, address, inherited)


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        (EVA, Share(EVA)),
        ("Eva@Customer.example", Share(EVA)),
        (f"{EVA}:comment", Share(EVA, "commenter")),
        (f"{EVA}:notify", Share(EVA, notify=True)),
        (f"{EVA}: Comment :notify", Share(EVA, "commenter", True)),
        (f"{EVA}:edit", None),
        (f"{EVA}:", None),
        ("everybody", None),
        (":notify", None),
    ],
)
def test_an_entry_is_an_address_and_known_words(entry: str, read: Share | None) -> None:
    assert read_share(entry) == read


def test_an_address_twice_counts_as_it_stands_first_and_what_cannot_be_read_is_said() -> None:
    shares, problems = wanted_shares(customer(share_with=(f"{EVA}:comment", "nobody", EVA)), ())
    assert shares == (Share(EVA, "commenter"),)
    assert [dict(one.values)["text"] for one in problems] == ["nobody"]


@pytest.mark.parametrize("operated_by", list(OperatedBy))
def test_the_partners_contacts_have_the_log_where_we_operate_for_the_partner(operated_by: OperatedBy) -> None:
    contacts = [
        contact("ops@partner.example", Party.PARTNER),
        contact("quiet@partner.example", Party.PARTNER, gets=Gets.NOTHING),
        contact("all@partner.example", Party.PARTNER, customer="*"),
        contact(EVA),
    ]
    shares, _ = wanted_shares(customer(operated_by=operated_by, partner="P"), contacts)
    expected = (Share("ops@partner.example"),) if operated_by is OperatedBy.US_FOR_PARTNER else ()
    assert shares == expected


@pytest.mark.parametrize(
    ("case", "wanted", "ours", "present", "shared", "unshared", "forgotten"),
    [
        ("new", [Share(EVA)], {}, [], [EVA], [], []),
        ("there by us", [Share(EVA)], {EVA: "reader"}, [permission(EVA)], [], [], []),
        ("there by hand", [Share(EVA)], {}, [permission(EVA, "writer")], [], [], []),
        ("another role wanted", [Share(EVA, "commenter")], {EVA: "reader"}, [permission(EVA)], [EVA], [], []),
        (
            "a change of role that was refused",
            [Share(EVA)],
            {EVA: "commenter reader"},
            [permission(EVA, "commenter")],
            [EVA],
            [],
            [],
        ),
        (
            "a change of role in doubt, taken out",
            [],
            {EVA: "commenter reader"},
            [permission(EVA, "commenter")],
            [],
            [EVA],
            [EVA],
        ),
        (
            "a change of role in doubt, raised by hand",
            [],
            {EVA: "commenter reader"},
            [permission(EVA, "writer")],
            [],
            [],
            [EVA],
        ),
        ("meant, and lost before it was done", [Share(EVA)], {EVA: "reader"}, [], [EVA], [], []),
        ("taken out", [], {EVA: "reader"}, [permission(EVA)], [], [EVA], [EVA]),
        ("taken out, and gone already", [], {EVA: "reader"}, [], [], [], [EVA]),
        ("taken out, given by hand", [], {}, [permission(EVA)], [], [], []),
        ("taken out, raised by hand", [], {EVA: "reader"}, [permission(EVA, "commenter")], [], [], [EVA]),
        ("wanted, raised by hand", [Share(EVA)], {EVA: "reader"}, [permission(EVA, "writer")], [], [], [EVA]),
        ("only by the drive", [Share(EVA)], {}, [permission(EVA, inherited=True)], [EVA], [], []),
        ("a group", [], {EVA: "reader"}, [permission(EVA, kind="group")], [], [EVA], [EVA]),
        ("others are no matter", [], {EVA: "reader"}, [permission(PAU)], [], [], [EVA]),
    ],
)
def test_permissions_are_made_to_match_and_what_is_by_hand_is_left_alone(
    case: str,
    wanted: list[Share],
    ours: dict[str, str],
    present: list[Permission],
    shared: list[str],
    unshared: list[str],
    forgotten: list[str],
) -> None:
    todo = changes(wanted, {one: frozenset(role.split()) for one, role in ours.items()}, present)
    assert [one.address for one in todo.share] == shared, case
    assert [one.address for one in todo.unshare] == unshared, case
    assert list(todo.forget) == forgotten, case


ADDRESSES = st.sampled_from([EVA, PAU, "joan@customer.example", "ops@partner.example"])
ROLES = st.sampled_from(["reader", "commenter", "writer"])
GIVEN = st.dictionaries(ADDRESSES, ROLES)


@given(
    wanted=st.dictionaries(ADDRESSES, st.sampled_from(["reader", "commenter"])),
    by_hand=GIVEN,
    remembered=st.dictionaries(ADDRESSES, st.sampled_from(["reader", "commenter"])),
    done=st.sets(ADDRESSES),
)
def test_once_carried_out_there_is_nothing_left_to_do_and_nobody_lost_what_was_given_by_hand(
    wanted: dict[str, str], by_hand: dict[str, str], remembered: dict[str, str], done: set[str]
) -> None:
    """`remembered`: what we meant to give; `done`: what of it is there, unless staff gave something else."""
    present = {**{one: role for one, role in remembered.items() if one in done}, **by_hand}
    ours = {one: {role} for one, role in remembered.items()}
    shares = [Share(one, role) for one, role in wanted.items()]
    todo = changes(shares, ours, [permission(one, role) for one, role in present.items()])
    for one in todo.unshare:
        assert ours.get(one.address) == {one.role}
        del present[one.address]
    for address in todo.forget:
        ours.pop(address, None)
    for share in todo.share:
        present[share.address] = share.role
        ours[share.address] = {share.role}
    again = changes(shares, ours, [permission(one, role) for one, role in present.items()])
    assert (again.share, again.unshare, again.forget) == ((), (), ())
    assert set(wanted) <= set(present)
    for address, role in by_hand.items():
        if remembered.get(address) != role:
            assert present[address] == role


@pytest.mark.parametrize(
    ("who", "outside"),
    [
        (permission("ana@soffid.example"), False),
        (permission("Ana@Soffid-Staff.example"), False),
        (permission("soffid.example", kind="domain"), False),
        (permission("deploylog@project.iam.gserviceaccount.com", "organizer", inherited=True), False),
        (permission(EVA), True),
        (permission("eva@not-soffid.example"), True),
        (permission("eva@soffid.example.evil.example"), True),
        (permission("customer.example", kind="domain"), True),
        (permission("all@customer.example", kind="group"), True),
        (permission("", kind="anyone"), True),
        (permission(EVA, inherited=True), True),
    ],
)
def test_outside_is_who_is_of_no_domain_of_the_organization(who: Permission, outside: bool) -> None:
    assert bool(outsiders([who], DOMAINS)) is outside


def test_everybody_with_the_link_has_a_name_in_sentences() -> None:
    assert named([permission("", kind="anyone"), replace(permission(EVA), role="writer")]) == ("*", EVA)
