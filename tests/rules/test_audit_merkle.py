"""The tree against the vectors of RFC 6962's reference implementation, and its proofs."""

from __future__ import annotations

import pytest

from gridserver.audit import merkle

#: certificate-transparency's merkle_tree_test: the leaves, and the head over the first n of them.
LEAVES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
HEADS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES[:count]]


@pytest.mark.parametrize("count", range(9))
def test_the_head_is_that_of_rfc_6962(count: int) -> None:
    assert merkle.root(hashes(count)).hex() == HEADS[count]


def test_a_leaf_and_a_node_never_hash_alike() -> None:
    one, other = hashes(2)
    assert merkle.leaf_hash(one + other) != merkle.root([one, other])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 64, 65])
def test_every_leaf_is_proven_and_no_other(size: int) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(size)]
    head = merkle.root(leaves)
    for index, leaf in enumerate(leaves):
        proof = merkle.path(leaves, index)
        assert merkle.root_of_path(leaf, index, size, proof) == head
        assert merkle.root_of_path(merkle.leaf_hash(b"other"), index, size, proof) != head
        assert merkle.root_of_path(leaf, index, size, [*proof, head]) is None
        assert merkle.root_of_path(leaf, size, size, proof) is None
        if proof:
            assert merkle.root_of_path(leaf, index, size, proof[:-1]) is None


def test_a_proof_of_the_reference_implementation() -> None:
    """Leaf 5 of 8: the nodes beside it, from the bottom up."""
    assert [node.hex() for node in merkle.path(hashes(8), 5)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
