"""What `pki` takes for a classroom's name and for a host."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central import bundle, certificates
from central.authority import Issue, classroom_name
from central.certificates import Period, Signer, host_name
from central.pki_files import AuthorityError
from central.pki_registry import Broker, Issued
from edge.config import parse
from edge.wire import ID_PATTERN


@given(st.from_regex(ID_PATTERN, fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_every_name_that_the_wire_allows_may_be_a_classroom_but_centrals(name: str) -> None:
    if name == "central":
        with pytest.raises(AuthorityError):
            classroom_name(name)
    else:
        assert classroom_name(name) == name


@given(st.text(max_size=70))
@settings(max_examples=500, deadline=None)
def test_any_other_text_is_no_classroom_and_no_path_either(text: str) -> None:
    try:
        name = classroom_name(text)
    except AuthorityError:
        return
    assert Path(name).name == name
    assert not name.startswith((".", "-"))
    assert name.isascii()


PERIOD = Period(datetime(2026, 11, 22, tzinfo=UTC), datetime(2027, 11, 22, tzinfo=UTC))
KEY = certificates.new_key()
SIGNER = Signer(certificates.authority("School", KEY, PERIOD, 1), KEY)
_HOST_LABEL = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?", fullmatch=True)


@given(
    st.one_of(
        st.text(max_size=40), st.ip_addresses().map(str), st.lists(_HOST_LABEL, min_size=1, max_size=4).map(".".join)
    )
)
@settings(max_examples=100, deadline=None)
def test_every_host_that_is_accepted_can_be_certified_and_stands_in_a_config_that_a_device_reads(written: str) -> None:
    try:
        host = host_name(written)
    except AuthorityError:
        return
    SIGNER.server([host], SIGNER.key.public_key(), PERIOD, 1)
    issue = Issue(Issued("room-101", "classroom", "1", PERIOD.start, PERIOD.end), b"", b"", b"")
    config = bundle.for_classroom(issue, Broker(host, 8883, ""))["edge.toml"].content.decode()
    for line in ('basis = "safety"', 'approved_by = "name', 'reference = "where'):
        config = config.replace(f"# {line}", line)
    config = config.replace("# expires = YYYY-MM-DD", "expires = 2099-12-31")
    config = config.replace("credential:", "")
    assert parse(config, Path("/etc/classpulse/edge.toml")).mqtt.host == host
