"""The one file of a device: what it can hold follows from the protocol's own words."""

from vault.client.device.home import StoredSlot
from vault.protocol.vocabulary import SLOT_KINDS


def test_the_file_takes_every_kind_of_slot_and_no_other() -> None:
    kind = StoredSlot.model_json_schema()["properties"]["kind"]
    assert (kind["minimum"], kind["maximum"]) == (min(SLOT_KINDS), max(SLOT_KINDS))
