"""PJLink with a real projector on a real socket, and with what only looks like one."""

import asyncio
import socket

import pytest

from installation.programme.pjlink import Power, ProjectorError, linked
from tests.programme.beamer import Babbler, Mute, Projector, switched_on
from tests.support import until

CLASSES = pytest.mark.parametrize("pjclass", [1, 2])


def asked(target, talk, password=None, patience=5.0):
    """One exchange with what listens at host:port."""

    async def exchange():
        host, _, port = target.rpartition(":")
        async with linked(host, int(port), password, patience) as link:
            return await talk(link)

    return asyncio.run(exchange())


def power(link):
    return link.power()


@CLASSES
@pytest.mark.parametrize("password", [None, "JBMIAProjectorLink"])
def test_the_projector_of_the_tests_is_one_to_an_independent_client(pjclass, password):
    aiopjlink = pytest.importorskip("aiopjlink", reason="aiopjlink is missing: pip install aiopjlink")

    async def talk(port):
        async with aiopjlink.PJLink("127.0.0.1", port, password) as link:
            await link.power.set(aiopjlink.Power.ON)
            return await link.power.get(), await link.info.pjlink_class()

    with switched_on(Projector(password=password, pjclass=pjclass)) as target:
        state, theirs = asyncio.run(talk(int(target.rpartition(":")[2])))
    assert state == aiopjlink.Power.State.WARMING
    assert theirs.value == str(pjclass)


@CLASSES
@pytest.mark.parametrize("password", [None, "secret"])
@pytest.mark.parametrize("state", list(Power))
def test_it_says_how_its_lamp_is(pjclass, password, state):
    with switched_on(Projector(password=password, pjclass=pjclass, power=state.value)) as target:
        assert asked(target, power, password) == state


@CLASSES
def test_it_is_switched_and_takes_its_time(pjclass):
    projector = Projector(pjclass=pjclass)

    async def talk(link):
        await link.switch(on=True)
        return await link.power()

    with switched_on(projector) as target:
        assert asked(target, talk) == Power.WARMING
        projector.finish()
        assert asked(target, power) == Power.ON


def test_its_faults_are_words():
    with switched_on(Projector(faults="020010")) as target:
        assert asked(target, lambda link: link.faults()) == "lamp fails, filter warns"
    with switched_on(Projector(faults="000000")) as target:
        assert asked(target, lambda link: link.faults()) == ""


@pytest.mark.parametrize(
    ("projector", "password", "sentence"),
    [
        (Projector(password="secret"), None, r"set projector\.password in machine\.toml"),  # noqa: S106 - of a test
        (Projector(password="secret"), "wrong", "wants another password"),  # noqa: S106 - of a test
        (Babbler(), None, "talks nonsense"),
        (Babbler(babble=b"SSH-2.0-OpenSSH_9\r"), None, "does not greet in PJLink"),
        (Babbler(babble=b"PJLINK\r"), None, "does not greet in PJLink"),
        (Babbler(babble=b"x" * 100_000), None, "talks nonsense"),
        (Babbler(babble=b"PJLINK 0\r%1POWR=7\r"), None, "answers POWR with '7'"),
        (Babbler(babble=b"PJLINK 0\r%\r"), None, "nonsense"),
        (Babbler(babble=b"PJLINK 0\r\r"), None, "nonsense"),
        (Babbler(babble=b"PJLINK 0\r%1POWR=ERR4\r"), None, "a failure of its own"),
    ],
)
def test_whatever_it_answers_is_a_sentence_and_the_line_is_hung_up(projector, password, sentence):
    with switched_on(projector) as target:
        with pytest.raises(ProjectorError, match=sentence):
            asked(target, power, password)
        until(lambda: projector.open_lines == 0)


def test_a_lamp_that_is_busy_says_so():
    with switched_on(Projector(busy=True)) as target, pytest.raises(ProjectorError, match="cannot do this now"):
        asked(target, lambda link: link.switch(on=True))


def test_one_that_never_answers_is_not_waited_for():
    projector = Mute()
    with switched_on(projector) as target:
        with pytest.raises(ProjectorError, match=r"did not answer in 0\.2 s"):
            asked(target, power, patience=0.2)
        until(lambda: projector.open_lines == 0)


def test_one_that_hangs_up_is_said():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        with pytest.raises(ProjectorError, match="cannot be reached"):
            asked(f"127.0.0.1:{deaf.getsockname()[1]}", power)
