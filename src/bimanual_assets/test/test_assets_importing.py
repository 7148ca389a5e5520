"""Folders in RoboTwin's format: what comes in, and what is refused in words."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import trimesh

from bimanual_assets import catalog, get_asset
from bimanual_assets.importing import read_asset, register_folder
from bimanual_core.errors import BimanualError

DATA = {
    "scale": [0.5, 0.5, 0.5],
    # y is up: along -y of a frame whose y is the mesh's y
    "contact_points_pose": [np.eye(4).tolist(), [[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]]],
    "contact_points_group": [[0], [1]],
    "contact_points_mask": [True, True],
    "functional_matrix": [[[1, 0, 0, 0], [0, 0, 1, -0.1], [0, -1, 0, 0], [0, 0, 0, 1]]],
    "orientation_point": np.eye(4).tolist(),
    "extents": [0.1, 0.2, 0.08],
}


@pytest.fixture(autouse=True)
def own_catalogue(monkeypatch):
    """What a test adds is gone after it."""
    monkeypatch.setattr(catalog._CLASSES, "_items", dict(catalog._CLASSES._items))
    yield
    catalog._made.cache_clear()


def write_class(root, name="007_jug", number="3", data=None, mesh=None, suffix="glb"):
    """A class of one asset: a box of 0.1 x 0.2 x 0.08 before its scale."""
    place = root / name
    (place / "collision").mkdir(parents=True)
    mesh = trimesh.creation.box((0.1, 0.2, 0.08)) if mesh is None else mesh
    mesh.export(place / "collision" / f"base{number}.{suffix}")
    mesh.export(place / f"base{number}.{suffix}")
    (place / f"model_data{number}.json").write_text(json.dumps(DATA if data is None else data))
    points = {"contact_points": [{"id": 0, "description": "the neck"}], "functional_points": []}
    (place / "points_info.json").write_text(json.dumps(points))
    return place


def test_a_folder_joins_the_catalogue_with_its_scale_and_its_frames_as_ours(tmp_path):
    write_class(tmp_path)
    found = register_folder(tmp_path)
    assert found.classes == {"007_jug": ("3",)}
    jug = get_asset("007_jug", "3")
    assert [round(jug.reach(a) + jug.reach(-a), 6) for a in np.eye(3)] == [0.05, 0.1, 0.04]
    first, second = jug.annotation.contacts
    np.testing.assert_allclose(first.T_object_contact[:3, 2], (0, -1, 0), atol=1e-9)
    assert first.width == pytest.approx(0.04)  # they open along z
    assert second.width == pytest.approx(0.05)
    assert (first.group, first.description) == ("group0", "the neck")
    bottom = jug.annotation.functional[0]
    np.testing.assert_allclose(bottom[:3, 3], (0, -0.05, 0), atol=1e-9)
    assert jug.annotation.stable[0].name == "y_up"
    assert jug.mass == pytest.approx(950 * 0.05 * 0.1 * 0.04)
    assert jug.visuals
    with pytest.raises(BimanualError, match="exists already"):
        register_folder(tmp_path)
    # stretched as any other
    assert get_asset("007_jug", "3", (2.0, 2.0, 2.0)).reach((0, 1, 0)) == pytest.approx(0.1)


def test_functional_frames_that_look_down_look_up_with_us(tmp_path):
    data = DATA | {"functional_matrix": [np.diag([1.0, -1.0, -1.0, 1.0]).tolist()]}
    place = write_class(tmp_path, data=data)
    asset = read_asset(tmp_path.resolve(), place.resolve(), "3", place / "model_data3.json")
    np.testing.assert_allclose(asset.annotation.functional[0], np.eye(4), atol=1e-9)


def test_separate_pieces_become_parts_and_one_that_is_not_convex_its_hull(tmp_path):
    boxes = [trimesh.creation.box((0.1, 0.2, 0.08)), trimesh.creation.box((0.02, 0.02, 0.02))]
    boxes[1].apply_translation((0.2, 0, 0))
    place = write_class(tmp_path, mesh=trimesh.util.concatenate(boxes))
    assert len(read_asset(tmp_path.resolve(), place.resolve(), "3", place / "model_data3.json").shapes) == 2
    ring = write_class(tmp_path, "008_ring", mesh=trimesh.creation.annulus(0.05, 0.1, 0.08))
    parts = read_asset(tmp_path.resolve(), ring.resolve(), "3", ring / "model_data3.json").shapes
    assert len(parts) == 1
    assert len(parts[0].polyhedron[0]) <= 64
    assert parts[0].volume > 0.9 * 0.125 * np.pi * 0.1**2 * 0.08


def refusal(root, place, number="3"):
    with pytest.raises(BimanualError) as caught:
        read_asset(root.resolve(), place, number, place / f"model_data{number}.json")
    return str(caught.value)


def test_huge_and_broken_meshes_are_refused_with_file_value_and_limit(tmp_path, monkeypatch):
    fine = trimesh.creation.icosphere(subdivisions=3, radius=0.05)
    place = write_class(tmp_path, mesh=fine)
    for limit, value, words in (
        ("MOST_BYTES", 1000, r"base3.glb has \d+ bytes; at most 1000"),
        ("MOST_FACES", 100, "base3.glb has 1280 faces; it must have 1 to 100"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(f"bimanual_assets.mesh_files.{limit}", value)
            assert re.search(words, refusal(tmp_path, place))
    many = [trimesh.creation.box((0.01, 0.01, 0.01)).apply_translation((0.02 * i, 0, 0)) for i in range(40)]
    crowd = write_class(tmp_path, "crowd", mesh=trimesh.util.concatenate(many))
    assert "40 separate pieces; at most 32" in refusal(tmp_path, crowd)
    (place / "collision" / "base3.glb").write_bytes(b"glTF nonsense")
    assert "base3.glb cannot be read" in refusal(tmp_path, place)
    (place / "collision" / "base3.glb").unlink()
    (place / "base3.glb").unlink()
    assert "no collision mesh of id 3; looked for collision/base3.glb" in refusal(tmp_path, place)


def test_vertices_that_are_no_numbers_are_refused(tmp_path):
    place = write_class(tmp_path, suffix="obj")
    file = place / "collision" / "base3.obj"
    text = file.read_text()
    file.write_text(re.sub(r"^v .*$", "v nan 0.0 0.0", text, count=1, flags=re.MULTILINE))
    message = refusal(tmp_path, place)
    assert "base3.obj" in message
    assert "not finite" in message or "cannot be read" in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scale": None}, "scale"),
        ({"contact_points_pose": None}, "contact_points_pose: Field required"),
        ({"scale": [1.0, 0.0, 1.0]}, "three positive numbers"),
        ({"scale": [1e5, 1e5, 1e5]}, r"its longest side must be within \[0.001, 3\] m"),
        ({"contact_points_pose": [[[1, 2], [3, 4]]]}, r"contact_points_pose\[0\] must be 4 rows"),
        ({"contact_points_pose": [(2 * np.eye(4)).tolist()]}, "no rigid transform"),
        ({"functional_matrix": [np.diag([1.0, 1.0, -1.0, 1.0]).tolist()]}, "right-handed"),
        ({"contact_points_pose": [[[1, 0, 0, 9], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]]}, "nothing between"),
    ],
)
def test_broken_annotations_are_refused_by_file_and_key(tmp_path, change, words):
    data = {key: value for key, value in (DATA | change).items() if value is not None}
    place = write_class(tmp_path, data=data)
    message = refusal(tmp_path, place)
    assert re.search(words, message)
    assert "model_data3.json" in message


def test_json_that_is_none_or_huge_is_refused(tmp_path):
    place = write_class(tmp_path)
    (place / "model_data3.json").write_text("{not json")
    assert "is not JSON" in refusal(tmp_path, place)
    (place / "model_data3.json").write_text("[" * 100_000)
    assert "is not JSON" in refusal(tmp_path, place)
    (place / "model_data3.json").write_text(json.dumps({**DATA, "junk": "x" * 2_000_000}))
    assert "at most 1000000" in refusal(tmp_path, place)


def test_links_that_lead_out_of_the_folder_are_refused(tmp_path):
    secret = tmp_path / "outside"
    outside = write_class(secret)
    inside = tmp_path / "inside"
    place = write_class(inside)
    mesh = place / "collision" / "base3.glb"
    mesh.unlink()
    os.symlink(outside / "base3.glb", mesh)
    assert "leads out of" in refusal(inside, place)
    os.symlink(outside, inside / "linked")
    with pytest.raises(BimanualError, match="leads out of"):
        register_folder(inside)


def test_files_that_a_mesh_refers_to_are_not_read(tmp_path):
    place = write_class(tmp_path, suffix="obj")
    file = place / "base3.obj"
    file.write_text("mtllib ../../secret.mtl\n" + file.read_text())
    (tmp_path / "secret.mtl").write_text("newmtl a\nKd 1 0 0\n")
    asset = read_asset(tmp_path.resolve(), place.resolve(), "3", place / "model_data3.json")
    assert asset.visuals[0].rgb != (1.0, 0.0, 0.0)


def test_with_keep_going_the_rest_is_taken_and_the_reasons_are_told(tmp_path):
    write_class(tmp_path, "good_one")
    bad = write_class(tmp_path, "bad_one")
    (bad / "model_data3.json").write_text("{}")
    found = register_folder(tmp_path, keep_going=True)
    assert found.classes == {"good_one": ("3",)}
    assert "scale: Field required" in found.left_out[str(bad.resolve() / "model_data3.json")]


def test_folders_that_hold_nothing_or_articulated_things_are_refused(tmp_path):
    with pytest.raises(BimanualError, match="no folder"):
        register_folder(tmp_path / "none")
    with pytest.raises(BimanualError, match="holds no model_data"):
        register_folder(tmp_path)
    (tmp_path / "mobility.urdf").write_text("<robot/>")
    with pytest.raises(BimanualError, match="articulated"):
        register_folder(tmp_path)


def test_the_environment_names_folders_for_every_process(tmp_path):
    write_class(tmp_path, "from_environment")
    program = "from bimanual_assets import class_names; print('from_environment' in class_names('object'))"
    environment = os.environ | {"BIMANUAL_ASSET_FOLDERS": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
