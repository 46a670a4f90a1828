"""Names are remembered in little memory: which were there, and which twice."""

from servers.inventory.hashes import Hashes


def test_names_that_were_added_are_known_and_others_are_not() -> None:
    seen = Hashes()
    for n in range(1000):
        seen.add(f"ins-{n}")
    assert len(seen) == 1000
    assert all(f"ins-{n}" in seen for n in range(1000))
    assert not any(f"ins-{n}" in seen for n in range(1000, 2000))


def test_names_added_twice_are_repeated() -> None:
    seen = Hashes()
    for name in ("a", "b", "a", "c", "c", "c"):
        seen.add(name)
    assert seen.repeated() == {hash("a"), hash("c")}


def test_a_name_may_come_after_a_question() -> None:
    seen = Hashes()
    assert "a" not in seen
    seen.add("a")
    assert "a" in seen
