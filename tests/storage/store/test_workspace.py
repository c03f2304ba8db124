"""The device that a stage computes on, whatever was asked."""

import sys

import pytest
import torch

from storage.store.workspace import Runtime, Workspace, present_device


@pytest.mark.parametrize("asked", ("cpu", "cuda", "cuda:1", "mps"))
def test_what_is_named_is_taken(asked: str) -> None:
    assert present_device(asked) == asked


@pytest.mark.parametrize(
    ("cuda", "mps", "found"), ((True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu"))
)
def test_auto_is_the_best_there_is(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, found: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert present_device("auto") == found


def test_without_torch_there_is_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr("storage.store.workspace.find_spec", lambda name: None)
    assert present_device("auto") == "cpu"


def test_a_stage_sees_a_device_that_is_there(tmp_path) -> None:
    work = Workspace("stage", "key", tmp_path, Runtime(store=tmp_path, device="auto"))
    assert torch.zeros(1, device=work.device).sum() == 0
