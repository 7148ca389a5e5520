"""The real client against a local server of the real protocol: pictures, limits, and everything that goes wrong."""

import base64
import threading
import time

import pytest
from agent_rig import grasp, plan, run
from endpoint_server import EndpointServer, completion, failure

from bimanual_core.errors import BimanualError, ErrorCode, UnknownNameError
from mllm_agent.providers.base import Cancelled, ProviderError, RefusedReply, Request
from mllm_agent.providers.openai_chat import OpenAIProvider
from mllm_agent.providers.registry import ProviderSettings, make_provider
from mllm_agent.view import Picture

PICTURES = (Picture("head", b"\xff\xd8head"), Picture("third_view", b"\xff\xd8third"))
REQUEST = Request("What next?", PICTURES, 1, 1, 0)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def ask(server, seconds_left=20.0, cancelled=lambda: False, request=REQUEST, **options):
    provider = OpenAIProvider("served", server.url, **{"timeout_s": 5.0, "retry_wait_s": 0.05, **options})
    try:
        return provider.ask(request, seconds_left, cancelled)
    finally:
        provider.close()


def test_a_request_is_one_message_with_text_and_pictures():
    with EndpointServer(completion("yes")) as server:
        reply = ask(server)
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens, reply.cut_off) == ("yes", 1000, 50, False)
    (sent,) = server.requests
    assert (sent["path"], sent["model"]) == ("/v1/chat/completions", "served")
    assert (sent["temperature"], sent["max_tokens"]) == (0.0, 4096)
    (message,) = sent["messages"]
    text, *pictures = message["content"]
    assert (message["role"], text) == ("user", {"type": "text", "text": "What next?"})
    for part, picture in zip(pictures, PICTURES, strict=True):
        kind, _, data = part["image_url"]["url"].partition(",")
        assert kind == "data:image/jpeg;base64"
        assert base64.b64decode(data) == picture.jpeg


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with EndpointServer(completion("yes")) as server:
        ask(server)
    assert server.keys == ["Bearer sk-secret"]
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ProviderError, match="no key: set OPENAI_API_KEY"):
        OpenAIProvider("served")


def test_an_agent_sees_through_the_endpoint_and_its_key_is_in_no_log(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with EndpointServer(completion(f"```json\n{plan(grasp())}\n```")) as server:
        provider = OpenAIProvider("served", server.url)
        result, skills, folder = run(tmp_path, provider, calls=1)
        provider.close()
    assert result.tokens == 1050
    assert [skill.name for _, skill in skills.done] == ["grasp_actor"]
    assert len(server.requests[0]["messages"][0]["content"]) == 3
    for path in folder.rglob("*.*"):
        assert b"sk-secret" not in path.read_bytes()


@pytest.mark.parametrize(
    ("answer", "requests", "words"),
    [
        (failure(401, "Incorrect API key"), 1, r"refused the key \(HTTP 401\): set OPENAI_API_KEY"),
        (failure(404, "no such model"), 1, "knows no model 'served'"),
        (failure(400, "this model does not support image input"), 1, "takes no pictures: choose one that does"),
        (failure(400, "bad request"), 1, "answered HTTP 400; it said: .*bad request"),
        (failure(429, "slow down"), 2, r"limits requests .* \(HTTP 429\), tried twice"),
        (failure(500, "oops"), 2, "answered HTTP 500"),
        ((200, {}, b"<html>hello</html>"), None, "does not speak the protocol"),
        ((200, {}, b'{"choices": []}'), 1, "its answer has no choices"),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_said(answer, requests, words):
    with EndpointServer(answer) as server, pytest.raises(ProviderError, match=words) as caught:
        ask(server)
    assert caught.value.code == ErrorCode.AGENT_ENDPOINT
    assert requests is None or len(server.requests) == requests


@pytest.mark.parametrize("first", [failure(429, "slow down", retry_after="0"), failure(503, "busy")])
def test_a_second_try_after_a_wait_may_do(first):
    with EndpointServer(first, completion("yes")) as server:
        assert ask(server).text == "yes"
    assert len(server.requests) == 2


def test_newer_names_of_the_limits_are_taken_up():
    answers = [
        failure(400, "Unsupported parameter: 'max_tokens', use 'max_completion_tokens'; 'temperature' must be 1"),
        completion("yes"),
    ]
    with EndpointServer(*answers) as server:
        assert ask(server).text == "yes"
    assert server.requests[1]["max_completion_tokens"] == 4096
    assert {"max_tokens", "temperature"}.isdisjoint(server.requests[1])


def test_an_endpoint_that_is_down_or_slow_is_said():
    with EndpointServer(completion("yes")) as server:
        pass
    with pytest.raises(ProviderError, match=r"cannot be reached .* tried twice: is the server up"):
        ask(server)
    with EndpointServer(None) as server, pytest.raises(ProviderError, match="no reply within 1 s, tried twice"):
        ask(server, timeout_s=1.0)
    with EndpointServer(None) as server, pytest.raises(ProviderError, match="before the run's time was up"):
        ask(server, seconds_left=0.3)


@pytest.mark.parametrize("answer", [None, failure(503, "busy", retry_after="60")])
def test_waiting_can_be_cancelled(answer):
    wanted_no_more = threading.Event()
    timer = threading.Timer(0.4, wanted_no_more.set)
    timer.start()
    begin = time.monotonic()
    with EndpointServer(answer) as server, pytest.raises(Cancelled):
        ask(server, seconds_left=600.0, cancelled=wanted_no_more.is_set, timeout_s=60.0)
    assert time.monotonic() - begin < 3.0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (completion(None, refusal="I would rather not"), "the model refused: I would rather not"),
        (completion(None, "content_filter"), "content filter held the reply back"),
        (completion(""), "the reply is empty"),
        (completion(None), "the reply is empty"),
    ],
)
def test_refusals_are_another_thing_than_failures(answer, words):
    with EndpointServer(answer) as server, pytest.raises(RefusedReply, match=words):
        ask(server)


def test_a_reply_at_the_token_limit_says_so():
    with EndpointServer(completion("{", "length")) as server:
        assert ask(server).cut_off


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(UnknownNameError, match="choices: openai, replay, scripted"):
        ProviderSettings("gemini")
    with pytest.raises(BimanualError, match="needs a model"):
        ProviderSettings("openai")
    with pytest.raises(BimanualError, match="log folder"):
        ProviderSettings("replay")
    with pytest.raises(BimanualError, match="needs a task"):
        make_provider(ProviderSettings("scripted"), None, None, None)
