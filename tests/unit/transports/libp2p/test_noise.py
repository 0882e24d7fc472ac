"""Noise XX: the published vectors, byte for byte, and what is changed on its way."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from peerbus.transports.libp2p.noise import NoiseHandshake

#: Noise_XX_25519_ChaChaPoly_SHA256 of two published sets of vectors, cacophony's and snow's: prologue, the initiator's
#: static and ephemeral key, the responder's, the hash of the handshake ("": not given), payloads and messages.
VECTORS = {
    "cacophony": (
        "4a6f686e2047616c74",
        "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
        "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
        "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
        "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
        "c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e",
        (
            (
                "4c756477696720766f6e204d69736573",
                "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573",
            ),
            (
                "4d757272617920526f746862617264",
                "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285e08d"
                "6b68aaa3629a5a8639392490e5b9bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f8814c719"
                "4e83f23dbd8d162c9326ad",
            ),
            (
                "462e20412e20486179656b",
                "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865b57f58c9"
                "fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030",
            ),
            ("4361726c204d656e676572", "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df"),
            (
                "4a65616e2d426170746973746520536179",
                "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5",
            ),
            (
                "457567656e2042f6686d20766f6e2042617765726b",
                "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f",
            ),
        ),
    ),
    "snow": (
        "5468657265206973206e6f20726967687420616e642077726f6e672e2054686572652773206f6e6c792066756e20616e6420626f7269"
        "6e672e",
        "7dec208517a3b81a2861d7a71266d5d6dc944c5a8816634a86fe63198a0148ee",
        "a32daf21e93c0131495ce1d903181fde81cc46937daaeb990bae7c992709421e",
        "4d0aed5098e3b4ef20357e9f686ce66204c792b358da2e475017d6c485304881",
        "4eece0f195d026db035ff987597c429d3ad3bcc2944df37d649528951b2a27c5",
        "",
        (
            (
                "d03c489139e645d0711a3c9e810d776b46a84912463fafa87b884eebf242dc34",
                "f9fa868ba97ab8a2686deccfaad5a484ee10a5bb85e3d1dce015a84797f92818"
                "d03c489139e645d0711a3c9e810d776b46a84912463fafa87b884eebf242dc34",
            ),
            (
                "d8190a92f7dc0c93dbea9118ba8055751fb7c6590c416ffbd419964132b99a85",
                "8c4e6fdb7d09d501a86f7eca5c234522751706ed409182c05cdf5f827d4dae47b81c6c5f43b025692c24391eefee725c17d8"
                "cb0fbe3e4abb8aedf42c4fd2592d4ea48ac08989d6ae8b4adae08b2c34087c808c7aa55a63c02b0fab9e930612336bd43eae"
                "a04d3c670a0a146691aa9cc9d357872320dc735dbc48580cffb553db",
            ),
            (
                "77891b19dcb92ef7c055b672c4a5aa7fdf1c84146b8b303459022729473ce254",
                "933ca6b5ed60df3df66121f0ab49a09e49efa45c613a86a3cecbf4c535cef2f83f72b42837b18e3572f2fdc2b74c331e2368"
                "a545cef54bdca081678ab0e9dd5348122459e0c034c851984d88ce610963d43cde6cfe73a67fbd5a63e8bfca96d0",
            ),
            (
                "d7efdf988072881941db045a42882433817555128fbf5663e56081712ec7d212",
                "54ef0ff0629e1aaa7685a2806ab111cba76b52331f2642276736f415868eacb69ab2577f3bda0cbf72f879685f6ed25f",
            ),
        ),
    ),
}


def _key(text: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(bytes.fromhex(text))


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_hold(name: str) -> None:
    prologue, init_static, init_ephemeral, resp_static, resp_ephemeral, hashed, messages = VECTORS[name]
    first = NoiseHandshake(
        initiator=True, static=_key(init_static), ephemeral=_key(init_ephemeral), prologue=bytes.fromhex(prologue)
    )
    second = NoiseHandshake(
        initiator=False, static=_key(resp_static), ephemeral=_key(resp_ephemeral), prologue=bytes.fromhex(prologue)
    )
    sides = [first, second]
    for payload, message in messages[:3]:
        speaker, hearer = sides
        assert speaker.write(bytes.fromhex(payload)).hex() == message
        assert hearer.read(bytes.fromhex(message)).hex() == payload
        sides.reverse()
    assert first.done
    assert second.done
    assert first.hash == second.hash
    assert not hashed or first.hash.hex() == hashed
    assert first.remote == _key(resp_static).public_key().public_bytes_raw()
    assert second.remote == _key(init_static).public_key().public_bytes_raw()
    # The responder speaks next in the vectors.
    (a_out, a_in), (b_out, b_in) = first.split(), second.split()
    ways = [(b_out, a_in), (a_out, b_in)]
    for payload, message in messages[3:]:
        seals, opens = ways[0]
        assert seals.seal(bytes.fromhex(payload)).hex() == message
        assert opens.open(bytes.fromhex(message)).hex() == payload
        ways.reverse()


def _to_message(number: int) -> tuple[NoiseHandshake, bytes]:
    """Who reads the message of that number, and that message."""
    sides = [NoiseHandshake(initiator=each, static=X25519PrivateKey.generate()) for each in (True, False)]
    message = sides[0].write(b"")
    for _ in range(number):
        sides[1].read(message)
        sides.reverse()
        message = sides[0].write(b"payload")
    return sides[1], message


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_message_that_was_changed_or_cut_anywhere_is_refused(number: int) -> None:
    _, message = _to_message(number)
    for at in {*range(0, len(message), 16), len(message) - 1}:
        reader, message = _to_message(number)
        changed = message[:at] + bytes([message[at] ^ 1]) + message[at + 1 :]
        if number == 0:  # nothing is sealed yet: it shows one message later
            reader.read(changed)
            continue
        with pytest.raises(ValueError, match="cannot be opened"):
            reader.read(changed)
    reader, message = _to_message(number)
    with pytest.raises(ValueError, match=r"cut short|cannot be opened"):
        reader.read(message[:31])


def test_a_key_that_was_chosen_to_give_no_secret_is_refused() -> None:
    reader, _ = _to_message(0)
    reader.read(bytes(32))
    with pytest.raises(ValueError, match="shared key"):
        reader.write(b"")


def test_sealed_messages_are_opened_once_and_in_their_order() -> None:
    here, there = (NoiseHandshake(initiator=each, static=X25519PrivateKey.generate()) for each in (True, False))
    for speaker, hearer in ((here, there), (there, here), (here, there)):
        hearer.read(speaker.write(b""))
    (seals, _), (_, opens) = here.split(), there.split()
    first, second = seals.seal(b"1"), seals.seal(b"2")
    with pytest.raises(ValueError, match="cannot be opened"):
        opens.open(second)
    with pytest.raises(ValueError, match="cannot be opened"):
        opens.open(first)
