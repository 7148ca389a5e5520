"""``assets``: the table, one asset as a document, folders that join, refusals."""

import json

import pytest

from bimanual import cli
from bimanual_assets.schema import AssetDocument


def run(capsys, *arguments):
    status = cli.main(["assets", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_list_names_every_class_with_its_ids(capsys):
    status, values = run(capsys, "list", "--kind", "object")
    rows = {row["name"]: row for row in values["classes"]}
    assert status == 0
    assert rows["mug"]["ids"] == ["0", "1", "2", "3"]
    assert rows["mug"]["held_out"] == ["1", "3"]
    assert "handle" in rows["mug"]["functional"]
    assert cli.main(["assets", "--kind", "block"]) == 0
    assert "handover_block" in capsys.readouterr().out


def test_one_asset_is_shown_as_a_valid_document(capsys):
    status, values = run(capsys, "show", "cabinet", "2")
    assert status == 0
    document = AssetDocument.model_validate(values["asset"])
    assert document.joint["limits"] == pytest.approx([0.0, 0.205])


def test_unknown_names_list_the_choices_and_broken_folders_are_told(capsys, tmp_path):
    status, values = run(capsys, "show", "teapot")
    assert status == 1
    assert "choices: " in values["error"]
    status, values = run(capsys, "--folder", str(tmp_path / "none"))
    assert (status, "is no folder" in values["error"]) == (1, True)
    (tmp_path / "model_data0.json").write_text("{}")
    status, _ = run(capsys, "--folder", str(tmp_path))
    assert status == 0
